/** How far callers are believed: what becomes of their ids, their decision and all that travels beside them. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { AdapterOptions } from '../../src/adapters/http.js';
import type { BeginOptions, Exchange, GatewayOptions, PropagationOptions, Trust } from '../../src/index.js';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { startGateway } from '../support/gateway.js';
import type { GatewaySetup, TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { counters, total } from '../support/readings.js';
import { forward, startUpstream } from '../support/upstream.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const LOW_HALF = '8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const OTHER_ID = 'deadbeefdeadbeefdeadbeefdeadbeef';
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;
/** The same ids as Datadog and Google write them. */
const LOW_DECIMAL = '9532127138774266268';
const PARENT_DECIMAL = '13235353014750950193';
const SAMPLED = 0x01;
const RANDOM = 0x02;
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

interface Proxy {
  readonly gateway: TestGateway;
  /** The headers of every call that reached the upstream. */
  readonly arrived: readonly IncomingHttpHeaders[];
  readonly exchanges: readonly Exchange[];
  ask(headers?: Readonly<Record<string, string>>): Promise<IncomingHttpHeaders>;
}

/** A gateway that copies its caller's headers to the upstream before it injects, as most proxies do. */
async function startProxy(
  options: GatewayOptions = {},
  adapter: AdapterOptions<IncomingMessage> = {},
  setup: GatewaySetup = {},
): Promise<Proxy> {
  const arrived: IncomingHttpHeaders[] = [];
  const exchanges: Exchange[] = [];
  const upstream = await startUpstream((request, response) => {
    arrived.push(request.headers);
    response.end('ok');
  });
  const gateway = await startGateway({
    options,
    adapter,
    listener(request, response, exchange) {
      exchanges.push(exchange);
      forward(request, response, exchange, upstream.url);
    },
    ...setup,
  });
  return {
    gateway,
    arrived,
    exchanges,
    async ask(headers = {}) {
      const { status } = await send(gateway.url, { headers });
      expect(status).toBe(200);
      await gateway.flush();
      return arrived.at(-1) ?? {};
    },
  };
}

const onlySpan = ({ gateway }: Proxy): ReceivedSpan | undefined => {
  expect(gateway.operator.spans).toHaveLength(1);
  return gateway.operator.spans[0];
};

/** Every way to say it. */
const ways = (
  trust: Trust,
): readonly (readonly [string, GatewayOptions, AdapterOptions<IncomingMessage>])[] => [
  ['the option', { propagation: { trust } }, {}],
  ['a callback', { propagation: { trust: () => trust } }, {}],
  ['the adapter, over the option', { propagation: { trust: other(trust) } }, { trust }],
  [
    'the adapter’s callback, over the callback',
    { propagation: { trust: () => other(trust) } },
    { trust: () => trust },
  ],
];

function other(trust: Trust): Trust {
  return trust === 'restart' ? 'continue' : 'restart';
}

describe.each(ways('continue'))('continue by %s', (_how, options, adapter) => {
  it.each(['01', '00'])('goes on with the caller’s trace and its decision: flags %s', async (flags) => {
    const proxy = await startProxy(options, adapter);
    const headers = await proxy.ask({
      traceparent: `00-${TRACE_ID}-${PARENT_ID}-${flags}`,
      tracestate: 'a=1',
    });
    const { spans, logs } = proxy.gateway.operator;
    expect(headers['traceparent']).toBe(`00-${TRACE_ID}-${logs[0]?.spanId}-${flags}`);
    expect(headers['tracestate']).toBe('a=1');
    expect(spans.map(({ traceId, parentSpanId }) => [traceId, parentSpanId])).toEqual(
      flags === '01' ? [[TRACE_ID, PARENT_ID]] : [],
    );
    expect(spans.flatMap(({ links }) => links)).toEqual([]);
  });
});

