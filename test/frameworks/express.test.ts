import { createServer } from 'node:http';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import type { Express, Request, Router } from 'express';
import { describe, expect, it } from 'vitest';
import { expressTelemetry } from '../../src/adapters/express.js';
import type { GatewayTelemetry } from '../../src/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import { expressVersions } from './express.js';
import { spansOf } from './fields.js';

interface Stack {
  readonly stack: readonly unknown[];
}

type CreateExpress = (typeof expressVersions)[number][1];

/** A gateway that serves the application. */
const serve = (
  create: CreateExpress,
  set: (app: Express, telemetry: GatewayTelemetry) => void,
): Promise<TestGateway> =>
  startGateway({
    server(telemetry) {
      const app = create();
      // Errors that nobody handles are answered, not printed.
      app.set('env', 'test');
      app.use(expressTelemetry(telemetry));
      set(app, telemetry);
      return createServer(app);
    },
  });

/** Answers every route with its own path. */
const answer = (router: Pick<Router, 'get'>, path: string | readonly string[]): void => {
  router.get(path as string, (_request, response) => void response.send('ok'));
};

describe.each(expressVersions)('%s', (_, create) => {
  it('asks the options with the request of Express', async () => {
    const gateway = await startGateway({
      server(telemetry) {
        const app = create();
        const options = {
          tenant: (request: Request) => request.get('x-tenant'),
          route: (request: Request) => `to ${request.hostname}`,
          requestId: (request: Request) => request.get('x-request-id'),
        };
        app.use(expressTelemetry(telemetry, options));
        // Express's own types tell what the request is.
        app.use(expressTelemetry(telemetry, { attributes: (request) => ({ protocol: request.protocol }) }));
        answer(app, '/x');
        return createServer(app);
      },
    });
    await send(`${gateway.url}/x`, { headers: { 'x-tenant': 'acme', 'x-request-id': 'r-1' } });
    await gateway.flush();
    expect(gateway.acme.logs[0]?.attributes).toMatchObject({
      'knoxcall.route_name': 'to 127.0.0.1',
      'knoxcall.request_id': 'r-1',
    });
    expect(gateway.operator.spans[0]?.attributes['protocol']).toBe('http');
  });

  it('names the route with the templates of its mounts, never with what the client sent', async () => {
    const gateway = await serve(create, (app) => {
      answer(app, '/');
      answer(app, '/plain/:id');
      answer(app, ['/one', '/other/:name']);
      const users = create.Router();
      answer(users, '/');
      answer(users, '/users/:id');
      const deep = create.Router();
      answer(deep, '/y/:z');
      users.use('/deep/:d', deep);
      app.use('/orgs/:org', users);
      const twice = create.Router();
      answer(twice, '/:leaf');
      app.use('/left', twice);
      app.use('/right/:side', twice);
    });
    const wanted: Record<string, string> = {
      '/': '/',
      '/left/value': '/left/:leaf',
      '/one': '/one',
      '/orgs/value': '/orgs/:org',
      '/orgs/value/deep/value/y/value?q=value': '/orgs/:org/deep/:d/y/:z',
      '/orgs/value/users/value': '/orgs/:org/users/:id',
      '/other/value': '/other/:name',
      '/plain/value': '/plain/:id',
      '/right/value/value': '/right/:side/:leaf',
    };
    for (const path of Object.keys(wanted)) expect((await send(gateway.url + path)).status).toBe(200);
    expect(await spansOf(gateway)).toEqual(
      Object.values(wanted).map((route) => `GET ${route} | ${route} | 200 | -`),
    );
    expect(gateway.diagnostics).toEqual([]);
  });

  it('names routes of applications in applications', async () => {
    const gateway = await serve(create, (app) => {
      const inner = create();
      answer(inner, '/z/:zone');
      const mounted = create();
      answer(mounted, '/x/:id');
      mounted.use('/inner/:i', inner);
      app.use('/mounted/:m', mounted);
      const inRouter = create();
      answer(inRouter, '/r');
      const router = create.Router();
      router.use('/app/:a', inRouter);
      app.use('/router', router);
    });
    for (const path of ['/mounted/1/inner/2/z/3', '/mounted/1/x/2', '/router/app/1/r'])
      expect((await send(gateway.url + path)).status).toBe(200);
    expect(await spansOf(gateway)).toEqual([
      'GET /mounted/:m/inner/:i/z/:zone | /mounted/:m/inner/:i/z/:zone | 200 | -',
      'GET /mounted/:m/x/:id | /mounted/:m/x/:id | 200 | -',
      'GET /router/app/:a/r | /router/app/:a/r | 200 | -',
    ]);
    expect(gateway.diagnostics).toEqual([]);
  });

  it('gives no route where none matched or its template is not certain', async () => {
    const gateway = await serve(create, (app) => {
      app.get(/^\/pattern\/(\d+)$/, (_request, response) => void response.send('ok'));
      const router = create.Router();
      answer(router, '/known');
      app.use('/a', router);
      const behind = create.Router();
      answer(behind, '/leaf');
      app.use(/^\/values\/\w+/, behind);
      const hidden = create.Router();
      answer(hidden, '/hidden/:id');
      app.use((request, response, next) => hidden(request, response, next));
    });
    const statuses: number[] = [];
    for (const path of ['/a/nothing', '/hidden/1', '/nothing', '/pattern/1', '/values/secret/leaf'])
      statuses.push((await send(gateway.url + path)).status);
    expect(statuses).toEqual([404, 200, 404, 200, 200]);
    expect(await spansOf(gateway)).toEqual(statuses.map((status) => `GET | - | ${status} | -`));
    expect(gateway.diagnostics).toEqual([]);
  });

  it('leaves errors to the error handlers, and the route is the same', async () => {
    const handled: unknown[] = [];
    const gateway = await serve(create, (app, telemetry) => {
      const router = create.Router();
      router.get('/fail/:id', () => {
        throw new RangeError('out');
      });
      app.use('/orgs/:org', router);
      app.use(
        (error: Error, request: object, response: { sendStatus(code: number): void }, _next: unknown) => {
          handled.push(error.message);
          telemetry.of(request).recordError(error);
          response.sendStatus(500);
        },
      );
    });
    for (let count = 0; count < 2; count++) await send(`${gateway.url}/orgs/value/fail/value`);
    const line = 'GET /orgs/:org/fail/:id | /orgs/:org/fail/:id | 500 | RangeError';
    expect(await spansOf(gateway)).toEqual([line, line]);
    expect(handled).toEqual(['out', 'out']);
  });

  it('answers errors that nobody handles as ever', async () => {
    const gateway = await serve(create, (app) => {
      app.get('/fail', (_request, _response, next) => next(new Error('no')));
    });
    const given = await send(`${gateway.url}/fail`);
    expect(given.status).toBe(500);
    expect(given.headers['content-security-policy']).toBe("default-src 'none'");
    expect(await spansOf(gateway)).toEqual(['GET /fail | /fail | 500 | Error']);
  });

  it('explains the 500 of Express by what no handler has taken, however late it came, from every application', async () => {
    const fail = (): never => {
      throw new RangeError('out');
    };
    const gateway = await serve(create, (app) => {
      app.get('/early', fail);
      const mounted = create();
      mounted.get('/leaf', fail);
      app.use('/mounted', mounted);
      app.get('/refused', (_request, _response, next) =>
        next(Object.assign(new Error('no'), { status: 403 })),
      );
      app.get('/begun', (_request, response, next) => {
        response.write('part', () => next(new RangeError('out')));
      });
      // A handler of the host that passes on, and one that takes what it knows.
      app.use((error: Error, _: object, __: object, next: (error: Error) => void) => next(error));
      app.use(
        '/taken',
        fail,
        (_: Error, __: object, response: { sendStatus(code: number): void }, ___: unknown) =>
          response.sendStatus(500),
      );
      setImmediate(() => app.get('/late', fail));
    });
    for (const path of ['/early', '/late', '/mounted/leaf', '/refused', '/taken'])
      await send(gateway.url + path);
    await openRaw(gateway.port, 'GET /begun HTTP/1.1\r\nHost: a\r\n\r\n').closed;
    expect(await spansOf(gateway)).toEqual([
      'GET /begun | /begun | 200 | RangeError',
      'GET /early | /early | 500 | RangeError',
      'GET /late | /late | 500 | RangeError',
      // An application that an error has left cannot be found any more.
      'GET | - | 500 | RangeError',
      'GET /refused | /refused | 403 | -',
      'GET | - | 500 | 500',
    ]);
  });

  it('adds one middleware to an application, however often it is made', async () => {
    const counts: number[] = [];
    const gateway = await startGateway({
      server(telemetry) {
        const app = create();
        app.use((request, response, next) => {
          expressTelemetry(telemetry)(request, response, next);
        });
        app.use((request, response) => {
          const { app: asked } = request as unknown as { app: { _router?: Stack; router: Stack } };
          counts.push((asked._router ?? asked.router).stack.length);
          response.end();
        });
        return createServer(app);
      },
    });
    for (let count = 0; count < 3; count++) await send(gateway.url);
    expect(new Set(counts).size).toBe(1);
  });

  it('records what a middleware refuses', async () => {
    const gateway = await serve(create, (app) => {
      app.use((_request, response) => void response.sendStatus(401));
      answer(app, '/x');
    });
    await send(`${gateway.url}/x`);
    expect(await spansOf(gateway)).toEqual(['GET | - | 401 | -']);
  });

  it('has the exchange current in handlers, across await and after a body was parsed', async () => {
    const seen: boolean[] = [];
    const gateway = await serve(create, (app, telemetry) => {
      app.use(create.json());
      app.post('/x', async (request, response) => {
        const exchange = telemetry.of(request);
        seen.push(exchange.recording, telemetry.current() === exchange);
        await turn();
        seen.push(telemetry.current() === exchange);
        response.json(request.body);
      });
    });
    const body = JSON.stringify({ text: 'x'.repeat(90_000) });
    const fields = ['Host: a', 'Content-Type: application/json', `Content-Length: ${body.length}`];
    const client = openRaw(gateway.port, `POST /x HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`);
    // Once the head has been read, the body comes in turns of the event loop that belong to the connection alone.
    while (gateway.telemetry.status().openExchanges === 0) await pause(2);
    client.socket.write(body);
    await client.waitFor('xxx"}');
    expect(seen).toEqual([true, true, true]);
  });
});

it('refuses what is no telemetry, and a wrong option, where it is made', async () => {
  expect(() => expressTelemetry({} as GatewayTelemetry)).toThrow('expressTelemetry: the first argument');
  const gateway = await startGateway();
  expect(() => expressTelemetry(gateway.telemetry, { tennant: 'x' } as never)).toThrow('tennant');
});
