/** `onDestinationState`: who is told of what, in which order, and that nothing follows a removal. */
import { describe, expect, it, vi } from 'vitest';
import type { Destination, DestinationStateEvent, GatewayTelemetry } from '../../src/index.js';
import { eventually, inWorld, pause, withTelemetry, type World, timed } from './support.js';

vi.setConfig({ maxConcurrency: 20 });

/** One request per flush, so that each counts. */
const LOGS_ALONE: Partial<Destination> = { signals: { traces: false, metrics: false } };
const TENANT_LOGS: Partial<Destination> = { signals: { metrics: false } };

const step = ({ previousState, state }: DestinationStateEvent): string => `${previousState} > ${state}`;

/** Everything that is told from now on, of the tenant or, without one, of the operator. */
function listen(telemetry: GatewayTelemetry, tenantId?: string): readonly DestinationStateEvent[] {
  const events: DestinationStateEvent[] = [];
  telemetry.onDestinationState((event) => {
    if (event.tenantId === tenantId) events.push(event);
  });
  return events;
}

async function exportOnce(world: World, tenantId: string | undefined, times = 1): Promise<void> {
  for (let turn = 0; turn < times; turn++) {
    world.send(tenantId, turn);
    await world.telemetry.flush({ timeoutMs: 2_000 });
  }
}

describe.concurrent('a tenant', () => {
  it('is receiving, active, failing, and receiving again; each is told once, with its names and time', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme', TENANT_LOGS) } }) },
      async (world) => {
        const beganMs = Date.now();
        const events = listen(world.telemetry, 'acme');
        await exportOnce(world, 'acme', 4);
        world.at('acme').answerWith({ status: 503, times: 5 });
        await exportOnce(world, 'acme', 5);
        expect(world.telemetry.status('acme').state).toBe('failing');
        await exportOnce(world, 'acme');
        expect(events.map(step)).toEqual([
          'pending > receiving',
          'receiving > active',
          'active > failing',
          'failing > receiving',
          // The five that had failed go along.
          'receiving > active',
        ]);
        for (const { destination, atMs } of events) {
          expect(destination).toBe('default');
          // As `lastDeliveryMs`: it goes into columns of whole milliseconds.
          expect(Number.isInteger(atMs)).toBe(true);
          expect(atMs).toBeGreaterThanOrEqual(beganMs - 1_000);
          expect(atMs).toBeLessThanOrEqual(Date.now() + 1_000);
        }
      },
    ));

  it('that setTenants takes away is told so', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme', TENANT_LOGS) } }) },
      async (world) => {
        const events = listen(world.telemetry, 'acme');
        world.telemetry.setTenants({}, { force: true });
        await pause(20);
        expect(events.map(step)).toEqual(['pending > removed']);
      },
    ));

  it('whose destination is removed is told so, and nothing after it', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ tenants: { acme: to('acme', { ...TENANT_LOGS, name: 'theirs' }) } }),
      },
      async (world) => {
        const events = listen(world.telemetry, 'acme');
        world.at('acme').answerWith({ delayMs: 300 });
        world.send('acme', 1);
        const flushing = world.telemetry.flush();
        await eventually(() => expect(world.at('acme').requests).toHaveLength(1));
        world.telemetry.setTenant('acme', null);
        await flushing;
        await pause(400);
        expect(events.map(step)).toEqual(['pending > removed']);
        expect(events[0]).toMatchObject({ tenantId: 'acme', destination: 'theirs' });
      },
    ));

  it('that points elsewhere begins anew', () =>
    inWorld(
      { receivers: ['acme', 'acme-2'], configure: (to) => ({ tenants: { acme: to('acme', TENANT_LOGS) } }) },
      async (world) => {
        await exportOnce(world, 'acme', 3);
        const events = listen(world.telemetry, 'acme');
        world.telemetry.setTenant('acme', world.to('acme-2', TENANT_LOGS));
        expect(world.telemetry.status('acme').state).toBe('pending');
        await exportOnce(world, 'acme');
        expect(events.map(step)).toEqual(['active > pending', 'pending > receiving']);
      },
    ));

  it('with several destinations is told of each by its name', () =>
    inWorld(
      {
        receivers: ['acme', 'acme-2'],
        configure: (to) => ({
          tenants: {
            acme: [to('acme', { ...TENANT_LOGS, name: 'a' }), to('acme-2', { ...TENANT_LOGS, name: 'b' })],
          },
        }),
      },
      async (world) => {
        const events = listen(world.telemetry, 'acme');
        world.at('acme-2').answerWith({ status: 503, times: 5 });
        await exportOnce(world, 'acme', 5);
        expect(events.filter(({ destination }) => destination === 'a').map(step)).toEqual([
          'pending > receiving',
          'receiving > active',
        ]);
        expect(events.filter(({ destination }) => destination === 'b').map(step)).toEqual([
          'pending > failing',
        ]);
      },
    ));
});

