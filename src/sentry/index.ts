/** The door `gateway-otel/sentry`: error reports to Sentry, without its tracing and without its globals. */
export { sentryErrors } from './sentry-errors.js';
export type {
  RedactEvent,
  SentryErrors,
  SentryErrorsOptions,
  SentryLoss,
  SentryStatus,
  SentryTimeout,
} from './options.js';
export type { SentryImage } from './debug-ids.js';
export type { SentryEvent } from './event.js';
export type { SentryException, SentryFrame, SentryMechanism } from './exception-values.js';
export type { SentryClient } from './sdk.js';
