import { Agent, fetch, interceptors, Pool, request } from 'undici';
import { createGatewayTelemetry } from 'gateway-otel';
import { undiciTelemetry } from 'gateway-otel/undici';

const telemetry = createGatewayTelemetry({ serviceName: 'edge' });

const dispatcher = new Agent().compose(undiciTelemetry(telemetry), interceptors.retry());
export const pool = new Pool('http://127.0.0.1:3000').compose([undiciTelemetry(telemetry)]);
export const calls = [
  request('http://127.0.0.1:3000', { dispatcher }),
  fetch('http://127.0.0.1:3000', { dispatcher }),
];
export const own = undiciTelemetry(telemetry, {
  exchange: ({ path, method }) => (path === '/' && method === 'GET' ? telemetry.current() : undefined),
});

// @ts-expect-error An option has a type.
undiciTelemetry(telemetry, { exchange: telemetry.current() });
// @ts-expect-error There is no other option.
undiciTelemetry(telemetry, { spans: 'server' });
