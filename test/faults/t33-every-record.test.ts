/**
 * T33: secrets in what hosts tell of webhooks, security events, policies and exceptions, and in the configuration of a running
 * instance; no record of any signal shows one, at any severity, nor does any public object, while it is in use and after.
 */
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { FURTHER_METRICS } from '../../src/model/metric-choices.js';
import { sentryErrors } from '../../src/sentry/index.js';
import { startSentry } from '../sentry/sentry-server.js';
import { issue } from '../support/certificates.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { createSweep } from './secret-sweep.js';
import { watched } from './shown.js';
import { figure } from './support.js';

const sweep = createSweep();
const { plant } = sweep;

const look = (value: unknown): string => inspect(value, { depth: 10, showHidden: true });

/** As HTTP clients, databases and frameworks write them. */
function plantedError(where: string): Error {
  const inner = new Error(`connect postgres://joe:${plant(`${where}: cause, user info`)}@db/x`);
  const text = [
    `GET https://h/?api_key=${plant(`${where}: query`)} failed`,
    `Authorization: Bearer ${plant(`${where}: bearer`)}`,
    `{"password":"${plant(`${where}: JSON`)}"}`,
    `Cookie: sid=${plant(`${where}: cookie`)}`,
  ].join(', ');
  return Object.assign(new Error(text, { cause: inner }), {
    config: { headers: { authorization: plant(`${where}: field`) } },
  });
}

const errors = {
  request: plantedError('request'),
  call: plantedError('upstream call'),
  log: plantedError('runtime log'),
  span: plantedError('SERVER span'),
  custom: plantedError('custom span'),
  webhook: plantedError('webhook'),
  model: plantedError('call to a model'),
};

/** A client that writes its key where the model belongs, and a server that says it again. */
const keyOf = (where: string): string => `sk-proj-${plant(`${where}`)}-0123456789`;
const asked = {
  model: keyOf('model: asked for'),
  answered: keyOf('model: answered'),
  chunk: keyOf('model: answered in a stream'),
  url: `https://u:${plant('model: user info')}@models.example/v1?api-key=${plant('model: query')}#${plant('model: fragment')}`,
  tool: `tool token=${plant('tool: name')}`,
  uri: `https://u:${plant('MCP: user info')}@files.example/a?token=${plant('MCP: query')}`,
  rpc: `Authorization: Bearer ${plant('MCP: message')}`,
};

/** Whether it comes out well, fails, or is a call by MCP. */
function tellCalls({ telemetry }: TestGateway, keep: (value: unknown) => void): void {
  const live = telemetry.genAi({
    ...{ operation: 'chat', provider: 'openai', model: asked.model, url: asked.url, tenant: 'acme' },
    conversationId: keyOf('conversation'),
    request: { stopSequences: [keyOf('stop sequence')] },
  });
  keep(live);
  keep(live.span);
  live.recordPolicy({ name: 'keys', result: 'warning', reason: `token=${plant('model: reason')}` });
  live.read(`data: ${JSON.stringify({ model: asked.chunk, choices: [], usage: { prompt_tokens: 1 } })}\n\n`);
  live.end({ statusCode: 200, id: keyOf('response id') });
  const failed = telemetry.genAi({ operation: 'chat', model: asked.model, tenant: 'acme' });
  failed.setResponse({ model: asked.answered });
  failed.end({ error: errors.model });
  const mcp = { method: 'tools/call', sessionId: keyOf('MCP: session'), resourceUri: asked.uri };
  const tool = telemetry.genAi({ mcp, tool: { name: asked.tool }, tenant: 'acme' });
  tool.end({ error: { code: -32_000, message: asked.rpc } });
  for (const call of [live, failed, tool]) keep(call);
}
const webhookUrl = `https://u:${plant('webhook: user info')}@hook.example/in/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${plant('webhook: path')}?token=${plant('webhook: query')}`;
const texts = {
  parent: plant('webhook: parent'),
  reason: `sent Authorization: Bearer ${plant('security event: reason')}`,
  name: `Bad ${plant('security event: name')}`,
  policy: `refused token=${plant('policy: reason')}`,
  tenant: `${plant('tenant id')}\n`.repeat(10),
};
const configured = {
  operator: plant('operator: header'),
  acme: plant('tenant: header'),
  path: plant('operator: path'),
  query: plant('operator: query'),
  dsn: plant('Sentry: the secret part of a DSN'),
};

const { cert, key } = issue();
sweep.plantText('operator: private key', key.split('\n')[4] ?? '');

function shownBy(gateway: TestGateway): unknown[] {
  const { telemetry } = gateway;
  const { tracer, logger, meter } = telemetry;
  return [telemetry, tracer, logger, meter, telemetry.status(), telemetry.status('acme')];
}

