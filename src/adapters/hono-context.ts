/** The part of Hono's context that the adapter needs. */
export interface HonoContext {
  /** On the Node server Node's request and response, and whatever the host adds. */
  readonly env: unknown;
  readonly req: { readonly raw: Request };
  readonly error: Error | undefined;
  res: Response;
  header(name: string, value?: string): void;
}
