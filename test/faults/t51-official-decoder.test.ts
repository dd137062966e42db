/** T51: strict decoders read every kind of payload, to the last byte, and its resource is its owner's. */
import { expect, it } from 'vitest';
import type { OtlpReceiver, OtlpSignal } from '../../src/testing/index.js';
import { inWorld, send, type World } from '../delivery/support.js';
import { assertSameAsOfficial, officialRequest } from '../testing/official-decoder.js';
import { createInstruments, sendEveryRecord } from './every-record.js';
import { figure } from './support.js';

const TENANTS = ['acme', 'globex'];
/** More than a batch has: together far above the 64 KiB from which bodies are compressed on the thread pool. */
const MANY = 520;
const LARGE_BYTES = 64 * 1024;

/** The SDK's identity and its instance, besides what a destination says. */
const TENANT_KEYS = [
  'service.instance.id',
  'service.name',
  'telemetry.sdk.language',
  'telemetry.sdk.name',
  'telemetry.sdk.version',
];

const HUGE = Object.fromEntries(
  Array.from({ length: 75 }, (_unused, at) => [`pad-${at}`, 'x'.repeat(4_000)]),
);

interface Payload {
  readonly owner: string;
  readonly signal: OtlpSignal;
  readonly bytes: Uint8Array;
}

function payloadsAt(owner: string, receiver: OtlpReceiver): readonly Payload[] {
  return receiver.requests.map(({ signal, bytes, error, answeredStatus, headers }) => {
    expect({ error, answeredStatus }, owner).toEqual({ error: undefined, answeredStatus: 200 });
    expect(headers['content-type']).toBe('application/x-protobuf');
    if (signal === undefined) throw new Error('A request without a signal.');
    return { owner, signal, bytes };
  });
}

/**
 * As generated code skips in silence what it does not know, what it has read must make up the whole payload when it is
 * written again. That our decoder reads the same in it is asserted at the end of every scenario.
 */
function expectWholeRead({ owner, signal, bytes }: Payload): void {
  const message = officialRequest(signal);
  const again = message.encode(message.decode(bytes)).finish();
  expect(again.byteLength, `${signal} of ${owner}`).toBe(bytes.byteLength);
}

const resourcesAt = (receiver: OtlpReceiver): readonly Readonly<Record<string, unknown>>[] =>
  [...receiver.spans, ...receiver.logs, ...receiver.metricPoints].map(({ resource }) => resource);

const distinct = (values: readonly unknown[]): number =>
  new Set(values.map((value) => JSON.stringify(value))).size;

/** Everything that is sent at once, then each kind by itself in a request of its own. */
async function sendAll(world: World): Promise<void> {
  const { telemetry } = world;
  const measure = createInstruments(telemetry);
  measure();
  sendEveryRecord(telemetry, TENANTS);
  await telemetry.flush();
  for (const id of TENANTS) {
    send(telemetry, id, 'alone');
    await telemetry.flush();
  }
  for (let mark = 0; mark < MANY; mark++)
    send(telemetry, 'acme', `${mark}/ü`, { pad: 'x'.repeat(mark % 200) });
  // Larger than a record may be: what it costs is told by a counter of its own.
  send(telemetry, 'acme', 'huge', HUGE);
  measure();
  await telemetry.flush({ timeoutMs: 15_000 });
}

