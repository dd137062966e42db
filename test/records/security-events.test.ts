/** `telemetry.securityEvent()`: its span, its log record, and who receives them. */
import { describe, expect, it } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import type { Exchange, HostSpanProcessor, SecurityEvent } from '../../src/index.js';
import type { ReceivedLog, ReceivedSpan } from '../../src/testing/index.js';
import { startGateway, type GatewaySetup, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;
const INTERNAL = 1;
const SERVER = 2;
const ERROR = 2;
const SECRET = 'tellnobody';
const forTenants = { options: { tenantRecords: { securityEvents: true } } } satisfies GatewaySetup;
const denied: SecurityEvent = { name: 'auth.denied', outcome: 'denied' };

const securityLogs = (logs: readonly ReceivedLog[]): ReceivedLog[] =>
  logs.filter(({ eventName }) => eventName.startsWith('knoxcall.security.'));

const securitySpans = ({ operator }: TestGateway): ReceivedSpan[] =>
  operator.spans.filter(({ name }) => name.startsWith('knoxcall.security.'));

/** One request, inside of which these are recorded. */
async function inside(
  work: (exchange: Exchange, gateway: TestGateway) => unknown,
  setup: GatewaySetup = {},
  headers: Record<string, string> = {},
): Promise<TestGateway> {
  const gateway: TestGateway = await startGateway({
    ...setup,
    async listener(_request, response, exchange) {
      await work(exchange, gateway);
      response.end();
    },
  });
  await send(gateway.url, { headers });
  await gateway.flush();
  return gateway;
}

describe('inside an exchange', () => {
  it('it is a span below the SERVER span and a log record, with the request and the client', async () => {
    const gateway = await inside(
      (exchange, { telemetry }) => {
        exchange.setTenant('acme');
        telemetry.securityEvent({
          ...denied,
          reason: 'role is missing, password=hunter2 given',
          attributes: { 'policy.id': 17, 'knoxcall.security.outcome': 'a lie' },
        });
      },
      {},
      { traceparent: TRACEPARENT },
    );
    const server = gateway.operator.spans.find(({ kind }) => kind === SERVER);
    const [span] = securitySpans(gateway);
    const [log] = securityLogs(gateway.operator.logs);
    const attributes = {
      'knoxcall.security.outcome': 'denied',
      'knoxcall.security.reason': 'role is missing, password=REDACTED given',
      'knoxcall.tenant_id': 'acme',
      'knoxcall.request_id': server?.attributes['knoxcall.request_id'],
      'client.address': '127.0.0.1',
      'policy.id': 17,
    };
    expect(span).toMatchObject({
      name: 'knoxcall.security.auth.denied',
      kind: INTERNAL,
      traceId: TRACE_ID,
      parentSpanId: server?.spanId,
      status: { code: 0 },
    });
    expect(span?.attributes).toEqual(attributes);
    expect(span?.endTimeUnixNano).toBe(span?.startTimeUnixNano);
    expect(log).toMatchObject({
      eventName: 'knoxcall.security.auth.denied',
      body: 'auth.denied denied',
      severityNumber: 13,
      severityText: 'WARN',
      traceId: TRACE_ID,
      spanId: span?.spanId,
      timeUnixNano: span?.endTimeUnixNano,
    });
    expect(log?.attributes).toEqual({ ...attributes, 'event.name': 'knoxcall.security.auth.denied' });
    expect(securityLogs(gateway.acme.logs)).toEqual([]);
  });

  it('it is below the custom span that is active', async () => {
    const gateway = await inside((_exchange, { telemetry }) =>
      telemetry.tracer.startActiveSpan('check', (span) => {
        telemetry.securityEvent(denied);
        span.end();
      }),
    );
    const custom = gateway.operator.spans.find(({ name }) => name === 'check');
    expect(securitySpans(gateway)[0]).toMatchObject({
      traceId: custom?.traceId,
      parentSpanId: custom?.spanId,
    });
  });

  it('unsampled it is a log record alone, at the SERVER span', async () => {
    let spanId = '';
    const gateway = await inside(
      (exchange, { telemetry }) => {
        spanId = exchange.spanId;
        telemetry.securityEvent(denied);
      },
      {},
      { traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` },
    );
    expect(gateway.operator.spans).toEqual([]);
    expect(securityLogs(gateway.operator.logs)[0]).toMatchObject({ traceId: TRACE_ID, spanId, flags: 0 });
  });

  it('`exchange` names one from outside of its context', async () => {
    let exchange: Exchange | undefined;
    const gateway = await inside((running) => {
      exchange = running;
      running.setTenant('acme');
    }, forTenants);
    gateway.telemetry.securityEvent({ ...denied, exchange });
    await gateway.flush();
    expect(securitySpans(gateway)[0]).toMatchObject({
      traceId: exchange?.traceId,
      parentSpanId: exchange?.spanId,
    });
    expect(securityLogs(gateway.operator.logs)[0]?.attributes).toMatchObject({
      'knoxcall.request_id': exchange?.requestId,
      'client.address': '127.0.0.1',
    });
    expect(securityLogs(gateway.acme.logs)).toHaveLength(1);
  });

  it('it shows no more of the client’s address than the option allows', async () => {
    const gateway = await inside((_exchange, { telemetry }) => telemetry.securityEvent(denied), {
      options: { clientAddress: 'truncated' },
    });
    expect(securityLogs(gateway.operator.logs)[0]?.attributes['client.address']).toBe('127.0.0.0');
  });
});

describe('outside of an exchange', () => {
  it('it is a root of its own, of the given length', async () => {
    const gateway = await startGateway();
    gateway.telemetry.securityEvent({ name: 'key.rotated', outcome: 'success', durationMs: 250 });
    await gateway.flush();
    const [span] = securitySpans(gateway);
    expect(span?.parentSpanId ?? '').toBe('');
    expect(Number((span?.endTimeUnixNano ?? 0n) - (span?.startTimeUnixNano ?? 0n)) / 1e6).toBeCloseTo(250, 3);
    expect(span?.attributes).toEqual({ 'knoxcall.security.outcome': 'success' });
    expect(securityLogs(gateway.operator.logs)[0]).toMatchObject({
      severityNumber: 9,
      traceId: span?.traceId,
      spanId: span?.spanId,
    });
  });
});

describe('the severity', () => {
  it.each<[SecurityEvent['outcome'], SecurityEvent['severity'], number, string]>([
    ['success', undefined, 9, 'INFO'],
    ['failure', undefined, 13, 'WARN'],
    ['denied', undefined, 13, 'WARN'],
    ['unknown', undefined, 9, 'INFO'],
    ['success', 'warn', 13, 'WARN'],
    ['denied', 'info', 9, 'INFO'],
    ['failure', 'error', 17, 'ERROR'],
    ['unknown', 'fatal', 21, 'FATAL'],
  ])('of %s, said %s', async (outcome, severity, severityNumber, severityText) => {
    const gateway = await startGateway();
    gateway.telemetry.securityEvent({ name: 'token.replayed', outcome, severity });
    await gateway.flush();
    expect(gateway.operator.logs[0]).toMatchObject({ severityNumber, severityText });
    const isError = severityNumber >= 17;
    expect(gateway.operator.spans[0]?.status.code).toBe(isError ? ERROR : 0);
    expect(gateway.operator.spans[0]?.attributes['error.type']).toBe(isError ? 'token.replayed' : undefined);
  });
});

describe('a tenant', () => {
  it('gets what concerns it where the option says so, and nothing of the operator’s or of others’', async () => {
    const gateway = await startGateway({
      ...forTenants,
      async listener(_request, response, exchange) {
        const { telemetry } = gateway;
        for (const tenant of ['acme', 'globex', null]) {
          telemetry.securityEvent({
            name: `seen.by_${tenant ?? 'nobody'}`,
            outcome: 'failure',
            tenant,
            reason: 'reason-canary',
            attributes: { 'key.canary': 'value-canary' },
          });
        }
        exchange.setTenant('acme');
        response.end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    for (const tenant of ['acme', 'globex'] as const) {
      const logs = securityLogs(gateway[tenant].logs);
      expect(logs.map(({ attributes, body }) => ({ attributes, body }))).toEqual([
        {
          body: `seen.by_${tenant} failure`,
          attributes: {
            'event.name': `knoxcall.security.seen.by_${tenant}`,
            'knoxcall.security.outcome': 'failure',
            'knoxcall.tenant_id': tenant,
          },
        },
      ]);
      expect(gateway[tenant].spans).toEqual([]);
      const bytes = Buffer.concat(gateway[tenant].requests.map((request) => request.bytes)).toString(
        'latin1',
      );
      expect(bytes).not.toContain('canary');
      expect(bytes).not.toContain(tenant === 'acme' ? 'globex' : 'acme');
    }
    expect(securityLogs(gateway.operator.logs)).toHaveLength(3);
  });

  it('does not get them by the option for webhooks', async () => {
    const gateway = await startGateway({ options: { tenantRecords: { webhooks: true } } });
    gateway.telemetry.securityEvent({ ...denied, tenant: 'acme' });
    await gateway.flush();
    expect(gateway.acme.requests).toEqual([]);
    expect(gateway.operator.logs).toHaveLength(1);
  });
});

describe('what is switched off', () => {
  it('with the operator’s traces: the record stays, at the caller’s span', async () => {
    const gateway = await inside(
      (_exchange, { telemetry }) => telemetry.securityEvent(denied),
      { operator: { signals: { traces: false } } },
      { traceparent: TRACEPARENT },
    );
    expect(securityLogs(gateway.operator.logs)[0]).toMatchObject({ traceId: TRACE_ID, spanId: PARENT_ID });
    expect(gateway.operator.spans).toEqual([]);
  });

  it('with the operator’s logs: the span stays', async () => {
    const gateway = await startGateway({ operator: { signals: { logs: false } } });
    gateway.telemetry.securityEvent(denied);
    await gateway.flush();
    expect(gateway.operator.logs).toEqual([]);
    expect(securitySpans(gateway)).toHaveLength(1);
  });

  it.each([
    ['by OTEL_SDK_DISABLED', { options: { env: { OTEL_SDK_DISABLED: 'true' } } }, false],
    ['after shutdown', {}, true],
  ])('%s: everything', async (_what, setup, isShutDown) => {
    const gateway = await startGateway(setup);
    if (isShutDown) await gateway.telemetry.shutdown();
    gateway.telemetry.securityEvent({ ...denied, name: 'NOT A NAME' });
    await gateway.telemetry.flush();
    expect(gateway.operator.requests).toEqual([]);
    expect(gateway.diagnostics).toEqual([]);
  });
});

describe('names', () => {
  it.each<[string, unknown]>([
    ['a client’s text', `login of ${SECRET}`],
    ['capitals', SECRET.toUpperCase()],
    ['a path', `/${SECRET}`],
    ['a dash', `${SECRET}-x`],
    ['a line feed', `${SECRET}\n`],
    ['too long', `a${SECRET.repeat(7)}`],
    ['empty', ''],
    ['beginning with a digit', `1${SECRET}`],
    ['a number', 17],
    ['nothing', undefined],
    ['an object', { toString: () => SECRET }],
  ])('%s is none: reported, and recorded under a fixed name', async (_what, name) => {
    const gateway = await startGateway();
    gateway.telemetry.securityEvent({ name: name as string, outcome: 'denied', severity: 'error' });
    await gateway.flush();
    expect(gateway.operator.logs[0]).toMatchObject({
      eventName: 'knoxcall.security.invalid_name',
      body: 'invalid_name denied',
    });
    expect(gateway.operator.spans[0]?.name).toBe('knoxcall.security.invalid_name');
    expect(gateway.diagnostics.map(({ code }) => code)).toEqual(['argument_invalid']);
    const bytes = Buffer.concat(gateway.operator.requests.map((request) => request.bytes)).toString('latin1');
    expect(`${bytes}${JSON.stringify(gateway.diagnostics)}`.toLowerCase()).not.toContain(SECRET);
  });

  it('are 200 at most; the known ones go on', async () => {
    const gateway = await startGateway();
    const record = (name: string): void => gateway.telemetry.securityEvent({ name, outcome: 'success' });
    for (let index = 0; index < 200; index++) record(`event.number_${index}`);
    expect(gateway.diagnostics).toEqual([]);
    for (let index = 200; index < 300; index++) record(`event.number_${index}`);
    record('event.number_17');
    await gateway.flush();
    const names = gateway.operator.logs.map(({ eventName }) => eventName);
    expect(new Set(names).size).toBe(201);
    expect(names.filter((name) => name === 'knoxcall.security.too_many_names')).toHaveLength(100);
    expect(names.at(-1)).toBe('knoxcall.security.event.number_17');
    expect(gateway.diagnostics.map(({ code }) => code)).toEqual(['argument_invalid']);
  });

  it('have the instance’s namespace', async () => {
    const gateway = await startGateway({ options: { namespace: 'edge', eventNameAttribute: false } });
    gateway.telemetry.securityEvent({ ...denied, reason: 'r' });
    await gateway.flush();
    expect(gateway.operator.logs[0]?.eventName).toBe('edge.security.auth.denied');
    expect(gateway.operator.logs[0]?.attributes).toEqual({
      'edge.security.outcome': 'denied',
      'edge.security.reason': 'r',
    });
  });
});

describe('whatever is passed', () => {
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error(SECRET);
      },
      ownKeys() {
        throw new Error(SECRET);
      },
      getPrototypeOf() {
        throw new Error(SECRET);
      },
    },
  );
  it.each<[string, unknown, readonly string[]]>([
    ['nothing', undefined, ['argument_invalid']],
    ['a text', SECRET, ['argument_invalid']],
    ['a hostile proxy', hostile, ['argument_invalid']],
    ['an outcome that is none', { ...denied, outcome: SECRET }, ['argument_invalid']],
    ['an outcome of every object', { ...denied, outcome: 'constructor' }, ['argument_invalid']],
    ['a severity that is none', { ...denied, severity: SECRET }, ['argument_invalid']],
    ['a severity of every object', { ...denied, severity: 'toString' }, ['argument_invalid']],
    ['a tenant that is none', { ...denied, tenant: {} }, ['tenant_id_invalid']],
    ['a reason that is none', { ...denied, reason: { a: SECRET } }, []],
    ['a duration that is none', { ...denied, durationMs: SECRET }, []],
    ['a duration below zero', { ...denied, durationMs: -1e9 }, []],
    ['an endless duration', { ...denied, durationMs: 1e15 }, []],
    ['an exchange that is none', { ...denied, exchange: hostile }, []],
    ['attributes that cannot be read', { ...denied, attributes: hostile }, ['argument_invalid']],
    ['attributes that are none', { ...denied, attributes: { a: { b: SECRET }, c: () => SECRET } }, []],
  ])('%s is recorded as far as it goes', async (_what, event, codes) => {
    const gateway = await startGateway(forTenants);
    gateway.telemetry.securityEvent(event as SecurityEvent);
    await gateway.flush();
    expect(gateway.operator.logs).toHaveLength(1);
    const [span] = gateway.operator.spans;
    expect(span?.endTimeUnixNano).toBe(span?.startTimeUnixNano);
    expect(gateway.diagnostics.map(({ code }) => code)).toEqual(codes);
    const bytes = Buffer.concat(gateway.operator.requests.map((request) => request.bytes)).toString('latin1');
    expect(`${bytes}${JSON.stringify(gateway.diagnostics)}`).not.toContain(SECRET);
  });

  it('is bounded', async () => {
    const gateway = await startGateway();
    const attributes = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`key${index}`, index]));
    gateway.telemetry.securityEvent({ ...denied, reason: `a\u0000${'b'.repeat(1e6)}`, attributes });
    await gateway.flush();
    for (const [record] of [gateway.operator.logs, gateway.operator.spans]) {
      expect(record?.droppedAttributesCount).toBe(72);
      expect(record?.attributes['knoxcall.security.reason']).toMatch(/^ab{200,255}$/);
    }
  });
});

it('goes through the host’s span processors', async () => {
  const seen: string[] = [];
  const processor: HostSpanProcessor = {
    onStart: (span) => void seen.push(`start ${(span as ReceivedSpan).name}`),
    onEnd: (span) => void seen.push(`end ${(span as ReceivedSpan).name}`),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const gateway = await startGateway({ options: { spanProcessors: [processor] }, operator: null });
  gateway.telemetry.securityEvent(denied);
  expect(seen).toEqual(['start knoxcall.security.auth.denied', 'end knoxcall.security.auth.denied']);
});

it('refuses what is not an option of it', () => {
  const create = (tenantRecords: unknown) => () =>
    createGatewayTelemetry({ env: false, tenantRecords: tenantRecords as object });
  expect(create({ webhook: true })).toThrow(
    'tenantRecords.webhook is not a known option; known are webhooks, securityEvents, genAi',
  );
  expect(create({ securityEvents: 'yes' })).toThrow(
    'tenantRecords.securityEvents must be true or false, not a string',
  );
  expect(create([])).toThrow('tenantRecords must be an object, not an array');
});

it('half of a secret at the end of a long reason is redacted too', async () => {
  const gateway = await startGateway();
  const reason = `${'x '.repeat(118)}postgres://root:hunter2-hunter2@db.internal/x`;
  gateway.telemetry.securityEvent({ name: 'auth.denied', outcome: 'denied', reason });
  await gateway.flush();
  const told = gateway.operator.logs[0]?.attributes['knoxcall.security.reason'];
  expect(told).not.toContain('hunter2');
  expect(told).toHaveLength(256);
});
