/** Several contexts in one request: the same trace is one trace, another one is a link. And the ids that hosts log. */
import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { TextMapPropagator } from '@opentelemetry/api';
import { trace, TraceFlags } from '@opentelemetry/api';
import type { Exchange, GatewayOptions, PropagationOptions } from '../../src/index.js';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { startGateway } from '../support/gateway.js';
import type { GatewaySetup, TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { forward, startUpstream } from '../support/upstream.js';

const HIGH_HALF = '0af7651916cd43dd';
const LOW_HALF = '8448eb211c80319c';
const TRACE_ID = HIGH_HALF + LOW_HALF;
const LOW_DECIMAL = '9532127138774266268';
const PARENT_ID = 'b7ad6b7169203331';
const PARENT_DECIMAL = '13235353014750950193';
/** Another trace, another caller. */
const OTHER_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const OTHER_LOW_DECIMAL = '11803532876627986230';
const OTHER_PARENT = '00f067aa0ba902b7';
const OTHER_PARENT_DECIMAL = '67667974448284343';
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;
const ROOT = '1-0af76519-16cd43dd8448eb211c80319c';

const SAMPLED = 0x01;
const RANDOM = 0x02;
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
const REMOTE = HAS_IS_REMOTE | IS_REMOTE;

type Extract = NonNullable<PropagationOptions['extract']>;
type Sent = Readonly<Record<string, string>>;

interface Proxy {
  readonly gateway: TestGateway;
  readonly exchanges: readonly Exchange[];
  ask(headers?: Sent): Promise<IncomingHttpHeaders>;
}

async function startProxy(options: GatewayOptions, setup: GatewaySetup = {}): Promise<Proxy> {
  const arrived: IncomingHttpHeaders[] = [];
  const exchanges: Exchange[] = [];
  const upstream = await startUpstream((request, response) => {
    arrived.push(request.headers);
    response.end('ok');
  });
  const gateway = await startGateway({
    options,
    listener(request, response, exchange) {
      exchanges.push(exchange);
      forward(request, response, exchange, upstream.url);
    },
    ...setup,
  });
  return {
    gateway,
    exchanges,
    async ask(headers = {}) {
      await send(gateway.url, { headers });
      await gateway.flush();
      return arrived.at(-1) ?? {};
    },
  };
}

async function received(
  propagation: PropagationOptions,
  sent: Sent,
): Promise<{ readonly span: ReceivedSpan; readonly headers: IncomingHttpHeaders }> {
  const proxy = await startProxy({ propagation });
  const headers = await proxy.ask(sent);
  const [span, ...more] = proxy.gateway.operator.spans;
  if (span === undefined || more.length > 0) throw new Error('There should be one span.');
  return { span, headers };
}

const datadog = (extra: Sent = {}): Sent => ({
  'x-datadog-trace-id': LOW_DECIMAL,
  'x-datadog-parent-id': PARENT_DECIMAL,
  ...extra,
});

describe('another trace in another format', () => {
  it.each<[string, Extract, Sent, Partial<ReceivedSpan['links'][number]>]>([
    [
      'w3c and b3',
      ['w3c', 'b3'],
      { traceparent: TRACEPARENT, b3: `${OTHER_ID}-${OTHER_PARENT}-0` },
      { traceId: OTHER_ID, spanId: OTHER_PARENT, flags: REMOTE },
    ],
    [
      'b3 and w3c',
      ['b3', 'w3c'],
      {
        b3: `${TRACE_ID}-${PARENT_ID}-1`,
        traceparent: `00-${OTHER_ID}-${OTHER_PARENT}-03`,
        tracestate: 'a=1, b=2',
      },
      { traceId: OTHER_ID, spanId: OTHER_PARENT, flags: SAMPLED | RANDOM | REMOTE, traceState: 'a=1,b=2' },
    ],
    [
      'w3c and Datadog, of 64 bits',
      ['w3c', 'datadog'],
      {
        traceparent: TRACEPARENT,
        'x-datadog-trace-id': OTHER_LOW_DECIMAL,
        'x-datadog-parent-id': OTHER_PARENT_DECIMAL,
        'x-datadog-sampling-priority': '2',
      },
      { traceId: `${'0'.repeat(16)}a3ce929d0e0e4736`, spanId: OTHER_PARENT, flags: SAMPLED | REMOTE },
    ],
    [
      'w3c and Datadog, whose low half is the same and high half is not',
      ['w3c', 'datadog'],
      { traceparent: TRACEPARENT, ...datadog({ 'x-datadog-tags': '_dd.p.tid=4bf92f3577b34da6' }) },
      { traceId: `4bf92f3577b34da6${LOW_HALF}`, spanId: PARENT_ID, flags: REMOTE },
    ],
    [
      'w3c and b3, undecided',
      ['w3c', 'b3'],
      { traceparent: TRACEPARENT, 'x-b3-traceid': OTHER_ID, 'x-b3-spanid': OTHER_PARENT },
      { traceId: OTHER_ID, spanId: OTHER_PARENT, flags: REMOTE },
    ],
    [
      'two ids of 64 bits',
      ['b3', 'jaeger'],
      { b3: `${LOW_HALF}-${PARENT_ID}-1`, 'uber-trace-id': `a3ce929d0e0e4736:${OTHER_PARENT}:0:1` },
      { traceId: `${'0'.repeat(16)}a3ce929d0e0e4736`, spanId: OTHER_PARENT, flags: SAMPLED | REMOTE },
    ],
    [
      'w3c and aws',
      ['w3c', 'aws'],
      {
        traceparent: TRACEPARENT,
        'x-amzn-trace-id': `Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=${OTHER_PARENT};Sampled=1`,
      },
      { traceId: OTHER_ID, spanId: OTHER_PARENT, flags: SAMPLED | REMOTE },
    ],
    [
      'w3c and gcp',
      ['w3c', 'gcp'],
      { traceparent: TRACEPARENT, 'x-cloud-trace-context': `${OTHER_ID}/${OTHER_PARENT_DECIMAL};o=0` },
      { traceId: OTHER_ID, spanId: OTHER_PARENT, flags: REMOTE },
    ],
  ])('is a link: %s', async (_what, extract, sent, link) => {
    const { span } = await received({ extract }, sent);
    expect(span.traceId.slice(16)).toBe(LOW_HALF);
    expect(span.parentSpanId).toBe(PARENT_ID);
    expect(span.links).toEqual([{ attributes: {}, droppedAttributesCount: 0, ...link }]);
  });

  it('does not touch the trace that is continued: neither its decision, nor its state, nor its baggage', async () => {
    const { span, headers } = await received(
      { extract: ['w3c', 'b3', 'datadog'] },
      {
        traceparent: TRACEPARENT,
        tracestate: 'a=1',
        b3: `${OTHER_ID}-${OTHER_PARENT}-0`,
        'x-datadog-trace-id': '1',
        'x-datadog-parent-id': '2',
        'x-datadog-sampling-priority': '-1',
        'x-datadog-origin': 'rum',
      },
    );
    expect(headers['traceparent']).toBe(`00-${TRACE_ID}-${span.spanId}-01`);
    expect(headers['tracestate']).toBe('a=1');
    expect(span.links.map(({ traceId }) => traceId)).toEqual([OTHER_ID, '0'.repeat(31) + '1']);
  });

  it('is linked once, however many formats have it', async () => {
    const { span } = await received(
      { extract: ['w3c', 'b3', 'jaeger', 'aws'] },
      {
        traceparent: TRACEPARENT,
        b3: `${OTHER_ID}-${OTHER_PARENT}-1`,
        'uber-trace-id': `${OTHER_ID}:${OTHER_PARENT}:0:1`,
        'x-amzn-trace-id': `Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=${OTHER_PARENT};Sampled=1`,
      },
    );
    expect(span.links).toHaveLength(1);
  });

  it.each<[string, Extract, Sent]>([
    [
      'a load balancer’s',
      ['w3c', 'aws'],
      { traceparent: TRACEPARENT, 'x-amzn-trace-id': 'Root=1-4bf92f35-77b34da6a3ce929d0e0e4736' },
    ],
    ['Google’s', ['w3c', 'gcp'], { traceparent: TRACEPARENT, 'x-cloud-trace-context': OTHER_ID }],
    [
      'a request id',
      ['w3c', { format: 'header', name: 'x-request-id' }],
      { traceparent: TRACEPARENT, 'x-request-id': OTHER_ID },
    ],
  ])('is none without a span id: %s', async (_what, extract, sent) => {
    const { span } = await received({ extract }, sent);
    expect(span).toMatchObject({ traceId: TRACE_ID, parentSpanId: PARENT_ID, links: [] });
  });

  it.each<[string, Extract, Sent]>([
    ['is malformed', ['w3c', 'b3'], { traceparent: TRACEPARENT, b3: `${OTHER_ID}-xyz-1` }],
    ['is zero', ['w3c', 'b3'], { traceparent: TRACEPARENT, b3: `${'0'.repeat(32)}-${OTHER_PARENT}-1` }],
    ['is a decision alone', ['w3c', 'b3'], { traceparent: TRACEPARENT, b3: '0' }],
    ['is not read', ['w3c'], { traceparent: TRACEPARENT, b3: `${OTHER_ID}-${OTHER_PARENT}-1` }],
  ])('is none that %s', async (_what, extract, sent) => {
    expect((await received({ extract }, sent)).span.links).toEqual([]);
  });

  it('is on an unsampled request’s record nowhere', async () => {
    const proxy = await startProxy({ propagation: { extract: ['w3c', 'b3'] } });
    await proxy.ask({
      traceparent: `00-${TRACE_ID}-${PARENT_ID}-00`,
      b3: `${OTHER_ID}-${OTHER_PARENT}-1`,
    });
    expect(proxy.gateway.operator.spans).toEqual([]);
    expect(proxy.gateway.operator.logs).toMatchObject([{ traceId: TRACE_ID, flags: 0 }]);
    expect(JSON.stringify(proxy.gateway.operator.logs[0]?.attributes)).not.toContain(OTHER_ID);
  });

  it('is on the SERVER span, not on CLIENT spans', async () => {
    const gateway = await startGateway({
      options: { spans: 'server+client', propagation: { extract: ['w3c', 'b3'] } },
      listener(_request, response, exchange) {
        exchange.startUpstreamCall().end({ statusCode: 200 });
        response.end();
      },
    });
    await send(gateway.url, {
      headers: { traceparent: TRACEPARENT, b3: `${OTHER_ID}-${OTHER_PARENT}-1` },
    });
    await gateway.flush();
    expect(gateway.operator.spans.map(({ kind, links }) => [kind, links.length])).toEqual([
      [3, 0],
      [2, 1],
    ]);
  });

  it('is there when span processors see the span begin, beside what they add', async () => {
    const seen: number[] = [];
    const gateway = await startGateway({
      options: {
        propagation: { extract: ['w3c', 'b3'] },
        spanProcessors: [
          {
            onStart: (span) => void seen.push((span as { links: unknown[] }).links.length),
            onEnd: () => undefined,
            forceFlush: () => Promise.resolve(),
            shutdown: () => Promise.resolve(),
          },
        ],
      },
      listener(_request, response, exchange) {
        exchange.span.addLink({
          context: { traceId: TRACE_ID, spanId: OTHER_PARENT, traceFlags: TraceFlags.NONE },
          attributes: { why: 'mine' },
        });
        response.end();
      },
    });
    await send(gateway.url, {
      headers: { traceparent: TRACEPARENT, b3: `${OTHER_ID}-${OTHER_PARENT}-1` },
    });
    await gateway.flush();
    expect(seen).toEqual([1]);
    expect(gateway.operator.spans[0]?.links).toMatchObject([
      { traceId: OTHER_ID },
      { traceId: TRACE_ID, attributes: { why: 'mine' } },
    ]);
  });
});

describe('the same trace in two formats is one, without a link:', () => {
  it.each<[string, Extract, Sent, Partial<ReceivedSpan>]>([
    [
      'w3c and b3',
      ['w3c', 'b3'],
      { traceparent: TRACEPARENT, b3: `${TRACE_ID}-${OTHER_PARENT}-0` },
      { parentSpanId: PARENT_ID },
    ],
    [
      'w3c and b3 of 64 bits',
      ['w3c', 'b3'],
      { traceparent: TRACEPARENT, b3: `${LOW_HALF}-${PARENT_ID}-1` },
      { parentSpanId: PARENT_ID },
    ],
    [
      'b3 of 64 bits and w3c',
      ['b3', 'w3c'],
      { b3: `${LOW_HALF}-${PARENT_ID}-1`, traceparent: TRACEPARENT, tracestate: 'a=1' },
      { parentSpanId: PARENT_ID, traceState: 'a=1' },
    ],
    [
      'b3 of several headers and 64 bits, and w3c',
      ['b3', 'w3c'],
      { 'x-b3-traceid': LOW_HALF, 'x-b3-spanid': PARENT_ID, traceparent: TRACEPARENT },
      { parentSpanId: PARENT_ID },
    ],
    [
      'w3c and Datadog of 64 bits',
      ['w3c', 'datadog'],
      { traceparent: TRACEPARENT, ...datadog({ 'x-datadog-sampling-priority': '2' }) },
      { parentSpanId: PARENT_ID },
    ],
    [
      'w3c and Datadog with the high half as a tag',
      ['w3c', 'datadog'],
      { traceparent: TRACEPARENT, ...datadog({ 'x-datadog-tags': `_dd.p.tid=${HIGH_HALF}` }) },
      { parentSpanId: PARENT_ID },
    ],
    [
      'Datadog of 64 bits and w3c, whose parent is the newer',
      ['datadog', 'w3c'],
      { ...datadog(), traceparent: `00-${TRACE_ID}-${OTHER_PARENT}-01` },
      { parentSpanId: OTHER_PARENT },
    ],
    [
      'Datadog with the high half as a tag, and w3c',
      ['datadog', 'w3c'],
      {
        ...datadog({ 'x-datadog-tags': `_dd.p.tid=${HIGH_HALF}` }),
        traceparent: `00-${TRACE_ID}-${OTHER_PARENT}-01`,
      },
      { parentSpanId: OTHER_PARENT },
    ],
    [
      'Datadog of 64 bits and b3',
      ['datadog', 'b3'],
      { ...datadog(), b3: `${TRACE_ID}-${PARENT_ID}-1` },
      { parentSpanId: PARENT_ID },
    ],
    [
      'OT of 64 bits, and w3c',
      ['ot', 'w3c'],
      { 'ot-tracer-traceid': LOW_HALF, 'ot-tracer-spanid': PARENT_ID, traceparent: TRACEPARENT },
      { parentSpanId: PARENT_ID },
    ],
    [
      'a load balancer’s, and w3c, which has the parent',
      ['aws', 'w3c'],
      { 'x-amzn-trace-id': `Root=${ROOT}`, traceparent: TRACEPARENT },
      { parentSpanId: PARENT_ID },
    ],
    [
      'Google’s without a span, and w3c',
      ['gcp', 'w3c'],
      { 'x-cloud-trace-context': TRACE_ID, traceparent: TRACEPARENT },
      { parentSpanId: PARENT_ID },
    ],
    [
      'a request id, and w3c',
      [{ format: 'header', name: 'x-request-id' }, 'w3c'],
      { 'x-request-id': '0af76519-16cd-43dd-8448-eb211c80319c', traceparent: TRACEPARENT },
      { parentSpanId: PARENT_ID },
    ],
  ])('%s', async (_what, extract, sent, expected) => {
    const proxy = await startProxy({ propagation: { extract } });
    await proxy.ask(sent);
    expect(proxy.gateway.operator.spans).toMatchObject([{ traceId: TRACE_ID, ...expected, links: [] }]);
    expect(proxy.gateway.operator.logs).toMatchObject([{ traceId: TRACE_ID }]);
    expect(proxy.exchanges[0]?.traceId).toBe(TRACE_ID);
  });

  it('the whole id goes out, also where it came second', async () => {
    const { span, headers } = await received(
      { extract: ['b3', 'w3c'] },
      { b3: `${LOW_HALF}-${PARENT_ID}-1`, traceparent: TRACEPARENT },
    );
    expect(headers['b3']).toBe(`${TRACE_ID}-${span.spanId}-1`);
  });

  it('what only the second knows is kept: decision, state, priority, origin', async () => {
    const { span, headers } = await received(
      { extract: ['b3', 'w3c', 'datadog'], inject: ['w3c', 'b3', 'datadog'] },
      {
        b3: `${TRACE_ID}-${PARENT_ID}`,
        traceparent: `00-${TRACE_ID}-${PARENT_ID}-03`,
        tracestate: 'a=1',
        ...datadog({
          'x-datadog-sampling-priority': '2',
          'x-datadog-origin': 'rum',
          'x-datadog-tags': `_dd.p.tid=${HIGH_HALF},_dd.p.dm=-4`,
        }),
      },
    );
    expect(headers).toMatchObject({
      traceparent: `00-${TRACE_ID}-${span.spanId}-03`,
      tracestate: `dd=s:2;o:rum;p:${span.spanId};t.dm:-4,a=1`,
      'x-b3-traceid': TRACE_ID,
      'x-b3-sampled': '1',
      'x-datadog-sampling-priority': '2',
      'x-datadog-origin': 'rum',
      'x-datadog-tags': `_dd.p.tid=${HIGH_HALF},_dd.p.dm=-4`,
    });
    expect(span.links).toEqual([]);
  });

  it('the first one’s decision stands', async () => {
    const proxy = await startProxy({ propagation: { extract: ['w3c', 'b3'] } });
    await proxy.ask({ traceparent: TRACEPARENT, b3: `${TRACE_ID}-${PARENT_ID}-0` });
    await proxy.ask({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-00`, b3: `${TRACE_ID}-${PARENT_ID}-1` });
    expect(proxy.gateway.operator.spans).toHaveLength(1);
    expect(proxy.gateway.operator.logs.map(({ flags }) => flags)).toEqual([1, 0]);
  });

  it('a third format may still be another trace', async () => {
    const { span } = await received(
      { extract: ['b3', 'w3c', 'jaeger'] },
      {
        b3: `${LOW_HALF}-${PARENT_ID}-1`,
        traceparent: TRACEPARENT,
        'uber-trace-id': `${OTHER_ID}:${OTHER_PARENT}:0:1`,
      },
    );
    expect(span).toMatchObject({ traceId: TRACE_ID, links: [{ traceId: OTHER_ID, spanId: OTHER_PARENT }] });
  });
});

describe('exchange.traceIds()', () => {
  /** What a host logs of this request. */
  async function shown(
    propagation: PropagationOptions,
    sent: Sent = {},
    setup: GatewaySetup = {},
  ): Promise<{ readonly ids: Readonly<Record<string, string>>; readonly exchange: Exchange }> {
    const proxy = await startProxy({ propagation }, setup);
    await proxy.ask(sent);
    const [exchange] = proxy.exchanges;
    if (exchange === undefined) throw new Error('The request did not arrive.');
    return { ids: exchange.traceIds(), exchange };
  }

  const every = ['w3c', 'b3', 'b3-single', 'jaeger', 'datadog', 'ot', 'aws', 'gcp', 'instana'] as const;
  const whole = {
    w3c: TRACE_ID,
    b3: TRACE_ID,
    'b3-single': TRACE_ID,
    jaeger: TRACE_ID,
    datadog: LOW_DECIMAL,
    ot: LOW_HALF,
    aws: ROOT,
    gcp: TRACE_ID,
    instana: TRACE_ID,
  };

  it('has the id as each format that is written has it: hex, decimal, or in parts', async () => {
    const { ids } = await shown({ inject: [...every] }, { traceparent: TRACEPARENT });
    expect(ids).toEqual(whole);
  });

  it('has as many digits as came, where the format has both sizes', async () => {
    const { ids } = await shown(
      { extract: ['b3'], inject: [...every] },
      { b3: `${LOW_HALF}-${PARENT_ID}-1` },
    );
    const padded = `${'0'.repeat(16)}${LOW_HALF}`;
    expect(ids).toEqual({
      ...whole,
      w3c: padded,
      b3: LOW_HALF,
      'b3-single': LOW_HALF,
      jaeger: LOW_HALF,
      instana: LOW_HALF,
      aws: `1-00000000-00000000${LOW_HALF}`,
      gcp: padded,
    });
  });

  it.each<[string, Extract, Sent, Record<string, string>]>([
    ['w3c', ['w3c'], { traceparent: TRACEPARENT }, { w3c: TRACE_ID }],
    ['b3 in one header', ['b3'], { b3: `${LOW_HALF}-${PARENT_ID}` }, { 'b3-single': LOW_HALF }],
    ['b3 in several', ['b3'], { 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': PARENT_ID }, { b3: TRACE_ID }],
    ['jaeger', ['jaeger'], { 'uber-trace-id': `${LOW_HALF}:1:0:1` }, { jaeger: LOW_HALF }],
    ['datadog', ['datadog'], datadog(), { datadog: LOW_DECIMAL }],
    ['ot', ['ot'], { 'ot-tracer-traceid': TRACE_ID, 'ot-tracer-spanid': PARENT_ID }, { ot: LOW_HALF }],
    ['aws', ['aws'], { 'x-amzn-trace-id': `Root=${ROOT}` }, { aws: ROOT }],
    ['gcp', ['gcp'], { 'x-cloud-trace-context': TRACE_ID }, { gcp: TRACE_ID }],
    ['instana', ['instana'], { 'x-instana-t': LOW_HALF, 'x-instana-s': PARENT_ID }, { instana: LOW_HALF }],
  ])('has that of the found format, which is answered in: %s', async (_what, extract, sent, expected) => {
    expect((await shown({ extract }, sent)).ids).toEqual(expected);
  });

  it.each<[string, Extract, Sent, Record<string, string>]>([
    ['b3', ['b3'], { b3: `${LOW_HALF}-${PARENT_ID}` }, { 'b3-single': LOW_HALF }],
    ['datadog', ['datadog'], datadog(), { datadog: LOW_DECIMAL }],
    ['aws', ['aws'], { 'x-amzn-trace-id': `Root=${ROOT}` }, { aws: ROOT }],
  ])('has that of the found format also where it is not written: %s', async (_what, extract, sent, found) => {
    const { ids, exchange } = await shown({ extract, inject: ['w3c'] }, sent);
    expect(ids).toEqual({ w3c: exchange.traceId, ...found });
    expect((await shown({ extract, inject: [] }, sent)).ids).toEqual(found);
  });

  it.each<[string, string]>([
    ['0af76519-16cd-43dd-8448-eb211c80319c', TRACE_ID],
    [TRACE_ID, TRACE_ID],
    [LOW_HALF, LOW_HALF],
  ])('has that of a plain header, as the header is written: %s', async (value, expected) => {
    const header = { format: 'header', name: 'x-request-id' } as const;
    const sent = { 'x-request-id': value };
    const { ids: written } = await shown({ extract: [header], inject: [header] }, sent);
    expect(written).toEqual({ header: expected });
    const { ids: found } = await shown({ extract: [header] }, sent);
    expect(found).toEqual({ w3c: expected.padStart(32, '0'), header: expected });
  });

  it('has that of a propagator of the host’s', async () => {
    const own: TextMapPropagator = {
      inject: (context, carrier, setter) =>
        setter.set(carrier, 'x-own', trace.getSpanContext(context)?.traceId ?? ''),
      extract: (context, carrier, getter) =>
        trace.setSpanContext(context, {
          traceId: String(getter.get(carrier, 'x-own')),
          spanId: PARENT_ID,
          traceFlags: TraceFlags.SAMPLED,
          isRemote: true,
        }),
      fields: () => ['x-own'],
    };
    const { ids } = await shown({ propagators: { own }, extract: ['own'] }, { 'x-own': TRACE_ID });
    expect(ids).toEqual({ own: TRACE_ID });
  });

  it('has the new id where a trace begins, in every format', async () => {
    const { ids, exchange } = await shown({ inject: [...every] });
    const { traceId } = exchange;
    const low = traceId.slice(16);
    expect(ids).toEqual({
      w3c: traceId,
      b3: traceId,
      'b3-single': traceId,
      jaeger: traceId,
      datadog: String(BigInt(`0x${low}`)),
      ot: low,
      aws: `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`,
      gcp: traceId,
      instana: traceId,
    });
  });

  it('has the default format where nothing was found', async () => {
    const { ids, exchange } = await shown({ extract: ['b3'], defaultFormat: 'jaeger' });
    expect(ids).toEqual({ jaeger: exchange.traceId });
  });

  it('has the whole id where two formats had a half and the whole', async () => {
    const { ids } = await shown(
      { extract: ['b3', 'w3c'], inject: ['preserve', 'jaeger', 'datadog'] },
      { b3: `${LOW_HALF}-${PARENT_ID}-1`, traceparent: TRACEPARENT },
    );
    expect(ids).toEqual({ 'b3-single': TRACE_ID, jaeger: TRACE_ID, datadog: LOW_DECIMAL });
  });

  it('has what goes out on the wire', async () => {
    const proxy = await startProxy({
      propagation: { extract: ['b3'], inject: ['preserve', 'datadog', 'ot'] },
    });
    const headers = await proxy.ask({ 'x-b3-traceid': LOW_HALF, 'x-b3-spanid': PARENT_ID });
    expect(proxy.exchanges[0]?.traceIds()).toEqual({
      b3: headers['x-b3-traceid'],
      datadog: headers['x-datadog-trace-id'],
      ot: headers['ot-tracer-traceid'],
    });
  });

  it('has the caller’s where traces are off, and none where none came', async () => {
    const off = { operator: { signals: { traces: false } } };
    const propagation: PropagationOptions = { extract: ['b3'], inject: ['preserve', 'datadog'] };
    const { ids } = await shown(propagation, { b3: `${LOW_HALF}-${PARENT_ID}` }, off);
    expect(ids).toEqual({ 'b3-single': LOW_HALF, datadog: LOW_DECIMAL });
    for (const sent of [{}, { b3: '0' }, { b3: 'garbage' }]) {
      expect((await shown(propagation, sent, off)).ids).toEqual({});
    }
  });

  it('stays when the exchange is over, and what a host does with it changes nothing', async () => {
    const { ids, exchange } = await shown({}, { traceparent: TRACEPARENT });
    (ids as Record<string, string>)['w3c'] = 'changed';
    expect(exchange.traceIds()).toEqual({ w3c: TRACE_ID });
  });
});