describe.concurrent('disabled', () => {
  it('by a lookup, and enabled again by refreshTenant and by setTenant: one event each', () => {
    let disabled = false;
    return inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ tenants: () => to('acme', { ...TENANT_LOGS, disabled }) }),
      },
      async (world) => {
        const events = listen(world.telemetry, 'acme');
        await exportOnce(world, 'acme', 3);
        disabled = true;
        await world.telemetry.refreshTenant('acme');
        expect(world.telemetry.status('acme').state).toBe('disabled');
        await exportOnce(world, 'acme');
        expect(world.at('acme').logs).toHaveLength(3);
        disabled = false;
        await world.telemetry.refreshTenant('acme');
        await exportOnce(world, 'acme');
        expect(world.at('acme').logs).toHaveLength(4);
        disabled = true;
        await world.telemetry.refreshTenant('acme');
        world.telemetry.setTenant('acme', world.to('acme', TENANT_LOGS));
        await exportOnce(world, 'acme');
        expect(world.at('acme').logs).toHaveLength(5);
        expect(events.map(step)).toEqual([
          'pending > receiving',
          'receiving > active',
          'active > disabled',
          'disabled > pending',
          'pending > receiving',
          'receiving > disabled',
          'disabled > pending',
          'pending > receiving',
        ]);
      },
    );
  });

  it('while it is failing: from there, without a state in between', () => {
    let disabled = false;
    return inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ tenants: () => to('acme', { ...TENANT_LOGS, disabled }) }),
      },
      async (world) => {
        const events = listen(world.telemetry, 'acme');
        world.at('acme').answerWith({ status: 503, times: 5 });
        await exportOnce(world, 'acme', 5);
        disabled = true;
        await world.telemetry.refreshTenant('acme');
        expect(world.telemetry.status('acme').destinations[0]?.signals.logs?.ledger).toMatchObject({
          dropped: { disabled: 5 },
          buffered: 0,
        });
        disabled = false;
        await world.telemetry.refreshTenant('acme');
        expect(events.map(step)).toEqual(['pending > failing', 'failing > disabled', 'disabled > pending']);
      },
    );
  });

  it('from the very first answer: nothing is queued, nothing is told, until it is enabled', () => {
    let disabled = true;
    return inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ tenants: () => to('acme', { ...TENANT_LOGS, disabled }) }),
      },
      async (world) => {
        const events = listen(world.telemetry, 'acme');
        await exportOnce(world, 'acme', 2);
        expect(world.telemetry.status('acme').state).toBe('disabled');
        expect(events).toEqual([]);
        disabled = false;
        await world.telemetry.refreshTenant('acme');
        await exportOnce(world, 'acme');
        expect(events.map(step)).toEqual(['disabled > pending', 'pending > receiving']);
      },
    );
  });
});

