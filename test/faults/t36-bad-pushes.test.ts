/**
 * T36: configuration pushes that are blank, half, huge or broken. Single ones: test/delivery/live-changes.test.ts; the limit
 * of tenants: load/t36-limit.test.ts.
 */
import { expect, it } from 'vitest';
import type { Destinations, TenantRecord } from '../../src/index.js';
import { inWorld, marksAt, refusingUrl, send, withTelemetry, type World } from '../delivery/support.js';
import { figure } from './support.js';

const TENANTS = ['t1', 't2', 't3', 't4', '__proto__', '../../x'];

/** Made as a parser of JSON makes it, so that `__proto__` is a key like any other. */
const record = (entries: readonly (readonly [string, unknown])[]): TenantRecord =>
  Object.fromEntries(entries) as TenantRecord;

it('T36: no bad push has any effect on traffic', async () => {
  await inWorld(
    {
      receivers: TENANTS,
      configure: (to) => ({ tenants: record(TENANTS.map((id) => [id, to(id)])) }),
    },
    async (world) => {
      const { telemetry } = world;
      const good = (ids: readonly string[]) => ids.map((id) => [id, world.to(id)] as const);
      const push = (tenants: unknown) => (): void => telemetry.setTenants(tenants as TenantRecord);
      const set = (id: unknown, destinations: unknown) => (): void =>
        telemetry.setTenant(id as string, destinations as Destinations);
      const many = (count: number): [string, unknown][] =>
        Array.from({ length: count }, (_unused, index) => [`m${index}`, { endpoint: world.at('t1').url }]);
      const bad: readonly (readonly [string, () => void])[] = [
        ['blank', push({})],
        ['undefined', push(undefined)],
        ['null', push(null)],
        ['a list', push([])],
        ['text', push('tenants')],
        ['two of six left', push(record(good(TENANTS.slice(0, 2))))],
        ['four of six null', push(record([...good(TENANTS.slice(0, 2)), ['t3', null], ['t4', []]]))],
        ['50,000 tenants', push(record([...good(TENANTS), ...many(50_000)]))],
        ['one of them broken', push(record([...good(TENANTS), ['new', { endpoint: 'nonsense' }]]))],
        ['one of them without an endpoint', push(record([...good(TENANTS), ['new', {}]]))],
        ['an id of 10 KB', push(record([...good(TENANTS), ['x'.repeat(10_240), world.to('t1')]]))],
        ['an empty id', push(record([...good(TENANTS), ['', world.to('t1')]]))],
        ['one name twice', push(record([...good(TENANTS), ['new', [world.to('t1'), world.to('t2')]]]))],
        ['an unknown field', push(record([...good(TENANTS), ['new', { ...world.to('t1'), endpiont: 1 }]]))],
        ['a single id of 10 KB', set('x'.repeat(10_240), world.to('t1'))],
        ['a single id that is a number', set(7, world.to('t1'))],
        ['a single broken destination', set('t1', { endpoint: 'ftp://127.0.0.1' })],
        ['a single blank destination', set('t1', {})],
      ];
      let round = 0;
      for (const [what, act] of bad) {
        for (const id of TENANTS) world.send(id, round);
        round++;
        let refused: Error | undefined;
        try {
          act();
        } catch (error) {
          refused = error as Error;
        }
        expect(refused?.name, what).toBe('ConfigurationError');
        // The reason names what is wrong, without quoting it at length.
        expect(refused?.message.length, what).toBeLessThan(400);
        for (const id of TENANTS) world.send(id, round);
        round++;
      }
      await world.telemetry.flush();
      const marks = Array.from({ length: round }, (_unused, mark) => String(mark));
      for (const id of TENANTS) {
        expect(marksAt(world.at(id)), id).toEqual(marks);
        expect(telemetry.status(id).destinations[0]?.signals.logs?.ledger).toMatchObject({
          accepted: round,
          delivered: round,
          dropped: {},
        });
      }
      expect(telemetry.status().tenants.count).toBe(TENANTS.length);
      expect(Object.keys({})).toEqual([]);
      expect(({} as Record<string, unknown>)['endpoint']).toBeUndefined();
      figure('T36', `${bad.length} bad pushes, lost 0 of ${round * TENANTS.length}`);
    },
  );
});

it('T36: blank, broken and late answers of a lookup keep the last good one', async () => {
  const answers: unknown[] = [];
  let receiver: World | undefined;
  await inWorld(
    {
      receivers: ['t1'],
      configure: (to) => ({
        tenantTtlMs: 1_000,
        tenants: () => (answers.length === 0 ? to('t1') : (answers.shift() as Destinations)),
      }),
    },
    async (world) => {
      receiver = world;
      world.send('t1', 0);
      await world.flushUntilLogs('t1', 1);
      const bad: readonly unknown[] = [
        {},
        { endpoint: '' },
        'text',
        7,
        true,
        [{}],
        Promise.reject(new Error('down')),
      ];
      let mark = 1;
      for (const answer of bad) {
        answers.push(answer);
        await world.telemetry.refreshTenant('t1');
        expect(answers).toEqual([]);
        world.send('t1', mark++);
      }
      await world.flushUntilLogs('t1', mark);
      expect(marksAt(world.at('t1'))).toEqual(Array.from({ length: mark }, (_unused, index) => `${index}`));
      expect(world.telemetry.status('t1').destinations[0]?.signals.logs?.ledger.dropped).toEqual({});
    },
  );
  expect(receiver).toBeDefined();
});

it('T36: a blank push to an instance without tenants is none', async () => {
  await withTelemetry({ operator: { endpoint: await refusingUrl() } }, async (telemetry) => {
    telemetry.setTenants({});
    send(telemetry, 't1', 1);
    expect(telemetry.status().tenants).toMatchObject({ count: 0, totals: {} });
  });
});

it('T36: no bad push has any effect on what the operator gets', async () => {
  await inWorld({ receivers: ['t1'], configure: (to) => ({ tenants: { t1: to('t1') } }) }, async (world) => {
    const { telemetry } = world;
    const good = world.to('operator');
    const bad: readonly (readonly [string, unknown])[] = [
      ['blank', {}],
      ['undefined', undefined],
      ['text', 'operator'],
      ['a number', 7],
      ['a list with a blank one', [good, {}]],
      ['one name twice', [good, good]],
      ['a blank endpoint', { ...good, endpoint: '' }],
      ['a signal’s path', { endpoint: `${world.at('operator').url}/v1/logs` }],
      ['the gRPC port', { endpoint: 'http://127.0.0.1:4317' }],
      ['an unknown field', { ...good, endpiont: 1 }],
      ['hundreds', Array.from({ length: 500 }, (_unused, index) => ({ ...good, name: `d${index}` }))],
    ];
    for (const [mark, [what, destinations]] of bad.entries()) {
      world.send('t1', mark);
      expect(() => telemetry.setOperator(destinations as Destinations), what).toThrow(
        expect.objectContaining({ name: 'ConfigurationError' }) as Error,
      );
    }
    await telemetry.flush();
    const marks = bad.map((_one, mark) => String(mark));
    for (const owner of ['operator', 't1']) expect(marksAt(world.at(owner)), owner).toEqual(marks);
    expect(telemetry.status().operator.map(({ name }) => name)).toEqual(['default']);
  });
});
