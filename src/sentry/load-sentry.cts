/** Loaded with the first DSN only: it takes close to a second. A package that is not there throws. See `signals/load-sdk.cts`. */
export function loadSentry(): Readonly<Record<string, unknown>> {
  return require('@sentry/node') as Readonly<Record<string, unknown>>;
}
