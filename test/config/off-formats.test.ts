/** The off rules in every format, over real HTTP: a gateway without spans of its own adds no hop. */
import { describe, expect, it } from 'vitest';
import type { GatewayOptions, PropagationOptions } from '../../src/index.js';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { collector, get, instance, rawGet, settle, startGateway } from './support.js';
import type { TestGatewayOptions } from './support.js';

const HIGH_HALF = '0af7651916cd43dd';
const LOW_HALF = '8448eb211c80319c';
const TRACE_ID = HIGH_HALF + LOW_HALF;
const PADDED = `${'0'.repeat(16)}${LOW_HALF}`;
const PARENT_ID = 'b7ad6b7169203331';
const LOW_DECIMAL = '9532127138774266268';
const PARENT_DECIMAL = '13235353014750950193';
const ROOT = '1-0af76519-16cd43dd8448eb211c80319c';

type Extract = NonNullable<PropagationOptions['extract']>;
type Sent = Readonly<Record<string, string>>;

/** Every trace header that any format knows. */
const NAMES = [
  'traceparent',
  'tracestate',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  'uber-trace-id',
  'uberctx-user',
  'x-datadog-trace-id',
  'x-datadog-parent-id',
  'x-datadog-sampling-priority',
  'x-datadog-origin',
  'x-datadog-tags',
  'ot-tracer-traceid',
  'ot-tracer-spanid',
  'ot-tracer-sampled',
  'ot-baggage-user',
  'x-amzn-trace-id',
  'x-cloud-trace-context',
  'x-instana-t',
  'x-instana-s',
  'x-instana-l',
  'x-request-id',
  'baggage',
];

interface Mode {
  readonly options: (endpoint: string) => GatewayOptions;
  readonly gateway?: TestGatewayOptions;
  /** The request has a log record. */
  readonly logs: boolean;
}

/** The ways to have no spans while headers are handled. */
const MODES: Readonly<Record<string, Mode>> = {
  'the operator takes logs alone': {
    options: (url) => ({ operator: { logs: { endpoint: `${url}/v1/logs` } } }),
    logs: true,
  },
  'OTEL_TRACES_EXPORTER is none': {
    options: (endpoint) => ({ operator: { endpoint }, env: { OTEL_TRACES_EXPORTER: 'none' } }),
    logs: true,
  },
  'there are only tenants': {
    options: (endpoint) => ({ tenants: { acme: { endpoint } } }),
    gateway: { adapter: { tenant: 'acme' } },
    logs: true,
  },
  'the SDK is disabled': {
    options: (endpoint) => ({ operator: { endpoint }, env: { OTEL_SDK_DISABLED: 'true' } }),
    logs: false,
  },
  'the request is ignored': {
    options: (endpoint) => ({ operator: { endpoint } }),
    gateway: { adapter: { ignore: () => true } },
    logs: false,
  },
  'nothing is configured but propagation': { options: () => ({}), logs: false },
};

interface Passed {
  readonly headers: Sent;
  readonly receiver: OtlpReceiver;
  readonly ids: readonly [traceId: string, spanId: string];
}

/** What an upstream gets through a gateway in this mode, and what was recorded. */
async function passed(
  mode: Mode,
  propagation: PropagationOptions,
  sent: Sent,
  passHeaders: boolean,
  spans: 'server' | 'server+client' = 'server',
): Promise<Passed> {
  const receiver = await collector();
  const telemetry = instance({ ...mode.options(receiver.url), propagation, spans });
  const gateway = await startGateway(telemetry, { ...mode.gateway, passHeaders });
  expect(await get(gateway.url, sent)).toBe(200);
  await settle(telemetry);
  const all = gateway.arrived[0]?.headers ?? {};
  const [exchange] = gateway.exchanges;
  expect(receiver.spans).toEqual([]);
  expect(receiver.logs).toHaveLength(mode.logs ? 1 : 0);
  return {
    headers: Object.fromEntries(
      NAMES.filter((name) => all[name] !== undefined).map((name) => [name, String(all[name])]),
    ),
    receiver,
    ids: [exchange?.traceId ?? '?', exchange?.spanId ?? '?'],
  };
}

