/** Requests that follow each other on one connection, kept alive or pipelined, end each by itself. */
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { openRaw } from '../support/http-client.js';
import type { AdapterUnderTest } from './adapter-under-test.js';
import { GET, startOf } from './endings-gateway.js';
import { expectRecords, type ExpectedRecord } from './one-record.js';

export function describeEndingsOnOneConnection(adapter: AdapterUnderTest): void {
  const start = startOf(adapter);

  describe(`${adapter.name}: several requests on one connection`, () => {
    it('one after the other are recorded each by itself, and leave no listener', async () => {
      const counts: number[] = [];
      const { gateway } = await start((request, response) => {
        counts.push(
          request.socket.eventNames().reduce((sum, name) => sum + request.socket.listenerCount(name), 0),
        );
        response.writeHead(200 + counts.length).end(`answer ${counts.length};`);
      });
      const client = openRaw(gateway.port, GET);
      for (const number of [1, 2, 3]) {
        await client.waitFor(`answer ${number};`);
        // The next one only when this one is over.
        await gateway.idle();
        if (number < 3) client.socket.write(GET);
      }
      expect(new Set(counts).size).toBe(1);
      await expectRecords(gateway, [{ status: 201 }, { status: 202 }, { status: 203 }]);
      expect(new Set(gateway.operator.spans.map(({ traceId }) => traceId)).size).toBe(3);
    });

    it('pipelined and answered in the wrong order are recorded each by itself', async () => {
      let number = 0;
      const second = deferred();
      const { gateway } = await start((_, response) => {
        if (++number === 1) void second.promise.then(() => response.writeHead(201).end('first'));
        else response.writeHead(202).end('second', second.resolve);
        if (number === 2) setImmediate(second.resolve);
      });
      const client = openRaw(gateway.port, GET + GET);
      await client.waitFor('second');
      await expectRecords(gateway, [{ status: 201 }, { status: 202 }]);
    });

    it('pipelined all end when the client leaves', async () => {
      let number = 0;
      const all = deferred();
      const { gateway } = await start((_, response) => {
        number++;
        // Waits behind the first, so nothing of it leaves.
        if (number === 2) response.end('second');
        if (number === 3) all.resolve();
      });
      const client = openRaw(gateway.port, GET + GET + GET);
      await all.promise;
      await pause(5);
      client.socket.destroy();
      await expectRecords(gateway, Array(3).fill({ errorType: 'client_disconnect' }) as ExpectedRecord[]);
    });

    it('pipelined, of which the first is answered and the gateway breaks off the second', async () => {
      let number = 0;
      const { gateway } = await start((_, response) => {
        number++;
        if (number === 1) response.writeHead(201).end('first');
        if (number === 2) response.writeHead(202).write('part', () => response.destroy());
      });
      const client = openRaw(gateway.port, GET + GET + GET);
      await client.closed;
      expect(client.received()).toContain('first');
      await gateway.idle();
      // The third waits behind it, or was not even read.
      const third = Array(number - 2).fill({ errorType: 'server_abort' }) as ExpectedRecord[];
      await expectRecords(gateway, [{ status: 201 }, { status: 202, errorType: 'server_abort' }, ...third]);
    });

    it('pipelined, of which the client takes one and leaves', async () => {
      let number = 0;
      const all = deferred();
      const { gateway } = await start((_, response) => {
        number++;
        if (number === 1) setImmediate(() => response.writeHead(201).end('first'));
        if (number === 2) response.writeHead(202).write('part');
        if (number === 3) all.resolve();
      });
      const client = openRaw(gateway.port, GET + GET + GET);
      await Promise.all([client.waitFor('part'), all.promise]);
      client.socket.resetAndDestroy();
      await expectRecords(gateway, [
        { status: 201 },
        { status: 202, errorType: 'client_disconnect' },
        { errorType: 'client_disconnect' },
      ]);
    });
  });
}
