/** Which traces are recorded: the caller's decision, the ratio, and what an unsampled request still gives. */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import type {
  Exchange,
  GatewayOptions,
  PropagationOptions,
  SamplingOptions,
  Trust,
} from '../../src/index.js';
import { instance } from '../config/support.js';
import { startGateway } from '../support/gateway.js';
import type { GatewaySetup, TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { counters, histograms, total } from '../support/readings.js';
import { forward, startUpstream } from '../support/upstream.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const LOW_HALF = '8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const LOW_DECIMAL = '9532127138774266268';
const PARENT_DECIMAL = '13235353014750950193';
const SAMPLED = 0x01;
const RANDOM = 0x02;

type Extract = NonNullable<PropagationOptions['extract']>;
type Sent = Readonly<Record<string, string>>;

interface Proxy {
  readonly gateway: TestGateway;
  ask(headers?: Sent): Promise<IncomingHttpHeaders>;
}

async function startProxy(options: GatewayOptions, setup: GatewaySetup = {}): Promise<Proxy> {
  const arrived: IncomingHttpHeaders[] = [];
  const upstream = await startUpstream((request, response) => {
    arrived.push(request.headers);
    response.end('ok');
  });
  const gateway = await startGateway({
    options,
    listener: (request, response, exchange) => forward(request, response, exchange, upstream.url),
    ...setup,
  });
  return {
    gateway,
    async ask(headers = {}) {
      await send(gateway.url, { headers });
      await gateway.flush();
      return arrived.at(-1) ?? {};
    },
  };
}

/** An exchange of an instance that records spans, without a server: for tests of many ids. */
function beginner(sampling: SamplingOptions | undefined, extract: Extract = ['b3']) {
  const telemetry = instance({
    operator: { endpoint: 'http://127.0.0.1:9' },
    propagation: { extract },
    ...(sampling !== undefined && { sampling }),
  });
  return (headers: Sent = {}): Exchange => telemetry.begin({ method: 'GET', url: '/', headers });
}

const isSampled = (exchange: Exchange): boolean => (exchange.span.spanContext().traceFlags & SAMPLED) === 1;
const undecided = (traceId: string): Sent => ({ b3: `${traceId}-${PARENT_ID}` });
const randomId = (): string => randomBytes(16).toString('hex');

describe('the ratio', () => {
  it.each([
    [undefined, true],
    [1, true],
    [0, false],
  ])('%s takes every trace alike: %s', (ratio, expected) => {
    const begin = beginner(ratio === undefined ? undefined : { ratio });
    const ids = [
      `${'f'.repeat(18)}00000000000000`,
      `${'f'.repeat(18)}00000000000001`,
      `${'0'.repeat(18)}ffffffffffffff`,
      TRACE_ID,
      ...Array.from({ length: 500 }, randomId),
    ];
    for (const id of ids) expect(isSampled(begin(undecided(id)))).toBe(expected);
    for (let times = 0; times < 500; times++) expect(isSampled(begin())).toBe(expected);
  });

  it.each([
    [0.5, '80000000000000', '7fffffffffffff'],
    [0.25, 'c0000000000000', 'bfffffffffffff'],
    [0.75, '40000000000000', '3fffffffffffff'],
    [1 / 256, 'ff000000000000', 'feffffffffffff'],
    [2 ** -28, 'fffffff0000000', 'ffffffefffffff'],
    [2 ** -30, 'fffffffc000000', 'fffffffbffffff'],
    [1 - 2 ** -28, '00000010000000', '0000000fffffff'],
    [2 ** -53, 'fffffffffffff8', 'fffffffffffff7'],
  ])('%d takes the low 56 bits from %s on, and no %s', (ratio, first, last) => {
    const begin = beginner({ ratio });
    for (const high of ['000000000000000000', 'ffffffffffffffffff', '0af7651916cd43dd84']) {
      expect(isSampled(begin(undecided(high + first)))).toBe(true);
      expect(isSampled(begin(undecided(`${high}ffffffffffffff`)))).toBe(true);
      expect(isSampled(begin(undecided(high + last)))).toBe(false);
    }
    expect(isSampled(begin(undecided('1'.repeat(18) + '0'.repeat(14))))).toBe(false);
  });

  it('takes all that are at the threshold or over it, and nothing under it', () => {
    for (const ratio of [0.001, 0.1, 0.3, 1 / 3, 0.5, 0.7, 0.999]) {
      const begin = beginner({ ratio });
      const threshold = BigInt(Math.round((1 - ratio) * 2 ** 28)) << 28n;
      for (let times = 0; times < 500; times++) {
        const id = randomId();
        const low = BigInt(`0x${id.slice(18)}`);
        // What lies within one part of 2^28 of the threshold depends on rounding.
        if (low >> 28n === threshold >> 28n || (low >> 28n) + 1n === threshold >> 28n) continue;
        expect([id, isSampled(begin(undecided(id)))]).toEqual([id, low >= threshold]);
      }
    }
  });

  it('that is lower keeps a subset of what a higher one keeps, whoever asks and in whatever format', () => {
    const ratios = [0, 0.01, 0.1, 0.25, 0.5, 0.9, 1];
    const gateways = ratios.map((ratio) => beginner({ ratio }, ['b3', 'aws']));
    for (let times = 0; times < 2_000; times++) {
      const id = randomId();
      const aws = { 'x-amzn-trace-id': `Root=1-${id.slice(0, 8)}-${id.slice(8)}` };
      const kept = gateways.map((begin) => isSampled(begin(undecided(id))));
      expect(kept).toEqual([...kept].sort((a, b) => Number(a) - Number(b)));
      expect(gateways.map((begin) => isSampled(begin(aws)))).toEqual(kept);
      // A 64-bit id has the same low bits.
      expect(gateways.map((begin) => isSampled(begin(undecided(id.slice(16)))))).toEqual(kept);
    }
  });

  it.each([0.05, 0.25, 0.5, 0.9])('%d keeps about so many of the traces that begin here', (ratio) => {
    const begin = beginner({ ratio });
    let kept = 0;
    for (let times = 0; times < 20_000; times++) kept += Number(isSampled(begin()));
    expect(Math.abs(kept / 20_000 - ratio)).toBeLessThan(0.02);
  });

  it('says the same of one trace each time', () => {
    const [one, another] = [beginner({ ratio: 0.5 }), beginner({ ratio: 0.5 })];
    for (let times = 0; times < 200; times++) {
      const headers = undecided(randomId());
      expect(
        new Set([isSampled(one(headers)), isSampled(one(headers)), isSampled(another(headers))]).size,
      ).toBe(1);
    }
  });

  it('decides over the wire: span, flags of the log, decision to the upstream', async () => {
    const proxy = await startProxy({ propagation: { extract: ['b3'] }, sampling: { ratio: 0.5 } });
    const kept = `${TRACE_ID.slice(0, 18)}80000000000000`;
    const dropped = `${TRACE_ID.slice(0, 18)}7fffffffffffff`;
    const [first, second] = [await proxy.ask(undecided(kept)), await proxy.ask(undecided(dropped))];
    const { spans, logs } = proxy.gateway.operator;
    expect(spans.map(({ traceId, parentSpanId }) => [traceId, parentSpanId])).toEqual([[kept, PARENT_ID]]);
    expect(logs.map(({ traceId, flags }) => [traceId, flags])).toEqual([
      [kept, 1],
      [dropped, 0],
    ]);
    expect([first['b3'], second['b3']]).toEqual([
      `${kept}-${logs[0]?.spanId}-1`,
      `${dropped}-${logs[1]?.spanId}-0`,
    ]);
  });
});

const DECISIONS: Readonly<Record<string, string>> = { yes: '-1', no: '-0', none: '', debug: '-d' };

describe('sampling.parent', () => {
  it.each<[NonNullable<SamplingOptions['parent']>, string, boolean | 'ratio']>([
    ['follow', 'yes', true],
    ['follow', 'debug', true],
    ['follow', 'no', false],
    ['follow', 'none', 'ratio'],
    ['follow-drop', 'yes', 'ratio'],
    ['follow-drop', 'debug', 'ratio'],
    ['follow-drop', 'no', false],
    ['follow-drop', 'none', 'ratio'],
    ['ignore', 'yes', 'ratio'],
    ['ignore', 'debug', 'ratio'],
    ['ignore', 'no', 'ratio'],
    ['ignore', 'none', 'ratio'],
  ])('%s, and the caller says %s: %s', async (parent, says, expected) => {
    for (const ratio of [0, 1]) {
      const proxy = await startProxy({ propagation: { extract: ['b3'] }, sampling: { parent, ratio } });
      const headers = await proxy.ask({ b3: `${TRACE_ID}-${PARENT_ID}${DECISIONS[says]}` });
      const isKept = expected === 'ratio' ? ratio === 1 : expected;
      const { spans, logs } = proxy.gateway.operator;
      expect(spans).toHaveLength(isKept ? 1 : 0);
      expect(logs).toMatchObject([{ traceId: TRACE_ID, flags: Number(isKept) }]);
      const decision = isKept ? (says === 'debug' ? 'd' : '1') : '0';
      expect(headers['b3']).toBe(`${TRACE_ID}-${logs[0]?.spanId}-${decision}`);
    }
  });

  it.each<[Trust, string, boolean | 'ratio']>([
    ['continue', 'yes', true],
    ['continue', 'no', false],
    ['continue', 'none', 'ratio'],
    ['restart', 'yes', 'ratio'],
    ['restart', 'debug', 'ratio'],
    ['restart', 'no', 'ratio'],
    ['restart', 'none', 'ratio'],
    ['continue-unsampled', 'yes', 'ratio'],
    ['continue-unsampled', 'debug', 'ratio'],
    ['continue-unsampled', 'no', 'ratio'],
    ['continue-unsampled', 'none', 'ratio'],
  ])('has a default: trust is %s, and the caller says %s: %s', async (trust, says, expected) => {
    for (const ratio of [0, 1]) {
      const proxy = await startProxy({ propagation: { extract: ['b3'], trust }, sampling: { ratio } });
      await proxy.ask({ b3: `${TRACE_ID}-${PARENT_ID}${DECISIONS[says]}` });
      const isKept = expected === 'ratio' ? ratio === 1 : expected;
      expect(proxy.gateway.operator.spans).toHaveLength(isKept ? 1 : 0);
      expect(proxy.gateway.operator.logs[0]).toMatchObject({
        flags: (isKept ? SAMPLED : 0) | (trust === 'restart' ? RANDOM : 0),
      });
    }
  });

  it.each<[NonNullable<SamplingOptions['parent']>, string, boolean | 'ratio']>([
    ['follow', 'yes', true],
    ['follow', 'no', false],
    ['follow-drop', 'yes', 'ratio'],
    ['follow-drop', 'no', false],
  ])('counts for a restarted trace, if a host says so: %s, %s: %s', async (parent, says, expected) => {
    for (const ratio of [0, 1]) {
      const proxy = await startProxy({
        propagation: { extract: ['b3'], trust: 'restart' },
        sampling: { parent, ratio },
      });
      await proxy.ask({ b3: `${TRACE_ID}-${PARENT_ID}${DECISIONS[says]}` });
      const isKept = expected === 'ratio' ? ratio === 1 : expected;
      expect(proxy.gateway.operator.spans).toHaveLength(isKept ? 1 : 0);
    }
  });

  it('does not touch traces that begin here', async () => {
    for (const parent of ['follow', 'follow-drop', 'ignore'] as const) {
      const proxy = await startProxy({ sampling: { parent } });
      await proxy.ask();
      expect(proxy.gateway.operator.spans).toHaveLength(1);
    }
  });

  it('takes Datadog’s priority and who decided along where it changes the decision, and leaves them where not', async () => {
    const propagation = { extract: ['datadog'] } as const;
    const cases = [
      [1, '2', '2', '_dd.p.dm=-4,_dd.p.usr=bob'],
      [0, '2', '0', '_dd.p.usr=bob'],
      [1, '-1', '1', '_dd.p.dm=-0,_dd.p.usr=bob'],
      [0, '-1', '-1', '_dd.p.dm=-4,_dd.p.usr=bob'],
    ] as const;
    for (const [ratio, came, priority, tags] of cases) {
      const proxy = await startProxy({ propagation, sampling: { parent: 'ignore', ratio } });
      const headers = await proxy.ask({
        'x-datadog-trace-id': LOW_DECIMAL,
        'x-datadog-parent-id': PARENT_DECIMAL,
        'x-datadog-sampling-priority': came,
        'x-datadog-tags': '_dd.p.dm=-4,_dd.p.usr=bob',
      });
      expect(headers).toMatchObject({
        'x-datadog-sampling-priority': priority,
        'x-datadog-tags': tags,
      });
    }
  });
});

describe('an unsampled request', () => {
  it.each<[string, GatewayOptions, Sent, string | undefined, number]>([
    ['by its caller', {}, { traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` }, TRACE_ID, 0],
    ['by its caller, random', {}, { traceparent: `00-${TRACE_ID}-${PARENT_ID}-02` }, TRACE_ID, RANDOM],
    [
      'by the ratio',
      { sampling: { ratio: 0, parent: 'ignore' } },
      { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` },
      TRACE_ID,
      0,
    ],
    ['by the ratio, new', { sampling: { ratio: 0 } }, {}, undefined, RANDOM],
  ])(
    '%s has a log record with its ids, and metrics, for everyone',
    async (_how, options, sent, id, flags) => {
      const proxy = await startProxy(options, { adapter: { tenant: 'acme', route: 'orders' } });
      const headers = await proxy.ask(sent);
      const { operator, acme } = proxy.gateway;
      for (const receiver of [operator, acme]) {
        expect(receiver.requests.filter(({ signal }) => signal === 'traces')).toEqual([]);
        expect(receiver.logs).toHaveLength(1);
        const [log] = receiver.logs;
        expect(log).toMatchObject({ flags, attributes: { 'http.response.status_code': 200 } });
        if (id === undefined) expect(log?.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
        else expect(log?.traceId).toBe(id);
        expect(log?.spanId).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
        expect(log?.spanId).not.toBe(PARENT_ID);
        expect(headers['traceparent']).toBe(`00-${log?.traceId}-${log?.spanId}-0${flags}`);
        expect([total(counters(receiver)), histograms(receiver)[0]?.count]).toEqual([1, 1]);
      }
      expect(operator.logs[0]?.traceId).toBe(acme.logs[0]?.traceId);
    },
  );

  it('shows it on its span, which takes what hosts set and records nothing', async () => {
    const shown: unknown[] = [];
    const gateway = await startGateway({
      options: { sampling: { ratio: 0 } },
      listener(_request, response, exchange) {
        exchange.span.setAttribute('a', 1).addEvent('e').recordException(new Error('x'));
        exchange.setAttribute('b', 2);
        shown.push(exchange.recording, exchange.span.isRecording(), exchange.span.spanContext().traceFlags);
        response.end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    expect(shown).toEqual([true, false, RANDOM]);
    expect(gateway.operator.logs[0]?.attributes).toMatchObject({ b: 2 });
    expect(gateway.operator.spans).toEqual([]);
  });

  it('keeps its error in log record and metrics', async () => {
    const gateway = await startGateway({
      options: { sampling: { ratio: 0 } },
      listener(_request, response, exchange) {
        exchange.recordError('upstream_timeout');
        response.writeHead(504).end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    expect(gateway.operator.logs).toMatchObject([
      { severityNumber: 17, attributes: { 'error.type': 'upstream_timeout' } },
    ]);
    expect(counters(gateway.operator)[0]?.attributes).toMatchObject({ error: true });
  });

  it('leaves custom spans unsampled, as children of a trace that nobody keeps', async () => {
    const gateway: TestGateway = await startGateway({
      options: { sampling: { ratio: 0 } },
      listener(_request, response) {
        gateway.telemetry.tracer.startActiveSpan('work', (span) => span.end());
        response.end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    expect(gateway.operator.spans).toEqual([]);
  });
});

describe('a context without a decision', () => {
  it.each<[string, Extract, Sent]>([
    ['b3 single', ['b3'], { b3: `${TRACE_ID}-${PARENT_ID}` }],
    ['b3 single of 64 bits', ['b3'], { b3: `${LOW_HALF}-${PARENT_ID}` }],
    ['b3 single with a parent', ['b3'], { b3: `${TRACE_ID}-${PARENT_ID}-${PARENT_ID}` }],
    ['b3 multi', ['b3'], { 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': PARENT_ID }],
    ['b3 multi of 64 bits', ['b3'], { 'x-b3-traceid': LOW_HALF, 'x-b3-spanid': PARENT_ID }],
    [
      'b3 multi with a decision that says nothing',
      ['b3'],
      { 'x-b3-traceid': LOW_HALF, 'x-b3-spanid': PARENT_ID, 'x-b3-sampled': 'maybe' },
    ],
    ['datadog', ['datadog'], { 'x-datadog-trace-id': LOW_DECIMAL, 'x-datadog-parent-id': PARENT_DECIMAL }],
    ['ot', ['ot'], { 'ot-tracer-traceid': LOW_HALF, 'ot-tracer-spanid': PARENT_ID }],
    ['aws', ['aws'], { 'x-amzn-trace-id': `Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${PARENT_ID}` }],
    [
      'aws that asks',
      ['aws'],
      { 'x-amzn-trace-id': `Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${PARENT_ID};Sampled=?` },
    ],
    ['aws without a parent', ['aws'], { 'x-amzn-trace-id': 'Root=1-0af76519-16cd43dd8448eb211c80319c' }],
    ['gcp', ['gcp'], { 'x-cloud-trace-context': `${TRACE_ID}/${PARENT_DECIMAL}` }],
    ['gcp with an empty option', ['gcp'], { 'x-cloud-trace-context': `${TRACE_ID}/${PARENT_DECIMAL};o=` }],
    ['instana', ['instana'], { 'x-instana-t': TRACE_ID, 'x-instana-s': PARENT_ID }],
    ['a plain header', [{ format: 'header', name: 'x-request-id' }], { 'x-request-id': TRACE_ID }],
    ['a plain header of 64 bits', [{ format: 'header', name: 'x-request-id' }], { 'x-request-id': LOW_HALF }],
  ])('goes to the ratio: %s', async (_what, extract, sent) => {
    for (const parent of ['follow', 'follow-drop', 'ignore'] as const) {
      for (const ratio of [0, 1, 0.5, 0.25]) {
        const exchange = beginner({ ratio, parent }, extract)(sent);
        // The low 56 bits of this trace are 48eb211c80319c: more than nothing and less than half.
        expect(isSampled(exchange)).toBe(ratio === 1);
        expect(exchange.traceId.slice(16)).toBe(LOW_HALF);
      }
    }
    for (const ratio of [0, 1]) {
      const proxy = await startProxy({ propagation: { extract }, sampling: { ratio } });
      await proxy.ask(sent);
      const { spans, logs } = proxy.gateway.operator;
      expect(spans).toHaveLength(ratio);
      expect(logs[0]).toMatchObject({ flags: ratio });
      expect(logs[0]?.traceId.slice(16)).toBe(LOW_HALF);
    }
  });

  it('is decided, once, for everyone behind: what goes out is never undecided again', async () => {
    for (const ratio of [0, 1]) {
      const proxy = await startProxy({
        propagation: {
          extract: ['b3'],
          inject: ['preserve', 'w3c', 'datadog', 'ot', 'aws', 'gcp', 'instana'],
        },
        sampling: { ratio },
      });
      const headers = await proxy.ask({ b3: `${TRACE_ID}-${PARENT_ID}` });
      expect(headers['b3']).toMatch(new RegExp(`-${ratio}$`));
      expect(headers['traceparent']).toMatch(new RegExp(`-0${ratio}$`));
      expect(headers['x-datadog-sampling-priority']).toBe(String(ratio));
      expect(headers['ot-tracer-sampled']).toBe(String(ratio === 1));
      expect(headers['x-amzn-trace-id']).toMatch(new RegExp(`;Sampled=${ratio}$`));
      expect(headers['x-cloud-trace-context']).toMatch(new RegExp(`;o=${ratio}$`));
      expect(headers['x-instana-l']).toBe(String(ratio));
    }
  });
});

describe('a decision that came without ids', () => {
  const alone: readonly (readonly [string, Extract, Sent, boolean, string, string])[] = [
    ['b3', ['b3'], { b3: '0' }, false, 'b3', '{trace}-{span}-0'],
    ['b3', ['b3'], { b3: '1' }, true, 'b3', '{trace}-{span}-1'],
    ['b3', ['b3'], { b3: 'd' }, true, 'b3', '{trace}-{span}-d'],
    ['b3 multi', ['b3'], { 'x-b3-sampled': '0' }, false, 'x-b3-sampled', '0'],
    ['b3 multi', ['b3'], { 'x-b3-sampled': '1' }, true, 'x-b3-sampled', '1'],
    ['b3 multi', ['b3'], { 'x-b3-sampled': 'false' }, false, 'x-b3-sampled', '0'],
    ['b3 multi', ['b3'], { 'x-b3-flags': '1' }, true, 'x-b3-flags', '1'],
    [
      'datadog',
      ['datadog'],
      { 'x-datadog-sampling-priority': '-1' },
      false,
      'x-datadog-sampling-priority',
      '-1',
    ],
    [
      'datadog',
      ['datadog'],
      { 'x-datadog-sampling-priority': '0' },
      false,
      'x-datadog-sampling-priority',
      '0',
    ],
    [
      'datadog',
      ['datadog'],
      { 'x-datadog-sampling-priority': '2' },
      true,
      'x-datadog-sampling-priority',
      '2',
    ],
    ['ot', ['ot'], { 'ot-tracer-sampled': 'false' }, false, 'ot-tracer-sampled', 'false'],
    ['ot', ['ot'], { 'ot-tracer-sampled': '1' }, true, 'ot-tracer-sampled', 'true'],
  ];

  it.each(alone)(
    'begins a trace with that decision: %s %s %j',
    async (_what, extract, sent, isKept, name, out) => {
      // Neither ratio makes a difference.
      for (const ratio of [0, 1]) {
        const proxy = await startProxy({ propagation: { extract }, sampling: { ratio } });
        const headers = await proxy.ask(sent);
        const { spans, logs } = proxy.gateway.operator;
        const [log] = logs;
        expect(log?.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
        expect(log?.flags).toBe(RANDOM | Number(isKept));
        expect(spans.map(({ traceId, parentSpanId, links }) => [traceId, parentSpanId, links])).toEqual(
          isKept ? [[log?.traceId, undefined, []]] : [],
        );
        expect(headers[name]).toBe(
          out.replace('{trace}', log?.traceId ?? '').replace('{span}', log?.spanId ?? ''),
        );
      }
    },
  );

  it('has another trace each time', async () => {
    const proxy = await startProxy({ propagation: { extract: ['b3'] } });
    await proxy.ask({ b3: '0' });
    await proxy.ask({ b3: '0' });
    expect(new Set(proxy.gateway.operator.logs.map(({ traceId }) => traceId)).size).toBe(2);
  });

  it.each<[string, Sent, string | undefined]>([
    ['after', { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, b3: '0' }, TRACE_ID],
    ['instead of invalid ids of another format', { traceparent: 'garbage', b3: '0' }, undefined],
  ])('counts only where no format gives ids: %s', async (_what, sent, traceId) => {
    for (const extract of [
      ['w3c', 'b3'],
      ['b3', 'w3c'],
    ] as const) {
      const proxy = await startProxy({ propagation: { extract } });
      await proxy.ask(sent);
      expect(proxy.gateway.operator.spans.map((span) => span.traceId)).toEqual(
        traceId === undefined ? [] : [traceId],
      );
      expect(proxy.gateway.operator.logs).toHaveLength(1);
    }
  });

  it.each<[string, Extract, Sent]>([
    [
      'b3 beside a malformed id',
      ['b3'],
      { 'x-b3-traceid': 'xyz', 'x-b3-spanid': PARENT_ID, 'x-b3-sampled': '0' },
    ],
    ['b3, a word that is none', ['b3'], { b3: 'x' }],
    [
      'datadog beside a malformed id',
      ['datadog'],
      { 'x-datadog-trace-id': 'xyz', 'x-datadog-parent-id': '1', 'x-datadog-sampling-priority': '-1' },
    ],
    ['datadog, not a number', ['datadog'], { 'x-datadog-sampling-priority': 'no' }],
    ['ot beside a malformed id', ['ot'], { 'ot-tracer-traceid': 'xyz', 'ot-tracer-sampled': 'false' }],
  ])('does not count where it is doubtful: %s', async (_what, extract, sent) => {
    const proxy = await startProxy({ propagation: { extract } });
    await proxy.ask(sent);
    expect(proxy.gateway.operator.spans).toHaveLength(1);
  });

  it('takes Datadog’s origin along', async () => {
    const proxy = await startProxy({ propagation: { extract: ['datadog'] } });
    const headers = await proxy.ask({ 'x-datadog-sampling-priority': '2', 'x-datadog-origin': 'synthetics' });
    const [span] = proxy.gateway.operator.spans;
    expect(headers).toMatchObject({
      'x-datadog-trace-id': String(BigInt(`0x${span?.traceId.slice(16)}`)),
      'x-datadog-parent-id': String(BigInt(`0x${span?.spanId}`)),
      'x-datadog-origin': 'synthetics',
      'x-datadog-tags': `_dd.p.tid=${span?.traceId.slice(0, 16)}`,
    });
  });
});

describe('W3C’s random flag', () => {
  it('is on every trace that begins here, sampled or not, in every record and header', async () => {
    for (const ratio of [0, 1]) {
      const proxy = await startProxy({ sampling: { ratio } });
      const headers = await proxy.ask();
      expect(headers['traceparent']).toMatch(new RegExp(`-0${RANDOM | ratio}$`));
      expect(proxy.gateway.operator.logs[0]?.flags).toBe(RANDOM | ratio);
      for (const { flags } of proxy.gateway.operator.spans) expect(flags & 0xff).toBe(RANDOM | ratio);
    }
  });

  it.each([
    ['00', 'ignore', '01'],
    ['01', 'ignore', '01'],
    ['02', 'ignore', '03'],
    ['03', 'ignore', '03'],
    ['00', 'follow', '00'],
    ['01', 'follow', '01'],
    ['02', 'follow', '02'],
    ['03', 'follow', '03'],
    ['ff', 'follow', '03'],
    ['fd', 'follow', '01'],
  ] as const)('is its caller’s where the trace goes on: %s, %s: %s', async (came, parent, sent) => {
    const proxy = await startProxy({ sampling: { parent } });
    const headers = await proxy.ask({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-${came}` });
    const [log] = proxy.gateway.operator.logs;
    expect(headers['traceparent']).toBe(`00-${TRACE_ID}-${log?.spanId}-${sent}`);
    expect(log?.flags).toBe(Number(`0x${sent}`));
  });

  it.each<[string, Extract, Sent]>([
    ['b3', ['b3'], { b3: `${TRACE_ID}-${PARENT_ID}-1` }],
    ['a shorter id', ['b3'], { b3: `${LOW_HALF}-${PARENT_ID}-1` }],
    ['Jaeger', ['jaeger'], { 'uber-trace-id': `${LOW_HALF}:${PARENT_ID}:0:1` }],
    ['a load balancer', ['aws'], { 'x-amzn-trace-id': 'Root=1-0af76519-16cd43dd8448eb211c80319c' }],
    [
      'a request id',
      [{ format: 'header', name: 'x-request-id' }],
      { 'x-request-id': '0af76519-16cd-43dd-8448-eb211c80319c' },
    ],
  ])('is not claimed for ids of which nobody has said so: %s', async (_what, extract, sent) => {
    const proxy = await startProxy({ propagation: { extract, inject: ['w3c'] } });
    const headers = await proxy.ask(sent);
    expect(headers['traceparent']).toMatch(/8448eb211c80319c-[0-9a-f]{16}-01$/);
  });

  it('is on a trace that a lone decision begins, and on a restarted one', async () => {
    const alone = await startProxy({ propagation: { extract: ['b3'], inject: ['w3c'] } });
    expect((await alone.ask({ b3: '0' }))['traceparent']).toMatch(/-02$/);
    expect((await alone.ask({ b3: '1' }))['traceparent']).toMatch(/-03$/);
    const restarted = await startProxy({ propagation: { trust: 'restart' } });
    const headers = await restarted.ask({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` });
    expect(headers['traceparent']).toMatch(/-03$/);
  });
});

describe('the options', () => {
  it.each<[unknown, string]>([
    [null, 'sampling must be an object'],
    [0.5, 'sampling must be an object'],
    [{ ratio: -0.1 }, 'sampling.ratio must be a number from 0 to 1'],
    [{ ratio: 1.1 }, 'sampling.ratio must be a number from 0 to 1'],
    [{ ratio: Number.NaN }, 'sampling.ratio must be a number from 0 to 1'],
    [{ ratio: '0.5' }, 'sampling.ratio must be a number from 0 to 1'],
    [{ ratio: null }, 'sampling.ratio must be a number from 0 to 1'],
    [{ parent: 'always' }, 'sampling.parent must be one of follow, follow-drop, ignore'],
    [{ parent: null }, 'sampling.parent must be one of follow, follow-drop, ignore'],
    [{ rate: 1 }, 'sampling.rate is not a known option; known are ratio, parent'],
  ])('%j are refused', (sampling, sentence) => {
    expect(() => instance({ sampling: sampling as SamplingOptions })).toThrow(sentence);
  });
});
