/** What the delivery tells of itself: its memory, a tenant's own losses in the tenant's metrics, `selfMetrics` for the operator. */
import { describe, expect, it, vi } from 'vitest';
import type { OtlpReceiver, ReceivedMetricPoint } from '../../src/testing/index.js';
import { eventually, inWorld, pause, refusingUrl, withTelemetry } from './support.js';

vi.setConfig({ maxConcurrency: 20 });

const KIB = 1024;
const MIB = 1024 * KIB;
const LOST = 'knoxcall.telemetry.lost';

describe.concurrent('status().memory', () => {
  it('is known in full when the instance is made: the sum of all bounds', () =>
    withTelemetry(
      {
        operator: { endpoint: 'http://127.0.0.1:9' },
        tenants: { acme: { endpoint: 'http://127.0.0.1:9' } },
        delivery: {
          operator: { maxBytes: 2 * MIB, maxBatchBytes: 64 * KIB, maxInFlight: 2 },
          tenants: { maxBytes: 512 * KIB, maxBatchBytes: 32 * KIB },
          maxBytesOfAllTenants: 8 * MIB,
        },
      },
      async (telemetry) => {
        const { memory } = telemetry.status();
        // Logs, metrics and spans; 64 requests of all tenants together.
        const sendingMaxBytes = 3 * 2 * 64 * KIB + 64 * 32 * KIB;
        expect(memory).toEqual({
          operatorBytes: 0,
          operatorMaxBytes: 3 * 2 * MIB,
          tenantsBytes: 0,
          tenantsMaxBytes: 8 * MIB,
          sendingMaxBytes,
          maxBytes: 6 * MIB + 8 * MIB + sendingMaxBytes,
        });
        await telemetry.flush();
      },
    ));

  it('counts nothing for what is not there, and follows the configuration', () =>
    withTelemetry({}, async (telemetry) => {
      expect(telemetry.status().memory).toMatchObject({ maxBytes: 0 });
      telemetry.setTenant('acme', { endpoint: 'http://127.0.0.1:9' });
      expect(telemetry.status().memory).toMatchObject({ operatorMaxBytes: 0, tenantsMaxBytes: 64 * MIB });
      telemetry.setOperator({ endpoint: 'http://127.0.0.1:9', signals: { metrics: false } });
      expect(telemetry.status().memory.operatorMaxBytes).toBe(2 * 16 * MIB);
      telemetry.setOperator(null);
      telemetry.setTenant('acme', null);
      expect(telemetry.status().memory).toMatchObject({ maxBytes: 0 });
      await telemetry.flush();
    }));

  it('shows what waits, of the operator and of tenants, and nothing when it has gone', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
      async (world) => {
        for (const name of ['operator', 'acme']) world.at(name).answerWith({ status: 503 });
        for (let mark = 0; mark < 20; mark++) world.send('acme', mark);
        await world.telemetry.flush({ timeoutMs: 2_000 });
        const { operatorBytes, tenantsBytes, operatorMaxBytes, tenantsMaxBytes } =
          world.telemetry.status().memory;
        const ofSignals = Object.values(world.telemetry.status('acme').destinations[0]?.signals ?? {});
        expect(tenantsBytes).toBeGreaterThan(20 * 100);
        expect(tenantsBytes).toBe(ofSignals.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0));
        expect(operatorBytes).toBeGreaterThan(40 * 100);
        expect(operatorBytes).toBeLessThan(operatorMaxBytes);
        expect(tenantsBytes).toBeLessThan(tenantsMaxBytes);
        for (const name of ['operator', 'acme']) world.at(name).answerWith({});
        await eventually(async () => {
          expect((await world.telemetry.flush({ timeoutMs: 500 })).complete).toBe(true);
        });
        expect(world.telemetry.status().memory).toMatchObject({ operatorBytes: 0, tenantsBytes: 0 });
      },
    ));
});

const pointsNamed = (receiver: OtlpReceiver, start: string): readonly ReceivedMetricPoint[] =>
  receiver.metricPoints.filter(({ name }) => name.startsWith(start));

