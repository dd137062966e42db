/** What many tenants cost a process of their own: bytes while they are idle and active, nothing when they are gone, sockets. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { figure } from '../faults/support.js';
import { createChildRunner, type ChildRunner } from '../delivery/child.js';

vi.setConfig({ testTimeout: 90_000 });

/** The targets of an idle tenant and of all sockets. */
const MAX_IDLE_BYTES = 2_048;
const MAX_SOCKETS = 512;
/** Measured: 6.6 KB, with the sockets that they share. */
const MAX_ACTIVE_BYTES = 8_192;
/** Of a tenant that is gone: less than its smallest object with its id. Code and sockets that are new count in it, some 100 KB. */
const MAX_LEFT_BYTES = 128;

let children: ChildRunner;
let server: Server;
let delivered = 0;
beforeAll(async () => {
  children = createChildRunner();
  server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    request.resume().on('end', () => {
      delivered++;
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
});
afterAll(() => {
  children.close();
  server.close();
  server.closeAllConnections();
});

async function run<T>(program: string, argument: object): Promise<T> {
  const { port } = server.address() as AddressInfo;
  const { output, errors, code } = await children.run(prelude + program, { ...argument, port }, 80_000);
  expect({ errors, code }).toEqual({ errors: '', code: 0 });
  return JSON.parse(output) as T;
}

/** Linux answers on every address that begins with 127. */
const prelude = `
require('node:v8').setFlagsFromString('--expose-gc');
const gc = require('node:vm').runInNewContext('gc');
const sleep = require('node:timers/promises').setTimeout;
const inUse = async () => {
  // Twice: what a finalizer lets go is there for the next one.
  for (let turn = 0; turn < 4; turn++) { gc(); await sleep(20); }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
const idOf = (index, round = 0) => 'tenant-' + round + '-' + index;
const setOf = (count, round, origins = count) => {
  const tenants = {};
  for (let index = 0; index < count; index++) {
    const origin = index % origins;
    const endpoint = 'http://127.16.' + (origin >>> 8) + '.' + (origin & 255) + ':' + argument.port + '/t' + index;
    tenants[idOf(index, round)] = { endpoint, headers: { 'x-api-key': 'key-' + round + '-' + index } };
  }
  return tenants;
};
const open = (tenants) => gateway.createGatewayTelemetry({
  env: false, operator: null, tenantEgress: 'open', tenants, delivery: { cpuShareOfTenants: 1 },
});
const request = (telemetry, id) => {
  const exchange = telemetry.begin({ method: 'GET', url: '/r/1', headers: {} });
  exchange.setTenant(id);
  exchange.setRoute('orders');
  exchange.end({ statusCode: 200 });
};
const totals = (telemetry) => telemetry.status().tenants.totals;
`;

it('an idle tenant takes 2 KiB at most', async () => {
  const program = `(async () => {
    await open(setOf(10)).shutdown();
    const before = await inUse();
    const telemetry = open(setOf(argument.tenants));
    const bytes = (await inUse() - before) / argument.tenants;
    const { count } = telemetry.status().tenants;
    await telemetry.shutdown();
    console.log(JSON.stringify({ bytes, count }));
  })();`;
  const { bytes, count } = await run<{ bytes: number; count: number }>(program, { tenants: 5_000 });
  figure('bytes of an idle tenant', bytes.toFixed());
  expect(count).toBe(5_000);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(MAX_IDLE_BYTES);
});

interface Round {
  readonly active: number;
  readonly left: number;
}

it('an active tenant takes a few KB, and leaves nothing behind when it is removed', async () => {
  // The tenants of each round are new ones: what the first leaves is what any does not use again.
  const program = `(async () => {
    const telemetry = open({});
    const rounds = [];
    for (let round = -1; round < 3; round++) {
      const before = await inUse();
      telemetry.setTenants(setOf(argument.tenants, round, argument.origins), { force: true });
      for (let index = 0; index < argument.tenants; index++) request(telemetry, idOf(index, round));
      await telemetry.flush({ timeoutMs: 30_000 });
      const active = (await inUse() - before) / argument.tenants;
      telemetry.setTenants({}, { force: true });
      await sleep(100);
      const left = (await inUse() - before) / argument.tenants;
      if (round >= 0) rounds.push({ active, left });
    }
    const { logs, metrics } = totals(telemetry);
    await telemetry.shutdown();
    console.log(JSON.stringify({ rounds, logs, metrics, count: telemetry.status().tenants.count }));
  })();`;
  const tenants = 1_500;
  const before = delivered;
  interface Result {
    readonly rounds: readonly Round[];
    readonly logs: object;
    readonly metrics: object;
    readonly count: number;
  }
  const { rounds, logs, metrics, count } = await run<Result>(program, { tenants, origins: 60 });
  figure('bytes of an active tenant', rounds.map(({ active }) => Math.round(active)).join(', '));
  figure('bytes that it leaves', rounds.map(({ left }) => Math.round(left)).join(', '));
  expect(count).toBe(0);
  expect(logs).toEqual({
    accepted: 4 * tenants,
    delivered: 4 * tenants,
    rejected: 0,
    dropped: {},
    buffered: 0,
  });
  expect(metrics).toMatchObject({ delivered: 8 * tenants, buffered: 0 });
  expect(delivered - before).toBe(8 * tenants);
  for (const { active } of rounds) expect(active).toBeLessThanOrEqual(MAX_ACTIVE_BYTES);
  // The lowest: a heap has noise, and what is left behind is left by every round.
  expect(Math.min(...rounds.map(({ left }) => left))).toBeLessThanOrEqual(MAX_LEFT_BYTES);
});

it('there are 512 sockets at most, however many origins, and the records of all arrive', async () => {
  const program = `(async () => {
    let openNow = 0;
    let most = 0;
    let made = 0;
    require('node:diagnostics_channel').subscribe('net.client.socket', ({ socket }) => {
      made++;
      most = Math.max(most, ++openNow);
      socket.once('close', () => openNow--);
    });
    const telemetry = open(setOf(argument.tenants, 0));
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < argument.tenants; index++) request(telemetry, idOf(index));
      await telemetry.flush({ timeoutMs: 30_000 });
    }
    const idle = openNow;
    const { logs } = totals(telemetry);
    await telemetry.shutdown();
    await sleep(200);
    console.log(JSON.stringify({ most, made, idle, left: openNow, logs }));
  })();`;
  const tenants = 900;
  interface Result {
    readonly most: number;
    readonly made: number;
    readonly idle: number;
    readonly left: number;
    readonly logs: object;
  }
  const { most, made, idle, left, logs } = await run<Result>(program, { tenants });
  figure('sockets at most, and when nothing is sent', `${most}, ${idle}`);
  expect(logs).toMatchObject({ accepted: 2 * tenants, delivered: 2 * tenants, buffered: 0 });
  expect(made).toBeGreaterThan(tenants);
  expect(most).toBeLessThanOrEqual(MAX_SOCKETS);
  // It is used, too: a bound of few sockets would make a handshake of every export.
  expect(idle).toBeGreaterThan(MAX_SOCKETS / 2);
  expect(left).toBe(0);
});
