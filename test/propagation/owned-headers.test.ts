/** An injector owns its header set: what it does not write this time is removed, and nothing else is. */
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';
import type { ContextToInject, PropagationFormat, PropagationOptions } from '../../src/propagation/index.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const OWN = 'aaaabbbbccccdddd';
const context: ContextToInject = { traceId: 'e'.repeat(32), spanId: OWN, sampled: true };

type Headers = Record<string, string>;

/** Everything that callers may have sent, all of it stale. */
const STALE: Readonly<Record<Exclude<PropagationFormat, 'b3-single'>, Headers>> = {
  w3c: { traceparent: 'stale', tracestate: 'stale=1' },
  b3: {
    b3: 'stale',
    'x-b3-traceid': 'stale',
    'x-b3-spanid': 'stale',
    'x-b3-parentspanid': 'stale',
    'x-b3-sampled': 'stale',
    'x-b3-flags': 'stale',
  },
  jaeger: { 'uber-trace-id': 'stale', 'uberctx-user': 'stale' },
  datadog: {
    'x-datadog-trace-id': 'stale',
    'x-datadog-parent-id': 'stale',
    'x-datadog-sampling-priority': 'stale',
    'x-datadog-origin': 'stale',
    'x-datadog-tags': 'stale',
  },
  ot: {
    'ot-tracer-traceid': 'stale',
    'ot-tracer-spanid': 'stale',
    'ot-tracer-sampled': 'stale',
    'ot-baggage-user': 'stale',
  },
  aws: { 'x-amzn-trace-id': 'stale' },
  gcp: { 'x-cloud-trace-context': 'stale' },
  instana: { 'x-instana-t': 'stale', 'x-instana-s': 'stale', 'x-instana-l': 'stale' },
};
const FORMATS = Object.keys(STALE) as (keyof typeof STALE)[];
const all: Headers = Object.assign({ accept: 'a' }, ...Object.values(STALE));

function written(options: PropagationOptions, toInject: ContextToInject | undefined): Headers {
  const headers = { ...all };
  createPropagation(options).inject(headers, toInject);
  return headers;
}

describe.each(FORMATS)('%s', (format) => {
  const others = Object.fromEntries(Object.entries(all).filter(([name]) => !(name in STALE[format])));

  it.each<[string, ContextToInject | undefined]>([
    ['a whole context', context],
    ['an undecided context', { ...context, sampled: undefined }],
    ['a context without a span', { traceId: context.traceId }],
    ['a context of which the ids are no ids', { traceId: 'x', spanId: 'y' }],
    ['nothing', undefined],
  ])('leaves nothing stale of itself, and the others alone, with %s', (_what, toInject) => {
    const headers = written({ extract: [], inject: [format] }, toInject);
    expect(headers).toMatchObject(others);
    for (const name of Object.keys(STALE[format])) expect(headers[name]).not.toBe('stale');
    const strangers = Object.keys(headers).filter((name) => !(name in all));
    expect(strangers).toEqual([]);
  });
});

describe('b3', () => {
  it('written in several headers removes the single one, and the other way round', () => {
    const several = written({ extract: [], inject: ['b3'] }, context);
    expect(several).toMatchObject({
      'x-b3-traceid': context.traceId,
      'x-b3-spanid': OWN,
      'x-b3-sampled': '1',
    });
    for (const name of ['b3', 'x-b3-parentspanid', 'x-b3-flags']) expect(several).not.toHaveProperty(name);
    const single = written({ extract: [], inject: ['b3-single'] }, context);
    expect(single['b3']).toBe(`${context.traceId}-${OWN}-1`);
    for (const name of Object.keys(STALE.b3).slice(1)) expect(single).not.toHaveProperty(name);
  });

  it('is written in both ways where both are asked for', () => {
    const headers = written({ extract: [], inject: ['b3', 'b3-single'] }, context);
    expect(headers).toMatchObject({ b3: `${context.traceId}-${OWN}-1`, 'x-b3-spanid': OWN });
  });

  it('writes a parent only when one is given', () => {
    const parentSpanId = 'ffffeeeeddddcccc';
    const headers = written({ inject: ['b3', 'b3-single', 'jaeger'] }, { ...context, parentSpanId });
    expect(headers).toMatchObject({
      b3: `${context.traceId}-${OWN}-1-${parentSpanId}`,
      'x-b3-parentspanid': parentSpanId,
      'uber-trace-id': `${context.traceId}:${OWN}:${parentSpanId}:1`,
    });
  });

  it('undecided leaves no decision of an earlier hop', () => {
    const headers = written(
      { inject: ['b3', 'ot', 'instana', 'datadog'] },
      { ...context, sampled: undefined },
    );
    for (const name of [
      'x-b3-sampled',
      'x-b3-flags',
      'ot-tracer-sampled',
      'x-instana-l',
      'x-datadog-sampling-priority',
    ]) {
      expect(headers).not.toHaveProperty(name);
    }
  });
});

describe('the tracestate of a trace that is not continued', () => {
  const headers = { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'a=1' };

  it.each<[string, PropagationOptions, ContextToInject | undefined]>([
    ['restarted', {}, context],
    ['restarted in another format', { inject: ['w3c', 'b3'] }, context],
    ['not read', { extract: [], inject: ['w3c'] }, context],
    ['not written', {}, undefined],
  ])('is removed: %s', (_what, options, toInject) => {
    const propagation = createPropagation(options);
    const sent: Headers = { ...headers, TraceState: 'b=1' };
    propagation.inject(sent, toInject, propagation.extract(headers));
    expect(Object.keys(sent).filter((name) => name.toLowerCase() === 'tracestate')).toEqual([]);
  });
});

