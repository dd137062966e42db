/** The exception of an event, from whatever was thrown: its chain of causes and their stacks, each field chosen. */
import {
  exceptionLayers,
  MAX_MESSAGE_LENGTH,
  MAX_TYPE_LENGTH,
  type ExceptionLayer,
} from '../model/exception.js';
import { exceptionText } from '../model/exception-text.js';
import { reportText } from './personal-data.js';
import type { ParsedFrame, StackParser } from './sdk.js';

/** No local variables, no lines of source. */
export interface SentryFrame {
  filename?: string;
  function?: string;
  module?: string;
  lineno?: number;
  colno?: number;
  in_app?: boolean;
}

export interface SentryMechanism {
  type: string;
  handled: boolean;
  exception_id?: number;
  parent_id?: number;
  source?: string;
}

export interface SentryException {
  type: string;
  value: string;
  stacktrace?: { frames: SentryFrame[] };
  mechanism?: SentryMechanism;
}

const MAX_FRAMES = 50;
const MAX_STACK_LENGTH = 32_768;
const MAX_FRAME_TEXT = 512;

/** The cause comes before what blames it, as Sentry wants it. */
export function exceptionValues(
  thrown: unknown,
  mechanism: SentryMechanism,
  parse: StackParser,
): SentryException[] {
  return exceptionLayers(thrown, true)
    .map((layer, index) => exceptionOf(layer, mechanismOf(mechanism, index), parse))
    .reverse();
}

function mechanismOf(outer: SentryMechanism, index: number): SentryMechanism {
  if (index === 0) return { ...outer, exception_id: 0 };
  const { handled } = outer;
  return { type: 'chained', handled, exception_id: index, parent_id: index - 1, source: 'cause' };
}

function exceptionOf(layer: ExceptionLayer, mechanism: SentryMechanism, parse: StackParser): SentryException {
  const frames = framesOf(layer, parse);
  const { type = 'Error', message = '' } = layer;
  return {
    type: reportText(type, MAX_TYPE_LENGTH),
    value: reportText(message, MAX_MESSAGE_LENGTH, askedAddress(layer.thrown)),
    ...(frames.length > 0 && { stacktrace: { frames } }),
    mechanism,
  };
}

/** Node's errors of connections name the address that was asked: the upstream's, which the operator has to know. */
function askedAddress(thrown: unknown): string | undefined {
  try {
    const { address } = (thrown ?? {}) as { readonly address?: unknown };
    return typeof address === 'string' ? address : undefined;
  } catch {
    return undefined;
  }
}

/** The message stands in the stack too, and may have lines that look like calls. */
function callsOf({ stack = '', message }: ExceptionLayer): string {
  const at = message === undefined ? -1 : stack.indexOf(message);
  const calls = at < 0 ? stack : stack.slice(at + (message?.length ?? 0));
  // Cut, with the end of the heading's line in its place.
  return `Error\n${calls.slice(0, MAX_STACK_LENGTH)}`;
}

function framesOf(layer: ExceptionLayer, parse: StackParser): SentryFrame[] {
  if (layer.stack === undefined) return [];
  try {
    return parse(callsOf(layer)).slice(-MAX_FRAMES).map(frameOf);
  } catch {
    // A parser of the host's.
    return [];
  }
}

/** A file or a function, as events have it. Without the search for addresses, which names of packages may look like. */
export function frameText(text: string): string {
  return exceptionText(text, MAX_FRAME_TEXT);
}

/** Only what an event may have, whatever else a parser knows. */
function frameOf(parsed: ParsedFrame): SentryFrame {
  const frame: SentryFrame = {};
  for (const field of ['filename', 'function', 'module'] as const) {
    const text = parsed[field];
    if (typeof text === 'string' && text !== '') frame[field] = frameText(text);
  }
  for (const field of ['lineno', 'colno'] as const) {
    const number = parsed[field];
    if (typeof number === 'number') frame[field] = number;
  }
  if (typeof parsed.in_app === 'boolean') frame.in_app = parsed.in_app;
  return frame;
}
