/** T47: ten thousand records wait for the operator and ten tenants, and the event loop goes on between the batches. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { canaryOf, expectLaw, send, withTelemetry } from '../delivery/support.js';
import { figure, startCollector, type Collector } from './support.js';

const RECORDS = 10_000;
const TENANTS = Array.from({ length: 10 }, (_unused, index) => `t${index}`);
/** Of a request that reaches the collector; see `test/delivery/bounds.test.ts` for the counts in it. */
const MAX_REQUEST_BYTES = 512 * 1024;

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it('T47: ten thousand records are encoded and sent in pieces, with turns of the event loop in between', async () => {
  const collectors = new Map<string, Collector>();
  for (const owner of ['operator', ...TENANTS]) collectors.set(owner, await startCollector());
  const urlOf = (owner: string): string => collectors.get(owner)?.url ?? '';
  try {
    await withTelemetry(
      {
        metrics: { intervalMs: 86_400_000 },
        operator: { endpoint: urlOf('operator') },
        tenants: Object.fromEntries(TENANTS.map((id) => [id, { endpoint: urlOf(id) }])),
      },
      async (telemetry) => {
        let sent = 0;
        const sendNext = (): void => send(telemetry, TENANTS[sent % TENANTS.length], sent++);
        while (sent < RECORDS) sendNext();
        const delay = monitorEventLoopDelay({ resolution: 1 });
        delay.enable();
        let turns = 0;
        let isOver = false;
        let longestMs = 0;
        const flushing = telemetry.flush({ timeoutMs: 15_000 }).then((result) => {
          isOver = true;
          return result;
        });
        for (let last = performance.now(); !isOver; turns++) {
          await turn();
          // Traffic goes on.
          sendNext();
          const now = performance.now();
          longestMs = Math.max(longestMs, now - last);
          last = now;
        }
        await flushing;
        delay.disable();
        const { complete, operator, tenants } = await telemetry.flush({ timeoutMs: 15_000 });
        expect(complete).toBe(true);
        for (const ledger of [operator.logs, operator.traces, tenants.logs])
          expect(ledger).toEqual({ accepted: sent, delivered: sent, rejected: 0, dropped: {}, buffered: 0 });
        expectLaw(telemetry, TENANTS);
        // Nothing is made as one piece, and each piece is followed by a turn.
        const bodies = [...collectors.values()].flatMap(({ calls }) => calls.map(({ body }) => body.length));
        expect(Math.max(...bodies)).toBeLessThanOrEqual(MAX_REQUEST_BYTES);
        expect(bodies.length).toBeGreaterThanOrEqual((3 * RECORDS) / 512);
        expect(turns).toBeGreaterThanOrEqual(5);
        figure(
          'T47',
          `longest turn while flushing ${longestMs.toFixed(1)} ms; loop delay p99 ` +
            `${(delay.percentile(99) / 1e6).toFixed(1)} ms, max ${(delay.max / 1e6).toFixed(1)} ms; ` +
            `${bodies.length} requests, ${turns} turns`,
        );
      },
    );
    for (const id of TENANTS) {
      const received = collectors.get(id)?.received();
      for (const other of TENANTS) expect(received?.includes(canaryOf(other))).toBe(other === id);
    }
  } finally {
    for (const collector of collectors.values()) await collector.close();
  }
});