it('T51: strict decoders read every payload, large and small, packed and plain', async () => {
  let read = '';
  await inWorld(
    {
      receivers: ['operator-2', ...TENANTS],
      configure: (to) => ({
        serviceName: 'edge',
        environment: 'test',
        spans: 'server+client',
        selfMetrics: true,
        resourceAttributes: { 'host.name': 'gateway-7', 'operator.only': ['a', 'b'] },
        operator: [
          to('operator', { compression: 'gzip', temporality: 'cumulative' }),
          to('operator-2', {
            name: 'second',
            compression: 'none',
            temporality: 'delta',
            resourceAttributes: { place: 2 },
          }),
        ],
        tenants: {
          acme: to('acme', { compression: 'gzip', temporality: 'delta' }),
          globex: to('globex', {
            compression: 'none',
            serviceName: 'globex-edge',
            resourceAttributes: { 'globex.only': true, list: [1, 2], ratio: 0.5 },
          }),
        },
      }),
    },
    async (world) => {
      await sendAll(world);
      const owners = ['operator', 'operator-2', ...TENANTS];
      const payloads = owners.flatMap((owner) => payloadsAt(owner, world.at(owner)));
      payloads.forEach(expectWholeRead);
      const sizes = payloads.map(({ bytes }) => bytes.byteLength);
      read = `${payloads.length} payloads, ${sizes.reduce((sum, size) => sum + size, 0)} bytes`;

      // The scenario is worth something only if it has made what it says.
      for (const owner of owners) {
        const own = payloads.filter((payload) => payload.owner === owner);
        expect([...new Set(own.map(({ signal }) => signal))].sort()).toEqual(
          owner.startsWith('operator') ? ['logs', 'metrics', 'traces'] : ['logs', 'metrics'],
        );
        const packed = world.at(owner).requests.some(({ headers }) => headers['content-encoding'] === 'gzip');
        expect(packed, owner).toBe(owner === 'operator' || owner === 'acme');
        if (owner !== 'globex')
          expect(Math.max(...own.map(({ bytes }) => bytes.byteLength)), owner).toBeGreaterThan(LARGE_BYTES);
      }
      const operator = world.at('operator');
      expect(distinct(operator.spans.map(({ kind }) => kind))).toBe(5);
      expect(operator.spans.some(({ links }) => links.length > 1)).toBe(true);
      expect(operator.spans.some(({ events }) => events.length > 2)).toBe(true);
      const shapes = operator.metricPoints.map(({ type, temporality }) => [type, temporality]);
      expect(distinct(shapes)).toBe(3);
      const namesAt = (owner: string) => [...new Set(world.at(owner).metricPoints.map(({ name }) => name))];
      const selfMetrics = namesAt('operator').filter((name) => name.startsWith('otel.sdk.'));
      expect(selfMetrics.length).toBeGreaterThanOrEqual(5);
      // Eight instruments of the host's and the two request metrics.
      expect(namesAt('operator').length - selfMetrics.length).toBe(8 + 2);
      // Who has lost something is told so.
      expect(namesAt('acme')).toContain('knoxcall.telemetry.lost');
      expect(namesAt('globex')).not.toContain('knoxcall.telemetry.lost');
      expect(world.at('acme').metricPoints.every(({ temporality }) => temporality === 'delta')).toBe(true);
      expect(world.at('acme').logs).toHaveLength(6 + 1 + MANY);

      // A resource is its owner's alone, and two tenants share nothing by which they could be matched.
      const extra = { acme: [], globex: ['globex.only', 'list', 'ratio'] };
      const instances = new Set<unknown>();
      for (const [id, more] of Object.entries(extra)) {
        const resources = resourcesAt(world.at(id));
        expect(distinct(resources)).toBe(1);
        expect(Object.keys(resources[0] ?? {}).sort()).toEqual([...TENANT_KEYS, ...more].sort());
        expect(resources[0]?.['service.name']).toBe(id === 'globex' ? 'globex-edge' : 'edge');
        instances.add(resources[0]?.['service.instance.id']);
      }
      for (const resource of [...resourcesAt(operator), ...resourcesAt(world.at('operator-2'))]) {
        expect(resource).toMatchObject({ 'host.name': 'gateway-7', 'operator.only': ['a', 'b'] });
        expect(resource).not.toHaveProperty(['globex.only']);
        instances.add(resource['service.instance.id']);
      }
      expect(instances.size).toBe(3);
    },
  );
  figure('T51', `${read}, decode errors 0`);
});

it('T51: a payload with a byte too few or a field too many is not read as good', async () => {
  await inWorld({ receivers: [] }, async (world) => {
    sendEveryRecord(world.telemetry, []);
    world.send(undefined, 1);
    await world.telemetry.flush();
    const payloads = payloadsAt('operator', world.at('operator'));
    expect(payloads.map(({ signal }) => signal).sort()).toEqual(['logs', 'metrics', 'traces']);
    for (const payload of payloads) {
      const { signal, bytes } = payload;
      const cut = bytes.subarray(0, -1);
      expect(() => assertSameAsOfficial(signal, cut)).toThrow();
      // Field 15, which no request has.
      const unknown = Buffer.concat([bytes, Buffer.from([0x78, 0x01])]);
      expect(() => expectWholeRead({ ...payload, bytes: unknown })).toThrow();
    }
  });
});
