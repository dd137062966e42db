import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import Router from '@koa/router';
import type Koa from 'koa';
import { describe, expect, it } from 'vitest';
import { koaTelemetry } from '../../src/adapters/koa.js';
import type { GatewayTelemetry } from '../../src/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import { spansOf } from './fields.js';
import { callbackOf, koaVersions } from './koa.js';

type Mount = (prefix: string, app: Koa | Koa.Middleware) => Koa.Middleware;
// It has no types of its own.
const mount = createRequire(import.meta.url)('koa-mount') as Mount;

const routesOf = (router: Router): Koa.Middleware => router.routes() as unknown as Koa.Middleware;

describe.each(koaVersions)('%s', (_, create) => {
  const serve = (set: (app: Koa, telemetry: GatewayTelemetry) => void): Promise<TestGateway> =>
    startGateway({
      server(telemetry) {
        const app = new create();
        app.silent = true;
        app.use(koaTelemetry(telemetry));
        set(app, telemetry);
        return createServer(callbackOf(app));
      },
    });

  it('asks the options with the context of Koa', async () => {
    const gateway = await startGateway({
      server(telemetry) {
        const app = new create();
        app.use(
          koaTelemetry(telemetry, {
            tenant: (context: Koa.Context) => context.get('x-tenant'),
            route: ({ hostname }: Koa.Context) => `to ${hostname}`,
          }),
        );
        app.use((context) => void (context.body = 'ok'));
        return createServer(callbackOf(app));
      },
    });
    await send(`${gateway.url}/x`, { headers: { 'x-tenant': 'acme' } });
    await gateway.flush();
    expect(gateway.acme.logs[0]?.attributes).toMatchObject({ 'knoxcall.route_name': 'to 127.0.0.1' });
  });

  it('names the route as the router knows it, and none where none matched', async () => {
    const gateway = await serve((app) => {
      const inner = new Router();
      inner.get('/y/:z', (context) => void (context.body = 'ok'));
      const router = new Router({ prefix: '/orgs/:org' });
      router.get('/users/:id', (context) => void (context.body = 'ok'));
      router.use('/deep/:d', inner.routes());
      app.use(routesOf(router));
    });
    for (const path of ['/nothing', '/orgs/1/deep/2/y/3', '/orgs/1/nothing', '/orgs/1/users/2'])
      await send(gateway.url + path);
    expect(await spansOf(gateway)).toEqual([
      'GET | - | 404 | -',
      'GET /orgs/:org/deep/:d/y/:z | /orgs/:org/deep/:d/y/:z | 200 | -',
      'GET | - | 404 | -',
      'GET /orgs/:org/users/:id | /orgs/:org/users/:id | 200 | -',
    ]);
    expect(gateway.diagnostics).toEqual([]);
  });

  it('names the route below the prefix of koa-mount, and none where mounts hide where they are', async () => {
    const gateway = await serve((app) => {
      const router = new Router();
      router.get('/', (context) => void (context.body = 'ok'));
      router.get('/users/:id', (context) => void (context.body = 'ok'));
      router.get('/files/{*path}', (context) => void (context.body = 'ok'));
      const mounted = new create();
      mounted.use(routesOf(router));
      app.use(mount('/mounted', mounted));
      const outer = new create();
      outer.use(mount('/inner', routesOf(router)));
      app.use(mount('/outer', outer));
      const behind = new Router().get('/mounted/else/:leaf', (context) => void (context.body = 'ok'));
      app.use(routesOf(behind));
    });
    const wanted: Record<string, string> = {
      '/mounted': 'GET /mounted | /mounted | 200 | -',
      '/mounted/else/value': 'GET /mounted/else/:leaf | /mounted/else/:leaf | 200 | -',
      '/mounted/files/a/b': 'GET /mounted/files/{*path} | /mounted/files/{*path} | 200 | -',
      '/mounted/nothing': 'GET | - | 404 | -',
      '/mounted/users/value?q=1': 'GET /mounted/users/:id | /mounted/users/:id | 200 | -',
      '/outer/inner/users/value': 'GET | - | 200 | -',
    };
    for (const path of Object.keys(wanted)) await send(gateway.url + path);
    expect(await spansOf(gateway)).toEqual(Object.values(wanted));
    expect(gateway.diagnostics).toEqual([]);
  });

  it('leaves errors to Koa, and they explain its 5xx', async () => {
    const emitted: string[] = [];
    const gateway = await serve((app) => {
      app.on('error', (error: Error) => emitted.push(error.message));
      app.use((context) => {
        if (context.path === '/known') context.throw(403, 'not you');
        throw new RangeError('out');
      });
    });
    expect((await send(`${gateway.url}/known`)).body).toBe('not you');
    expect((await send(`${gateway.url}/unknown`)).body).toBe('Internal Server Error');
    expect(await spansOf(gateway)).toEqual(['GET | - | 403 | -', 'GET | - | 500 | RangeError']);
    expect(emitted).toContain('out');
  });

  it('ends with the stream, not with the middleware', async () => {
    const gateway = await serve((app) => {
      app.use((context) => {
        let count = 0;
        context.body = new Readable({
          read() {
            setTimeout(() => this.push(count++ < 4 ? 'x' : null), 15);
          },
        });
      });
    });
    expect((await send(gateway.url)).body).toBe('xxxx');
    await gateway.flush();
    const [span] = gateway.operator.spans;
    expect(Number(span?.endTimeUnixNano) - Number(span?.startTimeUnixNano)).toBeGreaterThan(45e6);
  });

  it('tells why a stream broke', async () => {
    const gateway = await serve((app) => {
      app.use((context) => {
        context.body = new Readable({
          read() {
            this.push('part');
            setImmediate(() => this.destroy(new RangeError('out')));
          },
        });
        context.res.on('error', () => undefined);
        // Version 2 leaves the answer open.
        (context.body as Readable).on('error', () => context.res.destroy());
      });
    });
    await openRaw(gateway.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n').closed;
    expect(await spansOf(gateway)).toEqual(['GET | - | 200 | RangeError']);
  });

  it('has the exchange current in handlers and across await, and knows it by the context', async () => {
    const seen: boolean[] = [];
    const gateway = await serve((app, telemetry) => {
      app.use(async (context) => {
        const exchange = telemetry.of(context);
        seen.push(
          exchange.recording,
          exchange === telemetry.of(context.req),
          telemetry.current() === exchange,
        );
        await turn();
        seen.push(telemetry.current() === exchange);
        context.body = 'ok';
      });
    });
    await send(gateway.url);
    expect(seen).toEqual([true, true, true, true]);
  });
});
