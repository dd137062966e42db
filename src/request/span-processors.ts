/** The host's span processors, each behind a wall: what one throws reaches neither the request nor the next one. */
import type { Context } from '@opentelemetry/api';
import type { Diagnostic } from '../model/diagnostic.js';
import type { HostSpanProcessor } from '../model/host-span-processor.js';

export interface GuardedSpanProcessors {
  /** Whether there are any: without, spans are completed at their end only. */
  readonly any: boolean;
  onStart(span: object, parentContext: Context): void;
  onEnd(span: object): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

export function guardSpanProcessors(
  processors: readonly HostSpanProcessor[],
  report: (diagnostic: Diagnostic) => void,
): GuardedSpanProcessors {
  const failed = (method: string): void =>
    report({ code: 'callback_failed', message: `A span processor threw in ${method}()` });
  const each = (method: string, call: (processor: HostSpanProcessor) => void): void => {
    for (const processor of processors) {
      try {
        call(processor);
      } catch {
        failed(method);
      }
    }
  };
  const all = async (method: 'forceFlush' | 'shutdown'): Promise<void> => {
    await Promise.all(
      processors.map(async (processor) => {
        try {
          await (processor as Partial<HostSpanProcessor>)[method]?.();
        } catch {
          failed(method);
        }
      }),
    );
  };
  return {
    any: processors.length > 0,
    onStart: (span, parentContext) => each('onStart', (processor) => processor.onStart(span, parentContext)),
    onEnd: (span) => each('onEnd', (processor) => processor.onEnd(span)),
    forceFlush: () => all('forceFlush'),
    shutdown: () => all('shutdown'),
  };
}
