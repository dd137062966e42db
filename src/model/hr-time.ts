/** OpenTelemetry's `HrTime`: seconds and nanoseconds. */
export type HrTimePair = [number, number];

/** From epoch milliseconds with a fraction. */
export function hrTimeOf(epochMs: number): HrTimePair {
  const seconds = Math.floor(epochMs / 1000);
  const nanos = Math.round((epochMs - seconds * 1000) * 1e6);
  return nanos < 1e9 ? [seconds, nanos] : [seconds + 1, 0];
}
