/** Whether a measurement grows: the last third of its samples beside the first, and a line through all of them. */

export interface Trend {
  /** Mean of the last third less mean of the first: single samples jump. */
  readonly growth: number;
  readonly perHour: number;
  /** Two standard errors of it. Of means over stretches: one sample is like the next, and a hundred of them are no proof. */
  readonly marginPerHour: number;
}

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

const HOUR_MS = 3_600_000;
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

const STRETCHES = 12;

function meansOf(samples: readonly Sample[]): Sample[] {
  const count = Math.min(STRETCHES, samples.length);
  return Array.from({ length: count }, (_unused, index) => {
    const [from, to] = [index, index + 1].map((part) => Math.floor((part * samples.length) / count));
    const stretch = samples.slice(from, to);
    return {
      atMs: mean(stretch.map(({ atMs }) => atMs)),
      value: mean(stretch.map(({ value }) => value)),
    };
  });
}

export function trendOf(samples: readonly Sample[]): Trend {
  const third = Math.ceil(samples.length / 3);
  const values = samples.map(({ value }) => value);
  const points = meansOf(samples);
  const [middleMs, middle] = [mean(points.map(({ atMs }) => atMs)), mean(points.map(({ value }) => value))];
  let covariance = 0;
  let variance = 0;
  for (const { atMs, value } of points) {
    covariance += (atMs - middleMs) * (value - middle);
    variance += (atMs - middleMs) ** 2;
  }
  const slope = variance === 0 ? 0 : covariance / variance;
  let residual = 0;
  for (const { atMs, value } of points) residual += (value - middle - slope * (atMs - middleMs)) ** 2;
  const isLine = points.length > 2 && variance > 0;
  const error = isLine ? Math.sqrt(residual / (points.length - 2) / variance) : Number.POSITIVE_INFINITY;
  return {
    growth: mean(values.slice(-third)) - mean(values.slice(0, third)),
    perHour: slope * HOUR_MS,
    marginPerHour: 2 * error * HOUR_MS,
  };
}
