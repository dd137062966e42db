/** Endings that the adapter sees late, on HTTP/2, or without a socket at all. */
import { once } from 'node:events';
import { createServer, ServerResponse } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { connect, constants, createServer as createServer2 } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { httpTelemetry } from '../../src/adapters/http.js';
import type { HttpTelemetryListener } from '../../src/adapters/http.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { deferred } from '../support/deferred.js';
import { openRaw, send } from '../support/http-client.js';
import { counters, newest, total } from '../support/readings.js';

const GET = 'GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n';

async function listen(server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    (server as Partial<Server>).closeAllConnections?.();
  });
  return (server.address() as AddressInfo).port;
}

/** One span, one log record and a count of one, which all say the same. */
async function expectOneRecord(
  gateway: TestGateway,
  expected: { readonly status?: number; readonly errorType?: string },
): Promise<void> {
  await gateway.flush();
  const { spans, logs } = gateway.operator;
  const points = newest(counters(gateway.operator));
  expect([spans.length, logs.length, total(points)]).toEqual([1, 1, 1]);
  for (const { attributes } of [...spans, ...logs]) {
    expect(attributes['http.response.status_code']).toBe(expected.status);
    expect(attributes['error.type']).toBe(expected.errorType);
  }
  expect(spans[0]?.status.code).toBe(expected.errorType === undefined ? 0 : 2);
  expect(gateway.telemetry.status().openExchanges).toBe(0);
}

it('a client that left while the host was still waiting gives one client_disconnect', async () => {
  const gateway = await startGateway();
  const handler = httpTelemetry(gateway.telemetry, () => undefined);
  const arrived = deferred();
  const handled = deferred();
  const serveLate = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = once(request.socket, 'close');
    arrived.resolve();
    await gone;
    await pause(60);
    handler(request, response);
    handled.resolve();
  };
  const server = createServer((request, response) => void serveLate(request, response));
  const client = openRaw(await listen(server), GET);
  await arrived.promise;
  client.socket.destroy();
  await handled.promise;
  await expectOneRecord(gateway, { errorType: 'client_disconnect' });
});

it.each(['close', 'keep-alive'])(
  'a response that was answered before the adapter saw it is recorded with its status (connection: %s)',
  async (connection) => {
    const gateway = await startGateway();
    const handler = httpTelemetry(gateway.telemetry, () => undefined);
    const handled = deferred();
    const serveLate = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      response.writeHead(201).end('early');
      await pause(60);
      handler(request, response);
      handled.resolve();
    };
    const server = createServer((request, response) => void serveLate(request, response));
    const answer = await send(`http://127.0.0.1:${await listen(server)}/x`, { headers: { connection } });
    expect(answer.status).toBe(201);
    await handled.promise;
    await expectOneRecord(gateway, { status: 201 });
  },
);

interface Http2World {
  readonly gateway: TestGateway;
  readonly session: ClientHttp2Session;
  /** Resolves when the listener has been called. */
  readonly arrived: Promise<void>;
  request(headers: OutgoingHttpHeaders): ClientHttp2Stream;
}

async function startHttp2(listener: HttpTelemetryListener): Promise<Http2World> {
  const gateway = await startGateway();
  const arrived = deferred();
  const handler = httpTelemetry(gateway.telemetry, (request, response, exchange) => {
    arrived.resolve();
    return listener(request, response, exchange);
  });
  const server = createServer2(handler as never);
  server.on('sessionError', () => undefined);
  const session = connect(`http://127.0.0.1:${await listen(server)}`);
  session.on('error', () => undefined);
  onTestFinished(() => session.destroy());
  return {
    gateway,
    session,
    arrived: arrived.promise,
    request(headers) {
      const stream = session.request(headers);
      stream.on('error', () => undefined);
      stream.end();
      return stream;
    },
  };
}

