/** `undiciTelemetry` with retries, redirects, aborts, time-outs, upgrades, and every shape of headers. */
import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { undiciTelemetry } from '../../src/adapters/undici.js';
import type { Exchange, GatewayTelemetry } from '../../src/index.js';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { closedPort, startUpstream } from '../support/upstream.js';
import { undiciVersions } from './undici.js';

const NOBODY = 'http://127.0.0.1:1';

const parentIdIn = (headers: IncomingHttpHeaders | undefined): string =>
  String(headers?.['traceparent']).slice(36, 52);
const clientsOf = ({ operator }: TestGateway): ReceivedSpan[] =>
  operator.spans.filter(({ kind }) => kind === 3);
const told = (gateway: TestGateway): unknown[] =>
  clientsOf(gateway).map(({ attributes }) => [
    attributes['http.request.resend_count'],
    attributes['http.response.status_code'],
    attributes['error.type'],
  ]);

/** Answers with these statuses, one after the other, then as the path says. */
async function answering(...statuses: number[]) {
  const arrived: IncomingHttpHeaders[] = [];
  const upstream = await startUpstream((request, response) => {
    arrived.push(request.headers);
    const status = statuses.shift();
    if (status !== undefined) return void response.writeHead(status, { location: '/moved' }).end();
    if (request.url === '/silent') return;
    if (request.url === '/stalls') return void response.write('part');
    if (request.url === '/breaks') {
      response.write('part', () => setTimeout(() => request.socket.resetAndDestroy(), 20));
      return;
    }
    response.end('hello');
  });
  upstream.server.on('upgrade', (request, socket) => {
    arrived.push(request.headers);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n');
    socket.on('data', (data) => socket.end(data)).on('error', () => undefined);
  });
  return { ...upstream, arrived };
}

type Handle = (telemetry: GatewayTelemetry, exchange: Exchange) => Promise<unknown>;

/** A gateway whose handler makes the calls; answers 502 when it throws. */
async function serve(handle: Handle): Promise<TestGateway & { readonly result: unknown }> {
  let result: unknown;
  const gateway: TestGateway = await startGateway({
    options: { spans: 'server+client' },
    listener(_request, response, exchange) {
      handle(gateway.telemetry, exchange).then(
        (value) => ((result = value), response.end('ok')),
        (error: unknown) => ((result = error), response.writeHead(502).end()),
      );
    },
  });
  await send(gateway.url);
  await gateway.flush();
  return { ...gateway, result };
}

