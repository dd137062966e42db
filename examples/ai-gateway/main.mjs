/**
 * An AI gateway on one machine: clients of three teams → gateway → a server that answers as providers of models do, and the
 * gateway's telemetry → three OTLP receivers, one of the operator and one of each tenant. `--exit`: it ends by itself.
 */
import { createGatewayTelemetry } from 'gateway-otel';
import { startOtlpReceiver } from 'gateway-otel/testing';
import { tableOf } from '../demo/table.mjs';
import { createGateway } from './gateway.mjs';
import { createLedger } from './ledger.mjs';
import { startProvider } from './provider.mjs';
import { callsTable, costByTeam, disagreements, dollars, tokensOf } from './report.mjs';
import { sendTraffic } from './traffic.mjs';

const KEYS = new Map([
  ['key-of-search', { tenant: 'acme', team: 'search' }],
  ['key-of-support', { tenant: 'acme', team: 'support' }],
  ['key-of-labs', { tenant: 'globex', team: 'labs' }],
]);
/** In dollars. */
const BUDGETS = { search: 10, support: 10, labs: 0.0001 };

const print = (text = '') => console.log(text);
const [operator, acme, globex] = await Promise.all([1, 2, 3].map(() => startOtlpReceiver()));
const tenants = { acme, globex };
const provider = await startProvider();
const ledger = createLedger(BUDGETS);

const telemetry = createGatewayTelemetry({
  serviceName: 'ai-gateway',
  env: false, // the same everywhere: leave this out, and OTEL_* variables count
  operator: { endpoint: operator.url },
  tenants: { acme: { endpoint: acme.url }, globex: { endpoint: globex.url } },
  tenantEgress: 'open', // the receivers are on this machine
  genAi: { price: (call) => ledger.charge(call) }, // 1: what a call has cost, from its tokens
  metrics: { attribution: ['team'] },
  tenantRecords: { genAi: true },
  onDiagnostic: ({ message }) => console.error(`! ${message}`),
});

const gateway = createGateway(telemetry, { upstream: provider.url, keys: KEYS, ledger });
await new Promise((resolve) => gateway.listen(0, '127.0.0.1', resolve));
const gatewayUrl = `http://127.0.0.1:${gateway.address().port}`;

try {
  const keyOf = (team) => [...KEYS.keys()].find((key) => KEYS.get(key).team === team);
  const calls = await sendTraffic(gatewayUrl, provider, keyOf);
  await telemetry.flush({ timeoutMs: 5000 });

  const costs = costByTeam(operator);
  const tokens = Object.fromEntries(
    Object.entries(tenants).map(([name, receiver]) => [name, tokensOf(receiver)]),
  );
  print('Each call, from its span at the operator\n');
  print(callsTable(operator));
  print("\nWhat each team has cost, from the operator's metrics\n");
  print(
    tableOf(
      ['team', 'cost'],
      Object.entries(costs).map(([team, cost]) => [team, dollars(cost)]),
    ),
  );
  print('\nThe tokens of each tenant, from the metrics at its own receiver\n');
  const rows = Object.entries(tokens).map(([name, { input, output }]) => [name, input, output]);
  print(tableOf(['tenant', 'input', 'output'], rows));

  const faults = disagreements(calls, { operator, tenants }, KEYS);
  if (faults.length > 0) throw new Error(`what arrived is not what was sent.\n${faults.join('\n')}`);
  print(
    `\nChecked: ${calls.length} calls with their tokens and costs; each answer is the provider's, byte by byte, and its first`,
  );
  print('event came before the second was sent; each tenant has its own tokens and nothing else.');
  if (process.argv.includes('--exit')) print(`\n${JSON.stringify({ costs, tokens })}`);
  else await stayUp();
} catch (error) {
  console.error(`\nThe example failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  gateway.close();
  gateway.closeAllConnections();
  await telemetry.shutdown({ timeoutMs: 5000 });
  provider.close();
  await Promise.all([operator, acme, globex].map((receiver) => receiver.close()));
}

async function stayUp() {
  print(`\nThe gateway stays up. Ctrl-C ends it. Try, in another terminal:\n`);
  print(`  curl -N ${gatewayUrl}/v1/messages -H 'x-api-key: key-of-search' \\`);
  print(`    -d '{"model":"claude-sonnet-4-5","stream":true,"messages":[]}'\n`);
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}
