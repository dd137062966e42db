/** Under load with hang-ups and refusals the counts agree, and nothing grows: heap, sockets, open exchanges. */
import { Agent, createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { httpTelemetry } from '../../src/adapters/http.js';
import { createGatewayTelemetry } from '../../src/index.js';
import { startOtlpReceiver } from '../../src/testing/index.js';

const ROUNDS = process.env['GATEWAY_OTEL_LONG'] === 'short' ? 6 : 60;
const REQUESTS_A_ROUND = 2_000;
const TENANTS = 20;
/** Garbage that survives a collection; a leak of 100 bytes a request would be far above it in the last rounds. */
const HEAP_SLACK_BYTES = 8 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

it('counts every request once and keeps no memory of it', async () => {
  const operator = await startOtlpReceiver();
  const tenant = await startOtlpReceiver();
  const tenants = Object.fromEntries(
    Array.from({ length: TENANTS }, (_unused, index) => [`t${index}`, { endpoint: tenant.url }]),
  );
  const telemetry = createGatewayTelemetry({
    env: false,
    tenantEgress: 'open',
    operator: { endpoint: operator.url },
    tenants,
    metrics: { intervalMs: 86_400_000 },
  });
  const server = createServer(
    httpTelemetry(
      telemetry,
      (request, response, exchange) => {
        if (request.url === '/refused') {
          exchange.recordError(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
          response.writeHead(502).end();
        } else if (request.url === '/slow') {
          response.write('half');
        } else {
          response.end('ok');
        }
      },
      { tenant: (request) => request.headers['x-tenant'], route: (request) => request.url },
    ),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });

  const ask = (path: string, id: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const asked = httpRequest(
        { port, host: '127.0.0.1', path, agent, headers: { 'x-tenant': id } },
        (answer) => {
          answer.resume().on('end', resolve);
        },
      );
      asked.on('error', reject).end();
    });
  const hangUp = (id: string): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.write(`GET /slow HTTP/1.1\r\nhost: x\r\nx-tenant: ${id}\r\n\r\n`);
      socket.once('data', () => socket.destroy()).once('close', () => resolve());
    });
  const round = async (): Promise<void> => {
    let next = 0;
    const client = async (): Promise<void> => {
      while (next < REQUESTS_A_ROUND) {
        const number = next++;
        const id = `t${number % TENANTS}`;
        if (number % 5 === 0) await hangUp(id);
        else await ask(number % 7 === 0 ? '/refused' : '/orders', id);
      }
    };
    await Promise.all(Array.from({ length: 32 }, client));
    while (telemetry.status().openExchanges > 0) await pause(5);
    await telemetry.flush({ timeoutMs: 30_000 });
  };

  const heaps: number[] = [];
  let sent = 0;
  let spans = 0;
  let logs = 0;
  let tenantLogs = 0;
  let counted = 0;
  for (let index = 0; index < ROUNDS; index++) {
    await round();
    sent += REQUESTS_A_ROUND;
    spans += operator.spans.length;
    // Beside these the operator has the exceptions of failed requests.
    logs += operator.logs.filter(({ eventName }) => eventName === 'knoxcall.proxy.request').length;
    tenantLogs += tenant.logs.length;
    counted = operator.metricPoints
      .filter(({ name }) => name === 'knoxcall.proxy.requests')
      .reduce((sum, { value }) => sum + Number(value), 0);
    operator.reset();
    tenant.reset();
    heaps.push(heapBytes());
  }

  expect({ spans, logs, tenantLogs, counted }).toEqual({
    spans: sent,
    logs: sent,
    tenantLogs: sent,
    counted: sent,
  });
  const result = await telemetry.shutdown();
  expect(result.complete).toBe(true);
  for (const ledger of [...Object.values(result.operator), ...Object.values(result.tenants)]) {
    expect(ledger).toMatchObject({ accepted: ledger.delivered, rejected: 0, dropped: {}, buffered: 0 });
  }
  const [, second = 0] = heaps;
  const last = heaps.at(-1) ?? 0;
  console.log(
    `heap after each round: ${heaps.map((bytes) => (bytes / 1e6).toFixed(1)).join(' ')} MB; ${sent} requests`,
  );
  expect(last - second).toBeLessThan(HEAP_SLACK_BYTES);

  agent.destroy();
  server.closeAllConnections();
  server.close();
  await Promise.all([operator.close(), tenant.close()]);
});