for (const [name, load, { skipped }] of undiciVersions) {
  describe.skipIf(skipped !== undefined)(skipped === undefined ? name : `${name} (${skipped})`, () => {
    const retry = { minTimeout: 5, maxTimeout: 10, timeoutFactor: 1, maxRetries: 3 };

    it('makes a call of each retry when it is composed first', async () => {
      const { Agent, interceptors, request } = load();
      const upstream = await answering(503, 503);
      const gateway = await serve(async (telemetry) => {
        const dispatcher = new Agent().compose(undiciTelemetry(telemetry), interceptors.retry(retry));
        const { statusCode, body } = await request(upstream.url, { dispatcher });
        return [statusCode, await body.text()];
      });
      expect(gateway.result).toEqual([200, 'hello']);
      expect(told(gateway)).toEqual([
        [undefined, 503, '503'],
        [1, 503, '503'],
        [2, 200, undefined],
      ]);
      expect(upstream.arrived.map(parentIdIn)).toEqual(clientsOf(gateway).map(({ spanId }) => spanId));
    });

    it('makes one call of all retries when it is composed last', async () => {
      const { Agent, interceptors, request } = load();
      const upstream = await answering(503);
      const gateway = await serve(async (telemetry) => {
        const dispatcher = new Agent().compose(interceptors.retry(retry), undiciTelemetry(telemetry));
        const { body } = await request(upstream.url, { dispatcher });
        return body.text();
      });
      expect(gateway.result).toBe('hello');
      expect(told(gateway)).toEqual([[undefined, 200, undefined]]);
      expect(new Set(upstream.arrived.map(parentIdIn)).size).toBe(1);
    });

    it('gives a retry to the exchange of its first attempt, whoever opened the connection', async () => {
      const { Agent, interceptors, request } = load();
      const upstream = await answering(200, 503);
      const gateway = await startGateway({
        options: { spans: 'server+client' },
        listener(_request, response) {
          void request(upstream.url, { dispatcher }).then(async ({ body }) => {
            await body.dump();
            response.end();
          });
        },
      });
      const agent = new Agent({ connections: 1 });
      const dispatcher = agent.compose(undiciTelemetry(gateway.telemetry), interceptors.retry(retry));
      await send(`${gateway.url}/first`);
      await send(`${gateway.url}/second`);
      await gateway.flush();
      const pathOf = new Map(
        gateway.operator.spans.map(({ spanId, attributes }) => [spanId, attributes['url.path']]),
      );
      expect(clientsOf(gateway).map(({ parentSpanId }) => pathOf.get(parentSpanId ?? ''))).toEqual([
        '/first',
        '/second',
        '/second',
      ]);
      await agent.close();
    });

    it('tells requests apart that share one handler', async () => {
      const { Agent } = load();
      const upstream = await answering();
      const dones: (() => void)[] = [];
      const done = (): void => dones.shift()?.();
      const nothing = (): boolean => true;
      const handler =
        name === 'undici 6'
          ? { onConnect: nothing, onHeaders: nothing, onData: nothing, onComplete: done, onError: nothing }
          : { onRequestStart: nothing, onResponseEnd: done, onResponseError: nothing };
      const gateway = await startGateway({
        listener(_request, response) {
          dones.push(() => response.end());
          dispatcher.dispatch({ origin: upstream.url, path: '/', method: 'GET' }, handler);
        },
      });
      const agent = new Agent();
      const dispatcher = agent.compose(undiciTelemetry(gateway.telemetry));
      for (const path of ['/1', '/2']) await send(gateway.url + path);
      await Promise.all(['/3', '/4'].map((path) => send(gateway.url + path)));
      await gateway.flush();
      expect(upstream.arrived.map(parentIdIn).sort()).toEqual(
        gateway.operator.spans.map(({ spanId }) => spanId).sort(),
      );
      await agent.close();
    });

    it('makes one call where it is composed twice', async () => {
      const { Agent, request } = load();
      const upstream = await answering();
      const gateway = await serve(async (telemetry) => {
        const inner = new Agent().compose(undiciTelemetry(telemetry));
        const dispatcher = inner.compose(undiciTelemetry(telemetry));
        return (await request(upstream.url, { dispatcher })).body.text();
      });
      expect(told(gateway)).toEqual([[undefined, 200, undefined]]);
      expect(upstream.arrived.map(parentIdIn)).toEqual(clientsOf(gateway).map(({ spanId }) => spanId));
    });

    it('makes a call of each redirect', async () => {
      const { Agent, interceptors, request } = load();
      const upstream = await answering(302);
      const gateway = await serve(async (telemetry) => {
        const redirect = interceptors.redirect({ maxRedirections: 2 });
        const dispatcher = new Agent().compose(undiciTelemetry(telemetry), redirect);
        const { body } = await request(`${upstream.url}/from`, { dispatcher });
        return body.text();
      });
      expect(gateway.result).toBe('hello');
      expect(told(gateway)).toEqual([
        [undefined, 302, undefined],
        [1, 200, undefined],
      ]);
      expect(clientsOf(gateway).map(({ attributes }) => attributes['url.full'])).toEqual([
        `${upstream.url}/from`,
        `${upstream.url}/moved`,
      ]);
    });

    it('tells what broke, and not what the gateway broke off itself', async () => {
      const { Agent, request } = load();
      const upstream = await answering();
      for (const [path, signal, limits, expected] of [
        ['/breaks', undefined, {}, [undefined, 200, 'upstream_reset']],
        ['/silent', undefined, { headersTimeout: 100 }, [undefined, undefined, 'upstream_timeout']],
        ['/stalls', undefined, { bodyTimeout: 100 }, [undefined, 200, 'upstream_timeout']],
        ['/silent', () => abortSoon(), {}, [undefined, undefined, undefined]],
        ['/stalls', () => abortSoon(), {}, [undefined, 200, undefined]],
        ['/silent', () => abortSoon(new Error('mine')), {}, [undefined, undefined, undefined]],
        ['/silent', () => AbortSignal.timeout(50), {}, [undefined, undefined, 'upstream_timeout']],
      ] as const) {
        const gateway = await serve(async (telemetry) => {
          const dispatcher = new Agent(limits).compose(undiciTelemetry(telemetry));
          const { body } = await request(`${upstream.url}${path}`, {
            dispatcher,
            signal: signal?.() ?? null,
          });
          return body.text();
        });
        expect(gateway.result).toBeInstanceOf(Error);
        expect(told(gateway)).toEqual([expected]);
      }
    });

    it('tells why no connection came about', async () => {
      const { Agent, request, fetch } = load();
      for (const ask of [request, fetch]) {
        const gateway = await serve(async (telemetry) => {
          const dispatcher = new Agent().compose(undiciTelemetry(telemetry));
          return ask(`http://127.0.0.1:${await closedPort()}`, { dispatcher });
        });
        expect(told(gateway)).toEqual([[undefined, undefined, 'upstream_connect_error']]);
        const server = gateway.operator.spans.find(({ kind }) => kind === 2);
        expect(server?.attributes).toMatchObject({
          'http.response.status_code': 502,
          'error.type': 'upstream_connect_error',
        });
      }
    });

    it('works with stream, pipeline and upgrade', async () => {
      const { Agent, stream, pipeline, upgrade } = load();
      const { PassThrough, Readable } = await import('node:stream');
      const upstream = await answering();
      const gateway = await serve(async (telemetry) => {
        const dispatcher = new Agent().compose(undiciTelemetry(telemetry));
        const sink = new PassThrough().resume();
        await stream(upstream.url, { dispatcher, method: 'GET' }, () => sink);
        const options = { dispatcher, method: 'GET' as const };
        const duplex = pipeline(upstream.url, options, ({ body }) => body);
        await Readable.from(duplex.end().resume())
          .toArray()
          .catch(() => undefined);
        const { socket } = await upgrade(upstream.url, { dispatcher, protocol: 'chat' });
        socket.resume().write('x');
        await new Promise((resolve) => socket.on('close', resolve));
      });
      expect(told(gateway)).toEqual([
        [undefined, 200, undefined],
        [undefined, 200, undefined],
        [undefined, 101, undefined],
      ]);
      expect(upstream.arrived.map(parentIdIn)).toEqual(clientsOf(gateway).map(({ spanId }) => spanId));
    });

    it('takes headers in every shape, and writes to none that it was given', async () => {
      const { Agent, request } = load();
      const upstream = await answering();
      const shapes = [
        Object.freeze({ 'x-a': '1', 'x-b': ['2', '3'] }),
        Object.freeze(['x-a', '1', 'x-b', '2', 'x-b', '3']),
        new Headers([
          ['x-a', '1'],
          ['x-b', '2'],
          ['x-b', '3'],
        ]),
        new Map<string, string | string[]>([
          ['x-a', '1'],
          ['x-b', ['2', '3']],
        ]),
        null,
        undefined,
      ];
      for (const headers of shapes) {
        const gateway = await serve(async (telemetry) => {
          const dispatcher = new Agent().compose(undiciTelemetry(telemetry));
          const { body } = await request(`${upstream.url}/p?a=1`, { dispatcher, headers: headers as never });
          return body.text();
        });
        expect(gateway.result).toBe('hello');
        const arrived = upstream.arrived.at(-1);
        if (headers) expect(arrived).toMatchObject({ 'x-a': '1', 'x-b': '2, 3' });
        expect(parentIdIn(arrived)).toBe(clientsOf(gateway)[0]?.spanId);
        expect(clientsOf(gateway)[0]?.attributes['url.full']).toBe(`${upstream.url}/p?a=1`);
      }
    });

    it.each(['constructor', 'toString', '__proto__'])('passes on a header called %s', async (header) => {
      const { Agent, request } = load();
      const received: string[][] = [];
      const upstream = await startUpstream(({ rawHeaders }, response) => {
        received.push(rawHeaders);
        response.end();
      });
      for (const headers of [new Headers([[header, '1']]), new Map([[header, '1']])]) {
        await serve(async (telemetry) => {
          const dispatcher = new Agent().compose(undiciTelemetry(telemetry));
          await (await request(upstream.url, { dispatcher, headers })).body.dump();
        });
        const sent = received.pop() ?? [];
        const values = sent.filter((_, index) => sent[index - 1]?.toLowerCase() === header.toLowerCase());
        expect(values).toEqual(['1']);
      }
    });

    it('leaves what undici refuses to undici', async () => {
      const { Agent, request } = load();
      for (const give of [() => ['x-odd'], () => 'text', () => [['a']], () => ['a'].values()]) {
        const errors: string[] = [];
        for (const isBare of [true, false]) {
          const gateway = await serve((telemetry) => {
            const agent = new Agent();
            const dispatcher = isBare ? agent : agent.compose(undiciTelemetry(telemetry));
            return request(NOBODY, { dispatcher, headers: give() as never });
          });
          errors.push((gateway.result as Error).message);
        }
        expect(errors[1]).toBe(errors[0]);
      }
    });

    it('touches nothing outside of an exchange, or where the option says so', async () => {
      const { Agent, request } = load();
      const upstream = await answering();
      const { telemetry, operator, flush } = await startGateway({ options: { spans: 'server+client' } });
      const outside = new Agent().compose(undiciTelemetry(telemetry));
      await (await request(upstream.url, { dispatcher: outside })).body.dump();
      const gateway = await serve(async (own) => {
        const dispatcher = new Agent().compose(undiciTelemetry(own, { exchange: () => undefined }));
        return (await request(upstream.url, { dispatcher })).body.text();
      });
      await flush();
      expect(operator.spans).toHaveLength(0);
      expect(clientsOf(gateway)).toHaveLength(0);
      for (const headers of upstream.arrived) expect(headers).not.toHaveProperty('traceparent');
      expect(upstream.arrived).toHaveLength(2);
    });

    it('finds the exchange by the option where none is running', async () => {
      const { Agent, request } = load();
      const upstream = await answering();
      const { telemetry, operator, flush } = await startGateway({ options: { spans: 'server+client' } });
      const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
      const dispatcher = new Agent().compose(undiciTelemetry(telemetry, { exchange: () => exchange }));
      await (await request(upstream.url, { dispatcher })).body.dump();
      await pause(5);
      exchange.end({ statusCode: 200 });
      await flush();
      expect(operator.spans.map(({ kind }) => kind).sort()).toEqual([2, 3]);
    });
  });
}