describe.concurrent("a tenant's own losses", () => {
  it.each(['cumulative', 'delta'] as const)(
    "are counted in its own export, %s, by signal and reason, and in nobody else's",
    (temporality) =>
      inWorld(
        {
          receivers: ['acme', 'globex'],
          configure: (to) => ({ tenants: { acme: to('acme', { temporality }), globex: to('globex') } }),
        },
        async (world) => {
          const { telemetry } = world;
          const acme = world.at('acme');
          world.send('globex', 'fine');
          acme.answerWith({ signal: 'logs', status: 401, times: 1 });
          for (const mark of [1, 2, 3]) world.send('acme', mark);
          await telemetry.flush();
          expect(pointsNamed(acme, LOST)).toEqual([]);
          acme.answerWith({ signal: 'logs', partialSuccess: { rejected: 1, message: 'no' }, times: 1 });
          world.send('acme', 4);
          world.send('acme', 5);
          await telemetry.flush();
          world.send('acme', 6);
          await telemetry.flush();
          await telemetry.flush();
          const sums = new Map<string, number>();
          for (const point of pointsNamed(acme, LOST)) {
            expect(point).toMatchObject({ type: 'sum', isMonotonic: true, temporality, unit: '{item}' });
            const key = `${String(point.attributes['signal'])} ${String(point.attributes['reason'])}`;
            const value = Number(point.value);
            sums.set(key, temporality === 'delta' ? (sums.get(key) ?? 0) + value : value);
          }
          const { ledger } = telemetry.status('acme').destinations[0]?.signals.logs ?? {};
          expect(ledger).toMatchObject({ rejected: 1, dropped: { unauthorized: 3 } });
          expect(Object.fromEntries(sums)).toEqual({ 'logs unauthorized': 3, 'logs rejected': 1 });
          // Each is told once; what is known is not told again.
          expect(pointsNamed(acme, LOST).length).toBe(temporality === 'delta' ? 2 : 3);
          for (const other of ['globex', 'operator']) expect(pointsNamed(world.at(other), LOST)).toEqual([]);
        },
      ),
  );
});

describe.concurrent('selfMetrics', () => {
  it('tell the operator of its own exporters and of all tenants together, with numbers that the ledger has too', async () => {
    const dead = await refusingUrl();
    await inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({
          selfMetrics: true,
          tenants: { acme: to('acme'), dead: { endpoint: dead }, gone: { endpoint: dead } },
        }),
      },
      async (world) => {
        for (let mark = 0; mark < 5; mark++) for (const id of ['acme', 'dead', 'gone']) world.send(id, mark);
        await world.telemetry.flush();
        world.telemetry.setTenant('gone', null);
        await world.telemetry.flush();
        const last = new Map<string, number>();
        for (const { name, attributes, value } of pointsNamed(world.at('operator'), 'otel.sdk.')) {
          const who = String(attributes['otel.component.name']);
          last.set([name, who, attributes['error.type']].join(' ').trim(), Number(value));
        }
        const exported = 'otel.sdk.exporter.log.exported otlp_http_log_exporter';
        expect(last.get(`${exported}/operator.default`)).toBe(15);
        expect(last.get('otel.sdk.exporter.span.exported otlp_http_span_exporter/operator.default')).toBe(15);
        expect(last.get(`${exported}/tenants`)).toBe(5);
        expect(last.get(`${exported}/tenants destination_changed`)).toBe(5);
        // Tenants add no series of their own.
        const names = [...last.keys()].join('\n');
        for (const id of ['acme', 'dead', 'gone']) expect(names).not.toContain(id);
        // And are told nothing of the delivery.
        expect(pointsNamed(world.at('acme'), 'otel.')).toEqual([]);
      },
    );
  });

  it('are absent by default', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
      async (world) => {
        world.send('acme', 1);
        await world.telemetry.flush();
        world.send('acme', 2);
        await world.telemetry.flush();
        await pause(50);
        expect(world.at('operator').metricPoints.length).toBeGreaterThan(0);
        expect(pointsNamed(world.at('operator'), 'otel.')).toEqual([]);
      },
    ));
});
