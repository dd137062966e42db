/** The propagation policy: extract, clear, inject, each independent of the others. */
import type { ReadableHeaders, WritableHeaders } from '../model/exchange.js';
import { isListable } from '../model/fields.js';
import type {
  ContextToInject,
  ExtractedContext,
  Propagation,
  PropagationOptions,
} from '../model/propagation.js';
import { BAGGAGE, checkBaggage } from './baggage.js';
import { DATADOG_MEMBER, parseMember } from './datadog-state.js';
import { FoundContext, type Format, type InjectPlan } from './format.js';
import type { FormatBaggage } from './format-baggage.js';
import { isId } from './hex.js';
import { mergeContexts } from './merge.js';
import {
  CARRIERS_OF_BAGGAGE,
  keyOf,
  resolvePropagation,
  type BaggageMode,
  type NamedFormat,
  type ResolvedPropagation,
} from './options.js';
import { percentEncoded } from './percent.js';
import { ALL_LENGTHS, lengthsOf, readerOf } from './read-headers.js';
import { memberOf } from './trace-state.js';
import { applyHeaders, Outgoing, OwnedNames, valueIn } from './write-headers.js';

/** What is written when a certain format was found: decided once, so that injecting asks nothing. */
interface Plan extends InjectPlan {
  readonly formats: readonly NamedFormat[];
  readonly owned: OwnedNames;
  /** With those of all formats: the upstream may read more of them than this gateway. */
  readonly ownedOfUntrusted: OwnedNames;
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
  readonly #clearsTraceState: boolean;
  /** Headers of single members of baggage. */
  readonly #clearedCarriers: readonly string[];
  /** Of the names that are read. */
  readonly #lengths: number;
  readonly #readsDatadogMember: boolean;
  readonly #planFor: ReadonlyMap<string, Plan>;
  readonly #planOtherwise: Plan;
  readonly #known: ResolvedPropagation['known'];

  constructor({ extract, clear, inject, defaultFormat, baggage, known }: ResolvedPropagation) {
    this.#extractors = extract;
    // Baggage that is to be cleared is not passed on in the header of that name.
    this.#readsBaggage = baggage !== 'strip' && baggage !== 'ignore' && !clear.includes(BAGGAGE);
    this.#allowed = typeof baggage === 'object' ? baggage : undefined;
    this.#known = known;
    const everyFormat = [...known].map(([name, format]) => ({ name, format }));
    const plan = (found: NamedFormat): Plan => {
      const formats = inject.map((format) => (format === 'preserve' ? found : format));
      const distinct = [...new Map(formats.map((named) => [keyOf(named), named])).values()];
      return {
        formats: distinct,
        owned: ownedBy(distinct, clear, baggage),
        ownedOfUntrusted: ownedBy([...distinct, ...extract, ...everyFormat], clear, baggage),
        datadogMember: distinct.some(isDatadog),
        carriesBaggage: distinct.some(({ format }) => format.baggage !== undefined),
      };
    };
    this.#planFor = new Map(everyFormat.map((named) => [named.name, plan(named)]));
    this.#planOtherwise = plan(defaultFormat);
    this.#lengths = extract.some(({ format }) => format.readsAnything === true)
      ? ALL_LENGTHS
      : lengthsOf([
          BAGGAGE,
          ...extract.flatMap(({ format }) => [...format.headers, ...(format.baggage?.names ?? [])]),
        ]);
    const prefixes = CARRIERS_OF_BAGGAGE.flatMap((carrier) => carrier.prefixes);
    this.#clearedCarriers = clear.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
    this.#clearsTraceState = clear.includes('tracestate');
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
    if (!isListable(headers)) return undefined;
    const reader = readerOf(headers, this.#lengths);
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

  inject(
    headers: WritableHeaders,
    context: ContextToInject | undefined,
    extracted?: ExtractedContext,
  ): boolean {
    if (!isListable(headers)) return false;
    try {
      const plan = this.#plan(extracted);
      const checked = checkedContext(context, extracted);
      let state = stateThatGoesOn(checked, extracted);
      if (this.#clearsTraceState && state !== undefined) state = { ...state, traceState: undefined };
      const outgoing = new Outgoing();
      for (const { format } of plan.formats) format.inject(outgoing, checked, state, plan);
      for (const name of this.#clearedCarriers) outgoing.remove(name);
      if (this.#readsBaggage) this.#putBaggage(outgoing, headers, extracted, state, plan);
      applyHeaders(headers, extracted?.isUntrusted === true ? plan.ownedOfUntrusted : plan.owned, outgoing);
      return true;
    } catch {
      // Frozen or exotic header objects are the host's affair.
      return false;
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
    if (found !== undefined) ids[found] ??= this.#formatOf(found)?.traceId(traceId, state) ?? traceId;
    return ids;
  }

  #formatOf(name: string): Format | undefined {
    return this.#known.get(name) ?? this.#extractors.find((named) => named.name === name)?.format;
  }

  #plan(extracted: ExtractedContext | undefined): Plan {
    return (
      (extracted?.format === undefined ? undefined : this.#planFor.get(extracted.format)) ??
      this.#planOtherwise
    );
  }
}

function ownedBy(
  formats: readonly NamedFormat[],
  clear: readonly string[],
  baggage: BaggageMode,
): OwnedNames {
  const names = new Set(clear);
  const prefixes = new Set<string>();
  for (const { format } of formats) for (const name of format.headers) names.add(name);
  const isOpen = formats.some(({ format }) => format.readsAnything === true);
  if (baggage === 'ignore') {
    // Propagators of the API often name it among their fields.
    if (!clear.includes(BAGGAGE)) names.delete(BAGGAGE);
    return new OwnedNames(names, prefixes, isOpen);
  }
  names.add(BAGGAGE);
  // What passes goes on in the formats that are written; elsewhere it is left alone, unless it has to be kept back.
  const carriers =
    baggage === 'pass' ? formats.flatMap(({ format }) => format.baggage ?? []) : CARRIERS_OF_BAGGAGE;
  for (const carrier of carriers) {
    for (const name of carrier.names) names.add(name);
    for (const prefix of carrier.prefixes) prefixes.add(prefix);
  }
  return new OwnedNames(names, prefixes, isOpen);
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
  return typeof text === 'string' && text.length === 32 && isId(text, 0, 32);
}

function isSpanId(text: unknown): text is string {
  return typeof text === 'string' && text.length === 16 && isId(text, 0, 16);
}

/** A host's own ids go into headers, and a bad one must not make Node refuse the upstream call. */
function checkedContext(
  context: ContextToInject | undefined,
  extracted: ExtractedContext | undefined,
): ContextToInject | undefined {
  if (context === undefined || context === null) return undefined;
  // What was extracted has been checked.
  const isKnown = context.traceId === extracted?.traceId && FoundContext.isOwn(extracted);
  if (!isKnown && !isTraceId(context.traceId)) return undefined;
  if (context.traceId === undefined) return undefined;
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
  if (extracted === undefined || extracted === null) return undefined;
  if (extracted.traceId === undefined) return extracted;
  return extracted.traceId === context?.traceId ? extracted : undefined;
}

/** Keys that the header has already stay as they are, so that injecting twice changes nothing. */
function joinBaggage(baggage: string | undefined, carried: FormatBaggage): string {
  const members = baggage === undefined ? [] : [baggage];
  for (const [key, value] of carried) {
    const start = `${key}=`;
    const isThere = baggage !== undefined && (baggage.startsWith(start) || baggage.includes(`,${start}`));
    if (!isThere) members.push(start + percentEncoded(value));
  }
  return members.join(',');
}
