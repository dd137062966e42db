/** T31, in short and with small caps: the million requests are among the long tests. */
import { it } from 'vitest';
import { floodOfNames } from './t31-flood.js';

it(
  'T31: names that clients invent leave the series at their caps, and other tenants untouched',
  () => floodOfNames({ requests: 8_000, realTenants: 50, maxSeries: 1_000, maxSeriesPerMetric: 500 }),
  30_000,
);