describe.each(ways('restart'))('restart by %s', (_how, options, adapter) => {
  it('begins a trace; the old one is a link on the SERVER span, and nothing of it goes on', async () => {
    const proxy = await startProxy(options, adapter);
    const headers = await proxy.ask({ traceparent: TRACEPARENT, tracestate: 'a=1, b=2' });
    const span = onlySpan(proxy);
    expect(span?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(span?.traceId).not.toBe(TRACE_ID);
    expect(span).not.toHaveProperty('parentSpanId');
    expect(span).not.toHaveProperty('traceState');
    expect(span?.flags).toBe(SAMPLED | RANDOM | HAS_IS_REMOTE);
    expect(span?.links).toEqual([
      {
        traceId: TRACE_ID,
        spanId: PARENT_ID,
        traceState: 'a=1,b=2',
        flags: SAMPLED | HAS_IS_REMOTE | IS_REMOTE,
        attributes: {},
        droppedAttributesCount: 0,
      },
    ]);
    expect(headers['traceparent']).toBe(`00-${span?.traceId}-${span?.spanId}-03`);
    expect(headers).not.toHaveProperty('tracestate');
    expect(JSON.stringify(headers)).not.toContain(TRACE_ID);
    expect(proxy.gateway.operator.logs[0]).toMatchObject({ traceId: span?.traceId, spanId: span?.spanId });
    const [exchange] = proxy.exchanges;
    expect([exchange?.traceId, exchange?.spanId]).toEqual([span?.traceId, span?.spanId]);
    expect(exchange?.traceIds()).toEqual({ w3c: span?.traceId });
  });
});

describe.each(ways('continue-unsampled'))('continue-unsampled by %s', (_how, options, adapter) => {
  it.each(['00', '01'])('keeps the ids and not the decision %s', async (flags) => {
    for (const ratio of [1, 0]) {
      const proxy = await startProxy({ ...options, sampling: { ratio } }, adapter);
      const headers = await proxy.ask({
        traceparent: `00-${TRACE_ID}-${PARENT_ID}-${flags}`,
        tracestate: 'a=1',
      });
      const { spans, logs } = proxy.gateway.operator;
      expect(spans.map(({ traceId, parentSpanId, links }) => [traceId, parentSpanId, links])).toEqual(
        ratio === 1 ? [[TRACE_ID, PARENT_ID, []]] : [],
      );
      expect(logs[0]).toMatchObject({ traceId: TRACE_ID, flags: ratio });
      expect(headers['traceparent']).toBe(`00-${TRACE_ID}-${logs[0]?.spanId}-0${ratio}`);
      expect(headers['tracestate']).toBe('a=1');
    }
  });
});

/** The same caller in every format; `{trace}` and `{span}` stand for the ids that are expected to go out. */
interface Dialect {
  readonly format: NonNullable<PropagationOptions['extract']>[number];
  readonly came: Readonly<Record<string, string>>;
  readonly name: string;
  readonly pattern: RegExp;
}

const dialects: readonly (readonly [string, Dialect])[] = (
  [
    {
      format: 'w3c',
      came: { traceparent: TRACEPARENT, tracestate: 'a=1' },
      name: 'traceparent',
      pattern: /^00-(?<trace>[0-9a-f]{32})-(?<span>[0-9a-f]{16})-03$/,
    },
    {
      format: 'b3',
      came: { b3: `${TRACE_ID}-${PARENT_ID}-d` },
      name: 'b3',
      pattern: /^(?<trace>[0-9a-f]{32})-(?<span>[0-9a-f]{16})-1$/,
    },
    {
      format: 'b3',
      came: { b3: `${LOW_HALF}-${PARENT_ID}-1-${PARENT_ID}` },
      name: 'b3',
      pattern: /^(?<trace>[0-9a-f]{32})-(?<span>[0-9a-f]{16})-1$/,
    },
    {
      format: 'b3',
      came: {
        'x-b3-traceid': TRACE_ID,
        'x-b3-spanid': PARENT_ID,
        'x-b3-parentspanid': PARENT_ID,
        'x-b3-flags': '1',
      },
      name: 'x-b3-traceid',
      pattern: /^(?<trace>[0-9a-f]{32})$/,
    },
    {
      format: 'jaeger',
      came: { 'uber-trace-id': `${TRACE_ID}:${PARENT_ID}:0:3` },
      name: 'uber-trace-id',
      pattern: /^(?<trace>[0-9a-f]{32}):(?<span>[0-9a-f]{16}):0:1$/,
    },
    {
      format: 'datadog',
      came: {
        'x-datadog-trace-id': LOW_DECIMAL,
        'x-datadog-parent-id': PARENT_DECIMAL,
        'x-datadog-sampling-priority': '2',
        'x-datadog-origin': 'rum',
        'x-datadog-tags': '_dd.p.tid=0af7651916cd43dd,_dd.p.dm=-4,_dd.p.usr=bob',
      },
      name: 'x-datadog-tags',
      pattern: /^_dd\.p\.tid=(?<high>[0-9a-f]{16})$/,
    },
    {
      format: 'ot',
      came: { 'ot-tracer-traceid': LOW_HALF, 'ot-tracer-spanid': PARENT_ID, 'ot-tracer-sampled': 'true' },
      name: 'ot-tracer-spanid',
      pattern: /^(?<span>[0-9a-f]{16})$/,
    },
    {
      format: 'aws',
      came: { 'x-amzn-trace-id': `Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${PARENT_ID};Sampled=1` },
      name: 'x-amzn-trace-id',
      pattern: /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=(?<span>[0-9a-f]{16});Sampled=1$/,
    },
    {
      format: 'gcp',
      came: { 'x-cloud-trace-context': `${TRACE_ID}/${PARENT_DECIMAL};o=1` },
      name: 'x-cloud-trace-context',
      pattern: /^(?<trace>[0-9a-f]{32})\/\d+;o=1$/,
    },
    {
      format: 'instana',
      came: { 'x-instana-t': TRACE_ID, 'x-instana-s': PARENT_ID, 'x-instana-l': '1,correlationType=web' },
      name: 'x-instana-t',
      pattern: /^(?<trace>[0-9a-f]{32})$/,
    },
  ] satisfies readonly Dialect[]
).map((dialect) => [`${dialect.format} as ${Object.values(dialect.came)[0]}`, dialect]);

/** Nothing in these headers tells of the caller's ids, in hex or decimal. */
function expectNoneOf(headers: IncomingHttpHeaders): void {
  const text = JSON.stringify(headers);
  for (const id of [LOW_HALF, PARENT_ID, LOW_DECIMAL, PARENT_DECIMAL, '0af76519', '0af7651916cd43dd']) {
    expect(text).not.toContain(id);
  }
}

describe.each(dialects)('restart, for a caller who speaks %s,', (_what, { format, came, name, pattern }) => {
  it('still answers in its format, with the new trace alone', async () => {
    const proxy = await startProxy({ propagation: { extract: [format], trust: 'restart' } });
    const headers = await proxy.ask(came);
    const span = onlySpan(proxy);
    const groups = pattern.exec(String(headers[name]))?.groups ?? {};
    expect(headers[name]).toMatch(pattern);
    if (groups['trace'] !== undefined) expect(groups['trace']).toBe(span?.traceId);
    if (groups['span'] !== undefined) expect(groups['span']).toBe(span?.spanId);
    if (groups['high'] !== undefined) expect(groups['high']).toBe(span?.traceId.slice(0, 16));
    expectNoneOf(headers);
    expect(headers).not.toHaveProperty('tracestate');
    expect(span?.links).toHaveLength(1);
    expect(span?.links[0]?.traceId.slice(16)).toBe(LOW_HALF);
    expect(span?.links[0]?.spanId).toBe(PARENT_ID);
    if (format !== 'w3c') expect(headers).not.toHaveProperty('traceparent');
  });

  it.each<[string, GatewayOptions, AdapterOptions<IncomingMessage>, GatewaySetup]>([
    ['traces are off', {}, {}, { operator: { signals: { traces: false } } }],
    ['there are only tenants', {}, { tenant: 'acme' }, { operator: null }],
    ['the SDK is disabled', { env: { OTEL_SDK_DISABLED: 'true' } }, {}, {}],
    ['the request is ignored', {}, { ignore: () => true }, {}],
  ])('tells the upstream nothing at all where %s', async (_how, options, adapter, setup) => {
    const propagation = { extract: [format], trust: 'restart' } as const;
    const proxy = await startProxy({ ...options, propagation }, adapter, setup);
    const headers = await proxy.ask(came);
    expectNoneOf(headers);
    for (const sent of Object.keys(came)) expect(headers).not.toHaveProperty(sent);
    expect(headers).not.toHaveProperty('traceparent');
    const [exchange] = proxy.exchanges;
    expect([exchange?.traceId, exchange?.spanId, exchange?.traceIds()]).toEqual(['', '', {}]);
    for (const { logs } of [proxy.gateway.operator, proxy.gateway.acme]) {
      for (const log of logs) expect(log).toMatchObject({ traceId: '', spanId: '', flags: 0 });
    }
  });
});

describe('restart', () => {
  it.each([
    ['00', 0],
    ['02', RANDOM],
    ['03', SAMPLED | RANDOM],
  ])('keeps the old flags %s on the link, and decides itself', async (hex, flags) => {
    const proxy = await startProxy({ propagation: { trust: 'restart' } });
    await proxy.ask({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-${hex}` });
    const span = onlySpan(proxy);
    expect(span?.links).toMatchObject([{ traceId: TRACE_ID, flags: flags | HAS_IS_REMOTE | IS_REMOTE }]);
    expect(span?.links[0]).not.toHaveProperty('traceState');
    expect(span?.flags).toBe(SAMPLED | RANDOM | HAS_IS_REMOTE);
  });

  it('has a new trace for each request', async () => {
    const proxy = await startProxy({ propagation: { trust: 'restart' } });
    await proxy.ask({ traceparent: TRACEPARENT });
    await proxy.ask({ traceparent: TRACEPARENT });
    const ids = proxy.gateway.operator.spans.map(({ traceId }) => traceId);
    expect(new Set([...ids, TRACE_ID]).size).toBe(3);
  });

  it('links every trace that came, the one that would have been continued first', async () => {
    const proxy = await startProxy({ propagation: { extract: ['w3c', 'b3'], trust: 'restart' } });
    await proxy.ask({ traceparent: TRACEPARENT, b3: `${OTHER_ID}-${LOW_HALF}-0` });
    expect(onlySpan(proxy)?.links).toMatchObject([
      { traceId: TRACE_ID, spanId: PARENT_ID, flags: SAMPLED | HAS_IS_REMOTE | IS_REMOTE },
      { traceId: OTHER_ID, spanId: LOW_HALF, flags: HAS_IS_REMOTE | IS_REMOTE },
    ]);
  });

  it('passes nothing on of any context that was read, in whatever format it came', async () => {
    const proxy = await startProxy({ propagation: { extract: ['w3c', 'b3'], trust: 'restart' } });
    const headers = await proxy.ask({ traceparent: TRACEPARENT, b3: `${OTHER_ID}-${LOW_HALF}-1` });
    expect(JSON.stringify(headers)).not.toContain(OTHER_ID);
  });

  it('passes nothing on of a context that was read in one format where another is written', async () => {
    const proxy = await startProxy({ propagation: { extract: ['w3c'], inject: ['b3'], trust: 'restart' } });
    const headers = await proxy.ask({ traceparent: TRACEPARENT, tracestate: 'a=1' });
    expect(headers['x-b3-traceid']).toBe(onlySpan(proxy)?.traceId);
    expect(JSON.stringify(headers)).not.toContain(TRACE_ID);
  });

  it('passes nothing on of what was read and not valid, nor of a plain header that is read for ids', async () => {
    for (const setup of [{}, { operator: { signals: { traces: false } } }]) {
      const proxy = await startProxy(
        {
          propagation: {
            extract: ['w3c', 'b3', 'datadog', { format: 'header', name: 'X-Correlation' }],
            trust: 'restart',
          },
        },
        {},
        setup,
      );
      const headers = await proxy.ask({
        traceparent: 'garbage',
        tracestate: 'a=1',
        b3: `${OTHER_ID}-zzz`,
        'x-b3-traceid': OTHER_ID,
        'x-datadog-origin': 'geheim',
        'x-correlation': OTHER_ID,
      });
      expect(JSON.stringify(headers)).not.toMatch(/garbage|a=1|deadbeef|geheim/);
      const traceId = proxy.gateway.operator.spans[0]?.traceId;
      const written = Object.keys(headers).filter((name) => !['host', 'connection'].includes(name));
      expect(written).toEqual(traceId === undefined ? [] : ['traceparent']);
    }
  });

  it('lets no format that the library knows pass, even one that is not read: the upstream may read it', async () => {
    const proxy = await startProxy({
      propagation: { extract: ['w3c'], trust: 'restart' },
    });
    const known = {
      b3: `${TRACE_ID}-${PARENT_ID}-d`,
      'x-b3-sampled': '1',
      'x-b3-flags': '1',
      'uber-trace-id': `${TRACE_ID}:${PARENT_ID}:0:3`,
      'jaeger-debug-id': 'x',
      'x-datadog-trace-id': '7',
      'x-datadog-sampling-priority': '2',
      'ot-tracer-sampled': 'true',
      'x-amzn-trace-id': 'Root=1-0af76519-16cd43dd8448eb211c80319c;Sampled=1',
      'x-cloud-trace-context': `${TRACE_ID}/1;o=1`,
      'x-instana-l': '1',
    };
    const headers = await proxy.ask({ ...known, 'x-request-id': '17' });
    expect(headers).toMatchObject({ 'x-request-id': '17' });
    for (const name of Object.keys(known)) expect(headers).not.toHaveProperty(name);
  });

  it('writes the new trace in every format that is asked for', async () => {
    const proxy = await startProxy({
      propagation: { extract: ['b3'], inject: ['preserve', 'w3c', 'gcp'], trust: 'restart' },
    });
    const headers = await proxy.ask({ b3: `${LOW_HALF}-${PARENT_ID}-d` });
    const { traceId, spanId } = onlySpan(proxy) ?? {};
    expect(headers).toMatchObject({
      b3: `${traceId}-${spanId}-1`,
      traceparent: `00-${traceId}-${spanId}-03`,
      'x-cloud-trace-context': `${traceId}/${BigInt(`0x${spanId}`)};o=1`,
    });
    expect(proxy.exchanges[0]?.traceIds()).toEqual({ 'b3-single': traceId, w3c: traceId, gcp: traceId });
  });

  it('has no link where the trace came without a span id, as load balancers send it', async () => {
    const proxy = await startProxy({ propagation: { extract: ['aws'], trust: 'restart' } });
    const headers = await proxy.ask({ 'x-amzn-trace-id': 'Root=1-0af76519-16cd43dd8448eb211c80319c' });
    expect(onlySpan(proxy)?.links).toEqual([]);
    expectNoneOf(headers);
  });

  it.each([
    ['b3', { b3: '0' }, 'b3', /^[0-9a-f]{32}-[0-9a-f]{16}-1$/],
    ['b3', { b3: 'd' }, 'b3', /^[0-9a-f]{32}-[0-9a-f]{16}-1$/],
    ['b3', { 'x-b3-sampled': '0' }, 'x-b3-sampled', /^1$/],
    ['datadog', { 'x-datadog-sampling-priority': '-1' }, 'x-datadog-sampling-priority', /^1$/],
    ['datadog', { 'x-datadog-sampling-priority': '2' }, 'x-datadog-sampling-priority', /^1$/],
    ['ot', { 'ot-tracer-sampled': 'false' }, 'ot-tracer-sampled', /^true$/],
  ] as const)('does not follow a decision that came alone: %s %j', async (format, came, name, pattern) => {
    const proxy = await startProxy({ propagation: { extract: [format], trust: 'restart' } });
    const headers = await proxy.ask(came);
    expect(onlySpan(proxy)?.links).toEqual([]);
    expect(headers[name]).toMatch(pattern);
  });

  it.each<[string, PropagationOptions['baggage'], string | undefined]>([
    ['passes', 'pass', 'a=1,b=2'],
    ['strips', 'strip', undefined],
    ['filters', { allow: ['b'] }, 'b=2'],
    ['leaves', 'ignore', 'a=1, b=2'],
  ])('%s baggage as its own option says', async (_what, baggage, expected) => {
    for (const setup of [{}, { operator: { signals: { traces: false } } }]) {
      const proxy = await startProxy(
        { propagation: { ...(baggage !== undefined && { baggage }), trust: 'restart' } },
        {},
        setup,
      );
      const headers = await proxy.ask({ traceparent: TRACEPARENT, baggage: 'a=1, b=2' });
      expect(headers['baggage']).toBe(expected);
      expect(JSON.stringify(headers)).not.toContain(TRACE_ID);
    }
  });

  it.each<[PropagationOptions['baggage'] & string, string | undefined]>([
    ['pass', 'bob'],
    ['strip', undefined],
  ])('has Jaeger’s own baggage follow the option, too: %s', async (baggage, expected) => {
    const proxy = await startProxy({ propagation: { extract: ['jaeger'], baggage, trust: 'restart' } });
    const headers = await proxy.ask({
      'uber-trace-id': `${TRACE_ID}:${PARENT_ID}:0:1`,
      'uberctx-user': 'bob',
    });
    expect(headers['uberctx-user']).toBe(expected);
    expectNoneOf(headers);
  });

  it('does not show the caller’s Datadog member of tracestate to a Datadog upstream', async () => {
    const proxy = await startProxy({
      propagation: { extract: ['w3c', 'datadog'], inject: ['w3c', 'datadog'], trust: 'restart' },
    });
    const headers = await proxy.ask({
      traceparent: TRACEPARENT,
      tracestate: `dd=s:2;o:rum;p:${PARENT_ID};t.dm:-4;t.usr:bob,a=1`,
    });
    const span = onlySpan(proxy);
    expect(headers['tracestate']).toBe(`dd=s:1;p:${span?.spanId}`);
    expect(headers['x-datadog-sampling-priority']).toBe('1');
    expect(headers).not.toHaveProperty('x-datadog-origin');
    expect(headers['x-datadog-tags']).toBe(`_dd.p.tid=${span?.traceId.slice(0, 16)}`);
  });

  it('gives no tenant anything but the new ids on its log record', async () => {
    const proxy = await startProxy({ propagation: { trust: 'restart' } }, { tenant: 'acme' });
    await proxy.ask({ traceparent: TRACEPARENT, tracestate: 'a=1' });
    const span = onlySpan(proxy);
    const { acme } = proxy.gateway;
    expect(acme.requests.filter(({ signal }) => signal === 'traces')).toEqual([]);
    expect(acme.logs).toMatchObject([{ traceId: span?.traceId, spanId: span?.spanId }]);
    expect(total(counters(acme))).toBe(1);
  });
});

describe('continue-unsampled', () => {
  const unsampled = (format: Dialect['format'], options: GatewayOptions = {}) =>
    startProxy({ ...options, propagation: { extract: [format], trust: 'continue-unsampled' } });

  it('does not follow a decision even where sampling.parent says follow', async () => {
    for (const parent of ['follow', 'follow-drop'] as const) {
      const proxy = await unsampled('w3c', { sampling: { parent, ratio: 1 } });
      await proxy.ask({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` });
      expect(onlySpan(proxy)?.traceId).toBe(TRACE_ID);
      const none = await unsampled('w3c', { sampling: { parent, ratio: 0 } });
      await none.ask({ traceparent: TRACEPARENT });
      expect(none.gateway.operator.spans).toEqual([]);
    }
  });

  it('keeps the random flag, which is no decision', async () => {
    const proxy = await unsampled('w3c');
    const headers = await proxy.ask({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-02` });
    expect(headers['traceparent']).toBe(`00-${TRACE_ID}-${onlySpan(proxy)?.spanId}-03`);
  });

  it.each([
    ['b3', { b3: `${TRACE_ID}-${PARENT_ID}-d` }, 'b3', `${TRACE_ID}-{span}-{0|1}`],
    ['b3', { b3: `${LOW_HALF}-${PARENT_ID}-d` }, 'b3', `${LOW_HALF}-{span}-{0|1}`],
    [
      'b3',
      { 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': PARENT_ID, 'x-b3-flags': '1' },
      'x-b3-sampled',
      '{0|1}',
    ],
    [
      'jaeger',
      { 'uber-trace-id': `${TRACE_ID}:${PARENT_ID}:0:3` },
      'uber-trace-id',
      `${TRACE_ID}:{span}:0:{0|1}`,
    ],
    [
      'aws',
      { 'x-amzn-trace-id': `Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${PARENT_ID};Sampled=1` },
      'x-amzn-trace-id',
      'Root=1-0af76519-16cd43dd8448eb211c80319c;Parent={span};Sampled={0|1}',
    ],
  ] as const)('forwards no debug flag and no decision of %s %j', async (format, came, name, expected) => {
    for (const ratio of [0, 1]) {
      const proxy = await unsampled(format, { sampling: { ratio } });
      const headers = await proxy.ask(came);
      const spanId = proxy.gateway.operator.logs[0]?.spanId ?? '';
      expect(headers[name]).toBe(expected.replace('{span}', spanId).replace('{0|1}', String(ratio)));
      expect(headers).not.toHaveProperty('x-b3-flags');
    }
  });

  it('forwards neither Datadog’s priority nor who made the decision; nor anything else of it', async () => {
    for (const [ratio, priority] of [
      [0, '2'],
      [0, '-1'],
      [1, '2'],
      [1, '-1'],
    ] as const) {
      const proxy = await unsampled('datadog', { sampling: { ratio } });
      const headers = await proxy.ask({
        'x-datadog-trace-id': LOW_DECIMAL,
        'x-datadog-parent-id': PARENT_DECIMAL,
        'x-datadog-sampling-priority': priority,
        'x-datadog-origin': 'rum',
        'x-datadog-tags': '_dd.p.tid=0af7651916cd43dd,_dd.p.dm=-4,_dd.p.usr=bob',
      });
      expect(headers).toMatchObject({
        'x-datadog-trace-id': LOW_DECIMAL,
        'x-datadog-sampling-priority': String(ratio),
        'x-datadog-tags': '_dd.p.tid=0af7651916cd43dd',
      });
      expect(headers).not.toHaveProperty('x-datadog-origin');
    }
  });

  it.each([[['w3c', 'datadog']], [['w3c']]] as const)(
    'drops the members of tracestate that carry decisions, reading %j',
    async (extract) => {
      const proxy = await startProxy({ propagation: { extract, trust: 'continue-unsampled' } });
      const headers = await proxy.ask({
        traceparent: TRACEPARENT,
        tracestate: `a=1,dd=s:2;o:rum;p:${PARENT_ID};t.dm:-4;t.usr:bob,ot=th:0;rv:ffffffffffffff`,
      });
      expect(headers['tracestate']).toBe('a=1');
    },
  );

  it('does not let a caller choose ids that are always, or never, sampled', async () => {
    const ids = (digit: string): string[] =>
      Array.from({ length: 40 }, (_, n) => `0af7651916cd43${String(n).padStart(4, '0')}${digit.repeat(14)}`);
    for (const digit of ['f', '0']) {
      const proxy = await unsampled('w3c', { sampling: { ratio: 0.5 } });
      for (const id of ids(digit)) await proxy.ask({ traceparent: `00-${id}-${PARENT_ID}-01` });
      const count = proxy.gateway.operator.spans.length;
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThan(40);
    }
  });

  it.each([
    ['b3', { b3: '0' }],
    ['b3', { b3: 'd' }],
    ['datadog', { 'x-datadog-sampling-priority': '-1' }],
    ['ot', { 'ot-tracer-sampled': 'false' }],
  ] as const)('leaves a decision that came alone to the ratio, too: %s %j', async (format, came) => {
    for (const ratio of [0, 1]) {
      const proxy = await unsampled(format, { sampling: { ratio } });
      await proxy.ask(came);
      expect(proxy.gateway.operator.spans).toHaveLength(ratio);
      expect(proxy.gateway.operator.logs).toHaveLength(1);
    }
  });

  it.each([
    [
      'w3c',
      { traceparent: TRACEPARENT, tracestate: 'a=1' },
      { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` },
    ],
    ['b3', { b3: `${LOW_HALF}-${PARENT_ID}-1` }, { b3: `${LOW_HALF}-${PARENT_ID}-1` }],
    ['b3', { b3: `${LOW_HALF}-${PARENT_ID}-0` }, { b3: `${LOW_HALF}-${PARENT_ID}-1` }],
    ['b3', { b3: `${TRACE_ID}-${PARENT_ID}-d` }, { b3: `${TRACE_ID}-${PARENT_ID}-1` }],
    [
      'gcp',
      { 'x-cloud-trace-context': `${TRACE_ID}/${PARENT_DECIMAL};o=1` },
      { 'x-cloud-trace-context': `${TRACE_ID}/${PARENT_DECIMAL};o=1` },
    ],
  ] as const)(
    'passes the ids on with the ratio’s decision where traces are off: %s %j',
    async (format, came, sent) => {
      const proxy = await startProxy(
        { propagation: { extract: [format], trust: 'continue-unsampled' } },
        {},
        { operator: { signals: { traces: false } } },
      );
      expect(await proxy.ask(came)).toMatchObject(sent);
      expect(proxy.gateway.operator.logs).toMatchObject([{ spanId: PARENT_ID, flags: 1 }]);
    },
  );
});

