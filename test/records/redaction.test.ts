/** The option `redact`: what it changes reaches nobody as it was, and what it cannot redact is not sent at all. */
import { SpanStatusCode } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import type { GatewayOptions, GatewayTelemetry, Redact, RedactionItem } from '../../src/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const CANARY = 'canary-4711';

/** One of every kind of record with the canary in it, and the account of what came of them. */
async function everyRecord(redact: Redact | undefined, options: GatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startGateway({
    options: { redact, spans: 'server+client', ...options } as GatewayOptions,
    adapter: { tenant: 'acme', route: 'orders' },
    listener(_request, response, exchange) {
      exchange.setAttribute('secret', CANARY);
      exchange.setTenantAttribute('shared', [CANARY, 'b']);
      exchange.span.addEvent('told', { secret: CANARY });
      exchange.span.recordException(new Error(CANARY));
      exchange.startUpstreamCall({ url: `http://upstream.test/${CANARY}` }).end({ statusCode: 200 });
      response.end('ok');
    },
  });
  await send(`${gateway.url}/${CANARY}?q=${CANARY}`, { headers: { 'user-agent': CANARY } });
  await gateway.idle();
  customRecords(gateway.telemetry);
  await gateway.flush();
  return gateway;
}

function customRecords({ tracer, logger }: GatewayTelemetry): void {
  const link = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
  tracer.startActiveSpan('custom', { attributes: { secret: CANARY } }, (span) => {
    span.addEvent('inside', { secret: CANARY });
    span.addLink({ context: link, attributes: { secret: CANARY } });
    span.setStatus({ code: SpanStatusCode.ERROR, message: CANARY });
    span.end();
  });
  logger.emit({ body: { nested: [CANARY] }, attributes: { user: { name: CANARY } }, eventName: 'runtime' });
}

const textOf = ({ requests }: OtlpReceiver): string =>
  requests.map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join('\n');

/** Replaces the canary in every text, however deep. */
function scrub(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(CANARY, '***');
  if (Array.isArray(value)) return value.map(scrub);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, scrub(item)]));
}

const scrubItem: Redact = (item) => {
  for (const { attributes } of [item, ...item.events, ...item.links])
    for (const key of Object.keys(attributes)) attributes[key] = scrub(attributes[key]);
  item.body = scrub(item.body);
  item.statusMessage = scrub(item.statusMessage) as string | undefined;
};

const SPANS = 3;
const OPERATOR_LOGS = 2;

describe('redact', () => {
  it('without it the canary is everywhere, which shows that the test can fail', async () => {
    const gateway = await everyRecord(undefined);
    expect(textOf(gateway.operator)).toContain(CANARY);
    expect(textOf(gateway.acme)).toContain(CANARY);
  });

  it('changes every record of every kind before anybody gets it', async () => {
    const gateway = await everyRecord(scrubItem);
    expect(textOf(gateway.operator)).not.toContain(CANARY);
    expect(textOf(gateway.acme)).not.toContain(CANARY);
    expect(gateway.operator.spans).toHaveLength(SPANS);
    expect(gateway.operator.logs).toHaveLength(OPERATOR_LOGS);
    expect(gateway.acme.logs).toHaveLength(1);
    const server = gateway.operator.spans.find(({ kind }) => kind === 2);
    expect(server?.attributes).toMatchObject({
      'url.path': '/***',
      'url.query': 'q=***',
      secret: '***',
      shared: ['***', 'b'],
      'http.response.status_code': 200,
    });
    expect(server?.events.map(({ name }) => name)).toEqual(['told', 'exception']);
    const custom = gateway.operator.spans.find(({ name }) => name === 'custom');
    expect(custom).toMatchObject({
      attributes: { secret: '***' },
      events: [{ name: 'inside', attributes: { secret: '***' } }],
      links: [{ attributes: { secret: '***' } }],
      status: { code: 2, message: '***' },
    });
    const runtime = gateway.operator.logs.find(({ eventName }) => eventName === 'runtime');
    expect(runtime).toMatchObject({ body: { nested: ['***'] }, attributes: { user: { name: '***' } } });
    expect(gateway.acme.logs[0]?.body).toMatch(/^GET \/\*\*\* 200 \d+ms$/);
  });

  it('is asked once for each record, and for each copy', async () => {
    const seen: string[] = [];
    await everyRecord((item) => void seen.push(`${item.signal} ${item.audience} ${item.name}`), {
      spanProcessors: [{ onStart() {}, onEnd() {} }] as never,
    });
    expect(seen.sort()).toEqual(
      [
        'log operator knoxcall.proxy.request',
        'log operator runtime',
        'log tenant knoxcall.proxy.request',
        'span operator GET',
        'span operator GET orders',
        'span operator custom',
      ].sort(),
    );
  });

  it('span processors get the redacted span', async () => {
    const ended: Record<string, unknown>[] = [];
    await everyRecord(scrubItem, {
      spanProcessors: [
        {
          onStart() {},
          onEnd: (span: { attributes: Record<string, unknown> }) => void ended.push(span.attributes),
        },
      ] as never,
    });
    expect(ended).toHaveLength(SPANS);
    expect(JSON.stringify(ended)).not.toContain(CANARY);
  });

  it('the line of a request follows its path', async () => {
    const gateway = await everyRecord((item) => {
      if (item.attributes['url.path'] !== undefined) item.attributes['url.path'] = '/{id}';
    });
    for (const { logs } of [gateway.operator, gateway.acme])
      expect(logs.find(({ eventName }) => eventName === 'knoxcall.proxy.request')?.body).toMatch(
        /^GET \/\{id\} 200 \d+ms$/,
      );
    const without = await everyRecord((item) => void delete item.attributes['url.path']);
    expect(without.acme.logs[0]?.body).toMatch(/^GET - 200 \d+ms$/);
    expect(without.acme.logs[0]?.attributes).not.toHaveProperty('url.path');
  });

  it('changes nothing of the host’s own', async () => {
    const user = { name: CANARY };
    const gateway = await startGateway({
      options: {
        redact: (item) => void delete (item.attributes['user'] as Partial<typeof user> | undefined)?.name,
      },
    });
    gateway.telemetry.logger.emit({ attributes: { user } });
    await gateway.flush();
    expect(user).toEqual({ name: CANARY });
    expect(gateway.operator.logs[0]?.attributes).toEqual({ user: {} });
  });

  it('what it keeps has no effect afterwards', async () => {
    const kept: RedactionItem[] = [];
    const gateway = await startGateway({ options: { redact: (item) => void kept.push(item) } });
    gateway.telemetry.logger.emit({ body: 'plain', attributes: { list: ['a'] } });
    (kept[0]?.attributes['list'] as string[]).push(CANARY);
    await gateway.flush();
    expect(gateway.operator.logs[0]?.attributes).toEqual({ list: ['a'] });
  });

  it('what it adds is cut to the limits', async () => {
    const gateway = await startGateway({
      options: {
        redact(item) {
          item.attributes['long'] = 'x'.repeat(10_000);
          for (let index = 0; index < 1_000; index++) item.attributes[`more.${index}`] = index;
        },
      },
    });
    await send(gateway.url);
    await gateway.flush();
    const [span] = gateway.operator.spans;
    expect(span?.attributes['long']).toHaveLength(4096);
    expect(Object.keys(span?.attributes ?? {}).length).toBeLessThanOrEqual(320);
  });
});

