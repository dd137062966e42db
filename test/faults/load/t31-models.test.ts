/** T31: 100,000 models and tools that clients of 500 tenants invent, beside 500 real tenants. */
import { it } from 'vitest';
import { floodOfModels } from '../t31-models.js';

it('T31: 100,000 invented models leave the series at their caps, and other tenants untouched', () =>
  floodOfModels({ calls: 100_000, realTenants: 500, greedyTenants: 500, maxSeriesPerMetric: 2_000 }));
