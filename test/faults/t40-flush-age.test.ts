/**
 * T40: what a killed process loses is what waits for the next flush and what is in flight. This is the wait, in virtual
 * time; the kills are in load/t40-sigkill.test.ts.
 */
import { afterEach, expect, it, vi } from 'vitest';
import { canaryOf } from '../delivery/support.js';
import { createRandom, figure, OK, startCollector, VICTIM, withVictimInVirtualTime } from './support.js';

const FLUSH_INTERVAL_MS = 1_000;
const JITTER = 1.2;
/** The clock moves in steps of 50 ms, and a request takes one. */
const STEPS_MS = 150;

afterEach(() => {
  vi.restoreAllMocks();
});

it.each([
  ['steadily', 40, 50, 50],
  ['now and then', 41, 300, 4_000],
])(
  'T40: no record of requests that come %s waits longer than the flush interval and its jitter',
  async (pace, seed, min, max) => {
    const random = createRandom(seed);
    vi.spyOn(Math, 'random').mockImplementation(random);
    const sentMs = new Map<string, number>();
    const waitedMs = new Map<string, number>();
    const collector = await startCollector({
      onCall({ socket, body }) {
        for (const [, mark = ''] of body.toString('latin1').matchAll(/mark<(\d+)>/g))
          waitedMs.set(mark, performance.now() - (sentMs.get(mark) ?? Number.NaN));
        socket.write(OK);
      },
    });
    await withVictimInVirtualTime(collector, async (world, time) => {
      const end = time.now() + 60_000;
      for (let mark = 0; time.now() < end; mark++) {
        sentMs.set(String(mark), time.now());
        world.send(VICTIM, `mark<${mark}>`, { canary: canaryOf(VICTIM) });
        await time.pass(min + random() * (max - min));
      }
      await time.pass(2 * FLUSH_INTERVAL_MS);
      expect(waitedMs.size).toBe(sentMs.size);
      const waits = [...waitedMs.values()].sort((a, b) => a - b);
      figure(
        'T40',
        `${pace}: ${waits.length} records waited p50 ${waits[Math.floor(waits.length / 2)]?.toFixed()} ms, ` +
          `max ${waits.at(-1)?.toFixed()} ms, of a flush interval of ${FLUSH_INTERVAL_MS} ms`,
      );
      expect(waits.at(-1)).toBeLessThanOrEqual(FLUSH_INTERVAL_MS * JITTER + STEPS_MS);
    });
  },
);
