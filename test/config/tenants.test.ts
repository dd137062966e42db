/** What is said again is not checked again; what is said anew always is. */
import { describe, expect, it } from 'vitest';
import { comparableText } from '../../src/config/comparable.js';
import { resolveTenantEgress } from '../../src/config/egress.js';
import { createTenantResolver } from '../../src/config/tenants.js';
import type { Destinations } from '../../src/index.js';
import { thrownBy } from './support.js';

const destination = {
  endpoint: 'https://collector.example.com',
  headers: { authorization: 'Bearer one' },
  resourceAttributes: { plan: 'gold', zones: ['a', 'b'], seats: 3 },
};
const resolver = () => createTenantResolver(resolveTenantEgress('public'));

describe('a tenant of whom the same is said again', () => {
  it.each<[string, () => Destinations]>([
    ['one destination', () => structuredClone(destination)],
    ['several', () => [structuredClone(destination), { ...destination, name: 'second' }]],
    ['none', () => null],
    ['one that is long', () => ({ ...destination, resourceAttributes: { text: 'x'.repeat(5_000) } })],
    ['one without a prototype', () => Object.assign(Object.create(null) as object, destination)],
  ])('keeps what it has: %s', (_what, make) => {
    const tenants = resolver();
    const before = tenants.resolve(make(), 'tenants.acme');
    expect(tenants.resolve(make(), 'tenants.acme', before)).toBe(before);
  });

  it.each<[string, Destinations]>([
    ['another header value', { ...destination, headers: { authorization: 'Bearer two' } }],
    [
      'another attribute in a list',
      { ...destination, resourceAttributes: { plan: 'gold', zones: ['a', 'c'] } },
    ],
    ['a field more', { ...destination, disabled: true }],
    ['a list of it', [destination]],
    ['none', null],
  ])('does not, when it becomes %s', (_what, after) => {
    const tenants = resolver();
    const before = tenants.resolve(destination, 'tenants.acme');
    expect(tenants.resolve(after, 'tenants.acme', before)).not.toBe(before);
  });

  it('is checked where a fault was added', () => {
    const tenants = resolver();
    const before = tenants.resolve(destination, 'tenants.acme');
    for (const headers of [{ authorization: undefined }, new Map(), new Headers({ a: 'b' })]) {
      const { message } = thrownBy(() =>
        tenants.resolve({ ...destination, headers }, 'tenants.acme', before),
      );
      expect(message).toMatch(/^tenants\.acme\.headers/);
    }
  });

  it('is checked when the object that was given before has changed since', () => {
    const tenants = resolver();
    const given = { ...structuredClone(destination) };
    const before = tenants.resolve(given, 'tenants.acme');
    given.headers.authorization = 'Bearer two';
    const after = tenants.resolve(given, 'tenants.acme', before);
    expect(after).not.toBe(before);
    expect(after[0]?.targets.logs).toMatchObject({ headers: { fixed: { authorization: 'Bearer two' } } });
  });

  it('is resolved anew where it has a function: nobody can tell what that will say', () => {
    const tenants = resolver();
    const given = { ...destination, headers: () => Promise.resolve({}) };
    const before = tenants.resolve(given, 'tenants.acme');
    expect(tenants.resolve(given, 'tenants.acme', before)).not.toBe(before);
  });
});

describe('the text by which configurations are compared', () => {
  it('is another one for other content', () => {
    const different = [
      { a: 'b' },
      { ab: '' },
      { a: 'b', c: 'd' },
      { a: 'b1 c' },
      { a: { b: 'c' } },
      { a: ['b'] },
      { a: ['b', 'c'] },
      { a: ['bc'] },
      { a: ['b'], c: 1 },
      { a: 1 },
      { a: '1' },
      { a: true },
      { a: 'true' },
      { a: null },
      { a: undefined },
      {},
      [],
      '{',
      { a: 'x'.repeat(1_000) },
      { a: 'x'.repeat(999) },
    ];
    expect(new Set(different.map(comparableText)).size).toBe(different.length);
  });

  it.each([
    ['a function', { a: () => 1 }],
    ['an object of a class', { a: new (class Settings {})() }],
    ['inherited fields', Object.create({ endpoint: 'https://a.example' })],
    [
      'fields inherited of an object without a prototype',
      Object.create(Object.assign(Object.create(null), { a: 1 })),
    ],
    ['a date', { a: new Date(0) }],
    ['a symbol', { a: Symbol('a') }],
    ['a list with a hole and a function', { a: [, () => 1] }],
    [
      'an object that holds itself',
      (() => {
        const own: { own?: object } = {};
        own.own = own;
        return own;
      })(),
    ],
  ])('does not exist for %s', (_what, value) => {
    expect(comparableText(value)).toBeUndefined();
  });

  it('is short however much there is to compare', () => {
    expect(comparableText({ ca: 'x'.repeat(60_000) })?.length).toBeLessThan(64);
  });
});
