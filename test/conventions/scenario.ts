/** A gateway with every option that adds something, and traffic of every kind: what it sends is what this library can send. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange, GatewayOptions } from '../../src/index.js';
import { FURTHER_METRICS } from '../../src/model/metric-choices.js';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import type { Naming } from './check.js';
import { callsToModels } from './gen-ai-scenario.js';
import type { Owner, Payload } from './payload.js';

export const NAMING: Naming = {
  namespace: 'edge',
  governanceNamespace: 'govern',
  hostPrefix: 'app.',
};

/** Everything that adds records or attributes. */
const EVERYTHING: GatewayOptions = {
  namespace: NAMING.namespace,
  governanceNamespace: NAMING.governanceNamespace,
  tenantRecords: { webhooks: true, securityEvents: true, genAi: true },
  genAi: { events: true },
  spanAttributes: {
    server: { requestHeaders: ['x-a'], responseHeaders: ['x-b'], network: true, syntheticType: true },
    client: { requestHeaders: ['x-a'], responseHeaders: ['x-b'], network: true, userAgent: true },
  },
  serviceVersion: '1.2.3',
  environment: 'test',
  spans: 'server+client',
  timeToFirstByte: true,
  bodySizes: true,
  exceptions: {},
  selfMetrics: true,
  metrics: { also: FURTHER_METRICS, attribution: ['team', 'customer', 'project'] },
};

const refused = (): Error => Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });

function governance(exchange: Exchange): void {
  exchange.recordPolicy({ name: 'budget', result: 'passed' });
  exchange.recordPolicy({ name: 'pii', result: 'blocked', reason: 'address' });
  exchange.recordCost({ amount: 2, currency: 'EUR', provider: 'up', model: 'large' });
  exchange.recordEvaluation({ name: 'relevance', score: 1, threshold: 1 });
  exchange.setBudget({ name: 'team', utilization: 50 });
  exchange.setAttribution({ team: 'edge', customerId: 'c1', project: 'p1' });
}

/** An attempt at each outcome, for each tenant. */
function webhooks({ telemetry }: TestGateway): void {
  for (const tenant of ['acme', 'globex', undefined]) {
    const attempt = (
      end: Parameters<ReturnType<typeof telemetry.webhook>['end']>[0],
      method?: string,
    ): void =>
      telemetry
        .webhook({
          tenant,
          eventType: 'order.created',
          url: 'https://hooks.example/in',
          method,
          requestId: 'r1',
        })
        .end(end);
    attempt({ statusCode: 200 });
    attempt({ statusCode: 410, retryCount: 1 });
    attempt({ statusCode: 503, retryCount: 2 }, 'NOTIFY');
    attempt({ error: refused() });
  }
}

/** One of each severity, in an exchange and outside of any. */
function securityEvents({ telemetry }: TestGateway, exchange?: Exchange): void {
  for (const tenant of ['acme', 'globex'])
    for (const severity of ['info', 'warn', 'error', 'fatal'] as const)
      telemetry.securityEvent({
        name: 'auth.token_expired',
        outcome: 'denied',
        severity,
        tenant,
        reason: 'too old',
        exchange,
      });
}

type Handler = (exchange: Exchange, response: ServerResponse, request: IncomingMessage) => void;