// undici 8 refuses the handlers of the `fetch` that Node 24 and older have, with and without interceptors.
describe.each(undiciVersions.slice(0, 2))("Node's own fetch with a dispatcher of %s", (_, load) => {
  it.each(['GET', 'POST'])('makes a call of a %s', async (method) => {
    const upstream = await answering();
    const gateway = await serve(async (telemetry) => {
      const dispatcher = new (load().Agent)().compose(undiciTelemetry(telemetry));
      const body = method === 'POST' ? 'body' : null;
      const options = { method, body, dispatcher, headers: { 'x-mine': 'yes' } };
      return (await globalThis.fetch(`${upstream.url}/p`, options as object)).text();
    });
    expect(gateway.result).toBe('hello');
    expect(upstream.arrived[0]).toMatchObject({ 'x-mine': 'yes' });
    expect(parentIdIn(upstream.arrived[0])).toBe(clientsOf(gateway)[0]?.spanId);
    expect(told(gateway)).toEqual([[undefined, 200, undefined]]);
  });
});

it('the library does not see its own exports, whatever the global dispatcher is', async () => {
  const { Agent, getGlobalDispatcher, setGlobalDispatcher } = undiciVersions[1]?.[1]() ?? fail();
  const before = getGlobalDispatcher();
  const seen: unknown[] = [];
  try {
    setGlobalDispatcher(
      new Agent().compose((dispatch) => (options, handler) => {
        seen.push(options.path);
        return dispatch(options, handler);
      }),
    );
    const gateway = await serve(async () => undefined);
    expect(gateway.operator.spans).toHaveLength(1);
    expect(seen).toEqual([]);
  } finally {
    setGlobalDispatcher(before);
  }
});

