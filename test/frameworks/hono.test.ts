import { once } from 'node:events';
import type { Server } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { Hono } from 'hono';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { honoTelemetry } from '../../src/adapters/hono.js';
import type { Exchange, GatewayTelemetry } from '../../src/index.js';
import { expectOneRecord } from '../cases/one-record.js';
import { startGateway, type GatewaySetup, type TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import { spansOf } from './fields.js';
import { createAdaptorServer, serverOf, upgradeWebSocket, type Bindings } from './hono.js';

type App = Hono<{ Bindings: Bindings }>;

const serve = (
  set: (app: App, telemetry: GatewayTelemetry) => void,
  options: GatewaySetup['options'] = {},
): Promise<TestGateway> =>
  startGateway({
    options,
    server(telemetry) {
      const app: App = new Hono();
      app.use(honoTelemetry(telemetry));
      set(app, telemetry);
      return serverOf(app.fetch);
    },
  });

const ok = (context: Context): Response => context.text('ok');
const encoder = new TextEncoder();

/** One chunk after the other, a turn of the event loop apart; then the end, or an error. */
function bodyOf(chunks: readonly string[], error?: Error): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream(
    {
      async pull(controller) {
        await turn();
        const next = left.shift();
        if (next !== undefined) controller.enqueue(encoder.encode(next));
        else if (error === undefined) controller.close();
        else controller.error(error);
      },
    },
    { highWaterMark: 0 },
  );
}