describe('the callback of the option', () => {
  it('is asked with what is known of the request', async () => {
    const seen: BeginOptions[] = [];
    const trust = (request: BeginOptions): Trust => (seen.push(request), 'continue');
    const requests: object[] = [];
    const gateway = await startGateway({
      options: { propagation: { trust } },
      listener: (request, response) => void (requests.push(request), response.end()),
    });
    await send(`${gateway.url}/orders?id=1`, {
      method: 'PUT',
      headers: { traceparent: TRACEPARENT, 'x-partner': 'yes' },
    });
    await gateway.flush();
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      method: 'PUT',
      url: '/orders?id=1',
      headers: { traceparent: TRACEPARENT, 'x-partner': 'yes' },
      scheme: 'http',
      protocolVersion: '1.1',
      remoteAddress: '127.0.0.1',
      remotePort: expect.any(Number),
    });
    expect(seen[0]?.request).toBe(requests[0]);
  });

  it('is asked with the very options of begin', async () => {
    const seen: BeginOptions[] = [];
    const gateway = await startGateway({
      options: { propagation: { trust: (request) => (seen.push(request), 'restart') } },
    });
    const given = { method: 'GET', url: '/', headers: { traceparent: TRACEPARENT }, remoteAddress: '::1' };
    const exchange = gateway.telemetry.begin(given);
    exchange.end({ statusCode: 200 });
    expect(seen).toEqual([given]);
    expect(exchange.traceId).not.toBe(TRACE_ID);
  });

  it('decides for each request alone', async () => {
    const proxy = await startProxy({
      propagation: {
        trust: ({ headers }) =>
          (headers as IncomingHttpHeaders)['x-partner'] === 'yes' ? 'continue' : 'restart',
      },
    });
    await proxy.ask({ traceparent: TRACEPARENT, 'x-partner': 'yes' });
    await proxy.ask({ traceparent: TRACEPARENT });
    expect(proxy.gateway.operator.spans.map(({ traceId }) => traceId === TRACE_ID)).toEqual([true, false]);
    expect(proxy.gateway.diagnostics).toEqual([]);
  });

  it('is not asked where the adapter or begin has said something', async () => {
    let asked = 0;
    const trust = (): Trust => (asked++, 'restart');
    const proxy = await startProxy({ propagation: { trust } }, { trust: 'continue' });
    await proxy.ask({ traceparent: TRACEPARENT });
    const begun = proxy.gateway.telemetry.begin({
      method: 'GET',
      url: '/',
      headers: { traceparent: TRACEPARENT },
      trust: 'continue',
    });
    begun.end({ statusCode: 200 });
    expect(begun.traceId).toBe(TRACE_ID);
    expect(asked).toBe(0);
  });
});

