/** How large a load scenario is, and the figures that are made of its measurements. */

/** Set by `vitest.long.config.ts`. */
const isShort = process.env['GATEWAY_OTEL_LONG'] === 'short';

/** The plan's own number, or the one for CI, where a scenario has about 5 s. */
export const sized = (short: number, full: number): number => (isShort ? short : full);

/** Of unsorted values; 0 where there are none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}

/** `p50 1.2 ms, p99 3.4 ms`. */
export const inPercentiles = (values: readonly number[]): string =>
  [50, 99].map((percent) => `p${percent} ${percentile(values, percent).toFixed(1)} ms`).join(', ');

/** Jain's index: 1 when all have the same, 1/n when one has everything. */
export function fairness(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
}

/** The busiest stretch of so many milliseconds, by how many of these moments lie in it. */
export function busiest(momentsMs: readonly number[], windowMs: number): number {
  const sorted = [...momentsMs].sort((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while ((sorted[last] ?? 0) - (sorted[first] ?? 0) >= windowMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
