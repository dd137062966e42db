import type { Context } from '@opentelemetry/api';

/** A span processor of the host (the SDK's `SpanProcessor`, seen structurally). What it throws is caught and reported. */
export interface HostSpanProcessor {
  onStart(span: unknown, parentContext: Context): void;
  onEnd(span: unknown): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}
