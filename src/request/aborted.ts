/** The gateway has broken it off itself, which is no fault of the upstream. */
export const ABORTED: ReadonlySet<string | undefined> = new Set([
  'AbortError',
  'ABORT_ERR',
  // What undici's own body gives to whoever still reads it.
  'UND_ERR_ABORTED',
]);
