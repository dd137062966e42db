/** 10,000 mixed requests through a proxy (2,000 in the short form): each is told once, with its upstream call, and nothing stays. */
import { strict as assert } from 'node:assert';
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { ProxyUnderTest } from '../proxies/proxy-under-test.js';
import { openRaw } from '../support/http-client.js';
import { counters, newest, total } from '../support/readings.js';

const REQUESTS_A_ROUND = process.env['GATEWAY_OTEL_LONG'] === 'short' ? 500 : 2_500;
/** The first fills caches and compiles: its heap is what the others are compared with. */
const ROUNDS = 4;
const CLIENTS = 16;
/** `SPAN_KIND_CLIENT` of OTLP. */
const CLIENT = 3;
/** Garbage that survives a collection. 300 bytes kept of every request would be far above it. */
const HEAP_SLACK_BYTES = 1.5 * 1024 * 1024;
const IDLE_DEADLINE_MS = 20_000;
/** Longer than a client that leaves stays. Then the upstream ends, because some proxies do not tell it that nobody waits. */
const SILENCE_MS = 150;
const UPLOAD = Buffer.alloc(20_000, 'u');

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is asked for, in this order over and over, and what must be told of it. Two in ten leave. No 503, which reply-from asks again. */
const KINDS: readonly (readonly [path: string, method: string, told: string])[] = [
  ['/fine', 'GET', '200 -'],
  ['/fine', 'POST', '200 -'],
  ['/leaves-early', 'GET', '- client_disconnect'],
  ['/missing', 'GET', '404 -'],
  ['/stream', 'GET', '200 -'],
  ['/fine', 'HEAD', '200 -'],
  ['/broken', 'GET', '500 500'],
  ['/leaves-answer', 'GET', '200 client_disconnect'],
  ['/missing', 'POST', '404 -'],
  ['/stream', 'GET', '200 -'],
];

const answerOf: RequestListener = (request, response) => {
  request.resume();
  response.on('error', () => undefined);
  switch (request.url) {
    case '/leaves-early':
      setTimeout(() => response.end(), SILENCE_MS);
      break;
    case '/leaves-answer':
      response.write('part');
      setTimeout(() => response.end(), SILENCE_MS);
      break;
    case '/stream':
      response.write('one');
      setImmediate(() => response.end('two'));
      break;
    case '/missing':
    case '/broken':
      request.on('end', () => response.writeHead(request.url === '/missing' ? 404 : 500).end('no'));
      break;
    default:
      request.on('end', () => response.end('ok'));
  }
};

export function describeProxyLoad(proxy: ProxyUnderTest): void {
  const title = `${proxy.name}: mixed requests are told once each with their upstream calls, and keep no memory`;
  if (proxy.skipped !== undefined) {
    it.skip(`${title} (${proxy.skipped})`, () => undefined);
    return;
  }
  it(title, async () => {
    const operator = await startOtlpReceiver();
    const telemetry = createGatewayTelemetry({
      env: false,
      operator: { endpoint: operator.url },
      spans: 'server+client',
      metrics: { intervalMs: 86_400_000 },
    });
    const upstream = createServer(answerOf);
    const agent = new Agent({ keepAlive: true });
    const server = await proxy.serve(telemetry, `http://127.0.0.1:${await listen(upstream)}`);
    const arrived = new Map<string, number>();
    server.prependListener('request', ({ url = '' }: IncomingMessage) => count(arrived, url));
    const port = await listen(server);
    onTestFinished(async () => {
      for (const each of [server, upstream]) {
        each.close();
        each.closeAllConnections();
      }
      agent.destroy();
      await operator.close();
    });

    const perform = async (path: string, method: string): Promise<void> => {
      if (!path.startsWith('/leaves')) return ask(port, agent, path, method);
      const client = openRaw(port, `${method} ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
      await (path === '/leaves-answer' ? client.waitFor('part') : pause(20));
      client.socket.destroy();
      await client.closed;
    };
    let sent = 0;
    const round = async (until: number): Promise<void> => {
      const client = async (): Promise<void> => {
        while (sent < until) {
          const [path = '', method = ''] = KINDS[sent++ % KINDS.length] ?? [];
          await perform(path, method);
        }
      };
      await Promise.all(Array.from({ length: CLIENTS }, client));
      const deadline = Date.now() + IDLE_DEADLINE_MS;
      while (telemetry.status().openExchanges > 0) {
        assert.ok(Date.now() < deadline, `${telemetry.status().openExchanges} exchanges did not end`);
        await pause(2);
      }
      // The upstream's late answers, and the CLIENT spans that get one more turn.
      await pause(SILENCE_MS + 50);
      await telemetry.flush({ timeoutMs: 30_000 });
    };

    const told = { spans: new Map<string, number>(), logs: new Map<string, number>() };
    const heaps: number[] = [];
    let counted = 0;
    let calls = 0;
    for (let index = 1; index <= ROUNDS; index++) {
      await round(index * REQUESTS_A_ROUND);
      for (const { kind, attributes } of operator.spans) {
        if (kind === CLIENT) calls++;
        else count(told.spans, lineOf(attributes));
      }
      for (const { attributes } of operator.logs) count(told.logs, lineOf(attributes));
      counted = total(newest(counters(operator)));
      operator.reset();
      collectGarbage();
      heaps.push(process.memoryUsage().heapUsed);
    }

    const outcomes = new Map(KINDS.map(([path, , line]) => [path, line] as const));
    const expected = Object.fromEntries(
      [...arrived].map(([path, n]) => [`${path} ${outcomes.get(path)}`, n]),
    );
    expect(Object.fromEntries(told.spans)).toEqual(expected);
    expect(Object.fromEntries(told.logs)).toEqual(expected);
    const all = [...arrived.values()].reduce((sum, n) => sum + n, 0);
    expect(counted).toBe(all);
    // A client may have left before anybody listened.
    expect(all).toBeGreaterThan(sent * 0.99);
    // One attempt each, and no span of one is left open.
    expect(calls).toBe(all);
    const { complete } = await telemetry.shutdown();
    expect(complete).toBe(true);
    console.log(
      `${proxy.name}: ${sent} requests, ${all} told; heap after each round ` +
        `${heaps.map((bytes) => (bytes / 1e6).toFixed(1)).join(' ')} MB`,
    );
    expect((heaps.at(-1) ?? 0) - (heaps[0] ?? 0)).toBeLessThan(HEAP_SLACK_BYTES);
  });
}

const count = (counts: Map<string, number>, key: string): void =>
  void counts.set(key, (counts.get(key) ?? 0) + 1);

const lineOf = (attributes: Readonly<Record<string, unknown>>): string =>
  ['url.path', 'http.response.status_code', 'error.type']
    .map((key) => `${(attributes[key] as string | number | undefined) ?? '-'}`)
    .join(' ');

/** Reads the answer to its end, on a connection that stays open. */
const ask = (port: number, agent: Agent, path: string, method: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const asked = httpRequest({ port, host: '127.0.0.1', path, agent, method }, (answer) => {
      answer.on('error', reject).on('end', resolve).resume();
    });
    asked.on('error', reject).end(method === 'POST' ? UPLOAD : undefined);
  });

async function listen(server: Server): Promise<number> {
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
