/**
 * A service for the public W3C trace-context test harness (https://github.com/w3c/trace-context, folder `test`).
 * Options: `--port N`, `--host ADDRESS`, `--collector URL` (an OTLP/HTTP collector; without one, spans are only counted).
 */
import http from 'node:http';
import { parseArgs } from 'node:util';
import { createGatewayTelemetry } from 'gateway-otel';
import { httpTelemetry } from 'gateway-otel/http';
import { createCallListener, TELEMETRY_OPTIONS } from './calls.mjs';

/** Where the harness itself listens, unless HARNESS_PORT says otherwise. */
const HARNESS_PORT = 7777;
const SHUTDOWN_MS = 5000;

try {
  await main(readOptions());
} catch (error) {
  console.error(error.message);
  process.exitCode = error.code === 'EUSAGE' ? 2 : 1;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: { host: { type: 'string' }, port: { type: 'string' }, collector: { type: 'string' } },
    });
    const { host = '127.0.0.1', port: portText = '8080', collector } = values;
    if (!/^\d{1,5}$/.test(portText) || Number(portText) > 65535)
      throw new Error('The port must be 0 to 65535.');
    return { host, port: Number(portText), collector };
  } catch (error) {
    const usage = 'Usage: node service.mjs [--port N] [--host ADDRESS] [--collector URL]';
    throw Object.assign(new Error(`${error.message}\n${usage}`), { code: 'EUSAGE' });
  }
}

async function main({ host, port, collector }) {
  const counter = createCounter();
  const telemetry = createGatewayTelemetry({
    ...TELEMETRY_OPTIONS,
    // The service is to behave the same everywhere. Leave this out, and OTEL_* variables count.
    env: false,
    operator: collector === undefined ? { exporters: { traces: counter } } : { endpoint: collector },
    onDiagnostic: ({ message }) => console.error(`! ${message}`),
  });
  const server = http.createServer(
    { requestTimeout: 10_000, headersTimeout: 10_000, connectionsCheckingInterval: 1000 },
    httpTelemetry(telemetry, createCallListener()),
  );
  try {
    await listen(server, host, port);
  } catch (error) {
    await telemetry.shutdown({ timeoutMs: SHUTDOWN_MS });
    throw error;
  }
  announce(server.address());

  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await close(server);
  await telemetry.shutdown({ timeoutMs: SHUTDOWN_MS });
  console.log(collector === undefined ? `Done. ${counter.spans} spans were recorded.` : 'Done.');
}

/** An exporter that lets the spans go: propagation needs no collector. */
function createCounter() {
  return {
    spans: 0,
    export(spans, done) {
      this.spans += spans.length;
      done({ code: 0 });
    },
    async shutdown() {},
  };
}

function listen(server, host, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

function announce({ address, family, port }) {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address] ?? address;
  const url = `http://${family === 'IPv6' ? `[${reachable}]` : reachable}:${port}/`;
  const harnessPort = port === HARNESS_PORT ? `HARNESS_PORT=${HARNESS_PORT + 1} ` : '';
  console.log(`Listening on ${url}`);
  console.log("In the folder `test` of the harness's repository, with Python 3 and aiohttp:\n");
  console.log(`  ${harnessPort}SPEC_LEVEL=2 STRICT_LEVEL=2 python3 test.py ${url}\n`);
}

/** Waits for the answers that are under way, for a while. */
async function close(server) {
  const timer = setTimeout(() => server.closeAllConnections(), SHUTDOWN_MS);
  await new Promise((resolve) => server.close(resolve));
  clearTimeout(timer);
}