function fail(): never {
  throw new Error('There is no undici 7.');
}

function abortSoon(reason?: Error): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 50);
  return controller.signal;
}

describe('a client of one origin', () => {
  it('says where it goes by the option origin', async () => {
    const upstream = await startUpstream((_request, response) => response.end('hello'));
    const undici = await import('undici');
    const gateway = await startGateway({
      options: { spans: 'server+client' },
      listener: (_request, response) => {
        void client.request({ path: '/x?q=1', method: 'GET' }).then(async ({ body }) => {
          await body.dump();
          response.end();
        });
      },
    });
    const client = new undici.Client(upstream.url).compose(
      undiciTelemetry(gateway.telemetry, { origin: upstream.url }) as never,
    );
    await send(gateway.url);
    await gateway.flush();
    await client.close();
    expect(clientsOf(gateway)[0]?.attributes).toMatchObject({
      'url.full': `${upstream.url}/x?q=1`,
      'server.address': '127.0.0.1',
      'server.port': upstream.port,
    });
  });

  it.each(['', 'upstream.test', 'data:x'])('cannot go to %j', async (origin) => {
    const gateway = await startGateway();
    expect(() => undiciTelemetry(gateway.telemetry, { origin })).toThrow(/origin must be an absolute URL/);
  });
});