describe('the callback of the adapter', () => {
  it('is asked with the request, and only for the requests that it serves', async () => {
    const seen: IncomingMessage[] = [];
    const proxy = await startProxy(
      {},
      { trust: (request) => (seen.push(request), request.url === '/partner' ? 'continue' : 'restart') },
    );
    await send(`${proxy.gateway.url}/partner`, { headers: { traceparent: TRACEPARENT } });
    await send(`${proxy.gateway.url}/public`, { headers: { traceparent: TRACEPARENT } });
    await proxy.gateway.flush();
    expect(seen.map(({ url }) => url)).toEqual(['/partner', '/public']);
    expect(proxy.gateway.operator.spans.map(({ traceId }) => traceId === TRACE_ID)).toEqual([true, false]);
    const begun = proxy.gateway.telemetry.begin({
      method: 'GET',
      url: '/',
      headers: { traceparent: TRACEPARENT },
    });
    begun.end();
    expect([begun.traceId, seen.length]).toEqual([TRACE_ID, 2]);
  });
});

describe.each<[string, (trust: unknown) => [GatewayOptions, AdapterOptions<IncomingMessage>]]>([
  ['the option', (trust) => [{ propagation: { trust: trust as () => Trust } }, {}]],
  ['the adapter', (trust) => [{}, { trust: trust as () => Trust }]],
])('a callback of %s', (_where, configured) => {
  const noTrust = (answer: unknown) => (): unknown => answer;
  const revoked = (): unknown => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const throwing = { toString: () => 'continue', valueOf: () => 'continue' };

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('secret text');
      },
    ],
    [
      'throws nothing at all',
      () => {
        throw undefined as unknown as Error;
      },
    ],
    ['gives undefined', noTrust(undefined)],
    ['gives null', noTrust(null)],
    ['gives another word', noTrust('secret text')],
    ['gives another spelling', noTrust('Continue')],
    ['gives a number', noTrust(1)],
    ['gives true', noTrust(true)],
    ['gives an array', noTrust(['continue'])],
    ['gives something that looks like a word', noTrust(throwing)],
    ['gives a String object', noTrust(new String('continue'))],
    ['gives a revoked proxy', revoked],
    ['gives a promise', async () => 'continue'],
    ['gives a promise that rejects', () => Promise.reject(new Error('secret text'))],
    [
      'gives a promise that rejects late',
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        throw new Error('secret text');
      },
    ],
    [
      'gives a thenable that throws',
      noTrust({
        then() {
          throw new Error('secret text');
        },
      }),
    ],
  ])('that %s means restart, and is reported once', async (_what, trust) => {
    const proxy = await startProxy(...configured(trust));
    for (let times = 0; times < 3; times++) await proxy.ask({ traceparent: TRACEPARENT, tracestate: 'a=1' });
    await new Promise((resolve) => setTimeout(resolve, 15));
    const { spans } = proxy.gateway.operator;
    expect(spans).toHaveLength(3);
    for (const span of spans) {
      expect(span.traceId).not.toBe(TRACE_ID);
      expect(span).not.toHaveProperty('parentSpanId');
      expect(span.links).toMatchObject([{ traceId: TRACE_ID, spanId: PARENT_ID }]);
    }
    for (const headers of proxy.arrived) expect(JSON.stringify(headers)).not.toContain(TRACE_ID);
    expect(proxy.gateway.diagnostics.map(({ code }) => code)).toEqual(['callback_failed']);
    expect(JSON.stringify(proxy.gateway.diagnostics)).toMatch(/trust/);
    expect(JSON.stringify(proxy.gateway.diagnostics)).not.toContain('secret text');
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['a context came', { traceparent: TRACEPARENT, baggage: 'a=1' }],
    ['a decision came alone', { traceparent: 'garbage', b3: '0' }],
    ['nothing came', {}],
    ['nothing valid came', { traceparent: 'garbage', tracestate: 'a=1' }],
    ['baggage came alone', { baggage: 'a=1' }],
  ])('is asked once, whatever came, also where traces are off: %s', async (_what, headers) => {
    for (const setup of [{}, { operator: { signals: { traces: false } } }]) {
      let asked = 0;
      const [options, adapter] = configured(() => (asked++, 'continue'));
      const propagation = { ...options.propagation, extract: ['w3c', 'b3'] } as const;
      const proxy = await startProxy({ ...options, propagation }, adapter, setup);
      await proxy.ask(headers);
      expect(asked).toBe(1);
      expect(proxy.gateway.diagnostics).toEqual([]);
    }
  });
});

