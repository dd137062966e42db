/** What a value was measured of: when that began and ended, and in which span. A finished request is one, a call to a model another. */
export interface Measured {
  /** Epoch milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
  /** Empty where there are none. */
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  /** Who is to make room for a series of it, where room is shared out. */
  readonly tenantId: string | undefined;
  /** The finished span, if one is to be exported. */
  readonly span: object | undefined;
  /** Its trace was not sampled, and is kept all the same. */
  readonly isKeptLate?: boolean;
}
