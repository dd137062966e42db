/** Whoever does not answer (a collector, a header function, a lookup, an old place) costs its time and no more. */
import { describe, expect, it, vi } from 'vitest';
import {
  eventually,
  inWorld,
  marksAt,
  pause,
  refusingUrl,
  send,
  startHttp,
  startTcp,
  withTelemetry,
} from '../delivery/support.js';
import type { RawServer } from '../delivery/support.js';
import { answering, DEADLINE_MS, DELIVERED, drip, settle, WAITING } from './settle.js';

// One file, so that all the waiting is done at the same time.
vi.setConfig({ maxConcurrency: 40, testTimeout: 30_000 });

describe.concurrent('a 200', () => {
  it('with a body that drips is over at the deadline', async () => {
    const server = await answering((response) => {
      response.write('x');
      drip(response, 'x', 200);
    });
    const { ms, ledger } = await settle(server);
    expect(ledger).toEqual(DELIVERED);
    expect(ms).toBeLessThan(DEADLINE_MS + 1_000);
  });
});

describe.concurrent(
  'no answer frees the slot at the deadline, and the batch waits for another attempt',
  () => {
    const slow: readonly [string, () => Promise<RawServer>][] = [
      ['silence', () => startTcp(() => undefined)],
      ['headers that drip', () => startTcp((socket) => drip(socket, 'H', 500))],
      [
        'a header that never ends',
        () =>
          startTcp((socket) => {
            socket.write('HTTP/1.1 200 OK\r\nx: ');
            drip(socket, 'y', 300);
          }),
      ],
      ['a flood of 103', () => startTcp((socket) => drip(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n', 50))],
      ['a body that is never read', () => startTcp((socket) => void socket.pause())],
    ];

    it.each(slow)('%s', async (_what, start) => {
      const { ms, ledger, lastError } = await settle(await start());
      expect(ledger).toEqual(WAITING);
      expect(lastError).toBeTypeOf('string');
      expect(ms).toBeLessThan(DEADLINE_MS + 1_000);
    });

    it('nor does a switch of protocols that nobody asked for keep it, whether that is final or not', async () => {
      const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n';
      const { ms, ledger, lastError } = await settle(await startTcp((socket) => void socket.write(upgrade)));
      expect(ledger).toMatchObject({ accepted: 1, delivered: 0, rejected: 0 });
      expect(lastError).toBeTypeOf('string');
      expect(ms).toBeLessThan(DEADLINE_MS + 1_000);
    });

    it('after which the batch is tried again', async () => {
      let requests = 0;
      const server = await startHttp((request, response) => {
        const isFirst = requests++ === 0;
        request.resume().on('end', () => {
          if (!isFirst) response.end();
        });
      });
      try {
        await withTelemetry(
          { operator: { endpoint: server.url, signals: { traces: false, metrics: false } } },
          async (telemetry) => {
            send(telemetry, undefined, 1);
            const ledger = () => telemetry.status().operator[0]?.signals.logs?.ledger;
            await eventually(() => expect(ledger()).toEqual(DELIVERED), 15_000);
            expect(requests).toBe(2);
            expect(telemetry.status().operator[0]?.signals.logs?.lastError).toBe('timeout');
          },
        );
      } finally {
        await server.close();
      }
    });
  },
);

describe.concurrent('a header function', () => {
  it('that hangs gives its turn back after the 5 s that its documentation says', () => {
    let asked = 0;
    const headers = () => (asked++ === 0 ? new Promise<never>(() => undefined) : { 'x-token': 'good' });
    return inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ tenants: { acme: to('acme', { headers, signals: { metrics: false } }) } }),
      },
      async (world) => {
        world.send('acme', 1);
        // A tick until it is asked, 5 s for it, a pause and a tick until the next attempt.
        await world.at('acme').waitFor({ logs: 1 }, { timeoutMs: 9_000 });
      },
    );
  });
});

describe.concurrent('an operator URL that changes', () => {
  it('counts what a dead old place did not take within 10 s as destination_changed', async () => {
    const dead = await refusingUrl();
    await inWorld({ receivers: [], configure: () => ({ operator: { endpoint: dead } }) }, async (world) => {
      world.send(undefined, 'old');
      world.telemetry.setOperator(world.to('operator'));
      const start = performance.now();
      world.send(undefined, 'new');
      await eventually(async () => {
        const { operator } = await world.telemetry.flush({ timeoutMs: 300 });
        expect(operator.logs?.dropped.destination_changed).toBe(1);
        expect(operator.traces?.dropped.destination_changed).toBe(1);
      }, 12_000);
      expect(performance.now() - start).toBeGreaterThan(5_000);
      expect(performance.now() - start).toBeLessThan(11_500);
      expect(marksAt(world.at('operator'))).toEqual(['new']);
    });
  });
});

describe.concurrent('a lookup', () => {
  it('that takes over 5 s counts as failed, keeps what waits, and is asked again', () => {
    let asked = 0;
    return inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({
          tenants: (id) => (asked++ === 0 ? new Promise<never>(() => undefined) : Promise.resolve(to(id))),
        }),
      },
      async (world) => {
        world.send('acme', 1);
        await pause(4_500);
        expect(world.diagnostics).toEqual([]);
        await eventually(() =>
          expect(world.diagnostics.map(({ code }) => code)).toEqual(['tenant_lookup_failed']),
        );
        await pause(1_100);
        world.send('acme', 2);
        await world.at('acme').waitFor({ logs: 2 });
        expect(asked).toBe(2);
      },
    );
  });

  it('that answers after its 5 s changes nothing', () => {
    let asked = 0;
    return inWorld(
      {
        receivers: ['acme', 'acme-2'],
        configure: (to) => ({
          tenants: (id) => (asked++ === 0 ? pause(6_500).then(() => to('acme-2')) : Promise.resolve(to(id))),
        }),
      },
      async (world) => {
        world.send('acme', 1);
        await pause(6_100);
        world.send('acme', 2);
        await world.at('acme').waitFor({ logs: 2 });
        await pause(600);
        world.send('acme', 3);
        await world.telemetry.flush();
        expect(marksAt(world.at('acme'))).toEqual(['1', '2', '3']);
        expect(world.at('acme-2').requests).toHaveLength(0);
      },
    );
  });
});
