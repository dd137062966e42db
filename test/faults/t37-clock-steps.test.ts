/** T37: the wall clock steps, and the process stands still, while a destination is in trouble. In virtual time. */
import { describe, expect, it } from 'vitest';
import { spanMarksAt } from '../delivery/support.js';
import { figure, ledgerOf, OK, startCollector, VICTIM, withVictimInVirtualTime } from './support.js';

const HOUR_MS = 3_600_000;

describe('T37: a step of the clock changes neither back-off nor flush, and no span ends before it starts', () => {
  it.each([
    ['an hour forward', HOUR_MS],
    ['an hour back', -HOUR_MS],
    ['a day back', -24 * HOUR_MS],
    ['half a second, as NTP does', 500],
    ['ten minutes forward, as after a suspension', 600_000],
  ])('%s', async (what, stepMs) => {
    const collector = await startCollector({
      onCall: ({ socket, index }) =>
        void socket.write(index < 4 ? 'HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n' : OK),
    });
    await withVictimInVirtualTime(collector, async (world, time) => {
      const begin = (mark: string) => {
        const exchange = world.telemetry.begin({ method: 'GET', url: `/r/${mark}`, headers: {} });
        exchange.setTenant(VICTIM);
        exchange.setTenantAttribute('canary', `canary<${VICTIM}>`);
        return exchange;
      };
      const across = begin('across');
      world.send(VICTIM, 'before');
      await time.until(() => collector.calls.length === 1, 3_000);
      time.stepWallClock(stepMs);
      await time.pass(100);
      across.end({ statusCode: 200 });
      world.send(VICTIM, 'after');
      await time.until(() => collector.calls.length === 3, 15_000);
      time.stepWallClock(-2 * stepMs);
      const late = begin('late');
      await time.pass(40);
      late.end({ statusCode: 200 });
      await time.until(() => ledgerOf(world, VICTIM)?.buffered === 0, 30_000);
      expect(ledgerOf(world, VICTIM)).toEqual({
        accepted: 4,
        delivered: 4,
        rejected: 0,
        dropped: {},
        buffered: 0,
      });
      // Anything from half a second to 1, 2, 4 and 8 s, and up to two ticks each.
      const failed = collector.calls.slice(0, 5);
      const gaps = failed.map(({ atMs }, index) => atMs - (failed[index - 1]?.atMs ?? atMs)).slice(1);
      expect(gaps).toHaveLength(4);
      gaps.forEach((gap, index) => {
        expect(gap, `pause ${index}`).toBeGreaterThanOrEqual(500 - 60);
        expect(gap, `pause ${index}`).toBeLessThanOrEqual(1_000 * 2 ** index + 2_600);
      });
      await time.until(() => world.at('operator').spans.length >= 5, 10_000);
      const spans = world.at('operator').spans;
      expect(spanMarksAt(world.at('operator'))).toEqual(expect.arrayContaining(['across', 'after', 'late']));
      const durations = spans.map((span) => Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1e6);
      for (const ms of durations) {
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThan(20_000);
      }
      figure(
        'T37',
        `${what}: pauses ${gaps.map((gap) => Math.round(gap)).join(', ')} ms, negative durations 0`,
      );
    });
  });

  it('the process stands still for ten minutes, and what is too old by then is counted', async () => {
    const collector = await startCollector({
      onCall: ({ socket, index }) =>
        void socket.write(index < 1 ? 'HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n' : OK),
    });
    await withVictimInVirtualTime(
      collector,
      async (world, time) => {
        world.send(VICTIM, 'before');
        const open = world.telemetry.begin({ method: 'GET', url: '/r/open', headers: {} });
        await time.until(() => collector.calls.length === 1, 3_000);
        time.standStill(600_000);
        open.end({ statusCode: 200 });
        world.send(VICTIM, 'after');
        await time.until(() => ledgerOf(world, VICTIM)?.buffered === 0, 10_000);
        expect(ledgerOf(world, VICTIM)).toEqual({
          accepted: 2,
          delivered: 1,
          rejected: 0,
          dropped: { expired: 1 },
          buffered: 0,
        });
        await time.until(() => spanMarksAt(world.at('operator')).includes('open'), 10_000);
        for (const span of world.at('operator').spans)
          expect(span.endTimeUnixNano).toBeGreaterThanOrEqual(span.startTimeUnixNano);
        figure('T37', 'stood still for 10 min: 1 of 2 expired, negative durations 0');
      },
      { neighbourMayLose: true },
    );
  });

  it('an hour back: a counter begins anew once, and not with every reading', async () => {
    const collector = await startCollector();
    await withVictimInVirtualTime(collector, async (world, time) => {
      const points = () => world.at('operator').metricPoints.filter(({ type }) => type === 'sum');
      const read = async (count: number): Promise<void> => {
        world.send(VICTIM, count);
        const before = points().length;
        void world.telemetry.flush({ timeoutMs: 5_000 });
        await time.until(() => points().length > before, 5_000);
        await time.pass(1_000);
      };
      await read(1);
      time.stepWallClock(-3_600_000);
      const earlier = points().length;
      for (const count of [2, 3, 4]) await read(count);
      const later = points().slice(earlier);
      for (const { timeUnixNano, startTimeUnixNano } of later)
        expect(timeUnixNano).toBeGreaterThanOrEqual(startTimeUnixNano);
      expect(new Set(later.map(({ startTimeUnixNano }) => startTimeUnixNano)).size).toBe(1);
    });
  });
});
