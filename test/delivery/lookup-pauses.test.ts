/** When a failing lookup is asked again, in virtual time. */
import { expect, it } from 'vitest';
import { inVirtualTime } from '../faults/support.js';
import { expectLaw, inWorld } from './support.js';

it('a lookup that has worked in between is asked again after the shortest pause, not after the next longer one', async () => {
  const askedAtMs: number[] = [];
  const failing = new Set([1, 2, 3, 5]);
  await inVirtualTime((started) =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({
          tenantTtlMs: 1_000,
          tenants: (id) => {
            askedAtMs.push(performance.now());
            if (failing.has(askedAtMs.length)) throw new Error('down');
            return to(id);
          },
        }),
      },
      (world) =>
        started(async (time) => {
          let sent = 0;
          while (askedAtMs.length < 6) {
            expect(sent, 'it is asked again').toBeLessThan(100);
            world.send('acme', sent++);
            await time.pass(250);
          }
          const gaps = askedAtMs.map((atMs, index) => atMs - (askedAtMs[index - 1] ?? atMs)).slice(1);
          // A pause, and a tick until somebody looks.
          expect(gaps[2]).toBeGreaterThanOrEqual(4_000);
          expect(gaps[4]).toBeGreaterThanOrEqual(1_000);
          expect(gaps[4]).toBeLessThan(2_500);
          expectLaw(world.telemetry, ['acme']);
        }),
    ),
  );
});
