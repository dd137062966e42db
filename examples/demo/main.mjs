/**
 * The whole thing on one machine: clients → gateway → upstream, and the gateway's telemetry → three OTLP receivers, one
 * of the operator and one of each tenant. Options: `--exit`, `--port N`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createGatewayTelemetry } from 'gateway-otel';
import { startOtlpReceiver } from 'gateway-otel/testing';
import { disagreements } from './check.mjs';
import { follow } from './follow.mjs';
import { createGateway } from './gateway.mjs';
import { accountsTable, arrivalTables, exceptions, failures, traceTree } from './report.mjs';
import { sendTraffic } from './traffic.mjs';
import { startUpstream } from './upstream.mjs';

/** Nobody listens there: the low ports are never given out by chance. */
const REFUSING_URL = 'http://127.0.0.1:1';

const print = (text = '') => console.log(text);
const options = readOptions();
if (options !== undefined) await main(options);

function readOptions() {
  try {
    const { values } = parseArgs({ options: { exit: { type: 'boolean' }, port: { type: 'string' } } });
    const port = Number(values.port ?? process.env.PORT ?? 0);
    if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error('The port must be 0 to 65535.');
    return { exit: values.exit === true, port };
  } catch (error) {
    console.error(`${error.message}\nUsage: npm start -- [--exit] [--port N]`);
    process.exitCode = 2;
    return undefined;
  }
}

async function main({ exit, port }) {
  const world = await createWorld();
  try {
    const gatewayUrl = await world.listen(port);
    const counts = await demonstrate(world, gatewayUrl);
    if (!exit) await stayUp(world, gatewayUrl);
    await world.close();
    print(exit ? `\n${JSON.stringify(counts)}` : 'Done.');
  } catch (error) {
    console.error(`\nThe demo failed: ${error.message}`);
    process.exitCode = 1;
    await world.close();
  }
}

async function createWorld() {
  const [operator, acme, globex] = await Promise.all([
    startOtlpReceiver(),
    startOtlpReceiver(),
    startOtlpReceiver(),
  ]);
  const receivers = { operator, tenants: { acme, globex } };

  const telemetry = createGatewayTelemetry({
    serviceName: 'demo-gateway',
    environment: 'demo',
    // The demo is to run the same everywhere. Leave this out, and OTEL_* variables count.
    env: false,
    operator: { endpoint: operator.url },
    tenants: { acme: { endpoint: acme.url }, globex: { endpoint: globex.url } },
    // Tenants may normally be reached on public addresses only. These three are on this machine.
    tenantEgress: {
      allowHosts: ['127.0.0.1'],
      allowCidrs: ['127.0.0.0/8'],
      allowHttp: ['127.0.0.1'],
      ports: [acme, globex].map(({ url }) => Number(new URL(url).port)),
    },
    metrics: { intervalMs: 1000 },
    onDiagnostic: ({ tenantId = 'operator', message }) => console.error(`! ${tenantId}: ${message}`),
  });

  const upstream = await startUpstream();
  const gateway = createGateway(telemetry, [
    { name: 'orders', prefix: '/orders', upstream: upstream.url },
    { name: 'old-orders', prefix: '/old-orders', upstream: upstream.url },
    { name: 'reports', prefix: '/reports', upstream: upstream.url },
    { name: 'health', prefix: '/health', upstream: upstream.url },
    { name: 'billing', prefix: '/billing', upstream: REFUSING_URL },
  ]);

  return {
    receivers,
    telemetry,
    upstream,
    async listen(port) {
      await new Promise((resolve, reject) => {
        gateway.once('error', reject);
        gateway.listen(port, '127.0.0.1', resolve);
      });
      return `http://127.0.0.1:${gateway.address().port}`;
    },
    async close() {
      gateway.close();
      gateway.closeAllConnections();
      await allEnded(telemetry);
      await telemetry.shutdown({ timeoutMs: 5000 });
      upstream.close();
      await Promise.all([operator, acme, globex].map((receiver) => receiver.close()));
    },
  };
}

/** Traffic, report, check. Gives back what arrived where. */
async function demonstrate({ receivers, telemetry, upstream }, gatewayUrl) {
  print('gateway-otel demo: everything runs in this process and listens on 127.0.0.1.');
  print();
  print(`  gateway   ${gatewayUrl}   a streaming proxy with telemetry`);
  print(`  upstream  ${upstream.url}   a small order service behind it`);
  for (const [name, { url }] of Object.entries({ operator: receivers.operator, ...receivers.tenants })) {
    print(
      `  ${name.padEnd(8)}  ${url}   an OTLP receiver, ${name === 'operator' ? 'for all requests' : "for this tenant's requests"}`,
    );
  }
  print('\nClients send requests through the gateway:\n');
  const sent = await sendTraffic(gatewayUrl, print);
  const { total } = sent;

  print(`\n${total} requests are sent. Flushing: a last reading of the metrics, and all that still waits …`);
  await allEnded(telemetry);
  await telemetry.flush({ timeoutMs: 5000 });

  print('\nWhat arrived');
  print(
    '(Metrics are read every second here; the default is every 60 s. A reading has two points per series.)',
  );
  for (const table of arrivalTables(receivers)) print(`\n${table}`);
  print('\nThe failures among them, as their spans name them (error.type)\n');
  print(failures(receivers));
  print('\nThe exceptions behind them, for the operator alone\n');
  print(exceptions(receivers));
  print('\nOne trace, begun by a client of acme\n');
  print(traceTree(receivers, upstream.seen));
  print('\nWhat is buffered or lost, by the accounts of the library\n');
  print(accountsTable(telemetry, Object.keys(receivers.tenants)));

  const faults = disagreements(sent, receivers, upstream.seen);
  if (faults.length > 0)
    throw new Error(`what arrived does not agree with what was sent.\n${faults.join('\n')}`);
  print(
    `\nChecked: ${total} requests are ${total} spans and ${total} log records at the operator, and each tenant has`,
  );
  print('the logs and metrics of its own requests and of nobody else.');
  return countsOf(receivers);
}

/** What is still running has no record yet. A client that hung up is gone before the gateway has noticed. */
async function allEnded(telemetry) {
  for (let waited = 0; telemetry.status().openExchanges > 0 && waited < 5000; waited += 20) await pause(20);
}

function countsOf({ operator, tenants }) {
  const count = ({ spans, logs, metricPoints }) => ({
    spans: spans.length,
    logs: logs.length,
    metricPoints: metricPoints.length,
  });
  const entries = Object.entries(tenants).map(([id, receiver]) => [id, count(receiver)]);
  return { operator: count(operator), tenants: Object.fromEntries(entries) };
}

async function stayUp({ receivers }, gatewayUrl) {
  print(`\nThe gateway stays up at ${gatewayUrl}\nTry, in another terminal:\n`);
  print(`  curl -i ${gatewayUrl}/orders/7 -H 'x-tenant: acme'`);
  print(`  curl -i ${gatewayUrl}/orders -H 'x-tenant: globex' -d '{"item":"book"}'`);
  print(`  curl -i ${gatewayUrl}/billing/7 -H 'x-tenant: acme'      # its upstream refuses`);
  print(`  curl -N ${gatewayUrl}/reports/daily                      # streams for 10 s; Ctrl-C hangs up`);
  print('\nWhat arrives is shown here. Ctrl-C ends the demo.\n');
  for (const [name, receiver] of Object.entries({ operator: receivers.operator, ...receivers.tenants })) {
    follow(name, receiver, print);
  }
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  print('\nSending what is left, and closing …');
}