/** All of it in one request, each public object looked at while it is in use. */
async function tellEverything(minSeverity: number): Promise<void> {
  const shown: string[] = [];
  const trees: string[] = [];
  const kept: unknown[] = [];
  const gateway = await startGateway({
    adapter: { tenant: 'acme' },
    operator: { headers: { authorization: `Bearer ${configured.operator}` } },
    acme: { headers: `x-key=${configured.acme}` },
    options: {
      spans: 'server+client',
      exceptions: {},
      runtimeLogs: { minSeverity },
      tenantRecords: { webhooks: true, securityEvents: true, genAi: 'with_cost' },
      genAi: { events: true, price: () => 1 },
      selfMetrics: true,
      metrics: { also: FURTHER_METRICS, attribution: ['team'], exemplars: true },
      onRequestSpans: (text) => void trees.push(text),
    },
    listener(_request, response, exchange) {
      const { telemetry } = gateway;
      const keep = (value: unknown): void => {
        kept.push(value);
        shown.push(look(value));
      };
      exchange.recordError(errors.request);
      exchange.span.recordException(errors.span);
      exchange.span.setStatus({ code: 2, message: errors.span.message });
      exchange.recordPolicy({ name: 'keys', result: 'blocked', reason: texts.policy });
      exchange.recordCost({ amount: 1, currency: 'EUR', provider: 'up' });
      const call = exchange.startUpstreamCall({ url: 'http://up.test/' });
      keep(call);
      call.end({ error: errors.call });
      const webhook = telemetry.webhook({
        eventType: 'e',
        url: webhookUrl,
        tenant: 'acme',
        parent: texts.parent,
      });
      keep(webhook);
      keep(webhook.span);
      webhook.end({ error: errors.webhook });
      tellCalls(gateway, keep);
      telemetry.securityEvent({
        name: 'key.refused',
        outcome: 'denied',
        reason: texts.reason,
        tenant: 'acme',
      });
      telemetry.securityEvent({ name: texts.name, outcome: 'denied', tenant: texts.tenant });
      for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) {
        telemetry.logger[level]('failed', errors.log);
        telemetry.logger[level](errors.log);
      }
      telemetry.tracer.startActiveSpan('custom', (span) => {
        span.recordException(errors.custom);
        span.setStatus({ code: 2, message: errors.custom.message });
        span.end();
        keep(span);
      });
      const counter = telemetry.meter.createCounter('host.things');
      counter.add(1);
      keep(counter);
      keep(exchange);
      keep(exchange.span);
      shown.push(...shownBy(gateway).map(look));
      response.writeHead(502).end();
    },
  });
  const { telemetry, operator, acme } = gateway;
  const sentry = await startSentry();
  const errorReports = sentryErrors(telemetry, { dsn: sentry.dsn(`key:${configured.dsn}`), env: false });
  telemetry.setOperator([
    { endpoint: operator.url, headers: { authorization: `Bearer ${configured.operator}` } },
    { name: 'at a path', endpoint: `https://127.0.0.1:9/${configured.path}`, tls: { ca: cert, cert, key } },
    { name: 'with a query', logs: { endpoint: `https://127.0.0.1:9/?k=${configured.query}` } },
  ]);
  const lines = await watched(async () => {
    await send(`${gateway.url}/a`);
    await gateway.flush();
    await errorReports.flush();
    shown.push(look(errorReports), look(errorReports.status()));
    await errorReports.close();
  });
  const events = new Set(operator.logs.map(({ eventName }) => eventName));
  expect([...events]).toEqual(
    expect.arrayContaining([
      'knoxcall.proxy.request',
      'knoxcall.webhook.delivery',
      'knoxcall.security.key.refused',
      'http.server.request.exception',
      'http.client.request.exception',
      'gen_ai.client.inference.operation.details',
      'gen_ai.client.operation.exception',
    ]),
  );
  expect(operator.spans.filter(({ name }) => name === 'custom')).toHaveLength(1);
  expect(operator.metricPoints.some(({ exemplars }) => (exemplars?.length ?? 0) > 0)).toBe(true);
  expect(operator.metricPoints.some(({ name }) => name === 'host.things')).toBe(true);
  expect(acme.logs.length).toBeGreaterThan(1);
  expect(trees).toHaveLength(1);
  const after = [...kept, ...shownBy(gateway)];
  await telemetry.shutdown({ timeoutMs: 500 });
  sweep.expectNone([
    ...shown,
    ...after,
    ...kept,
    ...shownBy(gateway),
    ...trees,
    ...lines,
    ...gateway.diagnostics,
  ]);
  for (const { requests } of [operator, acme, gateway.globex])
    for (const { bytes } of requests) sweep.expectOnWire(Buffer.from(bytes), []);
  expect(sentry.events).toHaveLength(1);
  for (const { text } of sentry.envelopes) sweep.expectOnWire(Buffer.from(text), []);
}

it.each([1, 9, 17, 24])(
  'T33: no record of any kind shows a secret; runtime logs from %d',
  async (minSeverity) => {
    await tellEverything(minSeverity);
    expect(sweep.planted).toBeGreaterThanOrEqual(40);
    figure('T33', `${sweep.planted} secrets told by the host in ${sweep.looks} places, leaks 0`);
  },
);