describe('formats without a span', () => {
  const toInject: ContextToInject = { traceId: TRACE, sampled: true };

  it('that can do without write the trace', () => {
    const inject: PropagationOptions['inject'] = ['aws', 'gcp', { format: 'header', name: 'X-Request-ID' }];
    const headers: Headers = { 'X-REQUEST-ID': 'stale' };
    createPropagation({ inject }).inject(headers, toInject);
    expect(headers).toEqual({
      'x-amzn-trace-id': `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)};Sampled=1`,
      'x-cloud-trace-context': `${TRACE};o=1`,
      'x-request-id': TRACE,
    });
  });

  it('that need one write nothing', () => {
    const inject: PropagationFormat[] = ['w3c', 'b3', 'b3-single', 'jaeger', 'datadog', 'ot', 'instana'];
    const headers: Headers = {};
    createPropagation({ inject }).inject(headers, toInject);
    expect(headers).toEqual({});
  });
});

describe('ids that are no ids', () => {
  const inject: PropagationOptions['inject'] = [
    ...FORMATS,
    'b3-single',
    { format: 'header', name: 'x-request-id' },
  ];

  it.each([
    '',
    'x',
    TRACE.toUpperCase(),
    `${TRACE}0`,
    TRACE.slice(1),
    `${TRACE.slice(1)}g`,
    `${TRACE}\r\nx: y`,
    undefined,
    null,
    5,
    {},
  ])('are not written as a trace id: %j', (traceId) => {
    const headers: Headers = {};
    createPropagation({ inject }).inject(headers, { ...context, traceId: traceId as string });
    expect(headers).toEqual({});
  });

  it.each(['', 'x', SPAN.toUpperCase(), `${SPAN}0`, SPAN.slice(1), `${SPAN}\r\nx: y`, null, 5, {}])(
    'are not written as a span id: %j',
    (spanId) => {
      const headers: Headers = {};
      createPropagation({ inject }).inject(headers, { ...context, spanId: spanId as string });
      expect(Object.keys(headers)).toEqual(['x-amzn-trace-id', 'x-cloud-trace-context', 'x-request-id']);
    },
  );

  it('are not written as a parent', () => {
    const headers: Headers = {};
    const toInject = { ...context, parentSpanId: 'x\r\ny' };
    createPropagation({ inject: ['b3', 'b3-single', 'jaeger'] }).inject(headers, toInject);
    expect(headers['b3']).toBe(`${context.traceId}-${OWN}-1`);
    expect(headers['uber-trace-id']).toBe(`${context.traceId}:${OWN}:0:1`);
    expect(headers).not.toHaveProperty('x-b3-parentspanid');
  });
});

describe('trace ids', () => {
  const every = createPropagation({ inject: [...FORMATS, 'b3-single', { format: 'header', name: 'x-id' }] });
  const low = BigInt(`0x${TRACE.slice(16)}`).toString();

  it('are given as each format writes them', () => {
    expect(every.traceIds(TRACE)).toEqual({
      w3c: TRACE,
      b3: TRACE,
      'b3-single': TRACE,
      jaeger: TRACE,
      datadog: low,
      ot: TRACE.slice(16),
      aws: `1-${TRACE.slice(0, 8)}-${TRACE.slice(8)}`,
      gcp: TRACE,
      instana: TRACE,
      header: TRACE,
    });
  });

  it('keep the size that came', () => {
    const headers = { b3: `${TRACE.slice(16)}-${SPAN}-1` };
    const options: PropagationOptions = {
      extract: ['b3'],
      inject: ['w3c', 'b3', 'jaeger', 'instana', 'datadog'],
    };
    const propagation = createPropagation(options);
    const extracted = propagation.extract(headers);
    const short = TRACE.slice(16);
    const padded = short.padStart(32, '0');
    expect(propagation.traceIds(padded, extracted)).toEqual({
      w3c: padded,
      b3: short,
      jaeger: short,
      instana: short,
      datadog: low,
      'b3-single': short,
    });
    // The size of one trace says nothing about another.
    expect(propagation.traceIds(TRACE, extracted)).toMatchObject({ b3: TRACE, jaeger: TRACE });
  });

  it('are given in the format that was found as well', () => {
    const propagation = createPropagation({ extract: ['datadog'], inject: ['w3c'] });
    const extracted = propagation.extract({ 'x-datadog-trace-id': low, 'x-datadog-parent-id': '5' });
    const padded = TRACE.slice(16).padStart(32, '0');
    expect(propagation.traceIds(padded, extracted)).toEqual({ w3c: padded, datadog: low });
  });

  it.each([
    [{}, { w3c: TRACE }],
    [{ inject: [] }, {}],
    [{ inject: ['preserve'], defaultFormat: 'datadog' }, { datadog: low }],
  ] as const)('with %j and nothing found are %j', (options, expected) => {
    expect(createPropagation(options).traceIds(TRACE)).toEqual(expected);
  });

  it.each(['', 'x', TRACE.toUpperCase()])('are none of %j', (traceId) => {
    expect(every.traceIds(traceId)).toEqual({});
  });
});
