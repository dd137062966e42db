/** The propagation policy: extract, clear, inject, each independent of the others. */
import type { ReadableHeaders, WritableHeaders } from '../model/exchange.js';
import type {
  ContextToInject,
  ExtractedContext,
  Propagation,
  PropagationOptions,
} from '../model/propagation.js';
import { BAGGAGE, checkBaggage } from './baggage.js';
import { DATADOG_MEMBER, parseMember } from './datadog-state.js';
import { FoundContext, type InjectPlan } from './format.js';
import type { FormatBaggage } from './format-baggage.js';
import { isLowerHex } from './hex.js';
import { mergeContexts } from './merge.js';
import {
  resolvePropagation,
  type BaggageMode,
  type NamedFormat,
  type ResolvedPropagation,
} from './options.js';
import { percentEncoded } from './percent.js';
import { readerOf } from './read-headers.js';
import { memberOf } from './trace-state.js';
import { applyHeaders, Outgoing, OwnedNames, valueIn } from './write-headers.js';

/** Where baggage may travel, besides the `baggage` header. */
const BAGGAGE_NAMES = [BAGGAGE, 'jaeger-baggage'];
const BAGGAGE_PREFIXES = ['uberctx-', 'ot-baggage-'];
/** Formats that carry baggage in headers of their own. */
const BAGGAGE_FORMATS = ['jaeger', 'ot'];

/** What is written when a certain format was found: decided once, so that injecting asks nothing. */
interface Plan extends InjectPlan {
  readonly formats: readonly NamedFormat[];
  readonly owned: OwnedNames;
  /** Some format carries baggage itself. */
  readonly carriesBaggage: boolean;
}

/**
 * Checks the options and makes the policy. Throws one sentence on a fault. What `createGatewayTelemetry` adds (trust,
 * sampling) is not its affair: whoever uses it alone decides which context to inject.
 */
export function createPropagation(options: PropagationOptions = {}): Propagation {
  return new Policy(resolvePropagation(options));
}

class Policy implements Propagation {
  readonly #extractors: readonly NamedFormat[];
  /** `pass` or a list of keys. */
  readonly #readsBaggage: boolean;
  readonly #allowed: ReadonlySet<string> | undefined;
  readonly #readsDatadogMember: boolean;
  readonly #planFor: ReadonlyMap<string, Plan>;
  readonly #planOtherwise: Plan;
  readonly #known: ResolvedPropagation['known'];

  constructor({ extract, clear, inject, defaultFormat, baggage, known }: ResolvedPropagation) {
    this.#extractors = extract;
    this.#readsBaggage = baggage !== 'strip' && baggage !== 'ignore';
    this.#allowed = typeof baggage === 'object' ? baggage : undefined;
    this.#known = known;
    const plan = (found: NamedFormat): Plan => {
      const formats = inject.map((format) => (format === 'preserve' ? found : format));
      return planFor([...new Map(formats.map((named) => [keyOf(named), named])).values()], clear, baggage);
    };
    this.#planFor = new Map([...known].map(([name, format]) => [name, plan({ name, format })]));
    this.#planOtherwise = plan(defaultFormat);
    this.#readsDatadogMember =
      extract.some(isDatadog) || inject.some((format) => format !== 'preserve' && isDatadog(format));
  }

  extract(headers: ReadableHeaders): ExtractedContext | undefined {
    try {
      return this.#extract(headers);
    } catch {
      // Only exotic header objects throw: proxies, getters, null.
      return undefined;
    }
  }

