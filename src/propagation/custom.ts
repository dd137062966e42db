/** A propagator of the OpenTelemetry API as a format. Whatever it does, nothing is thrown and nothing illegal is written. */
import { isSpanContextValid, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import type {
  Context,
  TextMapGetter,
  TextMapPropagator,
  TextMapSetter,
  TraceState,
} from '@opentelemetry/api';
import { RawTraceState } from '../model/raw-trace-state.js';
import { containRejection } from '../model/settle.js';
import { FoundContext, type Format } from './format.js';
import { idIn } from './hex.js';
import type { HeaderReader } from './read-headers.js';
import { isToken } from './text.js';
import { parseTraceState } from './trace-state.js';
import type { Outgoing } from './write-headers.js';

const FLAG_RANDOM = 0x02;
/** Longer values would be refused by most servers together with the whole request. */
const MAX_VALUE_LENGTH = 8192;

const getter: TextMapGetter<HeaderReader> = {
  keys(headers) {
    const names: string[] = [];
    headers.withPrefix('', (name) => names.push(name));
    return names;
  },
  get: (headers, name) => headers.get(name.toLowerCase()),
};

/** Printable ASCII and tabs: what every server takes. */
function isHeaderValue(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_VALUE_LENGTH && /^[\t\x20-\x7e]*$/.test(value);
}

const setter: TextMapSetter<Outgoing> = {
  set(outgoing, name, value) {
    if (typeof name === 'string' && isToken(name) && name !== '__proto__' && isHeaderValue(value)) {
      outgoing.put(name.toLowerCase(), value);
    }
  },
};

function ownedBy(propagator: TextMapPropagator): readonly string[] {
  try {
    const fields: unknown = propagator.fields();
    containRejection(fields);
    return (fields as string[])
      .filter((name) => typeof name === 'string' && isToken(name))
      .map((name) => name.toLowerCase());
  } catch {
    return [];
  }
}

function serialized(traceState: TraceState | undefined): string | undefined {
  return traceState === undefined ? undefined : parseTraceState(traceState.serialize());
}

/** The API's span context has no word for undecided: what a propagator finds is always decided. */
export function customFormat(name: string, propagator: TextMapPropagator): Format {
  return {
    headers: ownedBy(propagator),
    readsAnything: true,
    extract(headers) {
      try {
        const answer: unknown = propagator.extract(ROOT_CONTEXT, headers, getter);
        containRejection(answer);
        const found = trace.getSpanContext(answer as Context);
        if (found === undefined || !isSpanContextValid(found)) return undefined;
        const { traceId, spanId, traceFlags, traceState } = found;
        const context = new FoundContext(
          name,
          idIn(traceId, 0, 32),
          idIn(spanId, 0, 16),
          (traceFlags & TraceFlags.SAMPLED) !== 0,
        );
        context.random = (traceFlags & FLAG_RANDOM) !== 0;
        context.traceState = serialized(traceState);
        return context;
      } catch {
        // A host's propagator that throws has found nothing.
        return undefined;
      }
    },
    traceId: (traceId) => traceId,
    inject(outgoing, context, state) {
      if (context?.spanId === undefined) return;
      try {
        const spanContext = {
          traceId: context.traceId,
          spanId: context.spanId,
          traceFlags:
            (context.sampled === true ? TraceFlags.SAMPLED : TraceFlags.NONE) |
            (context.random === true ? FLAG_RANDOM : 0),
          ...(state?.traceState !== undefined && { traceState: new RawTraceState(state.traceState) }),
        };
        containRejection(
          propagator.inject(trace.setSpanContext(ROOT_CONTEXT, spanContext), outgoing, setter),
        );
      } catch {
        // What it had written until then stays; a request must not fail over it.
      }
    },
  };
}
