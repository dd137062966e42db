/** Requests at a steady pace. Each carries its number and the moment it was sent, for collectors to read. */
import type { GatewayTelemetry } from '../../../src/index.js';

export const tenantIds = (count: number): string[] =>
  Array.from({ length: count }, (_unused, index) => `t${index}`);

/** Not `canaryOf` of the delivery tests: a collector must be able to tell whose it is. */
export const ownerMark = (tenantId: string): string => `owner<${tenantId}>`;

/** A path of one fixed length; `PATH` in collector.ts finds it in a request's bytes. */
export const markedPath = (mark: number): string => `/r/${String(mark).padStart(9, '0')}/${Date.now()}`;

/** One request from begin to end. */
export function sendMarked(
  telemetry: GatewayTelemetry,
  tenantId: string | undefined,
  mark: number,
  attributes: Readonly<Record<string, string>> = {},
): void {
  const exchange = telemetry.begin({
    method: 'GET',
    url: markedPath(mark),
    headers: { host: 'gateway.test' },
  });
  if (tenantId !== undefined) {
    exchange.setTenant(tenantId);
    exchange.setTenantAttribute('owner', ownerMark(tenantId));
    exchange.setRoute(ownerMark(tenantId));
  }
  for (const [key, value] of Object.entries(attributes)) exchange.setTenantAttribute(key, value);
  exchange.end({ statusCode: 200 });
}

/** Often enough that 2,000 a second come ten at a time. */
const STEP_MS = 5;

/** Calls with 0, 1, 2 … so many times a second; what a stall held up follows at once. Resolves with their number. */
export function paced(
  perSecond: number,
  durationMs: number,
  send: (number: number) => void,
): Promise<number> {
  const startMs = performance.now();
  const total = Math.round((perSecond * durationMs) / 1_000);
  let sent = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startMs) * perSecond) / 1_000));
      while (sent < due) send(sent++);
      if (sent < total) return;
      clearInterval(timer);
      resolve(sent);
    }, STEP_MS);
  });
}
