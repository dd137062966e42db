/** CPU of one request from `begin` to the return of `end`, with so many tenants in turn. Nothing is sent meanwhile. */
import { createGatewayTelemetry } from 'gateway-otel';
import { answerParent } from '../processes.mjs';

const REQUESTS = 10_000;
const WARM_UP_ROUNDS = 3;
const ROUNDS = 12;
const MIB = 1024 * 1024;

const { tenants } = JSON.parse(process.argv[2]);
const ids = Array.from({ length: tenants }, (_, index) => `t${index}`);
const telemetry = createGatewayTelemetry({
  env: false,
  operator: null,
  tenantEgress: 'open',
  tenants: Object.fromEntries(ids.map((id) => [id, { endpoint: 'http://127.0.0.1:9' }])),
  // Room for all rounds: what is dropped would be part of the cost.
  delivery: {
    maxBytesOfAllTenants: 512 * MIB,
    tenants: { maxBytes: 256 * MIB, maxItems: 1_000_000, flushIntervalMs: 60_000 },
  },
});

answerParent({
  ready: () => ({}),
  cost() {
    const rounds = [];
    let number = 0;
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
      const before = process.cpuUsage();
      for (let count = 0; count < REQUESTS; count++, number++) {
        const exchange = telemetry.begin({
          method: 'GET',
          url: '/orders/1',
          headers: { host: 'gateway.example' },
        });
        exchange.setTenant(ids[number % tenants]);
        exchange.setRoute('orders');
        exchange.end({ statusCode: 200 });
      }
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) rounds.push((user + system) / REQUESTS);
    }
    const { accepted, dropped } = telemetry.status().tenants.totals.logs;
    if (accepted !== number || Object.keys(dropped).length > 0) throw new Error('records were dropped.');
    rounds.sort((a, b) => a - b);
    return { lowerQuartileUs: rounds[Math.floor(ROUNDS / 4)], medianUs: rounds[ROUNDS / 2] };
  },
});
