/** With the adapter, a server does to its clients what it does without: every case is run on both, and compared. */
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startGateway } from '../support/gateway.js';
import { openRaw, type RawClient } from '../support/http-client.js';
import type { AdapterUnderTest, RawHandler } from './adapter-under-test.js';

interface Case {
  readonly server?: ServerOptions;
  readonly set?: (server: Server) => void;
  /** Default: answers `ok`. */
  readonly handler?: RawHandler;
  /** What the client sends, and does until the connection is gone. */
  readonly bytes: string;
  readonly act?: (client: RawClient) => Promise<void> | void;
  /** What must be in the answer, so that a case cannot pass by doing nothing on both. */
  readonly contains: string;
}

const head = (method: string, ...fields: string[]): string =>
  `${[`${method} /run HTTP/1.1`, ...fields].join('\r\n')}\r\n\r\n`;
const HOST = 'Host: a.example';
const CLOSE = 'Connection: close';

const CASES: Readonly<Record<string, Case>> = {
  'an answer': { bytes: head('GET', HOST, CLOSE), contains: '200 OK' },
  'an answer to HEAD': { bytes: head('HEAD', HOST, CLOSE), contains: '200 OK' },
  'a socket that was silent for too long is destroyed': {
    set: (server) => void server.setTimeout(60),
    handler: () => undefined,
    bytes: head('GET', HOST),
    contains: '',
  },
  'a request that takes too long is answered 408': {
    server: { connectionsCheckingInterval: 20, requestTimeout: 80, headersTimeout: 70 },
    handler: (request) => void request.on('error', () => undefined).resume(),
    bytes: `${head('POST', HOST, 'Content-Length: 9')}part`,
    contains: '408 Request Timeout',
  },
  'a head that takes too long is answered 408': {
    server: { connectionsCheckingInterval: 20, requestTimeout: 90, headersTimeout: 70 },
    bytes: 'GET /run HTTP/1.1\r\nHost: a.exa',
    contains: '408 Request Timeout',
  },
  'a malformed head is answered 400': { bytes: 'GET /run HTTP/1.1\r\nno field\r\n\r\n', contains: '400 Bad' },
  'a malformed body is answered 400': {
    handler: (request) => void request.on('error', () => undefined).resume(),
    bytes: `${head('POST', HOST, 'Transfer-Encoding: chunked')}no-size\r\n`,
    contains: '400 Bad Request',
  },
  'a head that is too large is answered 431': {
    server: { maxHeaderSize: 1_024 },
    bytes: head('GET', HOST, `X-Large: ${'x'.repeat(2_000)}`),
    contains: '431 Request Header Fields Too Large',
  },
  'a head without Host is answered 400': { bytes: head('GET', CLOSE), contains: '400 Bad Request' },
  'an unknown expectation is answered 417': {
    bytes: head('GET', HOST, CLOSE, 'Expect: a-miracle'),
    contains: '417 Expectation Failed',
  },
  'a known expectation is answered 100': {
    handler: (request, response) => void request.resume().on('end', () => response.end('ok')),
    bytes: `${head('POST', HOST, CLOSE, 'Expect: 100-continue', 'Content-Length: 4')}body`,
    contains: '100 Continue',
  },
  'a connection that stays idle is closed': {
    set: (server) => void (server.keepAliveTimeout = 50),
    bytes: head('GET', HOST),
    contains: 'Keep-Alive',
  },
  'more requests than a connection may have are answered 503': {
    set: (server) => void (server.maxRequestsPerSocket = 1),
    bytes: head('GET', HOST) + head('GET', HOST),
    act: async ({ waitFor, socket }) => {
      await waitFor('503');
      socket.destroy();
    },
    contains: '503 Service Unavailable',
  },
  'an upgrade that nobody serves is a request': {
    bytes: head('GET', HOST, 'Connection: Upgrade, close', 'Upgrade: websocket'),
    contains: '200 OK',
  },
};

