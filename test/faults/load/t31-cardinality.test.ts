/** T31: a million requests with invented paths, methods, hosts, user agents and tenants, beside 500 real tenants. */
import { it } from 'vitest';
import { floodOfNames } from '../t31-flood.js';
import { sized } from './scale.js';

it('T31: a million invented names leave the series at their caps, and other tenants untouched', () =>
  floodOfNames({
    requests: sized(100_000, 1_000_000),
    realTenants: 500,
    maxSeries: 5_000,
    maxSeriesPerMetric: 2_000,
  }));
