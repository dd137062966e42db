import { createGatewayTelemetry } from 'gateway-otel';

const telemetry = createGatewayTelemetry({
  serviceName: 'edge',
  operator: { endpoint: 'http://localhost:4318' },
});

export const stopped = telemetry.shutdown({ timeoutMs: 1000 });

// @ts-expect-error A name is a string: the types are really there.
createGatewayTelemetry({ serviceName: 1 });
