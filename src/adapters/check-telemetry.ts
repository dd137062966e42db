/** What every adapter is given first. A mistake is told where the adapter is made, not with the first request. */
import type { GatewayTelemetry } from '../model/telemetry.js';

export function checkTelemetry(adapter: string, telemetry: GatewayTelemetry): void {
  if (typeof (telemetry as Partial<GatewayTelemetry> | undefined)?.instrument !== 'function') {
    throw new TypeError(`${adapter}: the first argument must be what createGatewayTelemetry gave`);
  }
}