const datadog = (extra: Sent = {}): Sent => ({
  'x-datadog-trace-id': LOW_DECIMAL,
  'x-datadog-parent-id': PARENT_DECIMAL,
  ...extra,
});

/** What came, what is expected to go out (where it is not the same), and the ids of the log record. */
type Case = readonly [
  what: string,
  extract: Extract,
  came: Sent,
  out: Sent | undefined,
  ids: readonly [string, string, number],
];

const b3 = (value: string): Sent => ({ b3: value });
const whole = (flags: number): Case[4] => [TRACE_ID, PARENT_ID, flags];
const half = (flags: number): Case[4] => [PADDED, PARENT_ID, flags];

const CASES: readonly Case[] = [
  ['b3 yes', ['b3'], b3(`${TRACE_ID}-${PARENT_ID}-1`), undefined, whole(1)],
  ['b3 no', ['b3'], b3(`${TRACE_ID}-${PARENT_ID}-0`), undefined, whole(0)],
  ['b3 debug', ['b3'], b3(`${TRACE_ID}-${PARENT_ID}-d`), undefined, whole(1)],
  ['b3 undecided', ['b3'], b3(`${TRACE_ID}-${PARENT_ID}`), undefined, whole(0)],
  ['b3 of 64 bits', ['b3'], b3(`${LOW_HALF}-${PARENT_ID}-1`), undefined, half(1)],
  ['b3 of 64 bits, undecided', ['b3'], b3(`${LOW_HALF}-${PARENT_ID}`), undefined, half(0)],
  [
    'b3 with the caller’s own parent, which is not ours to tell',
    ['b3'],
    b3(`${TRACE_ID}-${PARENT_ID}-1-${LOW_HALF}`),
    b3(`${TRACE_ID}-${PARENT_ID}-1`),
    whole(1),
  ],
  [
    'b3 in several headers with the caller’s own parent',
    ['b3'],
    {
      'x-b3-traceid': TRACE_ID,
      'x-b3-spanid': PARENT_ID,
      'x-b3-parentspanid': LOW_HALF,
      'x-b3-sampled': '1',
    },
    { 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': PARENT_ID, 'x-b3-sampled': '1' },
    whole(1),
  ],
  [
    'b3 of 128 bits that begin with zeros',
    ['b3'],
    b3(`${PADDED}-${PARENT_ID}-1`),
    undefined,
    [PADDED, PARENT_ID, 1],
  ],
  [
    'b3 in several headers',
    ['b3'],
    { 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': PARENT_ID, 'x-b3-sampled': '0' },
    undefined,
    whole(0),
  ],
  [
    'b3 in several headers of 64 bits, undecided',
    ['b3'],
    { 'x-b3-traceid': LOW_HALF, 'x-b3-spanid': PARENT_ID },
    undefined,
    half(0),
  ],
  [
    'b3 in several headers, debug',
    ['b3'],
    { 'x-b3-traceid': LOW_HALF, 'x-b3-spanid': PARENT_ID, 'x-b3-flags': '1' },
    undefined,
    half(1),
  ],
  ['jaeger yes', ['jaeger'], { 'uber-trace-id': `${TRACE_ID}:${PARENT_ID}:0:1` }, undefined, whole(1)],
  ['jaeger no', ['jaeger'], { 'uber-trace-id': `${TRACE_ID}:${PARENT_ID}:0:0` }, undefined, whole(0)],
  ['jaeger debug', ['jaeger'], { 'uber-trace-id': `${LOW_HALF}:${PARENT_ID}:0:3` }, undefined, half(1)],
  [
    'jaeger with baggage',
    ['jaeger'],
    { 'uber-trace-id': `${TRACE_ID}:${PARENT_ID}:0:1`, 'uberctx-user': 'bob' },
    undefined,
    whole(1),
  ],
  [
    'datadog user keep, with all that travels beside it',
    ['datadog'],
    datadog({
      'x-datadog-sampling-priority': '2',
      'x-datadog-origin': 'rum',
      'x-datadog-tags': `_dd.p.tid=${HIGH_HALF},_dd.p.dm=-4,_dd.p.usr=bob`,
    }),
    undefined,
    whole(1),
  ],
  ['datadog user reject', ['datadog'], datadog({ 'x-datadog-sampling-priority': '-1' }), undefined, half(0)],
  ['datadog of 64 bits, undecided', ['datadog'], datadog(), undefined, half(0)],
  [
    'datadog with small ids',
    ['datadog'],
    { 'x-datadog-trace-id': '1', 'x-datadog-parent-id': '2', 'x-datadog-sampling-priority': '1' },
    undefined,
    [`${'0'.repeat(31)}1`, `${'0'.repeat(15)}2`, 1],
  ],
  [
    'ot yes',
    ['ot'],
    { 'ot-tracer-traceid': LOW_HALF, 'ot-tracer-spanid': PARENT_ID, 'ot-tracer-sampled': 'true' },
    undefined,
    half(1),
  ],
  [
    'ot no, with baggage',
    ['ot'],
    {
      'ot-tracer-traceid': LOW_HALF,
      'ot-tracer-spanid': PARENT_ID,
      'ot-tracer-sampled': 'false',
      'ot-baggage-user': 'bob',
    },
    undefined,
    half(0),
  ],
  [
    'ot undecided',
    ['ot'],
    { 'ot-tracer-traceid': LOW_HALF, 'ot-tracer-spanid': PARENT_ID },
    undefined,
    half(0),
  ],
  [
    'ot of 128 bits, of which OT writes the low ones',
    ['ot'],
    { 'ot-tracer-traceid': TRACE_ID, 'ot-tracer-spanid': PARENT_ID, 'ot-tracer-sampled': 'true' },
    { 'ot-tracer-traceid': LOW_HALF, 'ot-tracer-spanid': PARENT_ID, 'ot-tracer-sampled': 'true' },
    whole(1),
  ],
  [
    'aws yes',
    ['aws'],
    { 'x-amzn-trace-id': `Root=${ROOT};Parent=${PARENT_ID};Sampled=1` },
    undefined,
    whole(1),
  ],
  [
    'aws no',
    ['aws'],
    { 'x-amzn-trace-id': `Root=${ROOT};Parent=${PARENT_ID};Sampled=0` },
    undefined,
    whole(0),
  ],
  ['aws undecided', ['aws'], { 'x-amzn-trace-id': `Root=${ROOT};Parent=${PARENT_ID}` }, undefined, whole(0)],
  ['aws of a load balancer', ['aws'], { 'x-amzn-trace-id': `Root=${ROOT}` }, undefined, [TRACE_ID, '', 0]],
  [
    'aws of a load balancer, decided',
    ['aws'],
    { 'x-amzn-trace-id': `Root=${ROOT};Sampled=1` },
    undefined,
    [TRACE_ID, '', 1],
  ],
  ['gcp yes', ['gcp'], { 'x-cloud-trace-context': `${TRACE_ID}/${PARENT_DECIMAL};o=1` }, undefined, whole(1)],
  ['gcp no', ['gcp'], { 'x-cloud-trace-context': `${TRACE_ID}/${PARENT_DECIMAL};o=0` }, undefined, whole(0)],
  [
    'gcp undecided',
    ['gcp'],
    { 'x-cloud-trace-context': `${TRACE_ID}/${PARENT_DECIMAL}` },
    undefined,
    whole(0),
  ],
  ['gcp without a span', ['gcp'], { 'x-cloud-trace-context': TRACE_ID }, undefined, [TRACE_ID, '', 0]],
  [
    'gcp without a span, decided',
    ['gcp'],
    { 'x-cloud-trace-context': `${TRACE_ID};o=1` },
    undefined,
    [TRACE_ID, '', 1],
  ],
  [
    'gcp with span 0',
    ['gcp'],
    { 'x-cloud-trace-context': `${TRACE_ID}/0;o=1` },
    { 'x-cloud-trace-context': `${TRACE_ID};o=1` },
    [TRACE_ID, '', 1],
  ],
  [
    'instana yes',
    ['instana'],
    { 'x-instana-t': TRACE_ID, 'x-instana-s': PARENT_ID, 'x-instana-l': '1' },
    undefined,
    whole(1),
  ],
  [
    'instana of 64 bits, undecided',
    ['instana'],
    { 'x-instana-t': LOW_HALF, 'x-instana-s': PARENT_ID },
    undefined,
    half(0),
  ],
  [
    'w3c, in all its parts',
    ['w3c'],
    { traceparent: `00-${TRACE_ID}-${PARENT_ID}-03`, tracestate: 'a=1,b=2' },
    undefined,
    whole(3),
  ],
  ['the second format that is read', ['w3c', 'b3'], b3(`${LOW_HALF}-${PARENT_ID}`), undefined, half(0)],
];

const ALONE: readonly (readonly [what: string, extract: Extract, came: Sent])[] = [
  ['b3: 0', ['b3'], b3('0')],
  ['b3: 1', ['b3'], b3('1')],
  ['b3: d', ['b3'], b3('d')],
  ['x-b3-sampled: 0', ['b3'], { 'x-b3-sampled': '0' }],
  ['x-b3-sampled: 1', ['b3'], { 'x-b3-sampled': '1' }],
  ['x-b3-flags: 1', ['b3'], { 'x-b3-flags': '1' }],
  ['x-datadog-sampling-priority: -1', ['datadog'], { 'x-datadog-sampling-priority': '-1' }],
  [
    'x-datadog-sampling-priority: 2, with an origin',
    ['datadog'],
    { 'x-datadog-sampling-priority': '2', 'x-datadog-origin': 'synthetics' },
  ],
  ['ot-tracer-sampled: false', ['ot'], { 'ot-tracer-sampled': 'false' }],
  ['ot-tracer-sampled: true', ['ot'], { 'ot-tracer-sampled': 'true' }],
  ['b3 after a format that has nothing', ['w3c', 'b3'], b3('0')],
];

describe.each(Object.entries(MODES))('where %s,', (_how, mode) => {
  it.each(CASES)('the caller’s ids go on as they came: %s', async (_what, extract, came, out, ids) => {
    for (const passHeaders of [false, true]) {
      const { headers, receiver, ids: shown } = await passed(mode, { extract }, came, passHeaders);
      expect(headers).toEqual(out ?? came);
      expect(shown).toEqual([ids[0], ids[1]]);
      for (const { traceId, spanId, flags } of receiver.logs) expect([traceId, spanId, flags]).toEqual(ids);
    }
  });

  it.each(ALONE)('a lone decision goes on as it came: %s', async (_what, extract, came) => {
    for (const passHeaders of [false, true]) {
      const { headers, receiver, ids: shown } = await passed(mode, { extract }, came, passHeaders);
      expect(headers).toEqual(came);
      expect(shown).toEqual(['', '']);
      for (const { traceId, spanId } of receiver.logs) expect([traceId, spanId]).toEqual(['', '']);
    }
  });

  it('nothing is emitted where none came, in any format', async () => {
    const every: PropagationOptions = {
      extract: ['w3c', 'b3', 'jaeger', 'datadog', 'ot', 'aws', 'gcp', 'instana'],
      inject: ['preserve', 'w3c', 'b3', 'b3-single', 'jaeger', 'datadog', 'ot', 'aws', 'gcp', 'instana'],
    };
    const { headers, receiver, ids } = await passed(mode, every, {}, true);
    expect(headers).toEqual({});
    expect(ids).toEqual(['', '']);
    for (const log of receiver.logs) expect(log).toMatchObject({ traceId: '', spanId: '', flags: 0 });
  });
});

const OFF: Mode = MODES['the operator takes logs alone'] ?? { options: () => ({}), logs: true };

it('a log record without ids has no flags either, whatever was decided for a trace that nobody begins', async () => {
  for (const [, extract, came] of ALONE) {
    const { receiver } = await passed(OFF, { extract }, came, false);
    expect(receiver.logs[0]).toMatchObject({ traceId: '', spanId: '', flags: 0 });
  }
});

describe('between formats', () => {
  it.each<[string, PropagationOptions['inject'], Sent]>([
    ['w3c, which has no word for undecided', ['w3c'], { traceparent: `00-${PADDED}-${PARENT_ID}-00` }],
    ['b3', ['b3'], { 'x-b3-traceid': LOW_HALF, 'x-b3-spanid': PARENT_ID }],
    ['b3 in one header', ['b3-single'], b3(`${LOW_HALF}-${PARENT_ID}`)],
    ['jaeger, which has none either', ['jaeger'], { 'uber-trace-id': `${LOW_HALF}:${PARENT_ID}:0:0` }],
    ['datadog', ['datadog'], datadog()],
    ['ot', ['ot'], { 'ot-tracer-traceid': LOW_HALF, 'ot-tracer-spanid': PARENT_ID }],
    ['aws', ['aws'], { 'x-amzn-trace-id': `Root=1-00000000-00000000${LOW_HALF};Parent=${PARENT_ID}` }],
    ['gcp', ['gcp'], { 'x-cloud-trace-context': `${PADDED}/${PARENT_DECIMAL}` }],
    ['instana', ['instana'], { 'x-instana-t': LOW_HALF, 'x-instana-s': PARENT_ID }],
    ['a plain header', [{ format: 'header', name: 'x-request-id' }], { 'x-request-id': LOW_HALF }],
  ])('undecided stays undecided, and 64 bits stay 64 bits: to %s', async (_what, inject = [], out) => {
    const sent = b3(`${LOW_HALF}-${PARENT_ID}`);
    expect((await passed(OFF, { extract: ['b3'], inject }, sent, false)).headers).toEqual(out);
  });

  it.each<[string, PropagationOptions['inject'], Sent]>([
    ['w3c', ['w3c'], { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` }],
    ['b3', ['b3'], { 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': PARENT_ID, 'x-b3-sampled': '1' }],
    ['jaeger', ['jaeger'], { 'uber-trace-id': `${TRACE_ID}:${PARENT_ID}:0:1` }],
    [
      'datadog',
      ['datadog'],
      datadog({ 'x-datadog-sampling-priority': '1', 'x-datadog-tags': `_dd.p.tid=${HIGH_HALF}` }),
    ],
    ['aws', ['aws'], { 'x-amzn-trace-id': `Root=${ROOT};Parent=${PARENT_ID};Sampled=1` }],
    ['instana', ['instana'], { 'x-instana-t': TRACE_ID, 'x-instana-s': PARENT_ID, 'x-instana-l': '1' }],
  ])('a yes stays a yes: to %s', async (_what, inject = [], out) => {
    const sent = { 'x-cloud-trace-context': `${TRACE_ID}/${PARENT_DECIMAL};o=1` };
    expect((await passed(OFF, { extract: ['gcp'], inject }, sent, false)).headers).toEqual(out);
  });

  it.each<[string, PropagationOptions['inject'], Sent]>([
    ['w3c', ['w3c'], {}],
    ['b3', ['b3'], {}],
    ['b3 in one header', ['b3-single'], {}],
    ['jaeger', ['jaeger'], {}],
    ['datadog', ['datadog'], {}],
    ['ot', ['ot'], {}],
    ['instana', ['instana'], {}],
    ['gcp', ['gcp'], { 'x-cloud-trace-context': TRACE_ID }],
    ['aws', ['aws'], { 'x-amzn-trace-id': `Root=${ROOT}` }],
    ['a plain header', [{ format: 'header', name: 'x-request-id' }], { 'x-request-id': TRACE_ID }],
  ])('no parent is invented for a trace without one: to %s', async (_what, inject = [], out) => {
    const sent = { 'x-amzn-trace-id': `Root=${ROOT}` };
    expect((await passed(OFF, { extract: ['aws'], inject }, sent, false)).headers).toEqual(out);
  });

  it.each<[string, Extract, Sent, PropagationOptions['inject'], Sent]>([
    ['b3 to datadog', ['b3'], b3('0'), ['datadog'], { 'x-datadog-sampling-priority': '0' }],
    ['b3 to several headers', ['b3'], b3('0'), ['b3'], { 'x-b3-sampled': '0' }],
    ['b3 debug to several headers', ['b3'], b3('d'), ['b3'], { 'x-b3-flags': '1' }],
    ['datadog to b3', ['datadog'], { 'x-datadog-sampling-priority': '2' }, ['b3-single'], b3('1')],
    ['ot to b3', ['ot'], { 'ot-tracer-sampled': 'false' }, ['b3-single'], b3('0')],
    ['b3 to ot', ['b3'], b3('1'), ['ot'], { 'ot-tracer-sampled': 'true' }],
    ['b3 to w3c, which has no word for it', ['b3'], b3('0'), ['w3c'], {}],
    ['b3 to aws and gcp, which have none either', ['b3'], b3('0'), ['aws', 'gcp', 'instana', 'jaeger'], {}],
  ])(
    'a lone decision goes on where the other format can say it: %s',
    async (_what, extract, sent, inject = [], out) => {
      expect((await passed(OFF, { extract, inject }, sent, false)).headers).toEqual(out);
    },
  );

  it('several formats at once get the same ids', async () => {
    const inject = ['preserve', 'w3c', 'datadog'] as const;
    const { headers } = await passed(
      OFF,
      { extract: ['b3'], inject },
      b3(`${TRACE_ID}-${PARENT_ID}-1`),
      false,
    );
    expect(headers).toEqual({
      b3: `${TRACE_ID}-${PARENT_ID}-1`,
      traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`,
      tracestate: expect.stringMatching(/^dd=s:1;/),
      ...datadog({ 'x-datadog-sampling-priority': '1', 'x-datadog-tags': `_dd.p.tid=${HIGH_HALF}` }),
    });
  });

  it('the same trace in two formats goes on as one', async () => {
    const sent = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, ...datadog({ 'x-datadog-origin': 'rum' }) };
    const propagation: PropagationOptions = { extract: ['w3c', 'datadog'], inject: ['datadog'] };
    const { headers } = await passed(OFF, propagation, sent, false);
    expect(headers).toMatchObject(datadog({ 'x-datadog-origin': 'rum', 'x-datadog-sampling-priority': '1' }));
  });
});

describe('what is not valid', () => {
  it.each<[string, Extract, Sent]>([
    ['b3', ['b3'], b3('garbage')],
    ['b3, a zero', ['b3'], b3(`${'0'.repeat(32)}-${PARENT_ID}-1`)],
    [
      'b3 in several headers',
      ['b3'],
      { 'x-b3-traceid': 'xyz', 'x-b3-spanid': PARENT_ID, 'x-b3-sampled': '1' },
    ],
    ['jaeger', ['jaeger'], { 'uber-trace-id': `0:${PARENT_ID}:0:1` }],
    ['datadog', ['datadog'], datadog({ 'x-datadog-trace-id': 'abc' })],
    ['ot', ['ot'], { 'ot-tracer-traceid': 'xyz', 'ot-tracer-spanid': PARENT_ID }],
    ['aws', ['aws'], { 'x-amzn-trace-id': 'Root=1-xyz' }],
    ['gcp', ['gcp'], { 'x-cloud-trace-context': 'xyz/1;o=1' }],
    ['instana', ['instana'], { 'x-instana-t': TRACE_ID }],
  ])('is not written again, and the log record has no ids: %s', async (_what, extract, sent) => {
    const { headers, receiver, ids } = await passed(OFF, { extract }, sent, false);
    expect(headers).toEqual({});
    expect(ids).toEqual(['', '']);
    expect(receiver.logs[0]).toMatchObject({ traceId: '', spanId: '', flags: 0 });
  });

  it('is removed from what the host has copied, where its format is written', async () => {
    for (const [extract, inject, sent] of [
      [['b3'], ['b3'], { b3: 'garbage', 'x-b3-sampled': 'maybe' }],
      [['jaeger'], ['jaeger'], { 'uber-trace-id': 'garbage' }],
      [['datadog'], ['datadog'], { 'x-datadog-trace-id': 'garbage', 'x-datadog-parent-id': '1' }],
      [['aws'], ['aws'], { 'x-amzn-trace-id': 'garbage' }],
    ] as const) {
      const { headers } = await passed(OFF, { extract, inject }, sent, true);
      expect(headers).toEqual({});
    }
  });
});

describe('with upstream calls of their own', () => {
  it('the ids of the caller are the same in each', async () => {
    for (const spans of ['server', 'server+client'] as const) {
      const receiver = await startOtlpReceiver();
      const telemetry = instance({
        operator: { endpoint: receiver.url, signals: { traces: false } },
        propagation: { extract: ['gcp', 'b3'] },
        spans,
      });
      const written: Record<string, string>[] = [];
      const gateway = await startGateway(telemetry, {
        handle(exchange) {
          for (let times = 0; times < 2; times++) {
            const call = exchange.startUpstreamCall();
            const headers: Record<string, string> = {};
            call.inject(headers);
            written.push(headers);
            call.end({ statusCode: 200 });
          }
        },
      });
      await get(gateway.url, b3(`${LOW_HALF}-${PARENT_ID}`));
      await get(gateway.url, { 'x-cloud-trace-context': `${TRACE_ID};o=1` });
      await settle(telemetry);
      expect(written).toEqual([
        b3(`${LOW_HALF}-${PARENT_ID}`),
        b3(`${LOW_HALF}-${PARENT_ID}`),
        { 'x-cloud-trace-context': `${TRACE_ID};o=1` },
        { 'x-cloud-trace-context': `${TRACE_ID};o=1` },
      ]);
      expect(receiver.spans).toEqual([]);
      await telemetry.shutdown({ timeoutMs: 100 });
      await receiver.close();
    }
  });
});

describe('beside the ids', () => {
  it.each<[string, PropagationOptions['baggage'], string | undefined]>([
    ['passes', 'pass', 'a=1,b=2'],
    ['strips', 'strip', undefined],
    ['filters', { allow: ['b'] }, 'b=2'],
  ])('%s baggage as its option says, also where no trace came', async (_what, baggage, expected) => {
    const propagation: PropagationOptions = { extract: ['b3'], ...(baggage !== undefined && { baggage }) };
    for (const sent of [b3(`${LOW_HALF}-${PARENT_ID}`), {}]) {
      const { headers } = await passed(OFF, propagation, { ...sent, baggage: 'a=1, b=2' }, false);
      expect(headers).toEqual({ ...sent, ...(expected !== undefined && { baggage: expected }) });
    }
  });

  it('clears what is to be cleared', async () => {
    const propagation: PropagationOptions = { extract: ['b3'], clear: ['traceparent', 'X-Request-Id'] };
    const sent = b3(`${LOW_HALF}-${PARENT_ID}-0`);
    const stale = { traceparent: 'stale', 'x-request-id': 'stale', 'x-instana-l': '0' };
    const { headers } = await passed(OFF, propagation, { ...sent, ...stale }, true);
    expect(headers).toEqual({ ...sent, 'x-instana-l': '0' });
  });

  it('leaves sampling out of it: neither ratio nor parent has a word', async () => {
    const receiver = await collector();
    for (const sampling of [
      { ratio: 0 },
      { parent: 'ignore', ratio: 0 },
      { parent: 'ignore', ratio: 1 },
    ] as const) {
      const telemetry = instance({
        operator: { endpoint: receiver.url, signals: { traces: false } },
        propagation: { extract: ['b3'] },
        sampling,
      });
      const gateway = await startGateway(telemetry, { passHeaders: false });
      for (const value of ['-1', '-0', '-d', '']) {
        await get(gateway.url, b3(`${LOW_HALF}-${PARENT_ID}${value}`));
        expect(gateway.arrived.at(-1)?.headers['b3']).toBe(`${LOW_HALF}-${PARENT_ID}${value}`);
      }
    }
  });

  it('reads repeated lines as their formats say', async () => {
    const telemetry = instance({ propagation: { extract: ['b3', 'datadog'] } });
    const gateway = await startGateway(telemetry, { passHeaders: false });
    const other = '4bf92f3577b34da6a3ce929d0e0e4736';
    expect(
      await rawGet(gateway.port, [
        ['X-B3-TraceId', TRACE_ID],
        ['X-B3-TraceId', other],
        ['X-B3-SpanId', PARENT_ID],
        ['X-B3-Sampled', '0'],
        ['X-B3-Sampled', '1'],
      ]),
    ).toContain('200');
    expect(gateway.arrived[0]?.headers).toMatchObject({
      'x-b3-traceid': TRACE_ID,
      'x-b3-spanid': PARENT_ID,
      'x-b3-sampled': '0',
    });
    expect(
      await rawGet(gateway.port, [
        ['x-datadog-trace-id', '1'],
        ['x-datadog-trace-id', LOW_DECIMAL],
        ['x-datadog-parent-id', PARENT_DECIMAL],
      ]),
    ).toContain('200');
    expect(gateway.arrived[1]?.headers).toMatchObject(datadog());
  });
});
