/** One id from the thrown error to the client, the operator's log and Sentry, through real frameworks. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import express from 'express';
import fastify from 'fastify';
import Koa from 'koa';
import { expect, it, onTestFinished } from 'vitest';
import { expressTelemetry } from '../../src/adapters/express.js';
import { fastifyTelemetry } from '../../src/adapters/fastify.js';
import { httpTelemetry } from '../../src/adapters/http.js';
import { koaTelemetry } from '../../src/adapters/koa.js';
import { proxyTelemetry } from '../../src/adapters/proxy.js';
import type { GatewayTelemetry } from '../../src/index.js';
import { sentryErrors } from '../../src/sentry/index.js';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { startSentry } from './sentry-server.js';

const thrown = (): Error => new TypeError('thrown in the handler');

const SERVERS: Readonly<Record<string, (telemetry: GatewayTelemetry) => Server | Promise<Server>>> = {
  'node:http'(telemetry) {
    return createServer(
      httpTelemetry(telemetry, (_request, response, exchange) => {
        try {
          throw thrown();
        } catch (error) {
          exchange.recordError(error);
          response.writeHead(500).end(exchange.errorId);
        }
      }),
    );
  },
  Express(telemetry) {
    const app = express();
    app.use(expressTelemetry(telemetry));
    app.get('/orders/:id', async () => {
      await Promise.resolve();
      throw thrown();
    });
    const onError: express.ErrorRequestHandler = (error, request, response, _next) => {
      const exchange = telemetry.of(request);
      exchange.recordError(error);
      response.status(500).send(exchange.errorId);
    };
    app.use(onError);
    return createServer(app);
  },
  Koa(telemetry) {
    const app = new Koa();
    app.silent = true;
    app.use(koaTelemetry(telemetry));
    app.use(async (context, next) => {
      try {
        await next();
      } catch (error) {
        telemetry.current().recordError(error);
        context.status = 500;
        context.body = telemetry.current().errorId;
      }
    });
    app.use(() => {
      throw thrown();
    });
    const serve = app.callback();
    return createServer((request, response) => void serve(request, response));
  },
  async Fastify(telemetry) {
    const app = fastify();
    await app.register(fastifyTelemetry(telemetry));
    app.get('/orders/:id', async () => {
      await Promise.resolve();
      throw thrown();
    });
    app.setErrorHandler((_error, _request, reply) => reply.status(500).send(telemetry.current().errorId));
    await app.ready();
    return app.server;
  },
};

it.each(Object.keys(SERVERS))('%s', async (name) => {
  const sentry = await startSentry();
  const gateway = await startGateway({ server: (telemetry) => SERVERS[name]?.(telemetry) as Server });
  const errors = sentryErrors(gateway.telemetry, { dsn: sentry.dsn(), env: false });
  onTestFinished(async () => void (await errors.close()));
  const { status, body } = await send(`${gateway.url}/orders/7?secret=1`);
  expect(status).toBe(500);
  expect(body).toMatch(/^[0-9a-f]{32}$/);
  expect(await errors.flush()).toBe(true);
  await gateway.flush();
  expect(sentry.events).toEqual([
    expect.objectContaining({
      event_id: body,
      request: { method: 'GET', url: '/orders/7' },
      exception: { values: [expect.objectContaining({ type: 'TypeError', value: 'thrown in the handler' })] },
    }),
  ]);
  expect(gateway.operator.logs[0]?.attributes['knoxcall.error_id']).toBe(body);
});

it('tells of what Express answers with a 500 of its own', async () => {
  const sentry = await startSentry();
  const gateway = await startGateway({
    server(telemetry) {
      const app = express();
      app.set('env', 'test');
      app.use(expressTelemetry(telemetry));
      app.get('/', () => {
        throw thrown();
      });
      return createServer(app);
    },
  });
  const errors = sentryErrors(gateway.telemetry, { dsn: sentry.dsn(), env: false });
  onTestFinished(async () => void (await errors.close()));
  expect((await send(gateway.url)).status).toBe(500);
  expect(await errors.flush()).toBe(true);
  await gateway.flush();
  const logged = gateway.operator.logs[0]?.attributes['knoxcall.error_id'];
  expect(sentry.events).toEqual([expect.objectContaining({ event_id: logged })]);
});

it('tells why a proxy had no upstream', async () => {
  const sentry = await startSentry();
  const { default: httpProxy } = await import('http-proxy-3');
  const gateway = await startGateway({
    server(telemetry) {
      const proxy = httpProxy.createProxyServer({ target: 'http://127.0.0.1:9' });
      proxyTelemetry(telemetry)(proxy);
      proxy.on('error', (_error, request, response) => {
        if ('writeHead' in response) response.writeHead(502).end(telemetry.of(request).errorId);
      });
      return createServer(httpTelemetry(telemetry, (request, response) => proxy.web(request, response)));
    },
  });
  const errors = sentryErrors(gateway.telemetry, { dsn: sentry.dsn(), env: false });
  onTestFinished(async () => void (await errors.close()));
  const { status, body } = await send(`${gateway.url}/a`);
  expect(status).toBe(502);
  expect(await errors.flush()).toBe(true);
  expect(sentry.events).toEqual([
    expect.objectContaining({
      event_id: body,
      tags: expect.objectContaining({ 'error.type': 'upstream_connect_error' }) as object,
      exception: {
        values: [
          expect.objectContaining({ type: 'ECONNREFUSED', value: 'connect ECONNREFUSED 127.0.0.1:9' }),
        ],
      },
    }),
  ]);
});
