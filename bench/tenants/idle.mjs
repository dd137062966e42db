/** Bytes per tenant that is configured and has had no request. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createGatewayTelemetry } from 'gateway-otel';
import { answerParent } from '../processes.mjs';

const { tenants } = JSON.parse(process.argv[2]);
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const bytesInUse = () => {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** Without keeping the host's own record of them, which a gateway may drop. */
const open = (count) =>
  createGatewayTelemetry({
    env: false,
    operator: null,
    tenantEgress: 'open',
    tenants: Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `t${index}`,
        { endpoint: `https://otlp${index % 50}.example.com`, headers: { 'x-api-key': `key-${index}` } },
      ]),
    ),
  });

answerParent({
  ready: () => ({}),
  async bytesPerTenant() {
    // What the first instance makes for all that follow.
    await open(10).shutdown();
    const before = bytesInUse();
    const telemetry = open(tenants);
    const after = bytesInUse();
    await telemetry.shutdown();
    return { bytes: (after - before) / tenants };
  },
});
