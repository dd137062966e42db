/** T34: the bound holds with more than a thousand failing tenants too. */
import { expect, it } from 'vitest';
import { createReporter } from '../../src/config/reporter.js';
import type { Diagnostic } from '../../src/index.js';

const run = async (tenants: number, rounds: number): Promise<Diagnostic[]> => {
  const lines: Diagnostic[] = [];
  let nowMs = 0;
  const reporter = createReporter(
    (line) => void lines.push(line),
    () => nowMs,
  );
  for (let round = 0; round < rounds; round++) {
    nowMs = round * 1_000;
    for (let tenant = 0; tenant < tenants; tenant++) {
      reporter.report({
        code: 'export_failed',
        message: 'x',
        tenantId: `t${tenant}`,
        destination: 'default',
        signal: 'logs',
      });
    }
  }
  await Promise.resolve();
  return lines;
};

it('T34: 1,001 tenants that fail every second for a minute are 1,001 lines', async () => {
  expect((await run(1_001, 60)).length).toBeLessThanOrEqual(1_001);
});

it('T34: a line says how many like it were held back since the last one', async () => {
  const lines = await run(1, 130);
  expect(lines.map(({ message }) => message)).toEqual([
    'x',
    'x (59 more like it since the last report)',
    'x (59 more like it since the last report)',
  ]);
});