describe('BeginOptions.trust', () => {
  const begin = async (trust: unknown): Promise<Exchange> => {
    const { telemetry } = await startGateway();
    const headers = { traceparent: TRACEPARENT };
    const exchange = telemetry.begin({ method: 'GET', url: '/', headers, trust: trust as Trust });
    exchange.end({ statusCode: 200 });
    return exchange;
  };

  it.each<[Trust, boolean]>([
    ['continue', true],
    ['continue-unsampled', true],
    ['restart', false],
  ])('%s overrides the option', async (trust, isKept) => {
    const gateway = await startGateway({ options: { propagation: { trust: other(trust) } } });
    const headers = { traceparent: TRACEPARENT };
    const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers, trust });
    exchange.end({ statusCode: 200 });
    await gateway.flush();
    expect(exchange.traceId === TRACE_ID).toBe(isKept);
    expect(gateway.operator.spans[0]?.links).toHaveLength(isKept ? 0 : 1);
  });

  it.each([['never'], [''], [null], [true], [{}], [() => 'continue']])(
    'that is not a word for trust is none: %j',
    async (trust) => {
      expect((await begin(trust)).traceId).not.toBe(TRACE_ID);
    },
  );

  it('that is undefined says nothing', async () => {
    expect((await begin(undefined)).traceId).toBe(TRACE_ID);
  });
});
