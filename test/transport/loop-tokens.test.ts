/** Loop tokens: nobody else can make one, and those that were seen are soon worth nothing. */
import { expect, it } from 'vitest';
import { createLoopTokens } from '../../src/transport/loop-tokens.js';

const MINUTE_MS = 60_000;

it('a token is that of one tenant, for one or two minutes', () => {
  let nowMs = 5 * MINUTE_MS;
  const tokens = createLoopTokens(() => nowMs);
  const token = tokens.of('acme');
  expect(token).toMatch(/^[\w-]{22}$/);
  expect(tokens.of('globex')).not.toBe(token);
  expect(tokens.isOf('acme', token)).toBe(true);
  expect(tokens.isOf('globex', token)).toBe(false);
  nowMs += 2 * MINUTE_MS - 1;
  expect(tokens.isOf('acme', token)).toBe(true);
  expect(tokens.of('acme')).not.toBe(token);
  nowMs += 1;
  expect(tokens.isOf('acme', token)).toBe(false);
});

it('another instance knows nothing of it', () => {
  const [one, other] = [createLoopTokens(() => 0), createLoopTokens(() => 0)];
  expect(other.isOf('acme', one.of('acme'))).toBe(false);
});

it.each(['', 'a', 'é'.repeat(22), 'a'.repeat(22), 'a'.repeat(10_000)])('%j is none', (token) => {
  expect(createLoopTokens(() => 0).isOf('acme', token)).toBe(false);
});
