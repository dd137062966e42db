/** `OTEL_PROPAGATORS`, over real HTTP: it replaces `extract` and `inject`, never `clear`, and never throws. */
import type { TextMapPropagator } from '@opentelemetry/api';
import { trace, TraceFlags } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import type { Diagnostic, GatewayOptions, PropagationOptions } from '../../src/index.js';
import { collector, get, instance, reportingInstance, settle, startGateway } from './support.js';
import type { TestGateway } from './support.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const LOW_HALF = '8448eb211c80319c';
const LOW_DECIMAL = '9532127138774266268';
const PARENT_ID = 'b7ad6b7169203331';
const PARENT_DECIMAL = '13235353014750950193';
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;
const ROOT = '1-0af76519-16cd43dd8448eb211c80319c';
const operator = { endpoint: 'http://127.0.0.1:9' };

type Sent = Readonly<Record<string, string>>;

/** What one caller says in every format. */
const SAID = {
  w3c: { traceparent: TRACEPARENT, tracestate: 'a=1' },
  b3: { b3: `${TRACE_ID}-${PARENT_ID}-1` },
  b3multi: { 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': PARENT_ID, 'x-b3-sampled': '1' },
  jaeger: { 'uber-trace-id': `${TRACE_ID}:${PARENT_ID}:0:1` },
  datadog: {
    'x-datadog-trace-id': LOW_DECIMAL,
    'x-datadog-parent-id': PARENT_DECIMAL,
    'x-datadog-sampling-priority': '2',
    'x-datadog-tags': '_dd.p.tid=0af7651916cd43dd',
  },
  ot: { 'ot-tracer-traceid': LOW_HALF, 'ot-tracer-spanid': PARENT_ID, 'ot-tracer-sampled': 'true' },
  aws: { 'x-amzn-trace-id': `Root=${ROOT};Parent=${PARENT_ID};Sampled=1` },
  gcp: { 'x-cloud-trace-context': `${TRACE_ID}/${PARENT_DECIMAL};o=1` },
  instana: { 'x-instana-t': TRACE_ID, 'x-instana-s': PARENT_ID, 'x-instana-l': '1' },
} satisfies Readonly<Record<string, Sent>>;

/** What of the names goes out for this span, and what must not. */
const WRITTEN: Readonly<Record<keyof typeof SAID, (spanId: string) => Sent>> = {
  w3c: (span) => ({ traceparent: `00-${TRACE_ID}-${span}-01`, tracestate: 'a=1' }),
  b3: (span) => ({ b3: `${TRACE_ID}-${span}-1` }),
  b3multi: (span) => ({ 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': span, 'x-b3-sampled': '1' }),
  jaeger: (span) => ({ 'uber-trace-id': `${TRACE_ID}:${span}:0:1` }),
  datadog: (span) => ({ ...SAID.datadog, 'x-datadog-parent-id': String(BigInt(`0x${span}`)) }),
  ot: (span) => ({ ...SAID.ot, 'ot-tracer-spanid': span }),
  aws: (span) => ({ 'x-amzn-trace-id': `Root=${ROOT};Parent=${span};Sampled=1` }),
  gcp: (span) => ({ 'x-cloud-trace-context': `${TRACE_ID}/${BigInt(`0x${span}`)};o=1` }),
  instana: (span) => ({ ...SAID.instana, 'x-instana-s': span }),
};
const ALL_NAMES = Object.values(SAID).flatMap((headers) => Object.keys(headers));

function traceHeaders(gateway: TestGateway): Sent {
  const headers = gateway.arrived.at(-1)?.headers ?? {};
  return Object.fromEntries(
    ALL_NAMES.filter((name) => headers[name] !== undefined).map((name) => [name, String(headers[name])]),
  );
}

/** A gateway whose upstream gets nothing but what is injected. */
async function started(propagators: string, { propagation, ...options }: GatewayOptions = {}) {
  const { telemetry, reports } = reportingInstance({
    operator,
    env: { OTEL_PROPAGATORS: propagators },
    ...(propagation !== undefined && { propagation }),
    ...options,
  });
  const gateway = await startGateway(telemetry, { passHeaders: false });
  return { gateway, reports, telemetry };
}

const last = ({ exchanges }: TestGateway) => {
  const exchange = exchanges.at(-1);
  if (exchange === undefined) throw new Error('No request arrived.');
  return exchange;
};

const aboutIt = (reports: readonly Diagnostic[]): readonly Diagnostic[] =>
  reports.filter(({ message }) => message.includes('OTEL_PROPAGATORS'));

type Format = keyof typeof SAID;

describe.each<[string, readonly Format[], Format]>([
  ['tracecontext', ['w3c'], 'w3c'],
  ['w3c', ['w3c'], 'w3c'],
  ['b3', ['b3', 'b3multi'], 'b3'],
  ['b3-single', ['b3', 'b3multi'], 'b3'],
  ['b3multi', ['b3', 'b3multi'], 'b3multi'],
  ['jaeger', ['jaeger'], 'jaeger'],
  ['xray', ['aws'], 'aws'],
  ['aws', ['aws'], 'aws'],
  ['ottrace', ['ot'], 'ot'],
  ['ot', ['ot'], 'ot'],
  ['datadog', ['datadog'], 'datadog'],
  ['gcp', ['gcp'], 'gcp'],
  ['instana', ['instana'], 'instana'],
])('%s', (name, reads, writes) => {
  it.each(Object.keys(SAID) as Format[])('and a caller who speaks %s', async (format) => {
    const { gateway, reports } = await started(name);
    await get(gateway.url, SAID[format]);
    const { traceId, spanId } = last(gateway);
    const sent = traceHeaders(gateway);
    if (reads.includes(format)) {
      expect(traceId.slice(16)).toBe(LOW_HALF);
      expect(traceId).toBe(format === 'ot' ? LOW_HALF.padStart(32, '0') : TRACE_ID);
      expect(sent).toEqual(WRITTEN[writes](spanId));
    } else {
      expect(traceId.slice(16)).not.toBe(LOW_HALF);
      expect(JSON.stringify(sent)).not.toContain(LOW_HALF);
      expect(Object.keys(sent)).not.toEqual([]);
    }
    expect(Object.keys(SAID[writes])).toEqual(expect.arrayContaining(Object.keys(sent)));
    expect(reports).toEqual([]);
  });

  it('writes a new trace in that format', async () => {
    const { gateway } = await started(name);
    await get(gateway.url);
    const names = Object.keys(traceHeaders(gateway));
    expect(names).not.toEqual([]);
    expect(Object.keys(SAID[writes])).toEqual(expect.arrayContaining(names));
  });

  it.each([` ${name} `, `${name},`, `,${name}`, `\t${name}\n`, `${name},${name}`, `,, ${name} ,,`])(
    'is meant by %j, too',
    async (propagators) => {
      const { gateway, reports } = await started(propagators);
      await get(gateway.url, SAID[reads[0] ?? 'w3c']);
      expect(traceHeaders(gateway)).toEqual(WRITTEN[writes](last(gateway).spanId));
      expect(reports).toEqual([]);
    },
  );

  it('decides also where code says otherwise', async () => {
    const otherwise: PropagationOptions = { extract: [], inject: ['ot', 'gcp'], defaultFormat: 'jaeger' };
    const { gateway } = await started(name, { propagation: otherwise });
    await get(gateway.url, SAID[reads[0] ?? 'w3c']);
    expect(traceHeaders(gateway)).toEqual(WRITTEN[writes](last(gateway).spanId));
  });
});

it('has names in any case, as enumerations in the environment have', async () => {
  for (const [name, format] of [
    ['B3', 'b3'],
    ['TraceContext', 'w3c'],
  ] as const) {
    const { gateway, reports } = await started(name, { propagation: { extract: [], inject: [] } });
    await get(gateway.url, SAID[format]);
    expect(traceHeaders(gateway)).toEqual(WRITTEN[format](last(gateway).spanId));
    expect(reports.map(({ code }) => code)).toEqual(['overridden_by_environment']);
  }
});

describe('several names', () => {
  it.each(['tracecontext,b3', 'tracecontext, b3', ' b3 , tracecontext ', 'b3,tracecontext,b3'])(
    'are all read and all written: %s',
    async (propagators) => {
      const { gateway, reports } = await started(propagators);
      for (const format of ['w3c', 'b3', 'b3multi'] as const) {
        await get(gateway.url, SAID[format]);
        const { traceId, spanId } = last(gateway);
        expect(traceId).toBe(TRACE_ID);
        expect(traceHeaders(gateway)).toMatchObject({
          traceparent: `00-${TRACE_ID}-${spanId}-01`,
          ...WRITTEN.b3(spanId),
        });
      }
      expect(reports).toEqual([]);
    },
  );

  it('are read in their order: the first that is valid gives the ids', async () => {
    const other = '4bf92f3577b34da6a3ce929d0e0e4736';
    const said = { ...SAID.w3c, b3: `${other}-${PARENT_ID}-1` };
    const [first, second] = [await started('tracecontext,b3'), await started('b3,tracecontext')];
    await get(first.gateway.url, said);
    await get(second.gateway.url, said);
    expect([last(first.gateway).traceId, last(second.gateway).traceId]).toEqual([TRACE_ID, other]);
    await get(first.gateway.url, { ...said, traceparent: 'garbage' });
    expect(last(first.gateway).traceId).toBe(other);
  });

  it('write both spellings of B3 where both are asked for', async () => {
    const { gateway } = await started('b3,b3multi');
    await get(gateway.url, SAID.b3);
    const { spanId } = last(gateway);
    expect(traceHeaders(gateway)).toEqual({ ...WRITTEN.b3(spanId), ...WRITTEN.b3multi(spanId) });
  });

  it('may be all of them', async () => {
    const names = 'tracecontext,baggage,b3,b3multi,jaeger,xray,ottrace,datadog,gcp,instana';
    const { gateway, reports } = await started(names);
    await get(gateway.url, SAID.w3c);
    const { spanId } = last(gateway);
    const sent = traceHeaders(gateway);
    for (const format of ['b3', 'b3multi', 'jaeger', 'ot', 'aws', 'gcp', 'instana'] as const) {
      expect(sent).toMatchObject(WRITTEN[format](spanId));
    }
    expect(sent).toMatchObject({ 'x-datadog-trace-id': LOW_DECIMAL, 'x-datadog-sampling-priority': '1' });
    expect(sent['traceparent']).toBe(`00-${TRACE_ID}-${spanId}-01`);
    expect(reports).toEqual([]);
  });
});

describe('baggage', () => {
  const baggage = 'a=1,b=2';

  it('alone passes baggage on and speaks no trace format', async () => {
    const { gateway, reports } = await started('baggage');
    await get(gateway.url, { ...SAID.w3c, baggage });
    expect(gateway.arrived[0]?.headers['baggage']).toBe(baggage);
    expect(traceHeaders(gateway)).toEqual({});
    expect(last(gateway).traceId).not.toBe(TRACE_ID);
    expect(reports).toEqual([]);
  });

  it.each<[string, PropagationOptions['baggage'], string | undefined]>([
    ['tracecontext,baggage', undefined, baggage],
    ['tracecontext,baggage', 'pass', baggage],
    // What code keeps back stays back.
    ['tracecontext,baggage', 'strip', undefined],
    ['tracecontext,baggage', { allow: ['a'] }, 'a=1'],
    ['tracecontext', undefined, baggage],
    ['tracecontext', 'strip', undefined],
    ['tracecontext', { allow: ['a'] }, 'a=1'],
  ])('%s over %j in code', async (propagators, inCode, expected) => {
    const propagation = inCode === undefined ? {} : { baggage: inCode };
    const { gateway } = await started(propagators, { propagation });
    await get(gateway.url, { ...SAID.w3c, baggage });
    expect(gateway.arrived[0]?.headers['baggage']).toBe(expected);
    expect(last(gateway).traceId).toBe(TRACE_ID);
  });
});

describe('none', () => {
  it('reads nothing and writes nothing; spans go on', async () => {
    const receiver = await collector();
    const { gateway, reports, telemetry } = await started('none', { operator: { endpoint: receiver.url } });
    await get(gateway.url, { ...SAID.w3c, ...SAID.b3, baggage: 'a=1' });
    expect(traceHeaders(gateway)).toEqual({});
    expect(gateway.arrived[0]?.headers).not.toHaveProperty('baggage');
    await settle(telemetry);
    expect(receiver.spans).toHaveLength(1);
    expect(receiver.spans[0]?.traceId).not.toBe(TRACE_ID);
    expect(receiver.spans[0]).not.toHaveProperty('parentSpanId');
    expect(reports).toEqual([]);
  });

  it('leaves headers that the host copies as they are', async () => {
    const telemetry = instance({ operator, env: { OTEL_PROPAGATORS: 'none' } });
    const gateway = await startGateway(telemetry);
    const copied = { traceparent: 'garbage', tracestate: 'FOO=1', b3: 'x', baggage: 'a=1, ,;' };
    await get(gateway.url, copied);
    expect(gateway.arrived[0]?.headers).toMatchObject(copied);
  });

  it('leaves clear and baggage to code', async () => {
    const telemetry = instance({
      operator,
      env: { OTEL_PROPAGATORS: 'none' },
      propagation: { extract: ['b3'], inject: ['b3'], clear: ['x-debug', 'traceparent'], baggage: 'strip' },
    });
    const gateway = await startGateway(telemetry);
    await get(gateway.url, { ...SAID.w3c, 'x-debug': '1', baggage: 'a=1' });
    for (const name of ['x-debug', 'traceparent', 'baggage', 'x-b3-traceid']) {
      expect(gateway.arrived[0]?.headers).not.toHaveProperty(name);
    }
  });

  it('beside other names is left out, which is reported', async () => {
    for (const propagators of ['none,tracecontext', 'tracecontext, none']) {
      const { gateway, reports } = await started(propagators);
      await get(gateway.url, SAID.w3c);
      expect(traceHeaders(gateway)).toEqual(WRITTEN.w3c(last(gateway).spanId));
      expect(reports).toMatchObject([{ code: 'environment_invalid' }]);
      expect(reports[0]?.message).toContain('OTEL_PROPAGATORS');
    }
  });

  it('twice is still none', async () => {
    const { gateway } = await started('none,none');
    await get(gateway.url, SAID.w3c);
    expect(traceHeaders(gateway)).toEqual({});
  });
});

describe('a name that is not known', () => {
  const bad = [
    'zipkin',
    'preserve',
    'header',
    'geheim-token',
    '__proto__',
    'constructor',
    'toString',
    'w3c w3c',
    'tracecontext;baggage',
    'é\u0000',
    'x'.repeat(100_000),
  ];

  it.each(bad)('is left out and reported once, and quoted nowhere: %j', async (name) => {
    const { gateway, reports, telemetry } = await started(`${name}, b3`);
    await get(gateway.url, SAID.b3);
    expect(traceHeaders(gateway)).toEqual(WRITTEN.b3(last(gateway).spanId));
    expect(reports).toMatchObject([{ code: 'environment_invalid' }]);
    expect(reports[0]?.message).toContain('OTEL_PROPAGATORS');
    expect(reports[0]?.message).toContain('tracecontext');
    expect(reports[0]?.message.length).toBeLessThan(1_000);
    expect(telemetry.status().notices).toEqual(reports);
    const known = ['preserve', 'header', '__proto__', 'constructor', 'toString'];
    if (!known.includes(name)) expect(JSON.stringify(reports)).not.toContain(name);
  });

  it('is reported once also where there are several', async () => {
    const { reports } = await started('geheim1,geheim2,b3,geheim3');
    expect(aboutIt(reports)).toMatchObject([{ code: 'environment_invalid' }]);
    expect(JSON.stringify(reports)).not.toContain('geheim');
  });

  it('and no other: the variable counts as unset, and code decides', async () => {
    for (const propagators of ['zipkin', 'zipkin,geheim', ' geheim ,']) {
      const { gateway, reports } = await started(propagators, {
        propagation: { extract: ['jaeger'], inject: ['preserve'] },
      });
      await get(gateway.url, SAID.jaeger);
      expect(traceHeaders(gateway)).toEqual(WRITTEN.jaeger(last(gateway).spanId));
      expect(aboutIt(reports).length).toBeGreaterThan(0);
      expect(JSON.stringify(reports)).toContain('unset');
      expect(JSON.stringify(reports)).not.toMatch(/geheim|zipkin/);
    }
  });

  it('and no other is reported once', async () => {
    const { reports } = await started('zipkin');
    expect(aboutIt(reports)).toHaveLength(1);
  });

  it('and no other: without a word of code W3C is spoken', async () => {
    const { gateway } = await started('zipkin');
    await get(gateway.url, SAID.w3c);
    expect(traceHeaders(gateway)).toEqual(WRITTEN.w3c(last(gateway).spanId));
  });

  it('and no other does not switch the adapter on', async () => {
    const telemetry = instance({ env: { OTEL_PROPAGATORS: 'zipkin' } });
    const gateway = await startGateway(telemetry);
    await get(gateway.url, { traceparent: 'garbage', tracestate: 'FOO=1' });
    expect(gateway.arrived[0]?.headers).toMatchObject({ traceparent: 'garbage', tracestate: 'FOO=1' });
    expect(last(gateway)).toBe(telemetry.current());
  });

  it.each(['', ' ', ',', ' , ,'])('is none in a variable that is empty: %j', async (propagators) => {
    const { telemetry, reports } = reportingInstance({ env: { OTEL_PROPAGATORS: propagators } });
    const gateway = await startGateway(telemetry);
    await get(gateway.url, { traceparent: 'garbage' });
    expect(gateway.arrived[0]?.headers['traceparent']).toBe('garbage');
    expect(last(gateway)).toBe(telemetry.current());
    expect(reports).toEqual([]);
  });

  it('never throws, whatever the variable holds', () => {
    for (const value of ['\ud800', '%ZZ', '\u0000', ','.repeat(100_000), 5, null, {}, []]) {
      const env = { OTEL_PROPAGATORS: value as string };
      expect(() => instance({ operator, env })).not.toThrow();
    }
  });
});

describe('what code says beside it', () => {
  it('is cleared all the same', async () => {
    const telemetry = instance({
      operator,
      env: { OTEL_PROPAGATORS: 'b3' },
      propagation: { clear: ['x-debug', 'TraceParent'] },
    });
    const gateway = await startGateway(telemetry);
    await get(gateway.url, { ...SAID.b3, ...SAID.w3c, 'x-debug': '1', 'x-other': '1' });
    const { headers } = gateway.arrived[0] ?? {};
    expect(headers).toMatchObject({ ...WRITTEN.b3(last(gateway).spanId), 'x-other': '1' });
    for (const name of ['x-debug', 'traceparent']) expect(headers).not.toHaveProperty(name);
  });

  it('about trust and sampling holds', async () => {
    const { gateway } = await started('b3', { propagation: { trust: 'restart' } });
    await get(gateway.url, SAID.b3);
    expect(last(gateway).traceId).not.toBe(TRACE_ID);
    expect(traceHeaders(gateway)).toEqual({ b3: `${last(gateway).traceId}-${last(gateway).spanId}-1` });
    const { gateway: unsampled } = await started('b3', { sampling: { parent: 'ignore', ratio: 0 } });
    await get(unsampled.url, SAID.b3);
    expect(traceHeaders(unsampled)).toEqual({ b3: `${TRACE_ID}-${last(unsampled).spanId}-0` });
  });

  it.each<[unknown, string]>([
    [{ extract: ['zipkin'] }, 'propagation.extract[0]'],
    [{ extract: ['b3-single'] }, 'propagation.extract[0]'],
    [{ inject: ['zipkin'] }, 'propagation.inject[0]'],
    [{ inject: 'w3c' }, 'propagation.inject'],
    [{ clear: [''] }, 'propagation.clear[0]'],
    [{ defaultFormat: 'zipkin' }, 'propagation.defaultFormat'],
    [{ baggage: 'keep' }, 'propagation.baggage'],
    [{ trust: 'never' }, 'propagation.trust'],
    [{ propagators: { w3c: {} } }, 'propagation.propagators.w3c'],
    [{ format: 'w3c' }, 'propagation.format'],
  ])('still throws where it is wrong: %j', (propagation, option) => {
    for (const propagators of ['tracecontext', 'none', 'zipkin']) {
      expect(() =>
        instance({
          operator,
          env: { OTEL_PROPAGATORS: propagators },
          propagation: propagation as PropagationOptions,
        }),
      ).toThrow(option);
    }
  });

  it('is not read where env is false', async () => {
    const telemetry = instance({ operator, env: false, propagation: { extract: ['b3'] } });
    const gateway = await startGateway(telemetry, { passHeaders: false });
    await get(gateway.url, SAID.b3);
    expect(traceHeaders(gateway)).toEqual(WRITTEN.b3(last(gateway).spanId));
  });
});

describe('a propagator of the host’s', () => {
  const own: TextMapPropagator = {
    inject(context, carrier, setter) {
      const found = trace.getSpanContext(context);
      if (found !== undefined) setter.set(carrier, 'x-own', `${found.traceId}/${found.spanId}`);
    },
    extract(context, carrier, getter) {
      const [traceId = '', spanId = ''] = String(getter.get(carrier, 'x-own')).split('/');
      return trace.setSpanContext(context, {
        traceId,
        spanId,
        traceFlags: TraceFlags.SAMPLED,
        isRemote: true,
      });
    },
    fields: () => ['x-own'],
  };
  const said = { 'x-own': `${TRACE_ID}/${PARENT_ID}` };

  it.each(['own', 'own,tracecontext', 'tracecontext, own'])('may be named: %s', async (propagators) => {
    const receiver = await collector();
    const { gateway, reports, telemetry } = await started(propagators, {
      operator: { endpoint: receiver.url },
      propagation: { propagators: { own } },
    });
    await get(gateway.url, said);
    const { spanId } = last(gateway);
    expect(gateway.arrived[0]?.headers['x-own']).toBe(`${TRACE_ID}/${spanId}`);
    expect(gateway.arrived[0]?.headers['traceparent']).toBe(
      propagators === 'own' ? undefined : `00-${TRACE_ID}-${spanId}-01`,
    );
    expect(reports).toEqual([]);
    await settle(telemetry);
    expect(receiver.spans).toMatchObject([{ traceId: TRACE_ID, parentSpanId: PARENT_ID }]);
  });

  it('has its own spelling', async () => {
    const { gateway } = await started('Own.Format', { propagation: { propagators: { 'Own.Format': own } } });
    await get(gateway.url, said);
    expect(last(gateway).traceId).toBe(TRACE_ID);
  });

  it('takes a name of the specification before we do', async () => {
    const { gateway } = await started('xray', { propagation: { propagators: { xray: own } } });
    await get(gateway.url, said);
    expect(last(gateway).traceId).toBe(TRACE_ID);
    expect(gateway.arrived[0]?.headers).not.toHaveProperty('x-amzn-trace-id');
  });

  it('is told among the known names where another is not known', async () => {
    const { reports } = await started('zipkin,own', { propagation: { propagators: { own } } });
    expect(reports[0]?.message).toMatch(/known are .*\bown\b/);
  });

  it('that nobody names is not used', async () => {
    const { gateway } = await started('tracecontext', { propagation: { propagators: { own } } });
    await get(gateway.url, said);
    expect(last(gateway).traceId).not.toBe(TRACE_ID);
    expect(gateway.arrived[0]?.headers).not.toHaveProperty('x-own');
  });
});

describe('with no destination at all, it switches the adapter on:', () => {
  const alone = async (propagators: string, options: GatewayOptions = {}, passHeaders = false) => {
    const { telemetry, reports } = reportingInstance({ env: { OTEL_PROPAGATORS: propagators }, ...options });
    const gateway = await startGateway(telemetry, { passHeaders });
    return { gateway, telemetry, reports };
  };

  it('headers are handled, without a hop, and nothing is recorded', async () => {
    const { gateway, telemetry } = await alone('tracecontext,b3');
    await get(gateway.url, SAID.w3c);
    expect(gateway.arrived[0]?.headers).toMatchObject({
      traceparent: TRACEPARENT,
      tracestate: 'a=1',
      b3: `${TRACE_ID}-${PARENT_ID}-1`,
    });
    expect(last(gateway)).toMatchObject({ recording: false, traceId: TRACE_ID, spanId: PARENT_ID });
    expect(last(gateway)).not.toBe(telemetry.current());
    expect(telemetry.status()).toMatchObject({ enabled: false, openExchanges: 0, notices: [] });
  });

  it('headers that are not valid are removed', async () => {
    const { gateway } = await alone('tracecontext', {}, true);
    await get(gateway.url, { traceparent: 'garbage', tracestate: 'FOO=1' });
    expect(traceHeaders(gateway)).toEqual({});
  });

  it('nothing is written where nothing came', async () => {
    const { gateway } = await alone('tracecontext,b3,datadog');
    await get(gateway.url);
    expect(traceHeaders(gateway)).toEqual({});
  });

  it('with the SDK disabled, too', async () => {
    const { gateway } = await alone('b3', { env: { OTEL_PROPAGATORS: 'b3', OTEL_SDK_DISABLED: 'true' } });
    await get(gateway.url, SAID.b3multi);
    expect(traceHeaders(gateway)).toEqual(SAID.b3);
  });

  it('none touches nothing', async () => {
    const { gateway } = await alone('none', {}, true);
    await get(gateway.url, { traceparent: 'garbage', tracestate: 'FOO=1', baggage: ';;' });
    expect(gateway.arrived[0]?.headers).toMatchObject({
      traceparent: 'garbage',
      tracestate: 'FOO=1',
      baggage: ';;',
    });
  });
});
