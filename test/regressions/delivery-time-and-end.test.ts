/** Clock steps, changes under way, the end, and callbacks that reject. */
import { expect, it, onTestFinished, vi } from 'vitest';
import type { ReadyMadeExporter } from '../../src/index.js';
import { eventually, inWorld, pause, send, withTelemetry } from '../delivery/support.js';

it('cumulative readings tell the whole count after the clock stepped back an hour, and none starts after its own time', async () => {
  const realNow = Date.now.bind(Date);
  let stepMs = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => realNow() + stepMs);
  onTestFinished(() => void vi.restoreAllMocks());
  await inWorld(
    {
      receivers: ['acme'],
      configure: (to) => ({ tenants: { acme: to('acme') }, metrics: { intervalMs: 86_400_000 } }),
    },
    async (world) => {
      const { telemetry } = world;
      world.send('acme', 0);
      await telemetry.flush();
      stepMs = -3_600_000;
      // The instance looks at the wall clock every second.
      await pause(1_100);
      for (const mark of [1, 2, 3]) {
        world.send('acme', mark);
        await telemetry.flush();
        await pause(20);
      }
      for (const name of ['operator', 'acme']) {
        const points = world.at(name).metricPoints.filter(({ type }) => type === 'sum');
        expect(points.map(({ value }) => value)).toEqual([1, 2, 3, 4]);
        const [first, ...stepped] = points;
        for (const { timeUnixNano, startTimeUnixNano } of stepped) {
          expect(timeUnixNano).toBeLessThan(first?.timeUnixNano ?? 0n);
          expect(startTimeUnixNano).toBeLessThanOrEqual(timeUnixNano);
        }
      }
    },
  );
});

it('a change from cumulative to delta while a reading is in flight loses no count', () =>
  inWorld({ receivers: [], configure: () => ({ metrics: { intervalMs: 86_400_000 } }) }, async (world) => {
    const { telemetry } = world;
    const operator = world.at('operator');
    operator.answerWith({ signal: 'metrics', delayMs: 300, times: 1 });
    for (const mark of [1, 2, 3]) world.send(undefined, mark);
    const flushed = telemetry.flush();
    await eventually(() =>
      expect(operator.requests.filter(({ signal }) => signal === 'metrics')).toHaveLength(1),
    );
    for (const mark of [4, 5]) world.send(undefined, mark);
    telemetry.setOperator(world.to('operator', { temporality: 'delta' }));
    for (const mark of [6, 7, 8, 9]) world.send(undefined, mark);
    await flushed;
    await telemetry.flush();
    const points = operator.metricPoints.filter(({ type }) => type === 'sum');
    const valuesOf = (kind: string): number[] =>
      points.filter(({ temporality }) => temporality === kind).map(({ value }) => Number(value));
    // The slow reading may arrive after the one that was taken after it.
    expect(valuesOf('cumulative').sort()).toEqual([3, 5]);
    expect(valuesOf('delta')).toEqual([4]);
  }));

it('a second shutdown with less time resolves before the first', () =>
  inWorld({ receivers: [] }, async ({ telemetry, at, send: sendOne }) => {
    at('operator').answerWith({ hang: true });
    sendOne(undefined, 1);
    const order: string[] = [];
    const first = telemetry.shutdown({ timeoutMs: 1_500 }).then((result) => {
      order.push('first');
      return result;
    });
    await telemetry.shutdown({ timeoutMs: 50 }).then(() => order.push('second'));
    expect(order).toEqual(['second']);
    expect((await first).complete).toBe(true);
    expect(order).toEqual(['second', 'first']);
  }));

it('a span processor whose forceFlush hangs keeps no other one from its shutdown', () => {
  const calls: string[] = [];
  const processor = (name: string, forceFlush: () => Promise<void>) => ({
    onStart: () => undefined,
    onEnd: () => undefined,
    forceFlush,
    shutdown: async () => void calls.push(name),
  });
  const spanProcessors = [
    processor('hangs', () => new Promise<void>(() => undefined)),
    processor('well', async () => undefined),
  ];
  return withTelemetry({ spanProcessors }, async (telemetry) => {
    send(telemetry, undefined, 1);
    const ended = telemetry.shutdown({ timeoutMs: 500 });
    await eventually(() => expect(calls).toEqual(['well']));
    await ended;
    await eventually(() => expect(calls).toEqual(['well', 'hangs']));
  });
});

it('callbacks of the host that reject leave no unhandled rejection', async () => {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const calls = { export: 0, severity: 0, onDiagnostic: 0, onEnd: 0 };
  const rejecting = (name: keyof typeof calls) =>
    (async () => {
      calls[name]++;
      throw new Error(`rejected in ${name}`);
    }) as () => never;
  const exporter: ReadyMadeExporter = { export: rejecting('export'), shutdown: async () => undefined };
  await withTelemetry(
    {
      operator: { exporters: { traces: exporter, logs: exporter, metrics: exporter } },
      severity: rejecting('severity'),
      onDiagnostic: rejecting('onDiagnostic'),
      spanProcessors: [{ onStart: () => undefined, onEnd: rejecting('onEnd') }],
    },
    async (telemetry) => {
      for (const mark of [1, 2, 3]) send(telemetry, undefined, mark);
      await telemetry.flush();
      // Rejections are told of after the microtasks.
      await pause(50);
      for (const [name, count] of Object.entries(calls)) expect(count, name).toBeGreaterThan(0);
      expect(telemetry.status().operator[0]?.signals.logs?.ledger).toMatchObject({
        accepted: 3,
        dropped: { exporter_failed: 3 },
      });
    },
  );
  await pause(50);
  expect(rejections).toEqual([]);
});
