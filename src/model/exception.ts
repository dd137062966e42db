/** What an exception says of itself, read from whatever was thrown: bounded, redacted, never throwing. */
import { exceptionText } from './exception-text.js';

/** Which records tell of exceptions, and how much; the operator's alone. */
export interface ExceptionDetail {
  readonly logs: boolean;
  readonly spanEvents: boolean;
  readonly stackTraces: boolean;
}

/** At least one of `type` and `message` is there. */
export interface ExceptionFacts {
  readonly type: string | undefined;
  readonly message: string | undefined;
  readonly stacktrace: string | undefined;
}

export const MAX_TYPE_LENGTH = 256;
export const MAX_MESSAGE_LENGTH = 1024;
export const MAX_STACK_LENGTH = 8192;
/** Errors with a longer history repeat themselves. */
const MAX_CAUSES = 4;

/** What one of a chain of errors says of itself: neither redacted nor cut. */
export interface ExceptionLayer {
  /** What it was read from. */
  readonly thrown: unknown;
  readonly type: string | undefined;
  readonly message: string | undefined;
  readonly stack: string | undefined;
  readonly cause: unknown;
}

/** A getter that throws costs its own field. */
function read(thrown: object, field: string): unknown {
  try {
    return (thrown as Readonly<Record<string, unknown>>)[field];
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function layerOf(thrown: unknown, stackTraces: boolean): ExceptionLayer {
  if (typeof thrown !== 'object' || thrown === null) {
    const message = ['string', 'number', 'boolean', 'bigint'].includes(typeof thrown)
      ? String(thrown)
      : undefined;
    return { thrown, type: undefined, message: textOf(message), stack: undefined, cause: undefined };
  }
  const code = read(thrown, 'code');
  const message = textOf(read(thrown, 'message'));
  // Several attempts to connect fail as one error without words of its own.
  const errors = message === undefined ? read(thrown, 'errors') : undefined;
  const first = typeof errors === 'object' && errors !== null ? read(errors, '0') : undefined;
  return {
    thrown,
    // As the OpenTelemetry API's own `recordException`: the code, where there is one, says more than the class.
    type: typeof code === 'number' ? String(code) : (textOf(code) ?? textOf(read(thrown, 'name'))),
    message,
    stack: stackTraces ? textOf(read(thrown, 'stack')) : undefined,
    cause: read(thrown, 'cause') ?? first,
  };
}

/** What was thrown, and what it blames, each once: at least one, at most five. */
export function exceptionLayers(
  thrown: unknown,
  stackTraces: boolean,
): readonly [ExceptionLayer, ...ExceptionLayer[]] {
  const outer = layerOf(thrown, stackTraces);
  const layers: [ExceptionLayer, ...ExceptionLayer[]] = [outer];
  const seen = new Set<unknown>([thrown]);
  let { cause } = outer;
  for (let depth = 0; depth < MAX_CAUSES && cause !== undefined && cause !== null; depth++) {
    // A cycle, or several that blame the same one.
    if (seen.has(cause)) break;
    seen.add(cause);
    const layer = layerOf(cause, stackTraces);
    layers.push(layer);
    cause = layer.cause;
  }
  return layers;
}

/** `undefined`: it says nothing. Causes follow in the message, each in one line, and in the stack trace. */
export function readException(thrown: unknown, stackTraces: boolean): ExceptionFacts | undefined {
  const [outer, ...causes] = exceptionLayers(thrown, stackTraces);
  if (outer.type === undefined && outer.message === undefined) return undefined;
  let message = outer.message ?? '';
  let stack = outer.stack ?? '';
  for (const layer of causes) {
    const said = [layer.type, layer.message].filter((text) => text !== undefined).join(': ');
    if (said !== '' && message.length < MAX_MESSAGE_LENGTH)
      message += message === '' ? said : ` (caused by ${said})`;
    if (layer.stack !== undefined && stack.length < MAX_STACK_LENGTH)
      stack += `${stack === '' ? '' : '\n'}Caused by: ${layer.stack}`;
  }
  return {
    type: outer.type === undefined ? undefined : exceptionText(outer.type, MAX_TYPE_LENGTH),
    message: message === '' ? undefined : exceptionText(message, MAX_MESSAGE_LENGTH),
    stacktrace: stack === '' ? undefined : exceptionText(stack, MAX_STACK_LENGTH),
  };
}
