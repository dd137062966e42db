/** T4: ten minutes of refused connections, in virtual time. */
import { expect, it } from 'vitest';
import { refusingUrl } from '../delivery/support.js';
import { figure, ledgerOf, logsOf, VICTIM, withVictimInVirtualTime } from './support.js';

it('T4: ten minutes of refused connections cost few attempts, 64 s apart at most, and what is lost is counted', async () => {
  const attempts: number[] = [];
  await withVictimInVirtualTime(
    await refusingUrl(),
    async (world, time) => {
      const start = time.now();
      let sent = 0;
      while (time.now() - start < 600_000) {
        world.send(VICTIM, sent++);
        await time.pass(2_500);
      }
      const gaps = attempts.map((at, index) => at - (attempts[index - 1] ?? at)).slice(1);
      // The pause, and up to two ticks until the scheduler looks.
      expect(Math.max(...gaps)).toBeLessThanOrEqual(64_000 + 3_000);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(450);
      // A wait is a quarter of the outage at most, so that its end is soon noticed.
      expect(attempts.length).toBeLessThanOrEqual(80);
      // Ten on average, one every half minute.
      expect(attempts.filter((at) => at - start > 300_000).length).toBeLessThanOrEqual(25);
      const ledger = ledgerOf(world, VICTIM);
      expect(ledger).toMatchObject({ accepted: sent, delivered: 0, rejected: 0 });
      expect(ledger?.dropped).toEqual({ expired: expect.any(Number) as number });
      expect(logsOf(world, VICTIM)?.lastError).toBe('connect');
      expect(world.telemetry.status(VICTIM).state).toBe('failing');
      figure(
        'T4',
        `${attempts.length} attempts in 10 min, longest pause ${Math.round(Math.max(...gaps))} ms, ` +
          `${ledger?.dropped.expired ?? 0} of ${sent} records older than 5 min dropped as expired`,
      );
    },
    {
      victim: {
        // Asked before each attempt, so it counts them.
        headers: () => {
          attempts.push(performance.now());
          return {};
        },
      },
    },
  );
});
