/** T44 at length: at least 100,000 commands. */
import { expect, it } from 'vitest';
import { figure } from '../support.js';
import { playHistories } from '../t44-commands.js';

const IS_SHORT = process.env['GATEWAY_OTEL_LONG'] === 'short';
const HISTORIES = IS_SHORT ? 500 : 4_000;

it('T44: 100,000 commands of random histories keep the account exact and all bounds', async () => {
  const commands = await playHistories(HISTORIES);
  expect(commands).toBeGreaterThan(IS_SHORT ? 10_000 : 100_000);
  figure('T44', `${commands} commands in ${HISTORIES} histories`);
});
