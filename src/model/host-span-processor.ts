/** A span processor of the host: the SDK's `SpanProcessor`, seen structurally so that no SDK package appears here. */
import type { Context } from '@opentelemetry/api';

/** What it throws is caught and reported, and reaches neither the request nor the next processor. */
export interface HostSpanProcessor {
  /** A SERVER span has what is known when a request arrives. The context is the host's, without the remote parent. */
  onStart(span: unknown, parentContext: Context): void;
  /** The span is complete and does not change any more. It may be kept. */
  onEnd(span: unknown): void;
  /** Called by `flush` and before `shutdown`. */
  forceFlush?(): Promise<void>;
  /** Called once, by the instance's `shutdown`, at its deadline at the latest. */
  shutdown?(): Promise<void>;
}