it.each(['GET', 'HEAD'])('an HTTP/2 %s that is reset before an answer is recorded once', async (method) => {
  const { gateway, arrived, request } = await startHttp2(() => undefined);
  const stream = request({ ':method': method, ':path': '/x' });
  await arrived;
  stream.close(constants.NGHTTP2_CANCEL);
  await expectOneRecord(gateway, { errorType: 'client_disconnect' });
});

it.each(['GET', 'HEAD'])('an HTTP/2 %s whose session is destroyed is recorded once', async (method) => {
  const { gateway, arrived, request, session } = await startHttp2(() => undefined);
  request({ ':method': method, ':path': '/x' });
  await arrived;
  session.destroy();
  await expectOneRecord(gateway, { errorType: 'client_disconnect' });
});

it('an HTTP/2 GET that is reset in the middle of its body is a client_disconnect with the sent status', async () => {
  const { gateway, request } = await startHttp2((_request, response) => void response.write('part'));
  const stream = request({ ':path': '/x' });
  await once(stream, 'data');
  stream.close(constants.NGHTTP2_CANCEL);
  await expectOneRecord(gateway, { status: 200, errorType: 'client_disconnect' });
});

it.each([
  { method: 'HEAD', status: 200 },
  { method: 'GET', status: 204 },
])('a whole HTTP/2 answer without a body ($method, $status) is recorded once', async ({ method, status }) => {
  const { gateway, request } = await startHttp2((_request, response) => {
    response.statusCode = status;
    response.end();
  });
  const stream = request({ ':method': method, ':path': '/x' });
  stream.resume();
  await once(stream, 'close');
  await expectOneRecord(gateway, { status });
});

it.each(['error', 'unset'] as const)(
  'a client that leaves after a failed first attempt is a client_disconnect (clientDisconnect: %s)',
  async (clientDisconnect) => {
    const arrived = deferred();
    const gateway = await startGateway({
      options: { clientDisconnect },
      listener: (_request, _response, exchange) => {
        exchange.recordError(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
        arrived.resolve();
      },
    });
    const client = openRaw(gateway.port, GET);
    await arrived.promise;
    client.socket.destroy();
    await expectOneRecord(gateway, clientDisconnect === 'error' ? { errorType: 'client_disconnect' } : {});
  },
);

it('a request without a socket reaches the listener', async () => {
  const gateway = await startGateway();
  let calls = 0;
  const handler = httpTelemetry(gateway.telemetry, (_request, response) => {
    calls++;
    response.end('ok');
  });
  for (const socket of [undefined, null]) {
    const request = { method: 'GET', url: '/x', headers: {}, socket } as unknown as IncomingMessage;
    expect(() => handler(request, new ServerResponse(request))).not.toThrow();
  }
  const bare = { method: 'GET', url: '/x', headers: {} } as unknown as IncomingMessage;
  expect(() => handler(bare, new ServerResponse(bare))).not.toThrow();
  expect(calls).toBe(3);
});

it('a response that cannot be watched leaves no exchange open, and the trace goes on', async () => {
  const gateway = await startGateway({ options: { propagation: { clear: ['x-debug'] } } });
  const injected: Record<string, string>[] = [];
  const handler = httpTelemetry(gateway.telemetry, (_request, _response, exchange) => {
    const headers: Record<string, string> = { 'x-debug': '1' };
    exchange.inject(headers);
    injected.push(headers);
  });
  const request = { method: 'GET', url: '/', headers: {}, httpVersion: '1.1', socket: {} };
  const incoming = request as unknown as IncomingMessage;
  for (const response of [undefined, {}, Object.freeze(new ServerResponse(incoming))]) {
    handler({ ...request } as unknown as IncomingMessage, response as ServerResponse);
  }
  expect(gateway.telemetry.status().openExchanges).toBe(0);
  expect(injected).toHaveLength(3);
  for (const headers of injected) expect(Object.keys(headers)).toEqual(['traceparent']);
});
