/** The seam between propagation and the rest: headers in, trace context out, and back. */
import type { TextMapPropagator } from '@opentelemetry/api';
import type { ReadableHeaders, WritableHeaders } from './exchange.js';

/** The formats that are built in. `b3` reads the single and the several headers, and writes the several; `b3-single` only writes. */
export type PropagationFormat =
  'w3c' | 'b3' | 'b3-single' | 'jaeger' | 'datadog' | 'ot' | 'aws' | 'gcp' | 'instana';

/** A plain header whose value, 16 or 32 hex digits or a UUID, is the trace id. */
export interface HeaderFormat {
  readonly format: 'header';
  /** Name of the header, such as `x-request-id`. */
  readonly name: string;
}

/** The name under which `propagators` has a propagator. */
export type CustomFormatName = string & Record<never, never>;

/** What becomes of W3C baggage, and of the baggage that Jaeger and OT carry in headers of their own. */
export type BaggagePolicy =
  /** Checked and passed on, up to 64 members and 8,192 bytes; whole members only. */
  | 'pass'
  /** Removed. */
  | 'strip'
  /** Neither read nor written: whatever the outgoing headers hold stays. */
  | 'ignore'
  /** Only members with these keys (for Jaeger and OT, in lower case) are passed on. */
  | { readonly allow: readonly string[] };

/** Which trace context formats are read, cleared and written. The three lists are independent of each other. */
export interface PropagationOptions {
  /**
   * Formats to read, in order; the first that yields valid ids wins, see `ExtractedContext`. Empty: every request begins
   * a trace. Default `['w3c']`.
   */
  readonly extract?: readonly (Exclude<PropagationFormat, 'b3-single'> | HeaderFormat | CustomFormatName)[];
  /** Names of headers to remove before injecting. Default none. */
  readonly clear?: readonly string[];
  /** Formats to write; `preserve` answers in the format that was found, else in the default format. Default `['preserve']`. */
  readonly inject?: readonly (PropagationFormat | 'preserve' | HeaderFormat | CustomFormatName)[];
  /** What `preserve` writes when nothing was found, or only a plain header. Default `w3c`. */
  readonly defaultFormat?: PropagationFormat | CustomFormatName;
  /** Default `pass`. */
  readonly baggage?: BaggagePolicy;
  /**
   * Propagators of the OpenTelemetry API by name; the other options may then use the names. Only span contexts pass: what
   * else a propagator keeps in its context is lost between reading and writing. What it throws counts as nothing found.
   */
  readonly propagators?: Readonly<Record<string, TextMapPropagator>>;
}

/** Datadog's part of a context. */
export interface DatadogContext {
  /** -1 user reject, 0 reject, 1 keep, 2 user keep; passed on unchanged unless the decision changes. */
  readonly priority: number | undefined;
  /** Where the trace began, such as `rum`. */
  readonly origin: string | undefined;
  /** The `_dd.p.*` tags, except `_dd.p.tid`, which is in the trace id. */
  readonly tags: Readonly<Record<string, string>>;
}

/** A context of another trace that came in the same request. */
export interface LinkedContext {
  /** 32 lower hex digits. */
  readonly traceId: string;
  /** 16 lower hex digits. */
  readonly spanId: string;
  /** As in `ExtractedContext`. */
  readonly sampled: boolean | undefined;
  /** As in `ExtractedContext`. */
  readonly random: boolean;
  /** As in `ExtractedContext`. */
  readonly traceState: string | undefined;
}

/**
 * What was found in the headers. Ids come from the first format, in the order of `extract`, that has valid ones. A further
 * format with the same trace id adds what it knows (a decision, `tracestate`, Datadog's priority, the longer id); one with
 * another trace becomes a link. A decision without ids counts only where no format gives ids.
 */
export interface ExtractedContext {
  /** The format of the ids or, without ids, of the decision. `b3-single` and `b3` are told apart. `undefined`: baggage alone. */
  readonly format: string | undefined;
  /** 32 lower hex digits; shorter ids have zeros before them. `undefined`: no trace to continue. */
  readonly traceId: string | undefined;
  /** 16 lower hex digits: the caller's span. `undefined`: the trace is continued without a parent. */
  readonly spanId: string | undefined;
  /** The caller's own parent, which B3 and Jaeger tell; nothing is done with it. */
  readonly parentSpanId: string | undefined;
  /** The caller's decision. `undefined`: none came, which is not the same as unsampled. */
  readonly sampled: boolean | undefined;
  /** B3's or Jaeger's debug flag; implies `sampled`. */
  readonly debug: boolean;
  /** W3C level 2: the trace id is random. */
  readonly random: boolean;
  /** How many digits of trace id came in, which decides how many go out where the format allows both. */
  readonly traceIdDigits: 16 | 32;
  /** The checked `tracestate`, ready to be written again. */
  readonly traceState: string | undefined;
  /** From Datadog's headers or, where a list of formats names `datadog`, from the `dd` member of `tracestate`. */
  readonly datadog: DatadogContext | undefined;
  /** The checked `baggage` header, ready to be written again; `parseBaggage` takes it apart. Has nothing to do with the ids. */
  readonly baggage: string | undefined;
  /** Baggage in Jaeger's or OT's own headers, decoded. */
  readonly formatBaggage: readonly (readonly [key: string, value: string])[] | undefined;
  /** Other traces that came in formats that are read; at most 16. */
  readonly links: readonly LinkedContext[];
  /**
   * The caller's decision is not trusted, so injecting removes the headers of every format that the library knows and does
   * not write. `extract` gives `false`.
   */
  readonly isUntrusted: boolean;
}

/** What is to be written. Ids that are not lower hex digits count as absent. */
export interface ContextToInject {
  /** 32 lower hex digits. */
  readonly traceId: string;
  /** 16 lower hex digits. Without it only formats that can do without (`aws`, `gcp`, a plain header) write anything. */
  readonly spanId?: string | undefined;
  /** Written by `b3`, `b3-single` and `jaeger`. Default: not written. */
  readonly parentSpanId?: string | undefined;
  /** `undefined`: undecided. Formats without a word for that (`w3c`, `jaeger`) then say unsampled, as their texts ask. */
  readonly sampled?: boolean | undefined;
  /** W3C level 2: the trace id is random. Default `false`. */
  readonly random?: boolean | undefined;
}

/** Reads and writes trace context. No method throws, whatever the bytes. */
export interface Propagation {
  /** `undefined` when nothing valid came. */
  extract(headers: ReadableHeaders): ExtractedContext | undefined;
  /**
   * Clears and injects. An injector owns its header set: names of its format that it does not write are removed.
   * With `context` undefined it clears, removes, and writes a decision that came without ids. `extracted` is what came
   * in; what it carries besides ids goes on only when the same trace is continued, or when it had no ids.
   * Gives `false` if the headers cannot be written to, such as a frozen object.
   */
  inject(
    headers: WritableHeaders,
    context: ContextToInject | undefined,
    extracted?: ExtractedContext,
  ): boolean;
  /** The trace id as each format in use writes it: those that are injected, and the one that was found. */
  traceIds(traceId: string, extracted?: ExtractedContext): Record<string, string>;
}
