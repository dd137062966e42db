/** T5: connections are accepted, and then nothing: not a byte is read or answered. In virtual time. */
import { expect, it } from 'vitest';
import { figure, ledgerOf, logsOf, OK, startCollector, VICTIM, withVictimInVirtualTime } from './support.js';

const DEADLINE_MS = 10_000;

it('T5: a blackhole holds its slot until the deadline of 10 s and no longer, and costs its neighbours nothing', async () => {
  const collector = await startCollector({
    onConnection({ socket, index }) {
      if (index === 0) socket.pause();
    },
    onCall: ({ socket }) => void socket.write(OK),
  });
  await withVictimInVirtualTime(collector, async (world, time) => {
    world.send(VICTIM, 1);
    await time.until(() => collector.connections.length === 1, 3_000);
    const start = time.now();
    // Meanwhile the others go on.
    await time.until(() => world.at('globex').logs.length === 2, 3_000);
    await time.pass(start + DEADLINE_MS - 400 - time.now());
    expect(logsOf(world, VICTIM)?.lastError).toBeUndefined();
    expect(ledgerOf(world, VICTIM)).toMatchObject({ delivered: 0, buffered: 1 });
    await time.until(() => logsOf(world, VICTIM)?.lastError !== undefined, 1_000);
    const heldMs = time.now() - start;
    expect(logsOf(world, VICTIM)?.lastError).toBe('timeout');
    expect(Math.abs(heldMs - DEADLINE_MS)).toBeLessThanOrEqual(300);
    // A paused socket notices its end only when it reads again.
    const [first] = collector.connections;
    first?.socket.resume();
    await time.until(() => first?.closedMs !== undefined, 1_000);
    await time.until(() => ledgerOf(world, VICTIM)?.delivered === 1, 5_000);
    expect(ledgerOf(world, VICTIM)).toMatchObject({ accepted: 1, delivered: 1, buffered: 0, dropped: {} });
    figure('T5', `slot held ${Math.round(heldMs)} ms, delivered with the next attempt`);
  });
});
