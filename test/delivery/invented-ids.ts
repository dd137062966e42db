/** A flood of tenant ids that nobody knows. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Destinations, GatewayTelemetry } from '../../src/index.js';
import { pause } from './support.js';

export function request(telemetry: GatewayTelemetry, tenantId: string): void {
  const exchange = telemetry.begin({ method: 'GET', url: '/r', headers: {} });
  exchange.setTenant(tenantId);
  exchange.end({ statusCode: 200 });
}

/** Requests of tenants that nobody knows, each of another one; `inBetween` now and then. */
export async function flood(
  telemetry: GatewayTelemetry,
  count: number,
  inBetween: () => void = () => undefined,
): Promise<void> {
  for (let number = 0; number < count; number++) {
    request(telemetry, `invented-${number}-${Math.random()}`);
    if (number % 1_000 !== 0) continue;
    inBetween();
    await turn();
  }
}

/** What a host's lookup may do with an id that it does not know. */
export const modes: readonly [string, () => Destinations | Promise<Destinations>][] = [
  ['answers null', () => null],
  ['answers null after a while', () => pause(20).then(() => null)],
  [
    'throws',
    () => {
      throw new Error('no such tenant');
    },
  ],
  ['hangs', () => new Promise<never>(() => undefined)],
];
