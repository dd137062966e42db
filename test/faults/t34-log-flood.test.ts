/** T34: however much fails, there is a report a minute for each tenant, destination, signal and code. */
import { expect, it } from 'vitest';
import { createReporter } from '../../src/config/reporter.js';
import type { Diagnostic } from '../../src/index.js';
import { figure, ledgerOf, startCollector, VICTIM, withVictimInVirtualTime } from './support.js';

it('T34: a million failures in ten minutes are a line a minute for each tenant, signal and class', async () => {
  const TENANTS = ['t1', 't2', 't3'];
  const MINUTES = 10;
  const FAILURES = 1_000_000;
  const lines: Diagnostic[] = [];
  let nowMs = 0;
  const reporter = createReporter(
    (diagnostic) => void lines.push(diagnostic),
    () => nowMs,
  );
  for (let failure = 0; failure < FAILURES; failure++) {
    nowMs = (failure / FAILURES) * MINUTES * 60_000;
    reporter.report({
      code: failure % 2 === 0 ? 'export_failed' : 'dropped',
      message: `failure ${failure}`,
      tenantId: TENANTS[failure % TENANTS.length] ?? '',
      destination: 'default',
      signal: 'logs',
    });
  }
  await Promise.resolve();
  expect(lines.length).toBeLessThanOrEqual(TENANTS.length * 2 * MINUTES);
  expect(lines.length).toBeGreaterThanOrEqual(TENANTS.length * 2 * (MINUTES - 1));
  // Each line but a kind's first sums up what was held back; only the last minute's is still to come.
  const held = lines.map(({ message }) => Number(/\((\d+) more like it/.exec(message)?.[1] ?? 0));
  expect(held.filter((count) => count === 0)).toHaveLength(TENANTS.length * 2);
  const summedUp = lines.length + held.reduce((sum, count) => sum + count, 0);
  expect(summedUp).toBeLessThanOrEqual(FAILURES);
  expect(summedUp).toBeGreaterThan(FAILURES - FAILURES / (MINUTES - 1));
  figure('T34', `${lines.length} lines for ${FAILURES} failures of 3 tenants, 2 classes, 10 min`);
});

it('T34: a collector that refuses everything costs a line a minute, and the neighbour none', async () => {
  const collector = await startCollector({
    onCall: ({ socket }) => void socket.write('HTTP/1.1 404 Not Here\r\ncontent-length: 0\r\n\r\n'),
  });
  await withVictimInVirtualTime(collector, async (world, time) => {
    const RECORDS = 600;
    const start = time.now();
    for (let mark = 0; mark < RECORDS; mark++) {
      world.send(VICTIM, mark);
      await time.pass(300);
    }
    await time.until(() => ledgerOf(world, VICTIM)?.buffered === 0, 400_000);
    const minutes = Math.ceil((time.now() - start) / 60_000);
    // What comes while the circuit is open waits for a probe to succeed, until it is too old.
    const { refused = 0, expired = 0 } = ledgerOf(world, VICTIM)?.dropped ?? {};
    expect(refused).toBeGreaterThan(0);
    expect(ledgerOf(world, VICTIM)).toMatchObject({ accepted: RECORDS, delivered: 0 });
    expect(refused + expired).toBe(RECORDS);
    const byCode = new Map<string, number>();
    for (const { code, tenantId } of world.diagnostics) {
      expect(tenantId).toBe(VICTIM);
      byCode.set(code, (byCode.get(code) ?? 0) + 1);
    }
    expect([...byCode.keys()].sort()).toEqual(['dropped', 'export_failed']);
    for (const count of byCode.values()) expect(count).toBeLessThanOrEqual(minutes + 1);
    figure(
      'T34',
      `${world.diagnostics.length} lines for ${collector.calls.length} refusals in ${minutes} min`,
    );
  });
});
