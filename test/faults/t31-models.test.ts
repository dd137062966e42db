/** T31 for calls to models, in short and with small caps: 100,000 calls are among the long tests. */
import { it } from 'vitest';
import { floodOfModels } from './t31-models.js';

it(
  'T31: models and tools that clients invent leave the series at their caps, and other tenants untouched',
  () => floodOfModels({ calls: 8_000, realTenants: 50, greedyTenants: 100, maxSeriesPerMetric: 1_000 }),
  30_000,
);