describe('Hono on its Node server', () => {
  it('asks the options with the context of Hono', async () => {
    const gateway = await startGateway({
      server(telemetry) {
        const app: App = new Hono();
        app.use(
          honoTelemetry(telemetry, {
            tenant: (context: Context) => context.req.header('x-tenant'),
            route: ({ req }: Context) => `to ${new URL(req.url).hostname}`,
            requestId: (context: Context) => context.req.header('x-request-id'),
          }),
        );
        app.get('/x', ok);
        return serverOf(app.fetch);
      },
    });
    await send(`${gateway.url}/x`, { headers: { 'x-tenant': 'acme', 'x-request-id': 'r-1' } });
    await gateway.flush();
    expect(gateway.acme.logs[0]?.attributes).toMatchObject({
      'knoxcall.route_name': 'to 127.0.0.1',
      'knoxcall.request_id': 'r-1',
    });
  });

  it('names the route that answered, sub-applications included, and none where only middleware matched', async () => {
    const gateway = await serve((app) => {
      app.get('/', ok);
      app.use('/orgs/*', (_, next) => next());
      const users = new Hono();
      users.use((_, next) => next());
      users.get('/users/:id{[0-9]+}', ok);
      users.all('/all/:a', ok);
      app.route('/orgs/:org', users);
      const guarded = new Hono().onError((_, context) => context.text('sorry', 500));
      guarded.get('/:leaf', ok);
      app.route('/guarded', guarded);
      app.get('/passes/:on', (_, next) => next());
      app.get('/passes/:to', ok);
    });
    const wanted: Record<string, string> = {
      '/': '/',
      '/guarded/1': '/guarded/:leaf',
      '/orgs/1/all/2': '/orgs/:org/all/:a',
      '/orgs/1/users/2?q=1': '/orgs/:org/users/:id{[0-9]+}',
      '/passes/1': '/passes/:to',
    };
    for (const path of Object.keys(wanted)) expect((await send(gateway.url + path)).status).toBe(200);
    expect(await spansOf(gateway)).toEqual(
      Object.values(wanted).map((route) => `GET ${route} | ${route} | 200 | -`),
    );
    gateway.operator.reset();
    for (const path of ['/nothing', '/orgs/1/nothing'])
      expect((await send(gateway.url + path)).status).toBe(404);
    expect(await spansOf(gateway)).toEqual(['GET | - | 404 | -', 'GET | - | 404 | -']);
    expect(gateway.diagnostics).toEqual([]);
  });

  it('leaves errors to the error handlers, and they explain their 5xx', async () => {
    const handled: string[] = [];
    const gateway = await serve((app) => {
      app.onError((error, context) => {
        handled.push(error.message);
        return context.text('sorry', error instanceof HTTPException ? error.status : 500);
      });
      app.get('/fail/:id', () => {
        throw new RangeError('out');
      });
      app.get('/known', () => {
        throw new HTTPException(403, { message: 'not you' });
      });
      const sub = new Hono().onError((error, context) => context.text(error.message, 502));
      sub.get('/', () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })));
      app.route('/sub', sub);
    });
    expect((await send(`${gateway.url}/fail/1`)).body).toBe('sorry');
    expect((await send(`${gateway.url}/known`)).status).toBe(403);
    expect((await send(`${gateway.url}/sub`)).body).toBe('refused');
    expect(await spansOf(gateway)).toEqual([
      'GET /fail/:id | /fail/:id | 500 | RangeError',
      'GET /known | /known | 403 | -',
      'GET /sub | /sub | 502 | upstream_connect_error',
    ]);
    expect(handled).toEqual(['out', 'not you']);
  });

  it('records what a middleware refuses, under the route that it was for', async () => {
    const gateway = await serve((app) => {
      app.use('/x/*', (context, _next) => Promise.resolve(context.text('who are you?', 401)));
      app.get('/x/:id', ok);
    });
    await send(`${gateway.url}/x/1`);
    expect(await spansOf(gateway)).toEqual(['GET /x/:id | /x/:id | 401 | -']);
  });

  it('ends with the stream, not with the handler', async () => {
    const gateway = await serve((app) => {
      app.get('/', (context) => context.body(bodyOf(Array<string>(40).fill('x'))));
    });
    expect((await send(gateway.url)).body).toBe('x'.repeat(40));
    await expectOneRecord(gateway, { status: 200 });
  });

  it('tells a stream that breaks from a client that leaves it', async () => {
    // The Node server prints what breaks.
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    onTestFinished(() => printed.mockRestore());
    const gateway = await serve((app) => {
      app.get('/breaks', (context) => context.body(bodyOf(['part', 'part'], new RangeError('out'))));
      app.get('/endless', (context) =>
        context.body(
          new ReadableStream({ start: (controller) => controller.enqueue(encoder.encode('part')) }),
        ),
      );
    });
    const broken = openRaw(gateway.port, 'GET /breaks HTTP/1.1\r\nHost: a\r\n\r\n');
    await broken.closed;
    const left = openRaw(gateway.port, 'GET /endless HTTP/1.1\r\nHost: a\r\n\r\n');
    await left.waitFor('part');
    left.socket.destroy();
    expect(await spansOf(gateway)).toEqual([
      'GET /breaks | /breaks | 200 | RangeError',
      'GET /endless | /endless | 200 | client_disconnect',
    ]);
  });

  it('has the exchange current in handlers and across await, and knows it by the context', async () => {
    const seen: boolean[] = [];
    const gateway = await serve((app, telemetry) => {
      app.post('/', async (context) => {
        const exchange = telemetry.of(context);
        seen.push(exchange.recording, exchange === telemetry.of(context.env.incoming));
        await context.req.text();
        seen.push(telemetry.current() === exchange);
        return context.text('ok');
      });
    });
    await send(gateway.url, { method: 'POST', body: 'x'.repeat(90_000) });
    expect(seen).toEqual([true, true, true]);
  });

  it('has a WebSocket recorded until it closes, and an upgrade that is refused', async () => {
    const gateway = await startGateway({
      server(telemetry) {
        const app: App = new Hono();
        app.use(honoTelemetry(telemetry));
        const events = {
          onMessage: (_: unknown, socket: { send(text: string): void }) => socket.send('echo'),
        };
        app.get(
          '/live/:id',
          upgradeWebSocket(() => events),
        );
        app.get('/refused', (context) => context.text('no', 403));
        const server = new WebSocketServer({ noServer: true });
        return createAdaptorServer({ fetch: app.fetch, websocket: { server } }) as Server;
      },
    });
    const refused = new WebSocket(`${gateway.url}/refused`);
    await once(refused, 'error');
    const live = new WebSocket(`${gateway.url}/live/1`);
    await once(live, 'open');
    live.send('hello');
    await once(live, 'message');
    expect(gateway.telemetry.status().openExchanges).toBe(1);
    live.close();
    expect(await spansOf(gateway)).toEqual([
      'GET /live/:id | /live/:id | 101 | -',
      'GET /refused | /refused | 403 | -',
    ]);
  });

  it('adds what the caller is to be told of the trace', async () => {
    const gateway = await serve((app) => app.get('/', ok), { responseHeaders: { traceId: 'x-trace-id' } });
    const { headers } = await send(gateway.url);
    await gateway.flush();
    expect(headers['x-trace-id']).toBe(gateway.operator.spans[0]?.traceId);
  });
});

