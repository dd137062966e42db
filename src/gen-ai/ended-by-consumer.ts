/** Whether an answer ended because its consumer did: `pipeline`, `destroy` and signals tell the source so by an error. */

const CODES = /^(?:ERR_STREAM_PREMATURE_CLOSE|ERR_STREAM_DESTROYED|ABORT_ERR|UND_ERR_ABORTED)$/;

export function isByConsumer(error: unknown): boolean {
  try {
    const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
    return name === 'AbortError' || (typeof code === 'string' && CODES.test(code));
  } catch {
    // A getter that throws.
    return false;
  }
}
