/** Ready-made exporters: how they are called, and when they are shut down. */
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { isTracingSuppressed } from '@opentelemetry/core';
import { expect, it, onTestFinished } from 'vitest';
import type { ReadyMadeExporter, ReadyMadeExportResult } from '../../src/index.js';
import { eventually, pause, send, withTelemetry } from '../delivery/support.js';

class WatchedExporter implements ReadyMadeExporter {
  calls = 0;
  running = 0;
  mostAtOnce = 0;
  items = 0;
  shutdowns = 0;
  readonly suppressed: boolean[] = [];

  export(items: unknown, callback: (result: ReadyMadeExportResult) => void): void {
    this.calls++;
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.running);
    this.items += Array.isArray(items) ? items.length : 0;
    this.suppressed.push(isTracingSuppressed(context.active()));
    setTimeout(() => {
      this.running--;
      callback({ code: 0 });
    }, 10);
  }

  async shutdown(): Promise<void> {
    this.shutdowns++;
  }
}

it('ready-made exporters are called one at a time for each signal, with tracing suppressed', async () => {
  expect(context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())).toBe(true);
  onTestFinished(() => context.disable());
  const exporters = {
    traces: new WatchedExporter(),
    logs: new WatchedExporter(),
    metrics: new WatchedExporter(),
  };
  const tenantLogs = new WatchedExporter();
  await withTelemetry(
    { operator: { exporters }, tenants: { acme: { exporters: { logs: tenantLogs } } } },
    async (telemetry) => {
      for (let mark = 0; mark < 2_100; mark++) {
        send(telemetry, 'acme', mark);
        if (mark % 100 === 0) await pause(0);
      }
      await Promise.all([telemetry.flush(), telemetry.flush()]);
      send(telemetry, 'acme', 'last');
      await telemetry.flush();
      const lists = [exporters.traces, exporters.logs, tenantLogs];
      for (const exporter of lists) expect(exporter.calls).toBeGreaterThan(1);
      expect([exporters.traces.items, exporters.logs.items]).toEqual([2_101, 2_101]);
      for (const exporter of [...lists, exporters.metrics]) {
        expect(exporter.calls).toBeGreaterThan(0);
        expect(exporter.mostAtOnce).toBe(1);
        expect(exporter.suppressed).not.toContain(false);
      }
      expect(isTracingSuppressed(context.active())).toBe(false);
    },
  );
});

it('an exporter of two tenants outlives the first one that goes, and is shut down with the last', async () => {
  const logs = new WatchedExporter();
  const destination = { exporters: { logs } };
  await withTelemetry({ tenants: { acme: destination, globex: destination } }, async (telemetry) => {
    telemetry.setTenant('acme', null);
    await pause(20);
    expect(logs.shutdowns).toBe(0);
    send(telemetry, 'globex', 1);
    await telemetry.flush();
    expect(logs.items).toBe(1);
    telemetry.setTenant('globex', null);
    await eventually(() => expect(logs.shutdowns).toBe(1));
    await telemetry.shutdown();
    expect(logs.shutdowns).toBe(1);
  });
});

it.each([
  ['with an empty queue', false],
  ['with records that wait', true],
])('a renamed destination of the operator keeps its exporter open, %s', async (_how, waits) => {
  const logs = new WatchedExporter();
  await withTelemetry({ operator: { name: 'one', exporters: { logs } } }, async (telemetry) => {
    if (waits) send(telemetry, undefined, 'before');
    telemetry.setOperator({ name: 'two', exporters: { logs } });
    send(telemetry, undefined, 'after');
    await telemetry.flush();
    await eventually(() => expect(logs.items).toBe(waits ? 2 : 1));
    await pause(20);
    expect(logs.shutdowns).toBe(0);
    await telemetry.shutdown();
    await eventually(() => expect(logs.shutdowns).toBe(1));
  });
});
