/** A thousand changes of configuration a second, for one tenant and for many: nothing of them is left over. */
import type { Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Destination, GatewayTelemetry } from '../../src/index.js';
import { watchClientSockets } from '../faults/support.js';
import {
  canaryOf,
  expectLaw,
  pause,
  send,
  startHttp,
  withTelemetry,
  type RawServer,
} from '../delivery/support.js';

vi.setConfig({ testTimeout: 60_000 });

const PER_SECOND = 1_000;
const SECONDS = 2;
/** A removed place's sockets close within a second; after five the server would close them. */
const SETTLED_MS = 3_000;

interface Place extends RawServer {
  /** Everything that was sent to it. */
  text(): string;
}

async function startPlace(): Promise<Place> {
  const pieces: Buffer[] = [];
  const server = await startHttp((request, response) => {
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => response.end());
  });
  onTestFinished(() => server.close());
  return { ...server, text: () => Buffer.concat(pieces).toString('latin1') };
}

const timers = (): number => process.getActiveResourcesInfo().filter((what) => what === 'Timeout').length;
const isOpen = (socket: Socket): boolean => !socket.destroyed;

/** So many a second; returns when all were made. */
async function change(make: (number: number) => void): Promise<void> {
  const beganMs = performance.now();
  for (let made = 0; made < PER_SECOND * SECONDS;) {
    const due = Math.min(PER_SECOND * SECONDS, ((performance.now() - beganMs) * PER_SECOND) / 1_000);
    while (made < due) make(made++);
    await pause(5);
  }
}

/** No tenant is left, and there is no operator. */
async function expectNothingLeft(
  telemetry: GatewayTelemetry,
  watch: { readonly sockets: readonly Socket[] },
  timersBefore: number,
): Promise<void> {
  const openSockets = (): number => watch.sockets.filter(isOpen).length;
  const deadlineMs = performance.now() + SETTLED_MS;
  // Not with a waiter of the test runner's, which has timers of its own.
  while (openSockets() > 0 || timers() > timersBefore) {
    if (performance.now() > deadlineMs) break;
    await pause(20);
  }
  expect(openSockets(), 'sockets').toBe(0);
  expect(timers(), 'timers').toBeLessThanOrEqual(timersBefore);
  expect(telemetry.status().memory.tenantsBytes, 'bytes').toBe(0);
}

const kinds: readonly [string, number][] = [
  ['one tenant', 1],
  ['a hundred tenants', 100],
];

it.each(kinds)('of the place of %s leave no socket, no timer and no byte', async (_what, count) => {
  const places = await Promise.all([startPlace(), startPlace()]);
  const watch = watchClientSockets();
  onTestFinished(() => watch.stop());
  const ids = Array.from({ length: count }, (_, index) => `tenant-${index}`);
  const at = (index: number): Destination => ({
    endpoint: places[index % 2]?.url ?? '',
    compression: 'none',
    headers: { 'x-change': String(index) },
  });
  await withTelemetry(
    { delivery: { tenants: { flushIntervalMs: 50 } }, metrics: { intervalMs: 1_000 } },
    async (telemetry) => {
      telemetry.setTenants(Object.fromEntries(ids.map((id) => [id, at(0)])));
      for (const id of ids) send(telemetry, id, 0);
      await telemetry.flush({ timeoutMs: 1_000 });
      const timersBefore = timers();
      await change((number) => {
        const id = ids[number % ids.length] ?? '';
        telemetry.setTenant(id, at(number));
        send(telemetry, id, number);
      });
      expectLaw(telemetry, ids);
      await telemetry.flush({ timeoutMs: 1_000 });
      for (const id of ids) expect(telemetry.status(id).destinations).toHaveLength(1);
      // Gone, so that what they hold goes too.
      telemetry.setTenants({}, { force: true });
      expect(telemetry.status().tenants.count).toBe(0);
      await expectNothingLeft(telemetry, watch, timersBefore);
      const { logs } = telemetry.status().tenants.totals;
      expect(logs?.accepted).toBe(count + PER_SECOND * SECONDS);
      expect(Object.keys(logs?.dropped ?? {}).filter((reason) => reason !== 'destination_changed')).toEqual(
        [],
      );
    },
  );
});

it('of the credentials of one tenant lose no record, and the last ones serve', async () => {
  const place = await startPlace();
  await withTelemetry({ delivery: { tenants: { flushIntervalMs: 50 } } }, async (telemetry) => {
    const at = (index: number): Destination => ({ endpoint: place.url, headers: { 'x-key': String(index) } });
    telemetry.setTenant('acme', at(0));
    await change((number) => {
      telemetry.setTenant('acme', at(number));
      send(telemetry, 'acme', number);
    });
    await telemetry.flush();
    const ledger = telemetry.status('acme').destinations[0]?.signals.logs?.ledger;
    expect(ledger).toMatchObject({ accepted: PER_SECOND * SECONDS, delivered: PER_SECOND * SECONDS });
    expect(place.connections()).toBeLessThanOrEqual(4);
    expectLaw(telemetry, ['acme']);
  });
});

it('that add and remove tenants leave no tenant', async () => {
  const places = await Promise.all([startPlace(), startPlace()]);
  const watch = watchClientSockets();
  onTestFinished(() => watch.stop());
  await withTelemetry({ delivery: { tenants: { flushIntervalMs: 50 } } }, async (telemetry) => {
    // So that the scheduler and what else is made once is there before.
    telemetry.setTenant('first', { endpoint: places[0].url });
    send(telemetry, 'first', 'x');
    await telemetry.flush();
    const timersBefore = timers();
    await change((number) => {
      const id = `tenant-${number}`;
      telemetry.setTenant(id, { endpoint: places[number % 2]?.url ?? '', compression: 'none' });
      send(telemetry, id, number);
      if (number >= 50) telemetry.setTenant(`tenant-${number - 50}`, null);
    });
    for (let number = PER_SECOND * SECONDS - 50; number < PER_SECOND * SECONDS; number++)
      telemetry.setTenant(`tenant-${number}`, null);
    telemetry.setTenant('first', null);
    expect(telemetry.status().tenants.count).toBe(0);
    await expectNothingLeft(telemetry, watch, timersBefore);
    // What arrived belongs to where it arrived.
    const arrived = places.map((place) => place.text());
    for (let number = 0; number < PER_SECOND * SECONDS; number += 7) {
      const canary = canaryOf(`tenant-${number}`);
      expect(arrived[(number + 1) % 2]?.includes(canary), canary).toBe(false);
    }
    expectLaw(telemetry);
  });
});
