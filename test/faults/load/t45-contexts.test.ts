/** T45: exporting has nothing to do with the request that happens to cause it: no store is held, no export is traced, no loop. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createChildRunner, type ChildRunner } from '../../delivery/child.js';
import { expectLaw, withTelemetry } from '../../delivery/support.js';
import type { GatewayOptions } from '../../../src/index.js';
import { figure } from '../support.js';
import { startLoadCollector } from './collector.js';
import { busiest, sized } from './scale.js';
import { startGatewayServer, type GatewayServer } from './self-export.js';

const REQUESTS = sized(50, 1_000);
const LOOP_MS = sized(5_000, 60_000);
/** A record waits 1 s ± a fifth for company; readings are off. */
const MAX_PER_SECOND = 2;
const MAX_LOOPS = Math.ceil(LOOP_MS / 800) + 1;

let children: ChildRunner;
beforeAll(() => void (children = createChildRunner()));
afterAll(() => children.close());

/** Requests with a store each, exported over sockets that stay open, by timers that run on. Everything that is public is called inside. */
const PROGRAM = `
const { AsyncLocalStorage } = require('node:async_hooks');
const { subscribe } = require('node:diagnostics_channel');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { setTimeout: pause } = require('node:timers/promises');
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
const requests = new AsyncLocalStorage();
const seen = [];
let open = 0;
subscribe('http.client.request.start', () => seen.push(requests.getStore() === undefined));
subscribe('net.client.socket', ({ socket }) => {
  open++;
  socket.once('close', () => open--);
});
const stores = [];
// As a host does that makes it in its first request; that one context may live on, but no export may be in it.
const telemetry = requests.run({}, () => {
  return gateway.createGatewayTelemetry({
    env: false, tenantEgress: 'open',
    operator: { endpoint: argument.url + '/operator' },
    tenants: async (id) => ({ endpoint: argument.url + '/' + id, headers: { authorization: id + '.0' } }),
    delivery: { operator: { flushIntervalMs: 100 }, tenants: { flushIntervalMs: 100 } },
    metrics: { intervalMs: 86_400_000 },
  });
});
async function serve(number) {
  const id = 't' + (number % 10);
  const exchange = telemetry.begin({ method: 'GET', url: '/r/' + number, headers: {} });
  exchange.setTenant(id);
  exchange.end({ statusCode: 200 });
  // What a host may do in the middle of a request.
  if (number % 10 === 1) telemetry.setTenant(id, { endpoint: argument.url + '/' + id, headers: { authorization: id + '.' + number } });
  if (number % 10 === 2) await telemetry.refreshTenant(id);
  if (number % 10 === 3) await telemetry.flush({ timeoutMs: 1_000 });
  await pause(1);
}
async function all() {
  for (let number = 0; number < argument.count; number++) {
    await requests.run({ body: 'x'.repeat(100_000), number }, () => {
      stores.push(new WeakRef(requests.getStore()));
      return serve(number);
    });
  }
}
all().then(async () => {
  // Nothing comes after this one that could push it out of where the last one is remembered.
  await requests.run({ number: argument.count }, () => {
    stores.push(new WeakRef(requests.getStore()));
    return telemetry.flush();
  });
  let left = [];
  for (let round = 0; round === 0 || (round < 40 && left.length > 0); round++) {
    await pause(50);
    collectGarbage();
    left = stores.flatMap((store) => store.deref()?.number ?? []);
  }
  const figures = {
    stores: stores.length, left, open,
    exports: seen.length, inside: seen.filter((isOutside) => !isOutside).length,
  };
  await telemetry.shutdown();
  console.log(JSON.stringify(figures));
});`;

it('T45: open sockets and running timers hold no store of any request', async () => {
  const collector = await startLoadCollector();
  try {
    const result = await children.run(PROGRAM, { url: collector.url, count: REQUESTS }, 120_000);
    expect(result).toMatchObject({ code: 0, errors: '' });
    const figures = JSON.parse(result.output) as Record<'stores' | 'open' | 'exports' | 'inside', number>;
    figure('T45', JSON.stringify(figures));
    expect(figures).toMatchObject({ stores: REQUESTS + 1, left: [], inside: 0 });
    expect(figures.open).toBeGreaterThan(0);
    expect(figures.exports).toBeGreaterThan(0);
  } finally {
    await collector.close();
  }
});

