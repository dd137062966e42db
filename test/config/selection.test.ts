/** `sampling` and `filter` of a destination: what is refused, and to whom. */
import { describe, expect, it } from 'vitest';
import { resolveDestination } from '../../src/config/destination.js';
import { createTenantResolver } from '../../src/config/tenants.js';
import { resolveTenantEgress } from '../../src/config/egress.js';
import { ofOwner } from './support.js';

const endpoint = 'http://127.0.0.1:4318';
const resolve = (owner: 'operator' | 'tenant', fields: object) =>
  resolveDestination({ endpoint, ...fields }, owner, ...ofOwner(owner));

it('nothing said is nothing to ask', () => {
  expect(resolve('operator', {}).selection).toBeUndefined();
  expect(resolve('operator', { filter: {} }).selection?.filter).toBeUndefined();
});

describe('of anybody', () => {
  it.each<[object, string]>([
    [{ sampling: 0.5 }, '.sampling must be an object'],
    [{ sampling: { ratio: 1 } }, '.sampling.ratio is not a known option; known are traces, keep, logs'],
    [{ sampling: { logs: 2 } }, '.sampling.logs must be a number from 0 to 1'],
    [{ sampling: { logs: '1' } }, '.sampling.logs must be a number from 0 to 1'],
    [{ filter: [] }, '.filter must be an object'],
    [{ filter: { paths: [] } }, '.filter.paths is not a known option'],
    [{ filter: { excludePaths: '/health' } }, '.filter.excludePaths must be an array'],
    [{ filter: { excludePaths: [] } }, '.filter.excludePaths must have 1 to 256 items'],
    [{ filter: { excludeRoutes: [''] } }, '.filter.excludeRoutes[0] must not be empty'],
    [{ filter: { excludeMethods: [null] } }, '.filter.excludeMethods[0] must be a string'],
    [{ filter: { excludePaths: ['x'.repeat(1025)] } }, '.filter.excludePaths[0] must be at most 1024'],
    [{ filter: { minSeverity: 0 } }, '.filter.minSeverity must be a whole number from 1 to 24'],
  ])('%j is refused', (fields, sentence) => {
    for (const owner of ['operator', 'tenant'] as const)
      expect(() => resolve(owner, fields)).toThrow(owner + sentence);
  });
});

it.each<[object, string]>([
  [{ sampling: { traces: 1.1 } }, '.sampling.traces must be a number from 0 to 1'],
  [{ sampling: { keep: {} } }, '.sampling.keep needs one of'],
  [{ filter: { where: true } }, '.filter.where must be a function'],
])('%j is refused to the operator', (fields, sentence) => {
  expect(() => resolve('operator', fields)).toThrow(`operator${sentence}`);
});

it.each<[object, string]>([
  [{ sampling: { traces: 1 } }, '.sampling.traces is not possible: a tenant never receives traces'],
  [{ sampling: { keep: { errors: true } } }, '.sampling.keep is not possible'],
  [{ filter: { where: () => true } }, '.filter.where is not possible'],
])('%j is refused to a tenant', (fields, sentence) => {
  expect(() => resolve('tenant', fields)).toThrow(`tenant${sentence}`);
});

it('the same said again is known again, and a change is seen', () => {
  const { resolve: resolveTenant } = createTenantResolver(resolveTenantEgress('open'));
  const said = (paths: string[], logs: number): object => ({
    endpoint,
    filter: { excludePaths: paths },
    sampling: { logs },
  });
  const before = resolveTenant(said(['/a', '/b'], 0.5), 'tenants.acme');
  expect(resolveTenant(said(['/a', '/b'], 0.5), 'tenants.acme', before)).toBe(before);
  expect(resolveTenant(said(['/a'], 0.5), 'tenants.acme', before)).not.toBe(before);
  expect(resolveTenant(said(['/a', '/b'], 0.4), 'tenants.acme', before)).not.toBe(before);
});
