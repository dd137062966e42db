import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../src/transport/retry-after.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['1', 1_000],
    ['2030', 2_030_000],
    [' 120 ', 120_000],
    ['999999999999999', 999_999_999_999_999_000],
    ['Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
    ['Sat, 21 Nov 2099 12:00:00 GMT', Date.parse('2099-11-21T12:00:00Z') - NOW],
  ])('%j is a wish', (value, expected) => {
    expect(retryAfterMs(value, NOW)).toBe(expected);
  });

  it.each([
    undefined,
    '',
    ' ',
    '-5',
    '+5',
    '1.5',
    '1e3',
    '0x10',
    'soon',
    'NaN',
    'Infinity',
    '٣',
    '5, 5',
    '9'.repeat(400),
    'Sat, 21 Nov 2026 11:59:59 GMT',
    'Sat, 21 Nov 2026 12:00:00 GMT',
    'Sat, 99 Nov 2026 12:00:00 GMT',
    '2026-11-21T13:00:00Z',
  ])('%j is none', (value) => {
    expect(retryAfterMs(value, NOW)).toBeUndefined();
  });

  it('may be a date in the older formats that recipients must accept', () => {
    expect(retryAfterMs('Sunday, 22-Nov-26 12:00:00 GMT', NOW)).toBe(86_400_000);
  });
});