const HANDLERS: Readonly<Record<string, Handler>> = {
  '/orders/7': (exchange, response) => {
    exchange.setHttpRoute('/orders/:id');
    exchange.setRoute('orders');
    exchange.setAttribute('app.plan', 'gold');
    exchange.setTenantAttribute('app.region', 'eu');
    governance(exchange);
    exchange.startUpstreamCall({ url: 'http://up.example:81/a?b=1' }).end({ error: refused() });
    const second = exchange.startUpstreamCall({ url: 'http://up.example:81/a?b=1', resendCount: 1 });
    second.inject({ 'x-a': '1', 'user-agent': 'gateway/1' });
    second.setConnection({ remoteAddress: '192.0.2.1', remotePort: 81 }, 'spdy/3');
    second.responded(200, { 'x-b': '2' });
    second.end({ statusCode: 200 });
    response.setHeader('x-b', '2');
    response.end('{}');
  },
  '/missing': (exchange, response) => {
    exchange.setRoute('missing');
    exchange.startUpstreamCall({ address: 'up.example', method: 'MOVE' }).end({ statusCode: 404 });
    response.writeHead(404).end();
  },
  '/broken': (exchange, response) => {
    exchange.setUpstream({ address: 'up.example', statusCode: 503 });
    response.writeHead(503).end();
  },
  '/own': (exchange, response) => {
    exchange.setRoute('own');
    exchange.recordError(refused());
    exchange.span.recordException(refused());
    response.writeHead(502).end(exchange.errorId);
  },
  '/open': (_, response) => void response.write('head'),
  '/gone': (_, response) => void response.destroy(),
};

async function traffic(gateway: TestGateway): Promise<void> {
  for (const tenant of ['acme', 'globex', '']) {
    const headers = { 'user-agent': 'test-bot/1 crawler', 'x-a': '1', 'x-tenant': tenant };
    for (const path of ['/orders/7?q=1', '/missing', '/broken', '/own', '/plain'])
      await send(gateway.url + path, { method: 'POST', body: 'body', headers });
    await send(`${gateway.url}/gone`, { headers }).catch(() => undefined);
    await send(`${gateway.url}/orders/7`, { method: 'PROPFIND', headers });
  }
  webhooks(gateway);
  await openRaw(gateway.port, 'GET / HTTP/1.0\r\n\r\n').closed;
}

function payloadsOf(receiver: OtlpReceiver, owner: Owner): Payload[] {
  return receiver.requests.flatMap(({ signal, bytes }) =>
    signal === undefined ? [] : [{ owner, signal, bytes }],
  );
}

async function everything(): Promise<Payload[]> {
  const gateway = await startGateway({
    options: EVERYTHING,
    adapter: { tenant: (request) => request.headers['x-tenant'] || undefined },
    listener: (request, response, exchange) => {
      securityEvents(gateway, exchange);
      callsToModels(gateway.telemetry, exchange);
      const handler = HANDLERS[(request.url ?? '').split('?', 1).join('')];
      if (handler === undefined) response.end('ok');
      else handler(exchange, response, request);
    },
  });
  // Losses, which are told with the next reading.
  for (const receiver of [gateway.operator, gateway.globex])
    for (const signal of ['traces', 'logs', 'metrics'] as const)
      receiver.answerWith({ signal, status: 400, times: 1 });
  await traffic(gateway);
  await gateway.flush();
  await traffic(gateway);
  await gateway.flush();
  // While a request is running.
  const open = openRaw(gateway.port, 'GET /open HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n');
  await open.waitFor('head');
  await gateway.telemetry.flush();
  open.socket.destroy();
  await gateway.flush();
  const tested: Payload[] = [];
  for (const owner of ['operator', 'tenant'] as const) {
    const receiver = await startOtlpReceiver();
    await gateway.telemetry.testDestination({ endpoint: receiver.url }, { as: owner });
    tested.push(...payloadsOf(receiver, owner));
    await receiver.close();
  }
  await gateway.close();
  return [
    ...tested,
    ...payloadsOf(gateway.operator, 'operator'),
    ...payloadsOf(gateway.acme, 'tenant'),
    ...payloadsOf(gateway.globex, 'tenant'),
  ];
}

