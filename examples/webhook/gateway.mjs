/**
 * A gateway that tells of each order by a webhook: a queue, retries, and telemetry for every attempt. The environment says where
 * it goes; UPSTREAM is the receiver of the webhooks:
 *
 *   UPSTREAM=http://127.0.0.1:3000 PORT=8080 OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node gateway.mjs
 */
import http from 'node:http';
import { createGatewayTelemetry } from 'gateway-otel';
import { httpTelemetry } from 'gateway-otel/http';

const { UPSTREAM = 'http://127.0.0.1:3000', PORT = '8080' } = process.env;
const MAX_RETRIES = 3;
const FIRST_DELAY_MS = 50;

const telemetry = createGatewayTelemetry({
  serviceName: 'webhook-gateway',
  tenantRecords: { webhooks: true }, // tenants with a destination receive the records of their own
});

/** Texts, as a database or a broker keeps them. They outlive the request, and here not the process. */
const queue = [];
const underWay = new Set();

function enqueue(job, delayMs) {
  queue.push({ text: JSON.stringify(job), dueMs: Date.now() + delayMs });
}

async function attempt(job) {
  const { tenant, eventType, url, body, retryCount } = job;
  const delivery = telemetry.webhook({
    tenant,
    eventType,
    url,
    parent: { traceparent: job.traceparent, as: retryCount === 0 ? 'parent' : 'link' },
  });
  const headers = { 'content-type': 'application/json' };
  delivery.inject(headers); // the trace goes on to the receiver
  try {
    const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual' });
    delivery.end({ statusCode: answer.status, retryCount });
    return answer.ok;
  } catch (error) {
    delivery.end({ error, retryCount });
    return false;
  }
}

async function work(job) {
  if (await attempt(job)) return;
  const { eventType, retryCount } = job;
  if (retryCount < MAX_RETRIES)
    enqueue({ ...job, retryCount: retryCount + 1 }, FIRST_DELAY_MS * 2 ** retryCount);
  else console.log(`gave up ${eventType}`);
}

const worker = setInterval(() => {
  const nowMs = Date.now();
  for (const entry of queue.filter(({ dueMs }) => dueMs <= nowMs)) {
    queue.splice(queue.indexOf(entry), 1);
    const working = work(JSON.parse(entry.text)).finally(() => underWay.delete(working));
    underWay.add(working);
  }
}, 10);

const server = http.createServer(
  httpTelemetry(telemetry, (request, response, exchange) => {
    exchange.setTenant('acme');
    const body = JSON.stringify({ order: 17 });
    const { traceparent } = exchange; // where the delivery belongs, whenever it is made
    enqueue(
      { tenant: 'acme', eventType: 'order.created', url: UPSTREAM, body, traceparent, retryCount: 0 },
      0,
    );
    request.resume();
    response.writeHead(202).end();
  }),
);
server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    clearInterval(worker);
    server.close(async () => {
      await Promise.all(underWay); // an attempt that ends after the shutdown is not recorded
      await telemetry.shutdown();
    });
  });
}
