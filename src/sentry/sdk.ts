/** The parts of `@sentry/node` that are used, of any version from 8 on: its types are not needed to use this door. */

/** A client of the host's: what `Sentry.getClient()` gives, or one that it has made. Only these methods of it are called. */
export interface SentryClient {
  captureEvent(event: object, hint?: object): string;
  getOptions(): object;
  getDsn(): object | undefined;
  on(hook: 'afterSendEvent', callback: (event: object, answer: object) => void): unknown;
  flush(timeoutMs?: number): PromiseLike<boolean>;
}

/** What a stack parser of Sentry's makes of a line; the oldest call comes first. */
export interface ParsedFrame {
  readonly filename?: string | undefined;
  readonly function?: string | undefined;
  readonly module?: string | undefined;
  readonly lineno?: number | undefined;
  readonly colno?: number | undefined;
  readonly in_app?: boolean | undefined;
}

export type StackParser = (stack: string) => readonly ParsedFrame[];

/** What Sentry's server has answered; without a status nothing was sent. */
export interface SendAnswer {
  readonly statusCode?: number | undefined;
}

export type Envelope = readonly [header: { readonly event_id?: string }, items: readonly unknown[]];

export interface Transport {
  send(envelope: Envelope): PromiseLike<SendAnswer>;
  flush(timeoutMs?: number): PromiseLike<boolean>;
}

export interface TransportOptions {
  readonly url: string;
  recordDroppedEvent(reason: string, category: string): void;
}

/** A client of ours. */
export interface PrivateClient {
  sendEvent(event: object): void;
  flush(timeoutMs: number): PromiseLike<boolean>;
  close(timeoutMs: number): PromiseLike<boolean>;
}

export interface SentrySdk {
  readonly NodeClient: new (options: object) => PrivateClient;
  readonly defaultStackParser: StackParser;
  readonly makeNodeTransport: (options: object) => Transport;
}
