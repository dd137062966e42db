import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { httpServerTelemetry, httpTelemetry } from '../../src/adapters/http.js';
import { fastifyTelemetry } from '../../src/adapters/fastify.js';
import type { Exchange, GatewayTelemetry } from '../../src/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import { fastifyVersions } from './fastify.js';
import { spansOf } from './fields.js';

describe.each(fastifyVersions)('%s', (_, create) => {
  const serve = (set: (app: FastifyInstance, telemetry: GatewayTelemetry) => void): Promise<TestGateway> =>
    startGateway({
      async server(telemetry) {
        const app = create();
        await app.register(fastifyTelemetry(telemetry));
        set(app, telemetry);
        await app.ready();
        return app.server;
      },
    });

  it("asks the options with Fastify's request", async () => {
    const gateway = await startGateway({
      async server(telemetry) {
        const app = create();
        await app.register(
          fastifyTelemetry(telemetry, {
            tenant: (request: FastifyRequest) => request.headers['x-tenant'],
            route: ({ hostname }: FastifyRequest) => `to ${hostname.split(':')[0]}`,
          }),
        );
        app.get('/x', () => 'ok');
        await app.ready();
        return app.server;
      },
    });
    await send(`${gateway.url}/x`, { headers: { 'x-tenant': 'acme' } });
    await gateway.flush();
    expect(gateway.acme.logs[0]?.attributes).toMatchObject({ 'knoxcall.route_name': 'to 127.0.0.1' });
  });

  it('names the route as it was declared, in plugins of their own too, and none where none matched', async () => {
    const gateway = await serve((app) => {
      app.get('/', () => 'ok');
      app.register(
        (inner, _options, done) => {
          inner.get('/users/:id', () => 'ok');
          inner.get('/files/*', () => 'ok');
          done();
        },
        { prefix: '/orgs/:org' },
      );
    });
    for (const path of ['/', '/nothing', '/orgs/1/files/a/b', '/orgs/1/users/2?q=1'])
      await send(gateway.url + path);
    expect(await spansOf(gateway)).toEqual([
      'GET / | / | 200 | -',
      'GET | - | 404 | -',
      'GET /orgs/:org/files/* | /orgs/:org/files/* | 200 | -',
      'GET /orgs/:org/users/:id | /orgs/:org/users/:id | 200 | -',
    ]);
    expect(gateway.diagnostics).toEqual([]);
  });

  it('leaves errors to the error handler, and they explain its 5xx', async () => {
    const handled: string[] = [];
    const gateway = await serve((app) => {
      app.setErrorHandler((error: Error, _request, reply) => {
        handled.push(error.message);
        void reply.code(500).send('sorry');
      });
      app.get('/fail', () => {
        throw new RangeError('out');
      });
    });
    expect((await send(`${gateway.url}/fail`)).body).toBe('sorry');
    expect(await spansOf(gateway)).toEqual(['GET /fail | /fail | 500 | RangeError']);
    expect(handled).toEqual(['out']);
  });

  it('records what a later hook refuses', async () => {
    const gateway = await serve((app) => {
      app.addHook('onRequest', (_request, reply, _done) => void reply.code(401).send('who are you?'));
      app.get('/x', () => 'ok');
    });
    await send(`${gateway.url}/x`);
    expect(await spansOf(gateway)).toEqual(['GET /x | /x | 401 | -']);
  });

  it('has the exchange current in handlers, across await, after a body was parsed, and on the request', async () => {
    const seen: boolean[] = [];
    const gateway = await serve((app, telemetry) => {
      app.post('/x', { bodyLimit: 200_000 }, async (request) => {
        const { exchange } = request as unknown as { exchange: Exchange };
        seen.push(
          exchange.recording,
          exchange === telemetry.of(request),
          exchange === telemetry.of(request.raw),
        );
        seen.push(telemetry.current() === exchange);
        await turn();
        seen.push(telemetry.current() === exchange);
        return request.body;
      });
    });
    const body = JSON.stringify({ text: 'x'.repeat(90_000) });
    const fields = ['Host: a', 'Content-Type: application/json', `Content-Length: ${body.length}`];
    const client = openRaw(gateway.port, `POST /x HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`);
    // Once the head has been read, the body comes in turns of the event loop that belong to the connection alone.
    while (gateway.telemetry.status().openExchanges === 0) await pause(2);
    client.socket.write(body);
    await client.waitFor('xxx"}');
    expect(seen).toEqual([true, true, true, true, true]);
  });

  it('in a server under httpTelemetry has what Fastify answers before any hook recorded, and once', async () => {
    const gateway = await startGateway({
      async server(telemetry) {
        const app = create({
          serverFactory: (handler) =>
            createServer(httpTelemetry(telemetry, (request, response) => handler(request, response))),
        });
        await app.register(fastifyTelemetry(telemetry));
        app.get('/x/:id', () => 'ok');
        await app.ready();
        return app.server;
      },
    });
    for (const path of ['/%zz', '/x/1']) await send(gateway.url + path);
    expect(await spansOf(gateway)).toEqual(['GET | - | 400 | -', 'GET /x/:id | /x/:id | 200 | -']);
  });

  it('records the 404 of a scope of its own, what is taken over, and a stream that breaks', async () => {
    const gateway = await serve((app) => {
      app.register(
        (inner, _options, done) => {
          inner.setNotFoundHandler((_request, reply) => void reply.code(404).send('not here'));
          inner.get('/taken', (request, reply) => {
            reply.hijack();
            reply.raw.writeHead(202);
            setImmediate(() => reply.raw.end(String(request.url)));
          });
          inner.get('/broken', (_request, reply) => {
            reply.raw.on('error', () => undefined);
            void reply.send(
              new Readable({
                read() {
                  this.push('part');
                  setImmediate(() => this.destroy(new RangeError('out')));
                },
              }),
            );
          });
          done();
        },
        { prefix: '/scope' },
      );
    });
    await openRaw(gateway.port, 'GET /scope/broken HTTP/1.1\r\nHost: a\r\n\r\n').closed;
    expect((await send(`${gateway.url}/scope/nothing`)).body).toBe('not here');
    expect((await send(`${gateway.url}/scope/taken`)).body).toBe('/scope/taken');
    expect(await spansOf(gateway)).toEqual([
      'GET /scope/broken | /scope/broken | 200 | RangeError',
      'GET | - | 404 | -',
      'GET /scope/taken | /scope/taken | 202 | -',
    ]);
  });

  it('registered in a scope of its own, works for that scope', async () => {
    const seen: boolean[] = [];
    const gateway = await startGateway({
      async server(telemetry) {
        const app = create();
        app.get('/outside', () => 'ok');
        app.register(
          async (inner) => {
            await inner.register(fastifyTelemetry(telemetry));
            inner.get('/x', (request) => {
              seen.push('exchange' in request);
              return 'ok';
            });
          },
          { prefix: '/inside' },
        );
        await app.ready();
        return app.server;
      },
    });
    await send(`${gateway.url}/inside/x`);
    await send(`${gateway.url}/outside`);
    await send(`${gateway.url}/nothing`);
    expect(await spansOf(gateway)).toEqual(['GET /inside/x | /inside/x | 200 | -']);
    expect(seen).toEqual([true]);
  });

  it('in a whole server under telemetry has what Fastify answers before any hook recorded, and once', async () => {
    const gateway = await startGateway({
      async server(telemetry) {
        const app = create();
        httpServerTelemetry(telemetry, app.server);
        await app.register(fastifyTelemetry(telemetry));
        app.get('/x/:id', () => 'ok');
        await app.ready();
        return app.server;
      },
    });
    for (const path of ['/%zz', '/x/1']) await send(gateway.url + path);
    expect(await spansOf(gateway)).toEqual(['GET | - | 400 | -', 'GET /x/:id | /x/:id | 200 | -']);
  });

  it('records injected requests, and two instances of telemetry stay apart', async () => {
    const other = await startGateway();
    const gateway = await startGateway();
    const app = create();
    await app.register(fastifyTelemetry(gateway.telemetry));
    await app.register(fastifyTelemetry(other.telemetry));
    app.get('/x', () => 'ok');
    expect((await app.inject('/x')).body).toBe('ok');
    for (const each of [gateway, other]) expect(await spansOf(each)).toEqual(['GET /x | /x | 200 | -']);
  });
});
