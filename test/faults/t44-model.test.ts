/** T44: queue, lane, health, places and the bound over all tenants against a small model. The long form: load/. */
import { expect, it } from 'vitest';
import { playHistories } from './t44-commands.js';
import { figure } from './support.js';

it('T44: after every command of random histories the account is exact and all bounds hold', async () => {
  const commands = await playHistories(120);
  expect(commands).toBeGreaterThan(2_000);
  figure('T44', `${commands} commands in 120 histories`);
});
