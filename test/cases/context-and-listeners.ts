/** What an adapter leaves behind when an exchange is over, which is nothing, and where its context reaches. */
import type { EventEmitter } from 'node:events';
import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Exchange } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';
import { openRaw } from '../support/http-client.js';
import type { AdapterUnderTest, RawHandler } from './adapter-under-test.js';
import { expectRecords } from './one-record.js';

const POST = 'POST /run HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nbody';

type Counts = Readonly<Record<string, number>>;

function countsOf(emitter: EventEmitter): Counts {
  const names = emitter.eventNames().sort((a, b) => (String(a) < String(b) ? -1 : 1));
  return Object.fromEntries(names.map((name) => [String(name), emitter.listenerCount(name)]));
}

/** Three requests on one connection; then, the listeners on everything that took part in the last one. */
async function leftBehind(
  build: (handler: RawHandler) => Server | Promise<Server>,
  isOver: () => Promise<void>,
): Promise<readonly Counts[]> {
  let last: readonly EventEmitter[] = [];
  let number = 0;
  const server = await build((request, response) => {
    last = [request, response, request.socket];
    request.resume().on('end', () => response.end(`answer ${++number};`));
  });
  if (!server.listening) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
  }
  const client = openRaw((server.address() as AddressInfo).port, POST);
  for (const wanted of [1, 2, 3]) {
    await client.waitFor(`answer ${wanted};`);
    if (wanted < 3) client.socket.write(POST);
  }
  await isOver();
  const counts = [...last, server].map(countsOf);
  client.socket.destroy();
  return counts;
}

export function describeContextAndListeners(adapter: AdapterUnderTest): void {
  describe(`${adapter.name}: after three requests on one connection`, () => {
    it('request, response, socket and server have the listeners that they have without the adapter', async () => {
      let server: Server | undefined;
      let isIdle = (): Promise<void> => Promise.resolve();
      const without = await leftBehind(
        (handler) => adapter.serve(undefined, handler),
        () => new Promise((resolve) => setTimeout(resolve, 30)),
      );
      const withAdapter = await leftBehind(
        async (handler) => {
          const gateway = await startGateway({
            server: async (telemetry) => (server = await adapter.serve(telemetry, handler)),
          });
          isIdle = () => gateway.idle();
          return server as Server;
        },
        async () => {
          await isIdle();
          await new Promise((resolve) => setTimeout(resolve, 30));
        },
      );
      expect(withAdapter).toEqual(without);
    });
  });

  describe(`${adapter.name}: the exchange`, () => {
    it('is that of its own request on a connection that is kept alive, also after it', async () => {
      const seen: { of: Exchange; now: Exchange; late: Exchange | undefined }[] = [];
      const gateway = await startGateway({
        server: (telemetry) =>
          adapter.serve(telemetry, (request, response) => {
            const entry = {
              of: telemetry.of(request),
              now: telemetry.current(),
              late: undefined as Exchange | undefined,
            };
            seen.push(entry);
            const number = seen.length;
            request.resume().on('end', () => response.end(`answer ${number};`));
            // What a request has started goes on as its own when the next one is under way.
            setTimeout(() => (entry.late = telemetry.current()), 20);
          }),
      });
      const client = openRaw(gateway.port, POST);
      for (const number of [1, 2, 3]) {
        await client.waitFor(`answer ${number};`);
        if (number < 3) client.socket.write(POST);
      }
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(new Set(seen.map(({ of }) => of)).size).toBe(3);
      for (const { of, now, late } of seen) {
        expect(now).toBe(of);
        expect(late).toBe(of);
      }
      // Nothing of it is left where no request is.
      expect(gateway.telemetry.current().recording).toBe(false);
      await expectRecords(gateway, [{ status: 200 }, { status: 200 }, { status: 200 }]);
    });

    it('is found in listeners of the request by telemetry.of, and is the current one where it is bound', async () => {
      const seen: (readonly [string, Exchange, Exchange])[] = [];
      const gateway = await startGateway({
        server: (telemetry) =>
          adapter.serve(telemetry, (request, response) => {
            const exchange = telemetry.of(request);
            exchange.bind(request);
            exchange.bind(response);
            for (const [emitter, event] of [
              [request, 'data'],
              [request, 'end'],
              [response, 'finish'],
              [response, 'close'],
            ] as const) {
              emitter.on(event, () => seen.push([event, telemetry.of(request), telemetry.current()]));
            }
            request.on('end', () => response.end('done'));
            expect(exchange.recording).toBe(true);
          }),
      });
      const client = openRaw(gateway.port, POST);
      await client.waitFor('done');
      await expectRecords(gateway, [{ status: 200 }]);
      expect(seen.map(([event]) => event)).toEqual(['data', 'end', 'finish', 'close']);
      expect(new Set(seen.flatMap(([, of, now]) => [of, now])).size).toBe(1);
      expect(seen[0]?.[1].traceId).toBe(gateway.operator.spans[0]?.traceId);
      for (const { prototype } of [IncomingMessage, ServerResponse])
        expect(Object.hasOwn(prototype, 'emit')).toBe(false);
    });
  });
}
