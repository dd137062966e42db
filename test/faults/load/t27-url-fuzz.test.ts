/** T27 at length. */
import { expect, it } from 'vitest';
import { figure } from '../support.js';
import { fuzzUrls } from '../t27-urls.js';
import { sized } from './scale.js';

it('T27: of a million URLs, those that are taken lead to public places', () => {
  const { inputs, taken, escapes } = fuzzUrls(sized(100_000, 1_000_000), 2_027);
  expect(escapes).toEqual([]);
  expect(taken).toBeGreaterThan(1_000);
  figure('T27', `${inputs} inputs, ${taken} taken, escapes 0`);
});
