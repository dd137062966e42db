/** Everything that an instance and its process show, for the search for secrets. */
import { diag, DiagLogLevel } from '@opentelemetry/api';
import { expect, onTestFinished } from 'vitest';
import type { GatewayTelemetry } from '../../src/index.js';
import { watchUnhandled } from '../support/unhandled.js';
import { startCollector, type Call, type Collector } from './support.js';

/** Closed when the test ends, however it ends. */
export async function collectorForTest(onCall?: (call: Call) => void): Promise<Collector> {
  const started = await startCollector(onCall === undefined ? {} : { onCall });
  onTestFinished(() => started.close());
  return started;
}

/** All that can be looked at while the instance runs and after its end. */
export async function everythingShownBy(
  telemetry: GatewayTelemetry,
  tenantIds: readonly string[],
): Promise<readonly unknown[]> {
  const shown = (): readonly unknown[] => [
    telemetry,
    telemetry.current(),
    telemetry.begin({ method: 'GET', url: '/', headers: {} }),
    telemetry.tracer,
    telemetry.logger,
    telemetry.meter,
    telemetry.status(),
    ...tenantIds.map((id) => telemetry.status(id)),
  ];
  const running = shown();
  const flushed = await telemetry.flush({ timeoutMs: 100 });
  const ended = await telemetry.shutdown({ timeoutMs: 100 });
  return [...running, flushed, ended, ...shown()];
}

/** Runs with every line of the OpenTelemetry API's own logger, every warning and every stray error kept. */
export async function watched(scenario: () => Promise<void>): Promise<readonly unknown[]> {
  const lines: unknown[] = [];
  const line = (...parts: unknown[]): void => void lines.push(parts);
  const unhandled = watchUnhandled();
  process.on('warning', line);
  diag.setLogger({ error: line, warn: line, info: line, debug: line, verbose: line }, DiagLogLevel.ALL);
  try {
    await scenario();
  } finally {
    diag.disable();
    process.off('warning', line);
    unhandled.stop();
  }
  expect(unhandled.seen).toEqual([]);
  return lines;
}

export const brokenPem = (kind: string, secret: string): string =>
  `-----BEGIN ${kind}-----\n${secret}\n-----END ${kind}-----\n`;
