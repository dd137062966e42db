/**
 * Every way in which an exchange over HTTP/1.1 can end, on any adapter: exactly one span, one log record and one count, and
 * they say what really happened. Node's own behaviour stays.
 */
import { once } from 'node:events';
import { get } from 'node:http';
import { pipeline } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { openRaw, send, type RawClient } from '../support/http-client.js';
import { startUpstream } from '../support/upstream.js';
import type { AdapterUnderTest, RawHandler } from './adapter-under-test.js';
import { GET, head, startOf } from './endings-gateway.js';
import { expectOneRecord, expectRecords, type ExpectedRecord } from './one-record.js';

/** More than the socket's buffers hold. */
const LARGE = Buffer.alloc(24 * 1_048_576, 'x');

const ways: readonly (readonly [string, (client: RawClient) => void])[] = [
  ['a FIN', ({ socket }) => void socket.end()],
  ['a close', ({ socket }) => void socket.destroy()],
  ['a reset', ({ socket }) => void socket.resetAndDestroy()],
];

export function describeEndings(adapter: AdapterUnderTest): void {
  const start = startOf(adapter);

  describe(`${adapter.name}: a whole answer`, () => {
    it.each<[string, string, RawHandler, ExpectedRecord]>([
      ['with a length', 'GET', (_, response) => void response.end('ok'), { status: 200 }],
      [
        'in chunks',
        'GET',
        (_, response) => {
          response.write('one');
          setImmediate(() => response.end('two'));
        },
        { status: 200 },
      ],
      ['to HEAD', 'HEAD', (_, response) => void response.end(), { status: 200 }],
      ['204', 'DELETE', (_, response) => void response.writeHead(204).end(), { status: 204 }],
      ['304', 'GET', (_, response) => void response.writeHead(304).end(), { status: 304 }],
      ['404', 'GET', (_, response) => void response.writeHead(404).end('no'), { status: 404 }],
      ['503', 'GET', (_, response) => void response.writeHead(503).end(), { status: 503, errorType: '503' }],
      [
        'after early hints',
        'GET',
        (_, response) => {
          response.writeEarlyHints({ link: '</a.css>; rel=preload' });
          setImmediate(() => response.writeHead(201).end('ok'));
        },
        { status: 201 },
      ],
      [
        'with a status that comes after the head',
        'GET',
        (_, response) => {
          response.writeHead(202).write('ok');
          response.statusCode = 500;
          response.end();
        },
        { status: 202 },
      ],
      [
        'with trailers',
        'GET',
        (_, response) => {
          response.writeHead(200, { trailer: 'x-sum' }).write('ok');
          response.addTrailers({ 'x-sum': '1' });
          response.end();
        },
        { status: 200 },
      ],
    ])('%s', async (_, method, handler, expected) => {
      const { gateway } = await start(handler);
      const answer = await send(`${gateway.url}/run`, { method });
      expect(answer.status).toBe(expected.status);
      await expectOneRecord(gateway, expected);
    });

    it('after 100-continue', async () => {
      const { gateway } = await start((request, response) => {
        request.resume().on('end', () => response.end('done'));
      });
      const client = openRaw(gateway.port, head('POST', ['Expect: 100-continue', 'Content-Length: 4']));
      await client.waitFor('100 Continue');
      client.socket.write('body');
      await client.waitFor('done');
      await expectOneRecord(gateway, { status: 200 });
    });

    it('after a checkContinue that passes the request on', async () => {
      const { gateway } = await start((request, response) => {
        request.resume().on('end', () => response.end('done'));
      });
      gateway.server.on('checkContinue', (request, response) => {
        response.writeContinue();
        gateway.server.emit('request', request, response);
      });
      const client = openRaw(gateway.port, head('POST', ['Expect: 100-continue', 'Content-Length: 4']));
      await client.waitFor('100 Continue');
      client.socket.write('body');
      await client.waitFor('done');
      await expectOneRecord(gateway, { status: 200 });
    });

    it('before the request was read', async () => {
      const { gateway } = await start(
        (_, response) => void response.writeHead(413, { connection: 'close' }).end(),
      );
      const client = openRaw(gateway.port, head('POST', ['Content-Length: 1000000']));
      await client.waitFor('413');
      await client.closed;
      await expectOneRecord(gateway, { status: 413 });
    });

    it('to an upgrade that nobody serves', async () => {
      const { gateway } = await start((_, response) => void response.writeHead(426).end());
      const client = openRaw(gateway.port, head('GET', ['Connection: Upgrade', 'Upgrade: websocket']));
      await client.waitFor('426');
      await expectOneRecord(gateway, { status: 426 });
    });

    it('while the server closes', async () => {
      const held = deferred();
      const { gateway, arrived } = await start(
        (_, response) => void held.promise.then(() => response.end('late')),
      );
      const answer = send(`${gateway.url}/run`);
      await arrived;
      const closed = once(gateway.server, 'close');
      gateway.server.close();
      held.resolve();
      expect((await answer).body).toBe('late');
      await closed;
      await expectOneRecord(gateway, { status: 200 });
    });
  });

  describe(`${adapter.name}: an answer that is under way when telemetry shuts down`, () => {
    it.each<[string, RawHandler, ExpectedRecord]>([
      ['and not begun', () => undefined, { errorType: 'shutdown' }],
      ['and begun', (_, response) => void response.write('part;'), { status: 200, errorType: 'shutdown' }],
    ])('%s is recorded then, once, and reaches the client', async (_, begin, expected) => {
      const held = deferred();
      const { gateway, arrived } = await start((request, response) => {
        begin(request, response);
        void held.promise.then(() => response.end('late'));
      });
      const answer = send(`${gateway.url}/run`);
      await arrived;
      const { operator } = await gateway.telemetry.shutdown({ timeoutMs: 5_000 });
      await expectOneRecord(gateway, expected);
      held.resolve();
      expect((await answer).body).toMatch(/late$/);
      expect((await gateway.telemetry.shutdown()).operator).toEqual(operator);
    });

    it('and waits behind another one has sent nothing', async () => {
      let number = 0;
      const second = deferred();
      const { gateway } = await start((_, response) => {
        if (++number === 1) return void response.write('part');
        response.end('second');
        second.resolve();
      });
      const client = openRaw(gateway.port, GET + GET);
      await Promise.all([client.waitFor('part'), second.promise]);
      await gateway.telemetry.shutdown();
      await expectRecords(gateway, [{ status: 200, errorType: 'shutdown' }, { errorType: 'shutdown' }]);
    });
  });

  describe(`${adapter.name}: a client that leaves`, () => {
    it.each(ways)('before the headers, with %s', async (_, leave) => {
      const { gateway, arrived } = await start(() => undefined);
      const client = openRaw(gateway.port, GET);
      await arrived;
      leave(client);
      await expectOneRecord(gateway, { errorType: 'client_disconnect' });
    });

    it.each(ways)('before the headers, after its body was read, with %s', async (_, leave) => {
      const read = deferred();
      const { gateway } = await start((request) => void request.resume().on('end', read.resolve));
      const client = openRaw(gateway.port, `${head('POST', ['Content-Length: 4'])}body`);
      await read.promise;
      leave(client);
      await expectOneRecord(gateway, { errorType: 'client_disconnect' });
    });

    it.each(ways)('in the middle of the answer, with %s', async (_, leave) => {
      const { gateway } = await start((_request, response) => void response.write('part'));
      const client = openRaw(gateway.port, GET);
      await client.waitFor('part');
      leave(client);
      await expectOneRecord(gateway, { status: 200, errorType: 'client_disconnect' });
    });

    it.each(ways)('while it asks for HEAD, with %s', async (_, leave) => {
      const { gateway, arrived } = await start(() => undefined);
      const client = openRaw(gateway.port, head('HEAD'));
      await arrived;
      leave(client);
      await expectOneRecord(gateway, { errorType: 'client_disconnect' });
    });

    it.each<[string, RawHandler, string | undefined, ExpectedRecord]>([
      ['before the headers', () => undefined, undefined, {}],
      ['in the middle', (_, response) => void response.write('part'), 'part', { status: 200 }],
      [
        'in the middle of a 503',
        (_, response) => void response.writeHead(503).write('part'),
        'part',
        { status: 503, errorType: '503' },
      ],
    ])(
      '%s is no error on any signal, where clientDisconnect is unset',
      async (_, handler, sent, expected) => {
        const { gateway, arrived } = await start(handler, undefined, { clientDisconnect: 'unset' });
        const client = openRaw(gateway.port, GET);
        await (sent === undefined ? arrived : client.waitFor(sent));
        client.socket.destroy();
        await expectOneRecord(gateway, expected);
        const isError = expected.errorType !== undefined;
        expect(gateway.operator.logs[0]?.severityNumber).toBe(isError ? 17 : 9);
        for (const { attributes } of gateway.operator.metricPoints) {
          expect(attributes['error']).toBe(isError);
          expect(attributes['http.response.status_code']).toBe(expected.status);
        }
      },
    );

    it('with an answer that was given whole and not read', async () => {
      const { gateway, arrived } = await start((_, response) => void response.end(LARGE));
      const client = openRaw(gateway.port, GET);
      client.socket.pause();
      await arrived;
      client.socket.resetAndDestroy();
      await expectOneRecord(gateway, { status: 200, errorType: 'client_disconnect' });
    });

    it.each(ways)('during its upload, with %s', async (_, leave) => {
      const { gateway, arrived } = await start(
        (request) => void request.on('error', () => undefined).resume(),
      );
      const client = openRaw(gateway.port, `${head('POST', ['Content-Length: 100'])}part`);
      await arrived;
      leave(client);
      await expectOneRecord(gateway, { errorType: 'client_disconnect' });
    });
  });

  describe(`${adapter.name}: an answer that the gateway breaks off`, () => {
    it.each<[string, RawHandler, ExpectedRecord]>([
      ['before the headers', (_, response) => void response.destroy(), { errorType: 'server_abort' }],
      ['by its socket', (request) => void request.socket.destroy(), { errorType: 'server_abort' }],
      [
        'in the middle',
        (_, response) => void response.write('part', () => response.destroy()),
        { status: 200, errorType: 'server_abort' },
      ],
      [
        'in the middle, with an error of its own',
        (_, response) => void response.write('part', () => response.destroy(new RangeError('out'))),
        { status: 200, errorType: 'RangeError' },
      ],
    ])('%s', async (_, handler, expected) => {
      const { gateway } = await start(handler);
      await openRaw(gateway.port, GET).closed;
      await expectOneRecord(gateway, expected);
    });

    it('and sets another status on, which nobody gets any more', async () => {
      const { gateway } = await start((_, response) => {
        response.write('part', () => {
          response.statusCode = 500;
          response.destroy();
        });
      });
      await openRaw(gateway.port, GET).closed;
      await expectOneRecord(gateway, { status: 200, errorType: 'server_abort' });
    });

    it('because the upstream reset', async () => {
      const upstream = await startUpstream((_, response) => {
        response.write('part', () => setTimeout(() => response.socket?.resetAndDestroy(), 20));
      });
      const { gateway } = await start((_, response) => {
        get(upstream.url, (answer) => {
          response.writeHead(200);
          pipeline(answer, response, () => undefined);
        }).on('error', () => undefined);
      });
      await openRaw(gateway.port, GET).closed;
      await expectOneRecord(gateway, { status: 200, errorType: 'upstream_reset' });
    });

    it('because the server closes all connections', async () => {
      const { gateway, arrived } = await start(() => undefined);
      const client = openRaw(gateway.port, GET);
      await arrived;
      gateway.server.closeAllConnections();
      await client.closed;
      await expectOneRecord(gateway, { errorType: 'server_abort' });
    });

    it('because the socket was silent for too long', async () => {
      const { gateway } = await start(() => undefined);
      gateway.server.setTimeout(60);
      await openRaw(gateway.port, GET).closed;
      await expectOneRecord(gateway, { errorType: 'server_abort' });
    });

    it('because the request took too long; the client is told 408', async () => {
      const { gateway } = await start((request) => void request.on('error', () => undefined).resume(), {
        connectionsCheckingInterval: 20,
        requestTimeout: 100,
        headersTimeout: 90,
      });
      const client = openRaw(gateway.port, `${head('POST', ['Content-Length: 100'])}part`);
      await client.closed;
      expect(client.received()).toContain('408 Request Timeout');
      await expectOneRecord(gateway, { errorType: 'timeout' });
    });

    it('because a chunk of the request was malformed; the client is told 400', async () => {
      const { gateway, arrived } = await start(
        (request) => void request.on('error', () => undefined).resume(),
      );
      const client = openRaw(gateway.port, head('POST', ['Transfer-Encoding: chunked']));
      await arrived;
      client.socket.write('no-size\r\n');
      await client.closed;
      expect(client.received()).toContain('400 Bad Request');
      await expectOneRecord(gateway, { errorType: 'HPE_INVALID_CHUNK_SIZE' });
    });
  });
}
