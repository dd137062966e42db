/** What a handler throws or rejects does what it does without the adapter: to the client, to error handlers, to the process. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { expressTelemetry } from '../../src/adapters/express.js';
import { fastifyTelemetry } from '../../src/adapters/fastify.js';
import { honoTelemetry } from '../../src/adapters/hono.js';
import { koaTelemetry } from '../../src/adapters/koa.js';
import type { GatewayTelemetry } from '../../src/index.js';
import { runChild } from '../config/child.js';
import { startGateway } from '../support/gateway.js';
import { openRaw } from '../support/http-client.js';
import { expressVersions } from './express.js';
import { fastifyVersions } from './fastify.js';
import { serverOf } from './hono.js';
import { callbackOf, koaVersions } from './koa.js';

/** Its stack is the same wherever it is thrown: some frameworks show it. */
const OUT = Object.assign(new RangeError('out'), { stack: 'RangeError: out\n    at here' });
const throws = (): never => {
  throw OUT;
};
const rejects = (): Promise<never> => Promise.reject(OUT);

/** A server that throws at `/throws` and rejects at `/rejects`. An own error handler tells what it is given. */
type Build = (
  telemetry: GatewayTelemetry | undefined,
  handle: ((error: unknown) => void) | undefined,
) => Server | Promise<Server>;

const builds: Readonly<Record<string, Build>> = {
  ...Object.fromEntries(
    expressVersions.map(([name, create]): [string, Build] => [
      name,
      (telemetry, handle) => {
        const app = create();
        app.set('env', 'test');
        if (telemetry !== undefined) app.use(expressTelemetry(telemetry));
        app.get('/throws', throws);
        // Version 4 leaves promises to their handlers.
        app.get('/rejects', (_request, _response, next) => void rejects().catch(next));
        if (handle !== undefined) {
          app.use((error: unknown, _: object, response: { sendStatus(code: number): void }, __: unknown) => {
            handle(error);
            response.sendStatus(503);
          });
        }
        return createServer(app);
      },
    ]),
  ),
  ...Object.fromEntries(
    koaVersions.map(([name, Koa]): [string, Build] => [
      name,
      (telemetry, handle) => {
        const app = new Koa();
        app.silent = true;
        if (handle !== undefined) app.on('error', handle);
        if (telemetry !== undefined) app.use(koaTelemetry(telemetry));
        const router = new Router().get('/throws', throws).get('/rejects', rejects);
        app.use(router.routes() as never);
        return createServer(callbackOf(app));
      },
    ]),
  ),
  ...Object.fromEntries(
    fastifyVersions.map(([name, fastify]): [string, Build] => [
      name,
      async (telemetry, handle) => {
        const app = fastify();
        if (telemetry !== undefined) await app.register(fastifyTelemetry(telemetry));
        if (handle !== undefined) {
          app.setErrorHandler((error, _, reply) => {
            handle(error);
            void reply.code(503).send('sorry');
          });
        }
        app.get('/throws', throws);
        app.get('/rejects', rejects);
        await app.ready();
        return app.server;
      },
    ]),
  ),
  'Hono 4': (telemetry, handle) => {
    const app = new Hono();
    if (telemetry !== undefined) app.use(honoTelemetry(telemetry));
    if (handle !== undefined) {
      app.onError((error, context) => {
        handle(error);
        return context.text('sorry', 503);
      });
    }
    app.get('/throws', throws);
    app.get('/rejects', rejects);
    return serverOf(app.fetch);
  },
};

/** The bytes of the answer, but for the date. */
async function answerOf(port: number, path: string): Promise<string> {
  const client = openRaw(port, `GET ${path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`);
  await client.closed;
  return client.received().replaceAll(/^Date: .*$/gim, 'Date');
}

describe.each(Object.entries(builds))('%s', (_, build) => {
  it.each([
    ['without an error handler', false],
    ['with one', true],
  ])('answers errors the same, %s, and its handler is given the same', async (_, own) => {
    // Hono prints what nobody handles.
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    onTestFinished(() => printed.mockRestore());
    const handled: unknown[] = [];
    const handle = own ? (error: unknown): void => void handled.push(error) : undefined;
    const plain = await build(undefined, handle);
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void plain.close());
    const { port } = plain.address() as AddressInfo;
    const gateway = await startGateway({ server: (telemetry) => build(telemetry, handle) });
    for (const path of ['/throws', '/rejects']) {
      const answer = await answerOf(port, path);
      expect(answer).toMatch(/^HTTP\/1.1 50[03] /);
      expect(await answerOf(gateway.port, path)).toBe(answer);
    }
    expect(handled).toEqual(own ? [OUT, OUT, OUT, OUT] : []);
    for (const error of handled) expect(error).toBe(OUT);
  });
});

/** A listener of plain `http` in a process of its own, with the adapter or without. */
const script = (listener: string, told: boolean, captures: boolean): string => `
  import events from 'node:events';
  import { createServer } from 'node:http';
  import { connect } from 'node:net';
  import { createGatewayTelemetry } from './src/index.js';
  import { httpTelemetry } from './src/adapters/http.js';
  const telemetry = createGatewayTelemetry({ env: false, operator: { endpoint: 'http://127.0.0.1:9' } });
  events.captureRejections = ${captures};
  const listener = ${listener};
  const server = createServer(${told ? 'httpTelemetry(telemetry, listener)' : 'listener'});
  server.listen(0, '127.0.0.1', () => {
    const socket = connect(server.address().port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('latin1').on('data', (text) => (answer += text));
    socket.on('error', () => undefined).on('close', () => {
      report(answer.replaceAll(/^Date: .*$/gim, 'Date'));
      server.close(() => process.disconnect());
      telemetry.shutdown({ timeoutMs: 100 });
    });
    socket.write('GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n');
  });`;

describe('plain http, in a process of its own', () => {
  it.each([
    ['what is thrown ends the process', `() => { throw new RangeError('out'); }`, false, 1, undefined],
    [
      'what is rejected ends the process',
      `async () => { throw new RangeError('out'); }`,
      false,
      1,
      undefined,
    ],
    [
      'captureRejections answers what is rejected',
      `async () => { throw new RangeError('out'); }`,
      true,
      0,
      '500 Internal Server Error',
    ],
  ])('%s', async (_, listener, captures, code, answer) => {
    const [plain, told] = await Promise.all([
      runChild(script(listener, false, captures)),
      runChild(script(listener, true, captures)),
    ]);
    const messageOf = ({ stderr }: { readonly stderr: string }): string | undefined =>
      /^RangeError: out$/m.exec(stderr)?.[0];
    expect(plain.code).toBe(code);
    expect(messageOf(plain)).toBe(code === 1 ? 'RangeError: out' : undefined);
    if (answer !== undefined) expect(plain.report).toContain(answer);
    expect([told.code, told.report, messageOf(told)]).toEqual([plain.code, plain.report, messageOf(plain)]);
  });
});
