/** 10,000 mixed requests through an adapter: every one that reached it is told once and rightly, and nothing stays. */
import { strict as assert } from 'node:assert';
import { Agent, createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import { startOtlpReceiver } from '../../src/testing/index.js';
import { assertLedgerLaw } from '../support/gateway.js';
import { counters, newest, total } from '../support/readings.js';
import type { AdapterUnderTest } from './adapter-under-test.js';
import { answerOf, handlerOf, KINDS, pathOf, tenantOf, type Kind } from './mixed-traffic.js';

const REQUESTS_A_ROUND = 2_500;
/** The first fills caches and compiles: its heap is what the others are compared with. */
const ROUNDS = 5;
const CLIENTS = 24;
const TENANTS = ['acme', 'globex'] as const;
/** Garbage that survives a collection. 300 bytes kept of every request would be far above it. */
const HEAP_SLACK_BYTES = 1.5 * 1024 * 1024;
const IDLE_DEADLINE_MS = 20_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

export function describeMixedLoad(adapter: AdapterUnderTest): void {
  it(`${adapter.name}: 10,000 mixed requests are told once each, and keep no memory`, async () => {
    const began = performance.now();
    const receivers = {
      operator: await startOtlpReceiver(),
      acme: await startOtlpReceiver(),
      globex: await startOtlpReceiver(),
    };
    const { operator, acme, globex } = receivers;
    const telemetry = createGatewayTelemetry({
      env: false,
      tenantEgress: 'open',
      operator: { endpoint: operator.url },
      tenants: { acme: { endpoint: acme.url }, globex: { endpoint: globex.url } },
      metrics: { intervalMs: 86_400_000 },
    });
    const upstream = createServer(answerOf);
    const agents = { clients: new Agent({ keepAlive: true }), upstream: new Agent({ keepAlive: true }) };
    const handler = handlerOf(telemetry, `http://127.0.0.1:${await listen(upstream)}`, agents.upstream);
    const server = await adapter.serve(telemetry, handler, { adapter: { tenant: tenantOf } });
    // Before the adapter: what reaches it is what has to be told.
    const arrived = new Tally();
    server.prependListener('request', ({ url = '' }: IncomingMessage) =>
      arrived.add(url.replace(/\?.*/, '')),
    );
    const port = await listen(server);
    onTestFinished(async () => {
      for (const each of [server, upstream]) {
        each.close();
        each.closeAllConnections();
      }
      for (const each of Object.values(agents)) each.destroy();
      await Promise.all(Object.values(receivers).map((receiver) => receiver.close()));
    });

    let sent = 0;
    let left = 0;
    const round = async (): Promise<void> => {
      const until = sent + REQUESTS_A_ROUND;
      let next = 0;
      const client = async (): Promise<void> => {
        while (sent < until) {
          const number = next++;
          const kind = KINDS[number % KINDS.length] as Kind;
          const tenant = TENANTS[Math.floor(number / KINDS.length) % TENANTS.length] ?? '';
          sent += kind.requests;
          if (kind.name.startsWith('leaves')) left += kind.requests;
          await kind.perform({ port, agent: agents.clients, tenant, path: pathOf(tenant, kind) });
        }
      };
      await Promise.all(Array.from({ length: CLIENTS }, client));
      const deadline = Date.now() + IDLE_DEADLINE_MS;
      while (telemetry.status().openExchanges > 0) {
        assert.ok(Date.now() < deadline, `${telemetry.status().openExchanges} exchanges did not end`);
        await pause(2);
      }
      await telemetry.flush({ timeoutMs: 30_000 });
    };

    const told = { spans: new Tally(), logs: new Tally(), acme: new Tally(), globex: new Tally() };
    const heaps: number[] = [];
    let counted = 0;
    for (let index = 0; index < ROUNDS; index++) {
      await round();
      for (const { attributes } of operator.spans)
        told.spans.add(`${lineOf(attributes)} ${routeOf(attributes)}`);
      for (const { eventName, attributes } of operator.logs) {
        if (eventName === 'knoxcall.proxy.request') told.logs.add(lineOf(attributes));
        // What else there is explains failures, and nothing else.
        else expect(eventName).toBe('http.server.request.exception');
      }
      for (const { attributes } of acme.logs) told.acme.add(lineOf(attributes));
      for (const { attributes } of globex.logs) told.globex.add(lineOf(attributes));
      counted = total(newest(counters(operator)));
      for (const receiver of Object.values(receivers)) receiver.reset();
      heaps.push(heapBytes());
    }

    const outcomes = new Map(
      TENANTS.flatMap((tenant) => KINDS.map((kind) => [pathOf(tenant, kind), kind.told] as const)),
    );
    const expected = [...arrived.counts].map(
      ([path, count]) => [`${path} ${outcomes.get(path)}`, count] as const,
    );
    const routed = expected.map(([line, count]) => {
      const hasRoute = adapter.hasRoutes && line.startsWith('/items/');
      return [`${line} ${hasRoute ? '/items/:id' : '-'}`, count] as const;
    });
    expect(Object.fromEntries(told.spans.counts)).toEqual(Object.fromEntries(routed));
    expect(Object.fromEntries(told.logs.counts)).toEqual(Object.fromEntries(expected));
    // Each tenant has its own, and nothing of the other's.
    for (const tenant of TENANTS) {
      const own = expected.filter(([line]) => line.includes(`/${tenant}-`));
      expect(Object.fromEntries(told[tenant].counts)).toEqual(Object.fromEntries(own));
    }
    expect(counted).toBe(arrived.total);
    expect(left).toBeGreaterThanOrEqual(sent / 5);
    expect(arrived.total).toBeGreaterThan(sent * 0.9);

    const result = await telemetry.shutdown();
    expect(result.complete).toBe(true);
    for (const [owner, ledger] of [...Object.entries(result.operator), ...Object.entries(result.tenants)]) {
      assertLedgerLaw(owner, ledger);
      expect(ledger).toMatchObject({ rejected: 0, dropped: {}, buffered: 0 });
    }
    const [first = 0] = heaps;
    const growth = (heaps.at(-1) ?? 0) - first;
    console.log(
      `${adapter.name}: ${sent} requests, ${left} left by the client, ${arrived.total} told; ` +
        `heap after each round ${heaps.map((bytes) => (bytes / 1e6).toFixed(1)).join(' ')} MB; ` +
        `${((performance.now() - began) / 1_000).toFixed(1)} s`,
    );
    expect(growth).toBeLessThan(HEAP_SLACK_BYTES);
  });
}

class Tally {
  readonly counts = new Map<string, number>();
  total = 0;

  add(line: string): void {
    this.counts.set(line, (this.counts.get(line) ?? 0) + 1);
    this.total++;
  }
}

type Fields = Readonly<Record<string, unknown>>;

const lineOf = (attributes: Fields): string =>
  ['url.path', 'http.response.status_code', 'error.type'].map((key) => fieldOf(attributes, key)).join(' ');
const routeOf = (attributes: Fields): string => fieldOf(attributes, 'http.route');
const fieldOf = (attributes: Fields, key: string): string =>
  `${(attributes[key] as string | number | undefined) ?? '-'}`;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

async function listen(server: Server): Promise<number> {
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