describe('a record that redact does not let pass', () => {
  const promised = (): never => Promise.reject(new Error(CANARY)) as never;
  it.each<[string, Redact, 'redacted' | 'redaction_failed']>([
    ['says false', () => false, 'redacted'],
    [
      'throws',
      () => {
        throw new Error(CANARY);
      },
      'redaction_failed',
    ],
    ['gives a promise', promised, 'redaction_failed'],
    ['hangs in a promise', () => new Promise(() => {}) as never, 'redaction_failed'],
    ['gives a text', () => 'junk' as never, 'redaction_failed'],
    ['gives null', () => null as never, 'redaction_failed'],
    ['gives an object', () => ({ then: 1 }) as never, 'redaction_failed'],
    [
      'makes the item unreadable',
      (item) => {
        Object.defineProperty(item.attributes, 'trap', {
          enumerable: true,
          get: () => {
            throw new Error(CANARY);
          },
        });
      },
      'redaction_failed',
    ],
  ])('%s: it is not sent, and counted', async (_what, redact, reason) => {
    const gateway = await everyRecord(redact);
    expect(gateway.operator.spans).toHaveLength(0);
    expect(gateway.operator.logs).toHaveLength(0);
    expect(gateway.acme.logs).toHaveLength(0);
    expect(textOf(gateway.operator) + textOf(gateway.acme)).not.toContain(CANARY);
    const signals = gateway.telemetry.status().operator[0]?.signals;
    expect(signals?.traces?.ledger).toMatchObject({ accepted: SPANS, dropped: { [reason]: SPANS } });
    expect(signals?.logs?.ledger).toMatchObject({
      accepted: OPERATOR_LOGS,
      dropped: { [reason]: OPERATOR_LOGS },
    });
    const tenant = gateway.telemetry.status('acme').destinations[0]?.signals.logs?.ledger;
    expect(tenant).toMatchObject({ accepted: 1, dropped: { [reason]: 1 } });
    const reports = gateway.diagnostics.filter(({ code }) => code === 'callback_failed');
    expect(reports.length > 0).toBe(reason === 'redaction_failed');
    expect(JSON.stringify(gateway.diagnostics)).not.toContain(CANARY);
    // Requests and metrics know nothing of it.
    expect(gateway.acme.metricPoints.map(({ name }) => name)).toContain('knoxcall.proxy.requests');
  });

  it('span processors do not get it either', async () => {
    let ended = 0;
    await everyRecord(() => false, {
      spanProcessors: [{ onStart() {}, onEnd: () => void ended++ }] as never,
    });
    expect(ended).toBe(0);
  });

  it('a record that the callback makes itself does not ask it for ever', async () => {
    const gateway = await startGateway({
      options: { redact: () => gateway.telemetry.logger.emit({ body: 'from within' }) },
    });
    gateway.telemetry.logger.emit({ body: 'first' });
    await gateway.flush();
    expect(gateway.operator.logs.map(({ body }) => body)).toEqual(['first']);
    expect(gateway.telemetry.status().operator[0]?.signals.logs?.ledger.dropped).toEqual({
      redaction_failed: 1,
    });
  });
});
