/** `telemetry.webhook()`: what is recorded of an attempt, and who receives it. */
import { describe, expect, it } from 'vitest';
import type { Exchange, HostSpanProcessor, WebhookEnd, WebhookOptions } from '../../src/index.js';
import type { ReceivedLog, ReceivedSpan } from '../../src/testing/index.js';
import { startGateway, type GatewaySetup, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { closedPort } from '../support/upstream.js';
import { deliver, startWebhookReceiver } from '../support/webhooks.js';

const CLIENT = 3;
const ERROR = 2;
const HOST = '127.0.0.1';
const forTenants = { options: { tenantRecords: { webhooks: true } } } satisfies GatewaySetup;

function spanOf({ operator }: TestGateway): ReceivedSpan {
  const spans = operator.spans.filter(({ kind }) => kind === CLIENT);
  expect(spans).toHaveLength(1);
  return spans[0] as ReceivedSpan;
}

const webhookLogs = (logs: readonly ReceivedLog[]): ReceivedLog[] =>
  logs.filter(({ eventName }) => eventName === 'knoxcall.webhook.delivery');

function logOf({ operator }: TestGateway): ReceivedLog {
  const logs = webhookLogs(operator.logs);
  expect(logs).toHaveLength(1);
  return logs[0] as ReceivedLog;
}

describe('a delivered webhook', () => {
  it('is one CLIENT span and one log record of the operator, in one trace of their own', async () => {
    const gateway = await startGateway({ options: { sensitiveQueryKeys: ['hook-id'] } });
    const receiver = await startWebhookReceiver();
    const { delivery } = await deliver(
      gateway.telemetry,
      `${receiver.url}/hooks?token=tellnobody&hook_id=1&a=1`,
    );
    await gateway.flush();
    const span = spanOf(gateway);
    const log = logOf(gateway);
    expect(span).toMatchObject({ name: 'POST', kind: CLIENT, status: { code: 0 }, links: [] });
    expect(span.parentSpanId ?? '').toBe('');
    expect(span.attributes).toEqual({
      'http.request.method': 'POST',
      'url.full': `${receiver.url}/hooks?token=REDACTED&hook_id=REDACTED&a=1`,
      'server.address': HOST,
      'server.port': receiver.port,
      'http.response.status_code': 200,
      'knoxcall.webhook.event_type': 'order.created',
      'knoxcall.webhook.success': true,
      'knoxcall.webhook.retry_count': 0,
      'knoxcall.tenant_id': 'acme',
    });
    expect(log).toMatchObject({
      severityNumber: 9,
      severityText: 'INFO',
      traceId: span.traceId,
      spanId: span.spanId,
      flags: 3,
      timeUnixNano: span.endTimeUnixNano,
    });
    expect(log.body).toMatch(/^POST 127\.0\.0\.1 order\.created 200 \d+ms$/);
    expect(log.attributes).toEqual({
      'event.name': 'knoxcall.webhook.delivery',
      'http.request.method': 'POST',
      'http.response.status_code': 200,
      'server.address': HOST,
      'knoxcall.webhook.event_type': 'order.created',
      'knoxcall.webhook.success': true,
      'knoxcall.webhook.retry_count': 0,
      'knoxcall.tenant_id': 'acme',
    });
    expect([delivery.traceId, delivery.spanId]).toEqual([span.traceId, span.spanId]);
    expect(receiver.arrived[0]?.['traceparent']).toBe(`00-${span.traceId}-${span.spanId}-03`);
    expect(JSON.stringify(gateway.operator.logs[0]?.body)).not.toContain('hooks');
    expect([gateway.acme.logs.length, gateway.globex.logs.length]).toEqual([0, 0]);
  });

  it('takes method, tenant, time, request id and attributes as they are told', async () => {
    const gateway = await startGateway();
    const delivery = gateway.telemetry.webhook({
      tenant: null,
      eventType: 'order.created',
      url: new URL('https://user:tellnobody@[2001:db8::1]/a'),
      method: 'PURGE',
      startTimeMs: Date.now() - 5_000,
      requestId: 'req-1',
      attributes: { 'job.id': 17, 'http.request.method': 'a lie', 'knoxcall.webhook.success': 'a lie' },
    });
    delivery.span.setAttribute('on.span', true);
    delivery.end({ statusCode: 204, retryCount: 2 });
    await gateway.flush();
    const span = spanOf(gateway);
    expect(span.name).toBe('HTTP');
    expect(span.attributes).toEqual({
      'job.id': 17,
      'on.span': true,
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PURGE',
      'http.request.resend_count': 2,
      'url.full': 'https://REDACTED:REDACTED@[2001:db8::1]/a',
      'server.address': '2001:db8::1',
      'server.port': 443,
      'http.response.status_code': 204,
      'knoxcall.webhook.event_type': 'order.created',
      'knoxcall.webhook.success': true,
      'knoxcall.webhook.retry_count': 2,
      'knoxcall.request_id': 'req-1',
    });
    const durationMs = Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1e6;
    expect(durationMs).toBeGreaterThan(4_990);
    expect(durationMs).toBeLessThan(60_000);
    const { attributes, body } = logOf(gateway);
    expect(attributes).toMatchObject({
      'job.id': 17,
      'http.request.method': '_OTHER',
      'knoxcall.webhook.success': true,
      'knoxcall.webhook.retry_count': 2,
      'knoxcall.request_id': 'req-1',
    });
    expect(attributes).not.toHaveProperty('knoxcall.tenant_id');
    expect(body).toMatch(/^_OTHER 2001:db8::1 order\.created 204 5\d{3}ms$/);
    expect(
      JSON.stringify([span, attributes], (_, value: unknown) => (typeof value === 'bigint' ? 0 : value)),
    ).not.toContain('tellnobody');
  });

  it('counts its first end only', async () => {
    const gateway = await startGateway();
    const delivery = gateway.telemetry.webhook({ eventType: 'a', url: 'http://a.example' });
    delivery.end({ statusCode: 200 });
    delivery.end({ statusCode: 500 });
    await gateway.flush();
    expect(logOf(gateway).attributes['http.response.status_code']).toBe(200);
    expect(spanOf(gateway).attributes['http.response.status_code']).toBe(200);
  });

  it('leaves nothing when it is never ended, or after shutdown', async () => {
    const gateway = await startGateway();
    gateway.telemetry.webhook({ eventType: 'a', url: 'http://a.example' });
    const late = gateway.telemetry.webhook({ eventType: 'b', url: 'http://a.example' });
    await gateway.telemetry.shutdown();
    late.end({ statusCode: 200 });
    // Nor is it a loss: the account has ended with the instance.
    const { operator } = await gateway.telemetry.flush();
    expect([operator.logs?.accepted, operator.traces?.accepted]).toEqual([0, 0]);
    expect(gateway.operator.logs).toEqual([]);
    expect(gateway.operator.spans).toEqual([]);
  });
});

describe('how it came out', () => {
  const broken = Object.assign(new Error('secret text'), { code: 'ECONNRESET' });
  it.each<[string, WebhookEnd | undefined, number, boolean, string | undefined]>([
    ['2xx', { statusCode: 201 }, 9, true, undefined],
    ['a redirect that nobody followed', { statusCode: 302 }, 9, false, undefined],
    ['4xx', { statusCode: 410 }, 13, false, '410'],
    ['429', { statusCode: 429 }, 13, false, '429'],
    ['5xx', { statusCode: 503 }, 17, false, '503'],
    ['a transport error', { error: broken }, 17, false, 'upstream_reset'],
    ['an answer that broke off', { statusCode: 200, error: broken }, 17, false, 'upstream_reset'],
    ['a time-out', { error: new DOMException('late', 'TimeoutError') }, 17, false, 'upstream_timeout'],
    ['given up', { error: new DOMException('enough', 'AbortError') }, 17, false, 'AbortError'],
    ['a name', { error: 'breaker_open' }, 17, false, 'breaker_open'],
    ['nothing said', {}, 17, false, 'no_response'],
    ['nothing at all', undefined, 17, false, 'no_response'],
  ])('%s', async (_what, end, severityNumber, success, errorType) => {
    const gateway = await startGateway();
    gateway.telemetry.webhook({ eventType: 'a', url: 'http://a.example' }).end(end);
    await gateway.flush();
    const log = logOf(gateway);
    const span = spanOf(gateway);
    expect(log.severityNumber).toBe(severityNumber);
    for (const { attributes } of [log, span]) {
      expect(attributes['knoxcall.webhook.success']).toBe(success);
      expect(attributes['error.type']).toBe(errorType);
      expect(attributes['http.response.status_code']).toBe(end?.statusCode);
    }
    expect(span.status.code).toBe(errorType === undefined ? 0 : ERROR);
    expect(JSON.stringify([log.attributes, span.attributes, log.body])).not.toContain('secret text');
  });

  it('of real failures and retries: a record and a span for each attempt', async () => {
    const gateway = await startGateway();
    const receiver = await startWebhookReceiver();
    const dead = `http://${HOST}:${await closedPort()}/`;
    const urls = [dead, `${receiver.url}/reset`, `${receiver.url}/503`, `${receiver.url}/404`, receiver.url];
    for (const [index, url] of urls.entries()) await deliver(gateway.telemetry, url, {}, index);
    await gateway.flush();
    const logs = webhookLogs(gateway.operator.logs);
    expect(logs.map(({ severityNumber }) => severityNumber)).toEqual([17, 17, 17, 13, 9]);
    expect(logs.map(({ attributes }) => attributes['error.type'])).toEqual([
      'upstream_connect_error',
      'upstream_reset',
      '503',
      '404',
      undefined,
    ]);
    expect(logs.map(({ attributes }) => attributes['knoxcall.webhook.retry_count'])).toEqual([0, 1, 2, 3, 4]);
    expect(gateway.operator.spans.map(({ attributes }) => attributes['http.request.resend_count'])).toEqual([
      undefined,
      1,
      2,
      3,
      4,
    ]);
    expect(new Set(gateway.operator.spans.map(({ spanId }) => spanId)).size).toBe(5);
  });
});

describe('a tenant', () => {
  it('gets its own webhooks where the option says so, with nothing of the operator’s and nothing of others’', async () => {
    const gateway = await startGateway(forTenants);
    for (const tenant of ['acme', 'globex', undefined]) {
      gateway.telemetry
        .webhook({
          tenant,
          eventType: 'order.created',
          url: `http://${tenant ?? 'nobody'}.example/path-canary?q=query-canary`,
          requestId: 'id-canary',
          attributes: { 'key.canary': 'value-canary' },
        })
        .end({ statusCode: 503, retryCount: 1 });
    }
    await gateway.flush();
    for (const tenant of ['acme', 'globex'] as const) {
      const { logs, spans, requests } = gateway[tenant];
      expect(spans).toEqual([]);
      expect(logs).toHaveLength(1);
      expect(logs[0]?.attributes).toEqual({
        'event.name': 'knoxcall.webhook.delivery',
        'http.request.method': 'POST',
        'http.response.status_code': 503,
        'server.address': `${tenant}.example`,
        'knoxcall.webhook.event_type': 'order.created',
        'knoxcall.webhook.success': false,
        'knoxcall.webhook.retry_count': 1,
        'knoxcall.tenant_id': tenant,
        'error.type': '503',
      });
      const bytes = Buffer.concat(requests.map((request) => request.bytes)).toString('latin1');
      expect(bytes).not.toContain('canary');
      expect(bytes).not.toContain(tenant === 'acme' ? 'globex' : 'acme');
    }
    expect(webhookLogs(gateway.operator.logs)).toHaveLength(3);
    for (const { attributes } of webhookLogs(gateway.operator.logs))
      expect(attributes).toMatchObject({ 'key.canary': 'value-canary', 'knoxcall.request_id': 'id-canary' });
  });

  it('gets it without any operator, and is asked for when it is not known yet', async () => {
    const gateway = await startGateway({ ...forTenants, operator: null });
    gateway.telemetry.webhook({ tenant: 'acme', eventType: 'a', url: 'http://a.example' }).end();
    await gateway.flush();
    expect(gateway.acme.logs).toHaveLength(1);
    expect(gateway.operator.requests).toEqual([]);
  });

  it('of the exchange is the webhook’s, unless another is named', async () => {
    const gateway = await startGateway({
      ...forTenants,
      listener(_request, response, exchange) {
        exchange.setTenant('acme');
        gateway.telemetry.webhook({ eventType: 'inside', url: 'http://a.example' }).end();
        gateway.telemetry.webhook({ tenant: 'globex', eventType: 'named', url: 'http://a.example' }).end();
        gateway.telemetry.webhook({ tenant: null, eventType: 'nobody', url: 'http://a.example' }).end();
        response.end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    const types = (logs: readonly ReceivedLog[]): unknown[] =>
      webhookLogs(logs).map(({ attributes }) => attributes['knoxcall.webhook.event_type']);
    expect(types(gateway.acme.logs)).toEqual(['inside']);
    expect(types(gateway.globex.logs)).toEqual(['named']);
    expect(types(gateway.operator.logs)).toEqual(['inside', 'named', 'nobody']);
  });

  it('of a request is not that of a worker which that request has started', async () => {
    let exchange: Exchange | undefined;
    const gateway = await startGateway({
      ...forTenants,
      listener(_request, response, running) {
        exchange = running;
        running.setTenant('acme');
        response.end();
      },
    });
    await send(gateway.url);
    await gateway.idle();
    const begin = (options?: Partial<WebhookOptions>) =>
      gateway.telemetry.webhook({ eventType: 'late', url: 'http://a.example', ...options });
    exchange?.run(() => begin().end());
    await gateway.flush();
    expect(webhookLogs(gateway.acme.logs)).toEqual([]);
    // The trace is the request's all the same: it is what the work was done for.
    expect(logOf(gateway).traceId).toBe(exchange?.traceId);
    expect(logOf(gateway).attributes).not.toHaveProperty('knoxcall.tenant_id');
    // Whoever names the exchange means its tenant.
    begin({ exchange }).end();
    await gateway.flush();
    expect(webhookLogs(gateway.acme.logs)).toHaveLength(1);
  });
});

describe('what is switched off', () => {
  const attempt = (gateway: TestGateway): void =>
    gateway.telemetry.webhook({ tenant: 'acme', eventType: 'a', url: 'http://a.example' }).end();

  it('with the operator’s traces: the record stays, without ids', async () => {
    const gateway = await startGateway({ operator: { signals: { traces: false } } });
    attempt(gateway);
    await gateway.flush();
    expect(logOf(gateway)).toMatchObject({ traceId: '', spanId: '' });
    expect(gateway.operator.spans).toEqual([]);
  });

  it('with the operator’s logs: the span stays', async () => {
    const gateway = await startGateway({ operator: { signals: { logs: false } } });
    attempt(gateway);
    await gateway.flush();
    expect(gateway.operator.logs).toEqual([]);
    spanOf(gateway);
  });

  it('with the tenant’s logs: the tenant has none', async () => {
    const gateway = await startGateway({ ...forTenants, acme: { signals: { logs: false } } });
    attempt(gateway);
    await gateway.flush();
    expect(gateway.acme.logs).toEqual([]);
    logOf(gateway);
  });

  it('by OTEL_SDK_DISABLED: everything', async () => {
    const gateway = await startGateway({
      options: { env: { OTEL_SDK_DISABLED: 'true' }, tenantRecords: { webhooks: true } },
    });
    attempt(gateway);
    await gateway.flush();
    expect([...gateway.operator.requests, ...gateway.acme.requests]).toEqual([]);
  });

  it('by an unsampled trace: the span only', async () => {
    const gateway = await startGateway({ options: { sampling: { ratio: 0 } } });
    const headers: Record<string, string> = {};
    const delivery = gateway.telemetry.webhook({ eventType: 'a', url: 'http://a.example' });
    delivery.inject(headers);
    delivery.end();
    await gateway.flush();
    expect(gateway.operator.spans).toEqual([]);
    expect(logOf(gateway)).toMatchObject({ traceId: delivery.traceId, spanId: delivery.spanId, flags: 2 });
    expect(headers['traceparent']).toBe(`00-${delivery.traceId}-${delivery.spanId}-02`);
  });
});

describe('span processors', () => {
  it('see it begin with what is known, and end with the rest', async () => {
    const seen: [string, unknown][] = [];
    const processor: HostSpanProcessor = {
      onStart: (span) => void seen.push(['start', { ...(span as ReceivedSpan).attributes }]),
      onEnd: (span) => void seen.push(['end', { ...(span as ReceivedSpan).attributes }]),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    const gateway = await startGateway({ options: { spanProcessors: [processor] } });
    const attributes = { 'error.type': 'a lie' };
    gateway.telemetry
      .webhook({ eventType: 'a', url: 'http://a.example/b', attributes })
      .end({ statusCode: 404 });
    expect(seen).toEqual([
      [
        'start',
        expect.objectContaining({ 'url.full': 'http://a.example/b', 'knoxcall.webhook.event_type': 'a' }),
      ],
      ['end', expect.objectContaining({ 'http.response.status_code': 404, 'error.type': '404' })],
    ]);
    await gateway.flush();
    expect(spanOf(gateway).attributes['error.type']).toBe('404');
  });
});