describe.concurrent('the operator', () => {
  it('has no tenant id; the option and the method are both told, until they are ended', () => {
    const byOption: string[] = [];
    const byMethod: string[] = [];
    return inWorld(
      {
        receivers: [],
        configure: (to) => ({
          operator: to('operator', LOGS_ALONE),
          onDestinationState: (event) => {
            expect(event).not.toHaveProperty('tenantId');
            byOption.push(step(event));
          },
        }),
      },
      async (world) => {
        const listener = (event: DestinationStateEvent): void => void byMethod.push(step(event));
        const end = world.telemetry.onDestinationState(listener);
        const endAgain = world.telemetry.onDestinationState(listener);
        await exportOnce(world, undefined);
        expect(byMethod).toEqual(['pending > receiving', 'pending > receiving']);
        end();
        end();
        await exportOnce(world, undefined, 2);
        expect(byMethod.slice(2)).toEqual(['receiving > active']);
        endAgain();
        world.telemetry.setOperator(null);
        await pause(50);
        expect(byMethod).toHaveLength(3);
        expect(byOption).toEqual(['pending > receiving', 'receiving > active', 'active > removed']);
      },
    );
  });

  it('a former place that drains says nothing about the new one', () =>
    inWorld(
      {
        receivers: ['acme', 'acme-2'],
        configure: (to) => ({ operator: to('acme', LOGS_ALONE) }),
      },
      async (world) => {
        const events = listen(world.telemetry);
        // Slow, so that requests are under way when it goes; and then bad, which must not be counted against the new one.
        world.at('acme').answerWith({ status: 404, delayMs: 400 });
        for (let turn = 0; turn < 4; turn++) {
          world.send(undefined, turn);
          void world.telemetry.flush();
          await eventually(() => expect(world.at('acme').requests).toHaveLength(turn + 1));
        }
        world.telemetry.setOperator(world.to('acme-2', LOGS_ALONE));
        expect(world.telemetry.status().operator[0]?.state).toBe('pending');
        await eventually(() =>
          expect(world.telemetry.status().operator[0]?.signals.logs?.ledger).toMatchObject({
            accepted: 4,
            dropped: { refused: 4 },
          }),
        );
        // One failure of the new place alone: four more would be five in a row.
        world.at('acme-2').answerWith({ status: 404, times: 1 });
        await exportOnce(world, undefined);
        expect(world.telemetry.status().operator[0]?.state).toBe('pending');
        expect(events.map(step)).toEqual([]);
      },
    ));

  it('a removed one that drains is told as removed, and nothing after it', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ operator: to('acme', LOGS_ALONE) }) },
      async (world) => {
        const events = listen(world.telemetry);
        world.at('acme').answerWith({ delayMs: 300 });
        world.send(undefined, 1);
        void world.telemetry.flush();
        await eventually(() => expect(world.at('acme').requests).toHaveLength(1));
        world.telemetry.setOperator(null);
        await eventually(() => expect(world.at('acme').logs).toHaveLength(1));
        await pause(400);
        expect(events.map(step)).toEqual(['pending > removed']);
      },
    ));
});

describe.concurrent('listeners', () => {
  it('that throw or reject are reported, and keep nobody from being told', () =>
    inWorld(
      { receivers: [], configure: (to) => ({ operator: to('operator', LOGS_ALONE) }) },
      async (world) => {
        world.telemetry.onDestinationState(() => {
          throw new Error('s3cret-of-the-host');
        });
        const rejecting = (): unknown => Promise.reject(new Error('s3cret-of-the-host'));
        world.telemetry.onDestinationState(rejecting);
        const events = listen(world.telemetry);
        await exportOnce(world, undefined);
        expect(events.map(step)).toEqual(['pending > receiving']);
        await eventually(() =>
          expect(world.diagnostics.map(({ code }) => code)).toContain('callback_failed'),
        );
        expect(JSON.stringify(world.diagnostics)).not.toContain('s3cret');
      },
    ));

  it('that are ended by another one are not told any more, not even of the same event', () =>
    inWorld(
      { receivers: [], configure: (to) => ({ operator: to('operator', LOGS_ALONE) }) },
      async (world) => {
        const events: DestinationStateEvent[] = [];
        let end = (): void => undefined;
        world.telemetry.onDestinationState(() => end());
        end = world.telemetry.onDestinationState((event) => void events.push(event));
        await exportOnce(world, undefined);
        expect(world.telemetry.status().operator[0]?.state).toBe('receiving');
        expect(events).toEqual([]);
      },
    ));

  it('may change the configuration that they are told of', () =>
    inWorld(
      { receivers: ['acme', 'acme-2'], configure: (to) => ({ tenants: { acme: to('acme', TENANT_LOGS) } }) },
      async (world) => {
        const events = listen(world.telemetry, 'acme');
        world.telemetry.onDestinationState(({ state }) => {
          if (state === 'failing') world.telemetry.setTenant('acme', world.to('acme-2', TENANT_LOGS));
        });
        world.at('acme').answerWith({ status: 503 });
        await exportOnce(world, 'acme', 5);
        await eventually(() => expect(events.map(step)).toEqual(['pending > failing', 'failing > pending']));
        await exportOnce(world, 'acme');
        expect(world.at('acme-2').logs.length).toBeGreaterThan(0);
      },
    ));

  it('that switch it off and on at every event keep nothing else from running', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
      async (world) => {
        let events = 0;
        const end = world.telemetry.onDestinationState(({ state }) => {
          events++;
          world.telemetry.setTenant('acme', world.to('acme', { disabled: state !== 'disabled' }));
        });
        world.send('acme', 1);
        await world.telemetry.flush();
        const { ms } = await timed(pause(20));
        end();
        expect(events).toBeGreaterThan(1);
        expect(ms).toBeLessThan(2_000);
      },
    ));

  it('that are none are refused', () =>
    withTelemetry({}, async (telemetry) => {
      expect(() => telemetry.onDestinationState('no' as never)).toThrow(/onDestinationState/);
      await telemetry.flush();
    }));
});
