/** The host's span processors, each behind a wall: what one throws reaches neither the request nor the next one. */
import type { Context } from '@opentelemetry/api';
import type { Diagnostic } from '../model/diagnostic.js';
import { containRejection } from '../model/settle.js';
import type { HostSpanProcessor } from '../model/host-span-processor.js';

export interface GuardedSpanProcessors {
  /** Whether there are any: without, spans are completed at their end only. */
  readonly any: boolean;
  onStart(span: object, parentContext: Context): void;
  onEnd(span: object): void;
  forceFlush(): Promise<void>;
  /** Each on its own: one that hangs holds up no other. */
  flushAndShutdown(): Promise<void>;
  /** Those that have not got there in time. */
  shutdownRest(): void;
}

export function guardSpanProcessors(
  processors: readonly HostSpanProcessor[],
  report: (diagnostic: Diagnostic) => void,
): GuardedSpanProcessors {
  const failed = (method: string): void =>
    report({ code: 'callback_failed', message: `A span processor threw in ${method}()` });
  const each = (method: string, call: (processor: HostSpanProcessor) => unknown): void => {
    for (const processor of processors) {
      try {
        containRejection(call(processor), () => failed(method));
      } catch {
        failed(method);
      }
    }
  };
  const call = async (processor: HostSpanProcessor, method: 'forceFlush' | 'shutdown'): Promise<void> => {
    try {
      await processor[method]?.();
    } catch {
      failed(method);
    }
  };
  const running = new Set(processors);
  const shutdown = async (processor: HostSpanProcessor): Promise<void> => {
    if (running.delete(processor)) await call(processor, 'shutdown');
  };
  return {
    any: processors.length > 0,
    onStart: (span, parentContext) => each('onStart', (processor) => processor.onStart(span, parentContext)),
    onEnd: (span) => each('onEnd', (processor) => processor.onEnd(span)),
    async forceFlush() {
      await Promise.all(processors.map((processor) => call(processor, 'forceFlush')));
    },
    async flushAndShutdown() {
      await Promise.all(
        processors.map(async (processor) => {
          await call(processor, 'forceFlush');
          await shutdown(processor);
        }),
      );
    },
    shutdownRest() {
      for (const processor of [...running]) void shutdown(processor);
    },
  };
}