it('T45: exports are not traced by the tracer of the host', async () => {
  const collector = await startLoadCollector();
  try {
    const program = `// no prelude
      const argument = JSON.parse(process.argv[2]);
      const { context, trace } = require('@opentelemetry/api');
      const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
      const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
      const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base');
      const names = [];
      const provider = new BasicTracerProvider({
        spanProcessors: [{
          onStart: (span) => names.push(String(span.attributes['url.full'] ?? span.attributes['http.url'] ?? span.name)),
          onEnd() {}, forceFlush: async () => {}, shutdown: async () => {},
        }],
      });
      trace.setGlobalTracerProvider(provider);
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      const instrumentation = new HttpInstrumentation();
      instrumentation.setTracerProvider(provider);
      instrumentation.enable();
      const http = require('node:http');
      const gateway = require('./index.js');
      const telemetry = gateway.createGatewayTelemetry({
        env: false, tenantEgress: 'open',
        operator: { endpoint: argument.url + '/operator' },
        tenants: Object.fromEntries(argument.ids.map((id) => [id, { endpoint: argument.url + '/' + id }])),
        delivery: { operator: { flushIntervalMs: 100 }, tenants: { flushIntervalMs: 100 } },
      });
      trace.getTracer('host').startActiveSpan('a request of the host', async (span) => {
        for (const id of argument.ids) {
          const exchange = telemetry.begin({ method: 'GET', url: '/r', headers: {} });
          exchange.setTenant(id);
          exchange.end({ statusCode: 200 });
        }
        // By the timer, and by the host's own wish.
        await new Promise((resolve) => setTimeout(resolve, 400));
        await telemetry.flush();
        await new Promise((resolve) => http.get(argument.url + '/probe', (response) => response.resume().on('end', resolve)));
        span.end();
        await telemetry.shutdown();
        console.log(JSON.stringify(names));
      });`;
    const ids = ['t1', 't2', 't3'];
    const result = await children.run(program, { url: collector.url, ids }, 60_000);
    expect(result).toMatchObject({ code: 0, errors: '' });
    const names = JSON.parse(result.output) as string[];
    // The probe shows that the instrumentation works.
    expect(names.filter((name) => name.includes('/probe'))).toHaveLength(1);
    expect(names.filter((name) => name.includes('/v1/'))).toEqual([]);
    expect(collector.taken.filter(({ signal }) => signal === 'logs').length).toBeGreaterThanOrEqual(4);
  } finally {
    await collector.close();
  }
});

it('T45: a tenant that exports to the gateway itself makes no loop', async () => {
  const requestsMs: number[] = [];
  const self = await startGatewayServer();
  try {
    await withTelemetry(
      { tenants: { loop: { endpoint: self.url, compression: 'none' } }, metrics: { intervalMs: 1_000 } },
      async (telemetry) => {
        self.serve(telemetry, 'loop', () => requestsMs.push(performance.now()));
        await self.ask();
        await pause(LOOP_MS);
        figure('T45', `exporting to itself: ${requestsMs.length} requests in ${LOOP_MS / 1_000} s`);
        // The one from outside, its log record, and its metrics, which do not change any more.
        expect(requestsMs.length).toBeGreaterThan(1);
        expect(requestsMs.length).toBeLessThanOrEqual(3);
        expect(telemetry.status('loop').destinations[0]?.signals.logs?.ledger).toMatchObject({
          accepted: 1,
          delivered: 1,
        });
        expectLaw(telemetry, ['loop']);
      },
    );
  } finally {
    await self.close();
  }
});

it('T45: a tenant whose two gateways export to each other makes no storm', async () => {
  const requestsMs: number[] = [];
  const servers = [await startGatewayServer(), await startGatewayServer()] as const;
  const options = (to: GatewayServer): GatewayOptions => ({
    tenants: { loop: { endpoint: to.url, compression: 'none' } },
    metrics: { intervalMs: 86_400_000 },
  });
  try {
    await withTelemetry(options(servers[1]), (one) =>
      withTelemetry(options(servers[0]), async (other) => {
        // Each has a key of its own, so neither knows the other's tokens.
        servers[0].serve(one, 'loop', () => requestsMs.push(performance.now()));
        servers[1].serve(other, 'loop', () => requestsMs.push(performance.now()));
        await servers[0].ask();
        await pause(LOOP_MS);
        figure(
          'T45',
          `two gateways, each exporting to the other: ${requestsMs.length} requests in ${LOOP_MS / 1_000} s, ` +
            `${busiest(requestsMs, 1_000)} in the busiest second`,
        );
        expect(requestsMs.length).toBeGreaterThan(1);
        expect(requestsMs.length).toBeLessThanOrEqual(MAX_LOOPS);
        expect(busiest(requestsMs, 1_000)).toBeLessThanOrEqual(MAX_PER_SECOND);
        for (const telemetry of [one, other]) expectLaw(telemetry, ['loop']);
      }),
    );
  } finally {
    for (const server of servers) await server.close();
  }
});
