/** The three OpenTelemetry signals, named as in the `OTEL_*` variables and the OTLP paths. */
export type Signal = 'traces' | 'logs' | 'metrics';

/** All signals, in the order in which they are shown and flushed. */
export const SIGNALS: readonly Signal[] = ['traces', 'logs', 'metrics'];
