import { sentryErrors, type SentryErrors } from 'gateway-otel/sentry';

export const flushed: Promise<boolean> | undefined = (undefined as SentryErrors | undefined)?.flush();

// @ts-expect-error Error reports have a type: it is not any.
export const wrong: number = sentryErrors;