  #extract(headers: ReadableHeaders): ExtractedContext | undefined {
    const reader = readerOf(headers);
    let result: FoundContext | undefined;
    let decision: FoundContext | undefined;
    for (const { format } of this.#extractors) {
      const found = format.extract(reader);
      if (found === undefined) continue;
      if (found.traceId === undefined) decision ??= found;
      else {
        if (this.#readsDatadogMember) readDatadogMember(found);
        if (result === undefined) result = found;
        else mergeContexts(result, found);
      }
    }
    result ??= decision;
    if (this.#readsBaggage) {
      const baggage = checkBaggage(reader.get(BAGGAGE), this.#allowed);
      if (baggage !== undefined) {
        result ??= new FoundContext(undefined, undefined, undefined, undefined);
        result.baggage = baggage;
      }
      if (result?.formatBaggage !== undefined && this.#allowed !== undefined) {
        const { formatBaggage } = result;
        result.formatBaggage = formatBaggage.filter(([key]) => this.#allowed?.has(key));
      }
    } else if (result !== undefined) {
      result.formatBaggage = undefined;
    }
    return result;
  }

  inject(headers: WritableHeaders, context: ContextToInject | undefined, extracted?: ExtractedContext): void {
    const plan = this.#plan(extracted);
    const checked = context === undefined ? undefined : checkedContext(context);
    const state = stateThatGoesOn(checked, extracted);
    const outgoing = new Outgoing();
    for (const { format } of plan.formats) format.inject(outgoing, checked, state, plan);
    try {
      if (this.#readsBaggage) this.#putBaggage(outgoing, headers, extracted, state, plan);
      applyHeaders(headers, plan.owned, outgoing);
    } catch {
      // Frozen or exotic header objects are the host's affair.
    }
  }

  /** What the host has put there or copied from the caller, else what the caller sent. */
  #putBaggage(
    outgoing: Outgoing,
    headers: WritableHeaders,
    extracted: ExtractedContext | undefined,
    state: ExtractedContext | undefined,
    plan: Plan,
  ): void {
    const came = extracted?.baggage;
    const own = valueIn(headers, BAGGAGE);
    let baggage = own === undefined || own === came ? came : checkBaggage(own, this.#allowed);
    const carried = plan.carriesBaggage ? undefined : state?.formatBaggage;
    if (carried !== undefined) baggage = checkBaggage(joinBaggage(baggage, carried), undefined);
    if (baggage !== undefined) outgoing.put(BAGGAGE, baggage);
  }

  traceIds(traceId: string, extracted?: ExtractedContext): Record<string, string> {
    const ids: Record<string, string> = {};
    if (!isTraceId(traceId)) return ids;
    const state = extracted?.traceId === traceId ? extracted : undefined;
    for (const { name, format } of this.#plan(extracted).formats) ids[name] = format.traceId(traceId, state);
    const found = extracted?.format;
    if (found !== undefined) ids[found] ??= this.#known.get(found)?.traceId(traceId, state) ?? traceId;
    return ids;
  }

  #plan(extracted: ExtractedContext | undefined): Plan {
    return (
      (extracted?.format === undefined ? undefined : this.#planFor.get(extracted.format)) ??
      this.#planOtherwise
    );
  }
}

function planFor(formats: readonly NamedFormat[], clear: readonly string[], baggage: BaggageMode): Plan {
  const names = new Set(clear);
  const prefixes = new Set<string>();
  for (const { format } of formats) {
    for (const name of format.headers) names.add(name);
    if (baggage !== 'ignore') for (const prefix of format.prefixes ?? []) prefixes.add(prefix);
  }
  if (baggage === 'pass') names.add(BAGGAGE);
  else if (baggage !== 'ignore') {
    for (const name of BAGGAGE_NAMES) names.add(name);
    for (const prefix of BAGGAGE_PREFIXES) prefixes.add(prefix);
  }
  return {
    formats,
    owned: new OwnedNames(names, prefixes),
    datadogMember: formats.some(isDatadog),
    carriesBaggage: formats.some(({ name }) => BAGGAGE_FORMATS.includes(name)),
  };
}

/** Two plain headers are two formats. */
function keyOf({ name, format }: NamedFormat): string {
  return `${name} ${format.headers.join()}`;
}

function isDatadog({ name }: NamedFormat): boolean {
  return name === 'datadog';
}

/** Where Datadog is spoken, its member of `tracestate` is part of what came in. */
function readDatadogMember(found: FoundContext): void {
  if (found.format !== 'w3c' || found.traceState === undefined) return;
  const member = memberOf(DATADOG_MEMBER, found.traceState);
  if (member !== undefined) found.datadog = parseMember(member, found.sampled);
}

function isTraceId(text: unknown): text is string {
  return typeof text === 'string' && text.length === 32 && isLowerHex(text, 0, 32);
}

function isSpanId(text: unknown): text is string {
  return typeof text === 'string' && text.length === 16 && isLowerHex(text, 0, 16);
}

/** A host's own ids go into headers, and a bad one must not make Node refuse the upstream call. */
function checkedContext(context: ContextToInject): ContextToInject | undefined {
  if (!isTraceId(context.traceId)) return undefined;
  const isSpanGood = context.spanId === undefined || isSpanId(context.spanId);
  const isParentGood = context.parentSpanId === undefined || isSpanId(context.parentSpanId);
  if (isSpanGood && isParentGood) return context;
  return {
    ...context,
    spanId: isSpanGood ? context.spanId : undefined,
    parentSpanId: isParentGood ? context.parentSpanId : undefined,
  };
}

/** What came in goes on with its own trace, or with a new one if it had no ids. */
function stateThatGoesOn(
  context: ContextToInject | undefined,
  extracted: ExtractedContext | undefined,
): ExtractedContext | undefined {
  if (extracted === undefined || extracted.traceId === undefined) return extracted;
  return extracted.traceId === context?.traceId ? extracted : undefined;
}

function joinBaggage(baggage: string | undefined, carried: FormatBaggage): string {
  const members = carried.map(([key, value]) => `${key}=${percentEncoded(value)}`);
  return [...(baggage === undefined ? [] : [baggage]), ...members].join(',');
}
