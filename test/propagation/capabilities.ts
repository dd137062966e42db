/** What each format can say, and how it is written by hand: the model that round trips are checked against. */
import type { HeaderFormat, PropagationFormat } from '../../src/propagation/index.js';
import type { Pairs } from './cases/index.js';

/** One context as a caller may have it. */
export interface TraceFacts {
  /** 32 digits. */
  readonly traceId: string;
  readonly digits: 16 | 32;
  readonly spanId: string | undefined;
  readonly sampled: boolean | undefined;
  /** Only with `sampled`. */
  readonly debug: boolean;
  readonly random: boolean;
}

/**
 * How many digits of trace id a format has on the wire. `both`: 16 or 32, and the reader can tell. `long`: always 32. `low`: the
 * low 16. `halves`: the high half travels apart, if it is not zero.
 */
type Sizes = 'both' | 'long' | 'low' | 'halves';

export interface Capability {
  readonly format: PropagationFormat | HeaderFormat;
  /** `b3` reads what `b3-single` writes. */
  readonly reader: Exclude<PropagationFormat, 'b3-single'> | HeaderFormat;
  /** As `ExtractedContext.format` calls it. */
  readonly name: string;
  readonly reads: Sizes;
  readonly writes: Sizes;
  readonly spanId: boolean;
  readonly decision: boolean;
  /** There is a word, or an absence, for undecided. Without it undecided becomes unsampled. */
  readonly undecided: boolean;
  readonly debug: boolean;
  readonly random: boolean;
  byHand(facts: TraceFacts): Pairs;
}

const sized = ({ traceId, digits }: TraceFacts): string => (digits === 16 ? traceId.slice(16) : traceId);
const decimal = (hex: string): string => BigInt(`0x${hex}`).toString();
const bit = (sampled: boolean | undefined): string => (sampled === true ? '1' : '0');
const only = (condition: boolean, name: string, value: string): Pairs => (condition ? [[name, value]] : []);

const all = { spanId: true, decision: true, undecided: true, debug: false, random: false } as const;
const both = { reads: 'both', writes: 'both' } as const;
const long = { reads: 'long', writes: 'long' } as const;

const REQUEST_ID: HeaderFormat = { format: 'header', name: 'x-request-id' };

export const CAPABILITIES: readonly Capability[] = [
  {
    ...{ format: 'w3c', reader: 'w3c', name: 'w3c', ...long, ...all, undecided: false, random: true },
    byHand: ({ traceId, spanId, sampled, random }) => [
      ['traceparent', `00-${traceId}-${spanId}-0${(sampled === true ? 1 : 0) + (random ? 2 : 0)}`],
    ],
  },
  {
    ...{ format: 'b3', reader: 'b3', name: 'b3', ...both, ...all, debug: true },
    byHand: (facts) => [
      ['x-b3-traceid', sized(facts)],
      ['x-b3-spanid', String(facts.spanId)],
      ...only(facts.debug, 'x-b3-flags', '1'),
      ...only(!facts.debug && facts.sampled !== undefined, 'x-b3-sampled', bit(facts.sampled)),
    ],
  },
  {
    ...{ format: 'b3-single', reader: 'b3', name: 'b3-single', ...both, ...all, debug: true },
    byHand: (facts) => {
      const decision = facts.debug ? '-d' : facts.sampled === undefined ? '' : `-${bit(facts.sampled)}`;
      return [['b3', `${sized(facts)}-${facts.spanId}${decision}`]];
    },
  },
  {
    ...{ format: 'jaeger', reader: 'jaeger', name: 'jaeger', ...both, ...all, undecided: false, debug: true },
    byHand: (facts) => [
      ['uber-trace-id', `${sized(facts)}:${facts.spanId}:0:${facts.debug ? '3' : bit(facts.sampled)}`],
    ],
  },
  {
    ...{ format: 'datadog', reader: 'datadog', name: 'datadog', reads: 'halves', writes: 'halves', ...all },
    byHand: ({ traceId, spanId = '', sampled }) => [
      ['x-datadog-trace-id', decimal(traceId.slice(16))],
      ['x-datadog-parent-id', decimal(spanId)],
      ...only(sampled !== undefined, 'x-datadog-sampling-priority', bit(sampled)),
      ...only(!/^0{16}/.test(traceId), 'x-datadog-tags', `_dd.p.tid=${traceId.slice(0, 16)}`),
    ],
  },
  {
    ...{ format: 'ot', reader: 'ot', name: 'ot', reads: 'both', writes: 'low', ...all },
    byHand: (facts) => [
      ['ot-tracer-traceid', sized(facts)],
      ['ot-tracer-spanid', String(facts.spanId)],
      ...only(facts.sampled !== undefined, 'ot-tracer-sampled', String(facts.sampled)),
    ],
  },
  {
    ...{ format: 'aws', reader: 'aws', name: 'aws', ...long, ...all },
    byHand: ({ traceId, spanId, sampled }) => {
      const parts = [`Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)}`, `Parent=${spanId}`];
      if (sampled !== undefined) parts.push(`Sampled=${bit(sampled)}`);
      return [['x-amzn-trace-id', parts.join(';')]];
    },
  },
  {
    ...{ format: 'gcp', reader: 'gcp', name: 'gcp', ...long, ...all },
    byHand: ({ traceId, spanId = '', sampled }) => [
      [
        'x-cloud-trace-context',
        `${traceId}/${decimal(spanId)}${sampled === undefined ? '' : `;o=${bit(sampled)}`}`,
      ],
    ],
  },
  {
    ...{ format: 'instana', reader: 'instana', name: 'instana', ...both, ...all },
    byHand: (facts) => [
      ['x-instana-t', sized(facts)],
      ['x-instana-s', String(facts.spanId)],
      ...only(facts.sampled !== undefined, 'x-instana-l', bit(facts.sampled)),
    ],
  },
  {
    ...{ format: REQUEST_ID, reader: REQUEST_ID, name: 'header', ...both, ...all },
    ...{ spanId: false, decision: false },
    byHand: (facts) => [['x-request-id', sized(facts)]],
  },
];

function digitsOf(sizes: Sizes, { traceId, digits }: TraceFacts): 16 | 32 {
  if (sizes === 'both') return digits;
  if (sizes === 'halves') return traceId.startsWith('0'.repeat(16)) ? 16 : 32;
  return sizes === 'long' ? 32 : 16;
}

/** What is left of a context when it comes through this format. */
export function through(format: Capability, sizes: Sizes, facts: TraceFacts): TraceFacts {
  const debug = format.debug && facts.debug;
  const sampled = format.decision ? (facts.sampled ?? (format.undecided ? undefined : false)) : undefined;
  return {
    traceId: sizes === 'low' ? facts.traceId.slice(16).padStart(32, '0') : facts.traceId,
    digits: digitsOf(sizes, facts),
    spanId: format.spanId ? facts.spanId : undefined,
    sampled,
    debug,
    random: format.random && facts.random,
  };
}
