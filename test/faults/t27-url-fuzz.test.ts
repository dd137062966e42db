/** T27, the everyday form; a million inputs: test/faults/load/t27-url-fuzz.test.ts. */
import { expect, it } from 'vitest';
import { figure } from './support.js';
import { fuzzUrls } from './t27-urls.js';

it('T27: whatever URL is taken leads to a public place', () => {
  const { inputs, taken, escapes } = fuzzUrls(20_000);
  expect(escapes).toEqual([]);
  expect(taken).toBeGreaterThan(200);
  figure('T27', `${inputs} inputs, ${taken} taken, escapes 0`);
});
