/** Which template a path fits, and what a hostile path costs. */
import { expect, it } from 'vitest';
import { fits, pathOf } from '../../src/adapters/route-template.js';

it.each([
  ['/a/:id', '/a/7', true],
  ['/a/:id', '/a/7//', true],
  ['/a/:id', '/a/', false],
  ['/a/*rest', '/a/b/c', true],
  ['/b/*rest', '/a/b/c', false],
  ['/', '///', true],
])('%s and %s: %s', (template, path, expected) => {
  expect(fits(template, path)).toBe(expected);
});

it('a path of slashes costs no more than another', () => {
  const path = pathOf(`/api${'/'.repeat(60_000)}x`);
  const started = performance.now();
  expect(fits('/api/*rest', path)).toBe(true);
  // It took seconds.
  expect(performance.now() - started).toBeLessThan(200);
});
