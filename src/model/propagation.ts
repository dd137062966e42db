/** The seam between propagation and the rest: headers in, trace context out, and back. */
import type { ReadableHeaders, WritableHeaders } from './exchange.js';

/** Names of the formats that this version speaks. */
export type PropagationFormat = 'w3c';

/** Which trace context formats are read, cleared and written. The three lists are independent of each other. */
export interface PropagationOptions {
  /** Formats to read, in order; the first that yields valid ids wins. Empty: every request begins a trace. Default `['w3c']`. */
  readonly extract?: readonly PropagationFormat[];
  /** Names of headers to remove before injecting. Default none. */
  readonly clear?: readonly string[];
  /** Formats to write; `preserve` answers in the format that was found, else in the default format. Default `['preserve']`. */
  readonly inject?: readonly (PropagationFormat | 'preserve')[];
  /** What `preserve` writes when nothing was found. Default `w3c`. */
  readonly defaultFormat?: PropagationFormat;
}

/** What was found in the headers. */
export interface ExtractedContext {
  readonly format: PropagationFormat;
  /** 32 lower hex digits. */
  readonly traceId: string;
  /** 16 lower hex digits. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** W3C level 2: the trace id is random. */
  readonly random: boolean;
  /** The checked `tracestate`, ready to be written again. */
  readonly traceState: string | undefined;
}

/** What is to be written. */
export interface ContextToInject {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  readonly random: boolean;
}

/** Reads and writes trace context. Neither method throws, whatever the bytes. */
export interface Propagation {
  extract(headers: ReadableHeaders): ExtractedContext | undefined;
  /**
   * Clears and injects. An injector owns its header set: names of its format that it does not write are removed.
   * With `context` undefined it only clears and removes. `extracted` is what came in; its trace state goes on only
   * when the same trace is continued.
   */
  inject(headers: WritableHeaders, context: ContextToInject | undefined, extracted?: ExtractedContext): void;
  /** The formats that would be written, for showing ids. */
  formats(extracted?: ExtractedContext): readonly PropagationFormat[];
}