/** Of a framework that knows routes. */
const ROUTED_CASES: typeof CASES = {
  'a 404 of its own': { bytes: `GET /nothing HTTP/1.1\r\n${HOST}\r\n${CLOSE}\r\n\r\n`, contains: '404' },
};

export function describeUnchanged(adapter: AdapterUnderTest): void {
  /** The server with and without the adapter, each listening. */
  const both = async (
    handler: RawHandler,
    { server: options, set }: Pick<Case, 'server' | 'set'> = {},
  ): Promise<readonly [number, number]> => {
    const without = await adapter.serve(undefined, handler, options && { server: options });
    without.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => without.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      without.close();
      without.closeAllConnections();
    });
    const { server, port } = await startGateway({
      server: (telemetry) => adapter.serve(telemetry, handler, options && { server: options }),
    });
    set?.(without);
    set?.(server);
    return [(without.address() as AddressInfo).port, port];
  };

  describe(`${adapter.name} changes nothing`, () => {
    it.each(Object.entries({ ...CASES, ...(adapter.hasRoutes && ROUTED_CASES) }))(
      '%s',
      async (_, { bytes, act, contains, handler = answerOk, ...rest }) => {
        const [plain, told] = await Promise.all(
          (await both(handler, rest)).map(async (port) => {
            const client = openRaw(port, bytes);
            await act?.(client);
            await client.closed;
            // The date is of the day, and length and place of the two ports are the same.
            return client.received().replaceAll(/^Date: .*$/gim, 'Date');
          }),
        );
        expect(plain).toContain(contains);
        expect(told).toBe(plain);
      },
    );

    it('the events of a request that is broken off, and of one that is not, in their order', async () => {
      const seen: string[][] = [];
      const handler: RawHandler = (request, response) => {
        const events: string[] = [];
        seen.push(events);
        const note = (name: string, emitter: IncomingMessage | ServerResponse, event: string): void =>
          void emitter.on(event, (error?: unknown) =>
            events.push(`${name} ${event}${error instanceof Error ? `: ${error.message}` : ''}`),
          );
        for (const event of ['aborted', 'close', 'end', 'error']) note('request', request, event);
        for (const event of ['finish', 'close', 'error']) note('response', response, event);
        request.resume();
        if (request.method === 'GET') response.end('ok');
      };
      for (const port of await both(handler)) {
        const whole = openRaw(port, head('GET', HOST, CLOSE));
        await whole.closed;
        const broken = openRaw(port, `${head('POST', HOST, 'Content-Length: 9')}part`);
        while (seen.length % 2 === 1) await pause(2);
        broken.socket.destroy();
        const events = seen.at(-1) as string[];
        while (!events.includes('response close')) await pause(2);
        await pause(5);
      }
      const [whole, broken] = seen;
      expect(whole).toContain('response finish');
      expect(broken).toContain('request aborted');
      expect(seen.slice(2)).toEqual([whole, broken]);
    });

    it('the listeners of server, socket and request; the response has two more', async () => {
      const seen: Record<string, Record<string, number>>[] = [];
      const handler: RawHandler = (request, response) => {
        const { socket } = request;
        const { server } = socket as unknown as { server: Server };
        seen.push({
          server: listenersOf(server),
          socket: listenersOf(socket),
          request: listenersOf(request),
          response: listenersOf(response),
        });
        response.end('ok');
      };
      for (const port of await both(handler)) await openRaw(port, head('GET', HOST, CLOSE)).closed;
      const [plain, told] = seen as [(typeof seen)[number], (typeof seen)[number]];
      const more = (event: string): number => (plain['response']?.[event] ?? 0) + 1;
      expect(told).toEqual({
        ...plain,
        response: { ...plain['response'], finish: more('finish'), close: more('close') },
      });
    });
  });
}

const answerOk: RawHandler = (_, response) => void response.end('ok');

function listenersOf(emitter: NodeJS.EventEmitter): Record<string, number> {
  return Object.fromEntries(
    emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)] as const),
  );
}
