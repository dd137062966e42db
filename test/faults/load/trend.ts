/** Whether a measurement grows: the last third of its samples beside the first, and a line through all of them. */

export interface Trend {
  /** Mean of the last third less mean of the first: single samples jump. */
  readonly growth: number;
  readonly perHour: number;
}

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

const HOUR_MS = 3_600_000;
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

export function trendOf(samples: readonly Sample[]): Trend {
  const third = Math.ceil(samples.length / 3);
  const values = samples.map(({ value }) => value);
  const [middleMs, middle] = [mean(samples.map(({ atMs }) => atMs)), mean(values)];
  let covariance = 0;
  let variance = 0;
  for (const { atMs, value } of samples) {
    covariance += (atMs - middleMs) * (value - middle);
    variance += (atMs - middleMs) ** 2;
  }
  return {
    growth: mean(values.slice(-third)) - mean(values.slice(0, third)),
    perHour: variance === 0 ? 0 : (covariance / variance) * HOUR_MS,
  };
}
