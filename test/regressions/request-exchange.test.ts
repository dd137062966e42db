/** One exchange: who ends it, who runs inside it, and what it survives being told. */
import { EventEmitter } from 'node:events';
import { Agent, request as call } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import type { Exchange } from '../../src/index.js';
import { startOtlpReceiver } from '../../src/testing/index.js';
import { startGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import { counters, newest, total } from '../support/readings.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const ARRIVAL = { method: 'GET', url: '/x', headers: {} };

it('an exchange that its handler ends still gets what the adapter knows, in one record', async () => {
  const gateway = await startGateway({
    listener: (_request, response, exchange) => {
      exchange.end({ statusCode: 202 });
      response.end('ok');
    },
    adapter: {
      tenant: () => 'acme',
      route: () => 'orders',
      environment: () => 'blue',
      attributes: () => ({ 'adapter.fact': 'known' }),
    },
  });
  await send(`${gateway.url}/x`);
  await gateway.flush();
  const { spans, logs } = gateway.operator;
  expect([spans.length, logs.length, gateway.acme.logs.length]).toEqual([1, 1, 1]);
  expect(total(newest(counters(gateway.operator)))).toBe(1);
  expect(spans[0]?.attributes).toMatchObject({
    'http.response.status_code': 202,
    'knoxcall.tenant_id': 'acme',
    'knoxcall.route_name': 'orders',
    'knoxcall.environment': 'blue',
    'adapter.fact': 'known',
  });
  expect(logs[0]?.attributes['adapter.fact']).toBe('known');
  expect(gateway.acme.logs[0]?.attributes).toMatchObject({ 'knoxcall.route_name': 'orders' });
});

it('listeners of a bound emitter run in the exchange that bound it last', async () => {
  const { telemetry } = await startGateway();
  const [first, second] = [telemetry.begin(ARRIVAL), telemetry.begin(ARRIVAL)];
  const emitter = new EventEmitter();
  const seen: string[] = [];
  emitter.on('event', () => seen.push(telemetry.current().traceId));
  expect(first.bind(emitter)).toBe(emitter);
  emitter.emit('event');
  second.bind(emitter);
  emitter.emit('event');
  first.run(() => emitter.emit('event'));
  first.end({ statusCode: 200 });
  second.end({ statusCode: 200 });
  expect(seen).toEqual([first.traceId, second.traceId, second.traceId]);
  expect(telemetry.current().recording).toBe(false);
});

it('20,000 exchanges that bind one emitter neither fill the stack nor stay in memory', async () => {
  const { telemetry } = await startGateway({ operator: { signals: { traces: false, logs: false } } });
  const emitter = new EventEmitter();
  const exchanges: WeakRef<Exchange>[] = [];
  for (let number = 0; number < 20_000; number++) {
    const exchange = telemetry.begin(ARRIVAL);
    exchange.bind(emitter);
    exchange.end({ statusCode: 200 });
    exchanges.push(new WeakRef(exchange));
  }
  await pause(1);
  collectGarbage();
  const left = exchanges.filter((exchange) => exchange.deref() !== undefined);
  // The emitter holds the last one; a few may still lie in registers.
  expect(left.length).toBeLessThan(10);
  let calls = 0;
  emitter.on('event', () => calls++);
  emitter.emit('event');
  expect(calls).toBe(1);
});

it('a span survives everything odd that it is told, and arrives', async () => {
  const gateway = await startGateway({
    listener: (_request, response, { span }) => {
      for (const odd of [null, undefined, 7, Symbol('odd'), () => 'odd', {}, [], Object.create(null)]) {
        span.recordException(odd as never);
      }
      span.recordException({
        code: { deep: true },
        name: 5,
        message: Symbol('odd'),
        stack: ['not', 'a', 'text'],
      } as never);
      span.addLink(undefined as never);
      span.addLink(null as never);
      span.setStatus(undefined as never);
      span.setStatus(null as never);
      span.setStatus({} as never);
      response.end('ok');
    },
  });
  expect((await send(`${gateway.url}/x`)).status).toBe(200);
  await gateway.flush();
  const [span] = gateway.operator.spans;
  expect(gateway.operator.spans).toHaveLength(1);
  // By the conventions an exception has a type or a message; the others have nothing to tell.
  expect(span?.events.map(({ attributes }) => attributes['exception.message'])).toEqual(['7']);
  expect(span?.links).toHaveLength(0);
  expect(span?.status.code).toBe(0);
});

it('a start time of another clock does not make a duration of decades', async () => {
  const gateway = await startGateway();
  gateway.telemetry.begin({ ...ARRIVAL, startTimeMs: performance.now() }).end({ statusCode: 200 });
  await gateway.flush();
  const [span] = gateway.operator.spans;
  if (span === undefined) throw new Error('no span');
  expect(span.endTimeUnixNano - span.startTimeUnixNano).toBeLessThan(86_400_000_000_000n);
  expect(Number(gateway.operator.logs[0]?.attributes['knoxcall.latency_ms'])).toBeLessThan(86_400_000);
});

it("a Host header with an empty port has the scheme's", async () => {
  const gateway = await startGateway();
  const client = openRaw(gateway.port, 'GET /x HTTP/1.1\r\nHost: a.example:\r\nConnection: close\r\n\r\n');
  await client.closed;
  await gateway.flush();
  expect(gateway.operator.spans[0]?.attributes).toMatchObject({
    'server.address': 'a.example',
    'server.port': 80,
  });
});

it.each(['host', 'Host', 'HOST', 'hOsT'])('a host is found under the name %s', async (name) => {
  const gateway = await startGateway();
  const forms = [{ [name]: 'a.example' }, [[name, 'a.example']] as [string, string][], [name, 'a.example']];
  for (const headers of forms) gateway.telemetry.begin({ ...ARRIVAL, headers }).end({ statusCode: 200 });
  await gateway.flush();
  const addresses = gateway.operator.spans.map(({ attributes }) => attributes['server.address']);
  expect(addresses).toEqual(['a.example', 'a.example', 'a.example']);
});

it('an instance that is shut down keeps no context, and its exchanges still run functions', async () => {
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  for (let number = 0; number < 50; number++) {
    const telemetry = createGatewayTelemetry({ env: false, operator: { endpoint: receiver.url } });
    const exchange = telemetry.begin(ARRIVAL);
    expect(exchange.run(() => telemetry.current())).toBe(exchange);
    exchange.end({ statusCode: 200 });
    await telemetry.shutdown();
    const seen = await exchange.run(async () => {
      const before = telemetry.current().recording;
      await pause(0);
      return [before, telemetry.current().recording];
    });
    expect(seen).toEqual([false, false]);
  }
});

it('concurrent requests on kept-alive connections never see the exchange of another', async () => {
  const strangers: string[] = [];
  let checks = 0;
  const gateway = await startGateway({
    listener: async (request, response, exchange) => {
      const check = (where: string): void => {
        checks++;
        if (gateway.telemetry.of(request) !== exchange) strangers.push(`of: ${where}`);
        if (gateway.telemetry.current() !== exchange) strangers.push(`current: ${where}`);
      };
      exchange.bind(request);
      exchange.bind(response);
      check('at once');
      request.on('data', () => check('data'));
      const whole = new Promise<void>((resolve) =>
        request.on('end', () => {
          check('end');
          resolve();
        }),
      );
      response.on('finish', () => check('finish'));
      await whole;
      check('after the body');
      await pause(Math.random() * 5);
      check('after a pause');
      response.end(exchange.traceId);
    },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  onTestFinished(() => agent.destroy());
  const post = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const outgoing = call(gateway.url, { method: 'POST', agent }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(text));
      });
      outgoing.on('error', reject);
      outgoing.write('first');
      setTimeout(() => outgoing.end('second'), 2);
    });
  const answers = await Promise.all(Array.from({ length: 20 }, post));
  await gateway.flush();
  expect(strangers).toEqual([]);
  expect(checks).toBeGreaterThanOrEqual(20 * 6);
  const sorted = (ids: readonly string[]): string[] => [...ids].sort();
  expect(sorted(gateway.operator.spans.map(({ traceId }) => traceId))).toEqual(sorted(answers));
});