/** More routes than there may be series, and more records than a queue may hold. */
async function overflow(): Promise<Payload[]> {
  const gateway = await startGateway({
    options: {
      namespace: NAMING.namespace,
      governanceNamespace: NAMING.governanceNamespace,
      metrics: { maxSeriesPerTenant: 2, maxSeries: 2, maxSeriesPerMetric: 1, also: FURTHER_METRICS },
      selfMetrics: true,
      delivery: { operator: { maxItems: 4 } },
    },
    adapter: { tenant: 'acme', route: (request) => request.url },
    listener: (request, response, exchange) => {
      exchange.setHttpRoute(request.url);
      exchange.setUpstream({ latencyMs: 1 });
      governance(exchange);
      exchange.recordCost({ amount: 1, currency: 'EUR', model: request.url });
      response.end();
    },
  });
  for (const signal of ['traces', 'logs'] as const)
    gateway.operator.answerWith({ signal, delayMs: 300, times: 4 });
  for (let route = 0; route < 20; route++) await send(`${gateway.url}/r${route}`);
  await gateway.flush();
  await gateway.flush();
  await gateway.close();
  return [...payloadsOf(gateway.operator, 'operator'), ...payloadsOf(gateway.acme, 'tenant')];
}

/** A trace that was not sampled and is kept, with more calls than wait for the end of a request. */
async function keptLate(): Promise<Payload[]> {
  const gateway = await startGateway({
    options: { ...EVERYTHING, sampling: { ratio: 0, keep: { statusCodes: [200] } } },
    listener: (_request, response, exchange) => {
      callsToModels(gateway.telemetry, exchange);
      for (let call = 0; call < 70; call++)
        exchange.startUpstreamCall({ url: 'http://up.example:81/a' }).end({ statusCode: 200 });
      response.end('ok');
    },
  });
  await send(gateway.url);
  await gateway.flush();
  await gateway.close();
  return payloadsOf(gateway.operator, 'operator');
}

/** The metrics of calls to models, within the caps and beyond them. */
async function callMetrics(): Promise<Payload[]> {
  const gateway = await startGateway({
    options: {
      ...EVERYTHING,
      tenantRecords: { genAi: 'with_cost' },
      metrics: { ...EVERYTHING.metrics, maxSeriesPerTenant: 30, maxSeriesPerMetric: 30 },
      genAi: { price: () => 0.5 },
    },
    operator: { signals: { traces: false, logs: false } },
  });
  const { telemetry } = gateway;
  const url = 'https://models.example';
  const end = { statusCode: 200, model: 'large-1', usage: { inputTokens: 1, outputTokens: 1 } };
  for (let number = 0; number < 40; number++) {
    const model = `large-${number}`;
    const tool = { name: `tool-${number}` };
    const tenant = number % 2 === 0 ? 'acme' : 'globex';
    const chat = telemetry.genAi({
      ...{ operation: 'chat', provider: 'openai', model, url, tenant },
      request: { stream: true },
      attribution: { team: 'edge', customerId: 'c1', project: 'p1' },
    });
    chat.firstChunk();
    chat.end(end);
    telemetry.genAi({ operation: 'chat', provider: 'openai', model, url, tenant }).end({ statusCode: 429 });
    for (const side of ['client', 'server'] as const) {
      const mcp = { side, protocolVersion: '2025-06-18', transport: 'tcp' };
      telemetry.genAi({ mcp: { ...mcp, method: 'tools/call' }, tool, url, tenant }).end();
      telemetry.genAi({ mcp: { ...mcp, method: 'prompts/get', promptName: 'hi' }, url, tenant }).end();
      telemetry
        .genAi({ mcp: { ...mcp, method: 'tools/call' }, tool, url, tenant })
        .end({ error: { code: -32602, message: 'no' } });
    }
  }
  await gateway.flush();
  await gateway.close();
  return [
    ...payloadsOf(gateway.operator, 'operator'),
    ...payloadsOf(gateway.acme, 'tenant'),
    ...payloadsOf(gateway.globex, 'tenant'),
  ];
}

export async function sendEverything(): Promise<readonly Payload[]> {
  return [...(await everything()), ...(await overflow()), ...(await keptLate()), ...(await callMetrics())];
}
