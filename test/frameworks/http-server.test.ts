/** `httpServerTelemetry` around the servers of frameworks, and around what Node asks before a request. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createSecureServer, request as requestTls } from 'node:https';
import { connect, createServer as createServer2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpServerTelemetry } from '../../src/adapters/http.js';
import { createGatewayTelemetry } from '../../src/index.js';
import { expectOneRecord } from '../cases/one-record.js';
import { issue } from '../support/certificates.js';
import { startGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import { everyAdapter } from './every-adapter.js';

it.each(everyAdapter.filter(({ hasRoutes }) => hasRoutes))(
  'the server of an application in $name shares the exchange with it, and gives the application’s route',
  async (adapter) => {
    const seen: unknown[] = [];
    const gateway = await startGateway({
      server: async (telemetry) =>
        httpServerTelemetry(
          telemetry,
          await adapter.serve(telemetry, (request, response) => {
            seen.push(telemetry.of(request));
            response.end();
          }),
          { tenant: 'acme' },
        ),
    });
    await send(`${gateway.url}/items/7`);
    await expectOneRecord(gateway, { status: 200 });
    expect(seen).toHaveLength(1);
    expect(gateway.acme.logs).toHaveLength(1);
    expect(gateway.operator.spans[0]).toMatchObject({ name: 'GET /items/:id' });
  },
);

it('an application that has no adapter is covered, whatever answers', async () => {
  const adapter = everyAdapter.find(({ name }) => name === 'Express 5');
  const bare = createGatewayTelemetry({ env: false });
  const gateway = await startGateway({
    server: async (telemetry) =>
      httpServerTelemetry(telemetry, (await adapter?.serve(bare, () => undefined)) as Server),
  });
  expect((await send(`${gateway.url}/nowhere`)).status).toBe(404);
  await expectOneRecord(gateway, { status: 404 });
});

describe('a request that waits for 100-continue', () => {
  const POST = 'POST /up HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n';

  it('begins with checkContinue, is one exchange with the request, and asks its options once', async () => {
    const seen: unknown[] = [];
    let asked = 0;
    const gateway = await startGateway({
      server(telemetry) {
        const server = httpServerTelemetry(telemetry, createServer(), {
          route() {
            asked++;
            return 'upload';
          },
        });
        server.on('checkContinue', (request, response) => {
          seen.push(telemetry.of(request), telemetry.current());
          response.writeContinue();
          server.emit('request', request, response);
        });
        return server.on('request', (request, response) => {
          seen.push(telemetry.of(request), telemetry.current());
          request.resume().on('end', () => response.end('done'));
        });
      },
    });
    const client = openRaw(gateway.port, POST);
    await client.waitFor('100 Continue');
    client.socket.write('body');
    await client.waitFor('done');
    await expectOneRecord(gateway, { status: 200 });
    expect(new Set(seen).size).toBe(1);
    expect(asked).toBe(1);
  });

  it('and is refused by checkContinue', async () => {
    const gateway = await startGateway({
      server: (telemetry) =>
        httpServerTelemetry(telemetry, createServer()).on(
          'checkContinue',
          (_, response) => void response.writeHead(413, { connection: 'close' }).end(),
        ),
    });
    await openRaw(gateway.port, POST).closed;
    await expectOneRecord(gateway, { status: 413 });
  });

  it('or for something else, and is answered by checkExpectation', async () => {
    const gateway = await startGateway({
      server: (telemetry) =>
        httpServerTelemetry(telemetry, createServer()).on(
          'checkExpectation',
          (_, response) => void response.writeHead(417, { connection: 'close' }).end(),
        ),
    });
    await openRaw(gateway.port, POST.replace('100-continue', 'magic')).closed;
    await expectOneRecord(gateway, { status: 417 });
  });
});

it('a server of node:https is covered, and its scheme told', async () => {
  const { cert, key } = issue();
  const gateway = await startGateway({
    server: (telemetry) =>
      httpServerTelemetry(
        telemetry,
        createSecureServer({ cert, key }, (_, response) => void response.end()),
      ),
  });
  await new Promise((resolve) => {
    requestTls({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false, agent: false }, (answer) =>
      answer.resume().on('end', resolve),
    ).end();
  });
  await expectOneRecord(gateway, { status: 200 });
  expect(gateway.operator.spans[0]?.attributes).toMatchObject({ 'url.scheme': 'https' });
});

describe('CONNECT over HTTP/2', () => {
  it.each([
    { what: 'with a listener is a tunnel', listens: true, status: 200 },
    { what: 'without a listener is answered 405 by Node', listens: false, status: 405 },
  ])('$what', async ({ listens, status }) => {
    const gateway = await startGateway();
    const server = httpServerTelemetry(
      gateway.telemetry,
      createServer2(() => undefined),
    );
    if (listens) {
      server.on('connect', (_, response) => {
        response.writeHead(200);
        response.stream.pipe(response.stream);
      });
    }
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => {
      session.destroy();
      server.close();
    });
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'db.example:5432' });
    stream.on('error', () => undefined);
    stream.end('ping');
    await new Promise<void>((resolve) => stream.resume().on('close', resolve));
    await expectOneRecord(gateway, { status });
  });
});

describe('a mistake is told at once', () => {
  const telemetry = createGatewayTelemetry({ env: false });

  it('no server', () => {
    for (const server of [undefined, null, () => undefined, {}])
      expect(() => httpServerTelemetry(telemetry, server as never)).toThrow(
        /httpServerTelemetry: the server must be/,
      );
  });

  it('no instance', () => {
    expect(() => httpServerTelemetry({} as never, createServer())).toThrow(
      /httpServerTelemetry: the first argument/,
    );
  });

  it('a wrong option', () => {
    expect(() => httpServerTelemetry(telemetry, createServer(), { tenants: 1 } as never)).toThrow(
      /adapter options: tenants/,
    );
  });
});
