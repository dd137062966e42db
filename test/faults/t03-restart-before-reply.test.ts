/** T3: the collector has read the request and dies before it answers; it comes back on the same port. */
import { expect, it } from 'vitest';
import { eventually } from '../delivery/support.js';
import { figure, ledgerOf, OK, startCollector, VICTIM, withVictim, type Collector } from './support.js';

it('T3: a collector that restarts between request and reply gets the batch again, the same bytes, and nothing is lost', async () => {
  let second: Collector | undefined;
  const bodies: Buffer[] = [];
  const first = await startCollector({
    onCall({ body }) {
      bodies.push(body);
      // It stops listening, and every connection ends, in the middle of the exchange.
      void first.close();
    },
  });
  try {
    await withVictim(first, async (world) => {
      for (const mark of [1, 2, 3]) world.send(VICTIM, mark);
      await world.telemetry.flush({ timeoutMs: 1_000 });
      expect(bodies).toHaveLength(1);
      expect(ledgerOf(world, VICTIM)).toMatchObject({ delivered: 0, buffered: 3, dropped: {} });
      // While it is away nobody listens at all.
      await world.telemetry.flush({ timeoutMs: 1_000 });
      second = await startCollector({
        port: first.port,
        onCall({ socket, body }) {
          bodies.push(body);
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        },
      });
      world.send(VICTIM, 4);
      await eventually(async () => {
        await world.telemetry.flush({ timeoutMs: 500 });
        expect(ledgerOf(world, VICTIM)).toEqual({
          accepted: 4,
          delivered: 4,
          rejected: 0,
          dropped: {},
          buffered: 0,
        });
      });
      expect(bodies[1]?.equals(bodies[0] ?? Buffer.alloc(0)), 'the retry is the same batch').toBe(true);
      expect(bodies).toHaveLength(3);
      figure('T3', `loss 0, duplicates ${bodies.length - 2} batch of ${bodies.length - 1} (same bytes)`);
    });
    expect(second?.received().includes('n-1')).toBe(false);
  } finally {
    await second?.close();
  }
});

/** Of all requests, in order. */
const batchIdsAt = (collector: Collector): string[] =>
  [
    ...collector
      .received()
      .toString('latin1')
      .matchAll(/^idempotency-key: (\S+)/gim),
  ].map((match) => match[1] ?? '');

it('T3: all attempts of a batch carry the same id, so that a receiver can tell a repeat; another batch has another', async () => {
  const collector = await startCollector({
    onCall({ socket, index }) {
      if (index === 0) socket.destroy();
      else socket.write(OK);
    },
  });
  await withVictim(collector, async (world) => {
    for (const mark of [1, 2]) {
      world.send(VICTIM, mark);
      await eventually(async () => {
        await world.telemetry.flush({ timeoutMs: 500 });
        expect(ledgerOf(world, VICTIM)).toMatchObject({ delivered: mark, buffered: 0 });
      });
    }
    const [first, again, next, ...more] = batchIdsAt(collector);
    expect(first).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(again).toBe(first);
    expect(next).toBeDefined();
    expect(next).not.toBe(first);
    expect(more).toEqual([]);
    figure('T3', 'one id for both attempts of a batch');
  });
});

it("T3: the host's own header of that name wins", async () => {
  const collector = await startCollector();
  await withVictim(
    collector,
    async (world) => {
      world.send(VICTIM, 1);
      await world.telemetry.flush();
      expect(batchIdsAt(collector)).toEqual(['its-own']);
    },
    { victim: { headers: { 'Idempotency-Key': 'its-own' } } },
  );
});