describe('Hono without a Node server', () => {
  const start = async (
    set: (app: Hono, telemetry: GatewayTelemetry) => void,
    options: GatewaySetup['options'] = {},
  ) => {
    const gateway = await startGateway({ options });
    const app = new Hono();
    app.use(honoTelemetry(gateway.telemetry));
    set(app, gateway.telemetry);
    return { gateway, app };
  };

  it('records a request with its trace, its host and its route', async () => {
    const { gateway, app } = await start((app) => app.get('/users/:id', ok));
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const answer = await app.request('http://a.example/users/1?q=1', { headers: { traceparent } });
    expect(await answer.text()).toBe('ok');
    await expectOneRecord(gateway, { status: 200 });
    const [span] = gateway.operator.spans;
    expect(span).toMatchObject({
      name: 'GET /users/:id',
      traceId: '1'.repeat(32),
      parentSpanId: '2'.repeat(16),
    });
    expect(span?.attributes).toMatchObject({ 'url.path': '/users/1', 'url.query': 'q=1' });
  });

  it('ends a text, an answer without a body, and one to HEAD, also where nobody reads it', async () => {
    const { gateway, app } = await start((app) => {
      app.get('/text', ok);
      app.get('/none', (context) => context.body(null, 204));
    });
    for (const [path, method] of [
      ['/none', 'GET'],
      ['/nothing', 'GET'],
      ['/text', 'GET'],
      ['/text', 'HEAD'],
    ] as const)
      await app.request(path, { method });
    expect(await spansOf(gateway)).toEqual([
      'GET /none | /none | 204 | -',
      'GET | - | 404 | -',
      'GET /text | /text | 200 | -',
      'HEAD /text | /text | 200 | -',
    ]);
  });

  it('ends where the gateway adds no span and no trace came', async () => {
    const gateway = await startGateway({ operator: { signals: { traces: false } } });
    const app = new Hono();
    app.use(honoTelemetry(gateway.telemetry));
    app.get('/', ok);
    await app.request('/');
    await gateway.flush();
    expect(gateway.operator.logs.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([
      200,
    ]);
    expect(gateway.telemetry.status().openExchanges).toBe(0);
  });

  it('ends with the last of the body, unchanged with its headers', async () => {
    const { gateway, app } = await start((app) => {
      app.get('/', (context) => {
        context.header('set-cookie', 'a=1', { append: true });
        context.header('set-cookie', 'b=2', { append: true });
        return context.body(bodyOf(['one', 'two', 'three', 'four']), 206, { 'content-type': 'text/x' });
      });
    });
    const answer = await app.request('/');
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(answer.headers.get('content-type')).toBe('text/x');
    expect(gateway.telemetry.status().openExchanges).toBe(1);
    expect(await answer.text()).toBe('onetwothreefour');
    await expectOneRecord(gateway, { status: 206 });
  });

  it('tells a reader that gave up, a request that was aborted and a body that broke', async () => {
    const endless = (): ReadableStream<Uint8Array> =>
      new ReadableStream({ start: (controller) => controller.enqueue(encoder.encode('part')) });
    const cancelled: unknown[] = [];
    const { gateway, app } = await start((app) => {
      app.get('/aborted', (context) => context.body(endless()));
      app.get('/broken', (context) => context.body(bodyOf(['part'], new RangeError('out'))));
      app.get('/cancelled', (context) =>
        context.body(new ReadableStream({ cancel: (reason) => void cancelled.push(reason) })),
      );
    });
    const abort = new AbortController();
    await app.request('/aborted', { signal: abort.signal });
    abort.abort();
    await expect((await app.request('/broken')).text()).rejects.toThrow('out');
    await (await app.request('/cancelled')).body?.cancel('enough');
    expect(cancelled).toEqual(['enough']);
    expect(await spansOf(gateway)).toEqual([
      'GET /aborted | /aborted | 200 | client_disconnect',
      'GET /broken | /broken | 200 | RangeError',
      'GET /cancelled | /cancelled | 200 | client_disconnect',
    ]);
  });

  it('leaves the answer of Response.error() as it is, and tells that there was none', async () => {
    const { gateway, app } = await start((app) => app.get('/', () => Response.error()));
    const answer = await app.request('/');
    expect([answer.status, answer.type]).toEqual([0, 'error']);
    await expectOneRecord(gateway, { errorType: 'server_abort' });
  });

  it('explains a 5xx by what was thrown, and throws on what no handler answers', async () => {
    const { gateway, app } = await start((app) => {
      app.onError((_, context) => context.text('sorry', 500));
      app.get('/error', () => {
        throw new RangeError('out');
      });
      app.get('/other', () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- Hono throws on what is no error.
        throw 'text';
      });
    });
    await app.request('/error');
    await expect(async () => app.request('/other')).rejects.toBe('text');
    expect(await spansOf(gateway)).toEqual([
      'GET /error | /error | 500 | RangeError',
      'GET /other | /other | - | text',
    ]);
  });

  it('has one exchange for two adapters, current in handlers, and the headers that are asked for', async () => {
    const seen = new Set<Exchange>();
    const { gateway, app } = await start(
      (app, telemetry) => {
        app.use(honoTelemetry(telemetry, { attributes: { inner: true } }));
        app.get('/', async (context) => {
          seen.add(telemetry.of(context));
          await turn();
          seen.add(telemetry.current());
          return context.text('ok');
        });
      },
      { responseHeaders: { traceId: 'x-trace-id' } },
    );
    const answer = await app.request('/');
    await expectOneRecord(gateway, { status: 200 });
    expect([...seen].map(({ recording }) => recording)).toEqual([true]);
    expect(gateway.operator.spans[0]?.attributes['inner']).toBe(true);
    expect(answer.headers.get('x-trace-id')).toBe(gateway.operator.spans[0]?.traceId);
  });

  it('has one exchange for the ESM and the CommonJS door, which know nothing of each other', async () => {
    vi.resetModules();
    const other = await import('../../src/adapters/hono.js');
    expect(other.honoTelemetry).not.toBe(honoTelemetry);
    const { gateway, app } = await start((app, telemetry) => {
      app.use(other.honoTelemetry(telemetry, { attributes: { inner: true } }));
      app.get('/', ok);
    });
    await (await app.request('/')).text();
    await expectOneRecord(gateway, { status: 200 });
    expect(gateway.operator.spans[0]?.attributes['inner']).toBe(true);
  });

  it('tells the time to the head of a stream, and no sizes of bodies, which go another way', async () => {
    const { gateway, app } = await start(
      (app) => app.post('/', (context) => context.body(bodyOf(Array<string>(20).fill('part')))),
      { bodySizes: true, timeToFirstByte: true },
    );
    await (await app.request('/', { method: 'POST', body: 'up' })).text();
    await expectOneRecord(gateway, { status: 200 });
    const [span] = gateway.operator.spans;
    expect(span?.attributes['knoxcall.time_to_first_byte_ms']).toBeTypeOf('number');
    expect(Object.keys(span?.attributes ?? {}).filter((key) => key.endsWith('body.size'))).toEqual([]);
  });

  it('touches nothing where everything is off', async () => {
    const app = new Hono();
    const gateway = await startGateway({ operator: null, acme: null, globex: null });
    const seen: Response[] = [];
    app.use(async (context, next) => {
      await next();
      seen.push(context.res);
    });
    app.use(honoTelemetry(gateway.telemetry));
    const given = new Response('ok');
    app.get('/', () => given);
    await app.request('/');
    expect(seen[0]).toBe(given);
  });
});

it('refuses what is no telemetry, and a wrong option, where it is made', async () => {
  expect(() => honoTelemetry({} as GatewayTelemetry)).toThrow('honoTelemetry: the first argument');
  const gateway = await startGateway();
  expect(() => honoTelemetry(gateway.telemetry, { tennant: 'x' } as never)).toThrow('tennant');
});
