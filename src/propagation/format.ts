/** What a format is, and the context that formats fill. */
import type {
  ContextToInject,
  DatadogContext,
  ExtractedContext,
  LinkedContext,
} from '../model/propagation.js';
import type { HeaderReader } from './read-headers.js';
import type { Outgoing } from './write-headers.js';

/** What is decided once for each set of formats that is written together. */
export interface InjectPlan {
  /** `datadog` is written beside `w3c`, so `tracestate` gets its member. */
  readonly datadogMember: boolean;
}

/** One format: headers to context and back. Neither direction throws on text. */
export interface Format {
  /** Header names that it owns, in lower case. */
  readonly headers: readonly string[];
  /** It may ask for headers beside its own. */
  readonly readsAnything?: true;
  /** Where it carries baggage of its own. */
  readonly baggage?: { readonly names: readonly string[]; readonly prefixes: readonly string[] };
  /** A context with a trace id; or without one, if there is a decision; or nothing. */
  extract(headers: HeaderReader): FoundContext | undefined;
  /** `state` is what came in, if its trace goes on or it had no ids. Ids are checked. */
  inject(
    outgoing: Outgoing,
    context: ContextToInject | undefined,
    state: ExtractedContext | undefined,
    plan: InjectPlan,
  ): void;
  /** The trace id as it is written. */
  traceId(traceId: string, state: ExtractedContext | undefined): string;
}

const NO_LINKS: readonly LinkedContext[] = Object.freeze([]);

/** A context while it is put together. Always the same shape. */
export class FoundContext implements ExtractedContext {
  readonly format: string | undefined;
  traceId: string | undefined;
  spanId: string | undefined;
  parentSpanId: string | undefined = undefined;
  sampled: boolean | undefined;
  debug = false;
  random = false;
  traceIdDigits: 16 | 32 = 32;
  traceState: string | undefined = undefined;
  datadog: DatadogContext | undefined = undefined;
  baggage: string | undefined = undefined;
  formatBaggage: readonly (readonly [string, string])[] | undefined = undefined;
  links: readonly LinkedContext[] = NO_LINKS;
  readonly isUntrusted = false;
  /** Only this file can put it there: what has it has been checked. */
  readonly #isChecked = true;

  /** Made here, and not by a host. Contexts of the package's other build count as a host's, which only costs a check. */
  static isOwn(context: object | undefined): boolean {
    return context !== undefined && #isChecked in context && context.#isChecked;
  }

  /** A trace id of 16 digits gets its zeros here. */
  constructor(
    format: string | undefined,
    traceId: string | undefined,
    spanId: string | undefined,
    sampled: boolean | undefined,
  ) {
    this.format = format;
    this.spanId = spanId;
    this.sampled = sampled;
    if (traceId?.length === 16) {
      this.traceId = `0000000000000000${traceId}`;
      this.traceIdDigits = 16;
    } else {
      this.traceId = traceId;
    }
  }
}

/** Debug survives unless the decision was changed to drop. */
export function isDebug(context: ContextToInject, state: ExtractedContext | undefined): boolean {
  return state?.debug === true && context.sampled !== false;
}
