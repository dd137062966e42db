/** What a case of propagation says. The facts are those of the formats' own texts and test suites. */
import type { PropagationOptions } from '../../../src/propagation/index.js';

export type Pairs = readonly (readonly [string, string])[];

/**
 * In what goes out, `{span}` stands for the 16 hex digits of the new span, `{span_dec}` for its decimal, `{newtrace}` for the 32
 * digits of a trace id that was not in the input (`_low`: its last 16, `_low_dec`: their decimal, `_0_8` and `_8_32`: a part),
 * `{newflags}` for the W3C flags of a new trace.
 */
export interface PropagationCase {
  readonly id: string;
  readonly title: string;
  /** In order; names may repeat. */
  readonly headers: Pairs;
  /** The trace that is continued. Missing: a new one begins. */
  readonly found?: {
    readonly traceId: string;
    /** Missing: it is continued without a parent. */
    readonly spanId?: string;
  };
  /** Missing: undecided. */
  readonly sampled?: boolean;
  readonly debug?: true;
  readonly random?: true;
  /** The `tracestate` that is read, and goes out where only W3C is spoken: any one of these. Missing: none. */
  readonly traceState?: readonly string[];
  readonly datadog?: {
    readonly priority?: number | undefined;
    readonly origin?: string | undefined;
    readonly tags?: Readonly<Record<string, string>>;
  };
  /** Key, value and properties, all decoded. */
  readonly baggage?: readonly (readonly [string, string, readonly string[]])[];
  /** Whole values that go out; of several, any one. */
  readonly out?: Readonly<Record<string, string | readonly string[]>>;
  /** Names that do not go out. */
  readonly absent?: readonly string[];
  /** Parts of values that go out. */
  readonly contains?: Readonly<Record<string, readonly string[]>>;
  /** What is in no value that goes out. */
  readonly lacks?: Readonly<Record<string, readonly string[]>>;
}

/** Cases of one configuration. */
export interface CaseGroup {
  /** As `OTEL_PROPAGATORS` names it. */
  readonly propagators: string;
  readonly options: PropagationOptions;
  readonly cases: readonly PropagationCase[];
}

const members = (from: number, to: number, member: (number: number) => string): string =>
  Array.from({ length: to - from + 1 }, (_, index) => member(from + index)).join(',');

/** `bar01=01,bar02=02` … */
export const bars = (from: number, to: number): string =>
  members(from, to, (number) => {
    const text = String(number).padStart(2, '0');
    return `bar${text}=${text}`;
  });

/** `key1=value1,key2=value2` … */
export const keys = (from: number, to: number): string =>
  members(from, to, (number) => `key${number}=value${number}`);
