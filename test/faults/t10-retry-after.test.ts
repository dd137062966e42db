/** T10: 429 and every sort of Retry-After, in virtual time. How the header reads: test/transport/retry-after.test.ts. */
import { describe, expect, it } from 'vitest';
import { figure, ledgerOf, startCollector, VICTIM, withVictimInVirtualTime } from './support.js';

/** A pause, and up to two ticks of 1.2 s until the scheduler looks. */
const TICKS_MS = 2_600;
const CLAMPED_HIGH = { firstFrom: 300_000, firstTo: 300_000 + TICKS_MS, inTenSeconds: 1 };
/** 2.5 s, a tenth more or less, then four times as much: two requests in ten seconds, and "now" is no answer either. */
const THROTTLED = { firstFrom: 2_250, firstTo: 2_750 + TICKS_MS, inTenSeconds: 2 };

describe('T10: after a 429 there is a pause of at most 300 s, whatever Retry-After says', () => {
  it.each<[string, (nowMs: number) => string | undefined, typeof THROTTLED]>([
    ['0', () => '0', THROTTLED],
    ['-5', () => '-5', THROTTLED],
    ['soon', () => 'soon', THROTTLED],
    ['1e9', () => '1e9', THROTTLED],
    ['99999999', () => '99999999', CLAMPED_HIGH],
    ['a date in the past', (now) => new Date(now - 3_600_000).toUTCString(), THROTTLED],
    ['a date far away', (now) => new Date(now + 90 * 86_400_000).toUTCString(), CLAMPED_HIGH],
    ['absent', () => undefined, THROTTLED],
  ])('%s', async (what, retryAfter, { firstFrom, firstTo, inTenSeconds }) => {
    const collector = await startCollector({
      onCall({ socket }) {
        const value = retryAfter(Date.now());
        const header = value === undefined ? '' : `retry-after: ${value}\r\n`;
        socket.write(`HTTP/1.1 429 Slow Down\r\n${header}content-length: 0\r\n\r\n`);
      },
    });
    await withVictimInVirtualTime(collector, async (world, time) => {
      const start = time.now();
      let sent = 0;
      // A request every 5 s for as long as the longest pause may be.
      while (collector.calls.length < 2 || time.now() - start < 20_000) {
        expect(time.now() - start).toBeLessThan(310_000);
        world.send(VICTIM, sent++);
        await time.pass(5_000);
      }
      const [first, second] = collector.calls;
      const firstAt = first?.atMs ?? Number.NaN;
      const waited = (second?.atMs ?? Number.NaN) - firstAt;
      // A step of the virtual clock is 50 ms.
      expect(waited).toBeGreaterThanOrEqual(firstFrom - 60);
      expect(waited).toBeLessThanOrEqual(firstTo);
      const early = collector.calls.filter(({ atMs }) => atMs - firstAt < 10_000).length;
      expect(early).toBeLessThanOrEqual(inTenSeconds);
      expect(ledgerOf(world, VICTIM)).toMatchObject({ accepted: sent, delivered: 0, rejected: 0 });
      figure('T10', `${what}: first pause ${Math.round(waited)} ms, ${early} requests in the first 10 s`);
    });
  });
});
