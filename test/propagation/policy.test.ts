/** The policy: three lists that are independent of each other, and what becomes of several contexts in one request. */
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';
import type { ContextToInject, ExtractedContext, PropagationOptions } from '../../src/propagation/index.js';
import { collector, instance, settle } from '../config/support.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const LOW = TRACE.slice(16);
const SPAN = 'b7ad6b7169203331';
const OTHER = 'cccccccccccccccccccccccccccccccc';
const OTHER_SPAN = 'dddddddddddddddd';
const OWN = 'aaaabbbbccccdddd';
const NEW: ContextToInject = { traceId: 'e'.repeat(32), spanId: OWN, sampled: true, random: true };

const traceparent = `00-${TRACE}-${SPAN}-01`;
const w3c = { traceparent, tracestate: 'a=1' };
const b3 = { b3: `${OTHER}-${OTHER_SPAN}-0` };

type Headers = Record<string, string>;

function pass(options: PropagationOptions, headers: Headers, context?: Partial<ContextToInject>): Headers {
  const propagation = createPropagation(options);
  const extracted = propagation.extract(headers);
  const { traceId = NEW.traceId, sampled = true, random = true } = extracted ?? {};
  const sent = { ...headers };
  propagation.inject(sent, { traceId, spanId: OWN, sampled, random, ...context }, extracted);
  return sent;
}

const extract = (options: PropagationOptions, headers: Headers): ExtractedContext | undefined =>
  createPropagation(options).extract(headers);

describe('extract, clear and inject', () => {
  it('each work where the others are empty', () => {
    const headers = { ...w3c, 'x-debug': '1' };
    expect(pass({ extract: [], inject: [], clear: [] }, headers)).toEqual(headers);
    expect(pass({ extract: ['w3c'], inject: [], clear: [] }, headers)).toEqual(headers);
    expect(pass({ extract: [], inject: [], clear: ['x-debug'] }, headers)).toEqual(w3c);
    expect(pass({ extract: [], inject: ['gcp'], clear: [] }, headers)).toEqual({
      ...headers,
      'x-cloud-trace-context': `${NEW.traceId}/${BigInt(`0x${OWN}`)};o=1`,
    });
  });

  it('keep their defaults when one of them is given', () => {
    expect(pass({ clear: ['x-debug'] }, { ...w3c, 'x-debug': '1' })).toEqual({
      traceparent: `00-${TRACE}-${OWN}-01`,
      tracestate: 'a=1',
    });
    expect(pass({ extract: ['b3'] }, b3)).toEqual({ b3: `${OTHER}-${OWN}-0` });
    expect(pass({ inject: ['b3-single'] }, w3c)['b3']).toBe(`${TRACE}-${OWN}-1`);
  });

  it('an empty extract begins a new trace each time', () => {
    expect(extract({ extract: [] }, { ...w3c, ...b3 })).toBeUndefined();
  });

  it('clear takes headers of any format, also of the one that was found', () => {
    expect(pass({ extract: ['b3'], inject: ['w3c'], clear: ['B3'] }, { ...b3, ...w3c })).toEqual({
      traceparent: `00-${OTHER}-${OWN}-00`,
    });
  });

  it('a header that is cleared and injected is injected', () => {
    expect(pass({ clear: ['traceparent', 'TraceState'] }, w3c)['traceparent']).toBe(`00-${TRACE}-${OWN}-01`);
  });

  it('formats that are neither cleared nor injected pass as they came', () => {
    const sent = pass({ extract: ['w3c'], inject: ['w3c'] }, { ...w3c, ...b3 });
    expect(sent['b3']).toBe(b3.b3);
  });

  it('nothing to inject clears, and removes what the formats own', () => {
    const headers: Headers = { ...w3c, ...b3, 'x-b3-sampled': '1', 'x-debug': '1', accept: 'a' };
    createPropagation({ clear: ['x-debug'], inject: ['w3c', 'b3'] }).inject(headers, undefined);
    expect(headers).toEqual({ accept: 'a' });
  });
});

describe('preserve', () => {
  const read: PropagationOptions = {
    extract: ['w3c', 'b3', 'jaeger', 'datadog', 'ot', 'aws', 'gcp', 'instana'],
  };
  const found: readonly (readonly [string, Headers, string])[] = [
    ['w3c', w3c, 'traceparent'],
    ['b3-single', b3, 'b3'],
    ['b3', { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN }, 'x-b3-spanid'],
    ['jaeger', { 'uber-trace-id': `${TRACE}:${SPAN}:0:1` }, 'uber-trace-id'],
    ['datadog', { 'x-datadog-trace-id': '1', 'x-datadog-parent-id': '2' }, 'x-datadog-parent-id'],
    ['ot', { 'ot-tracer-traceid': LOW, 'ot-tracer-spanid': SPAN }, 'ot-tracer-spanid'],
    ['aws', { 'x-amzn-trace-id': `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)}` }, 'x-amzn-trace-id'],
    ['gcp', { 'x-cloud-trace-context': `${TRACE}/1;o=1` }, 'x-cloud-trace-context'],
    ['instana', { 'x-instana-t': TRACE, 'x-instana-s': SPAN }, 'x-instana-s'],
  ];

  it.each(found)('answers in %s where that was found, and in nothing else', (format, headers, name) => {
    expect(extract(read, headers)?.format).toBe(format);
    const sent = pass(read, headers);
    expect(sent[name]).not.toBe(headers[name]);
    const added = Object.keys(sent).filter((key) => !(key in headers));
    expect(added.filter((key) => !key.startsWith(name.slice(0, 4)))).toEqual([]);
  });

  it.each(found)('and another format are both written where %s was found', (_format, headers, name) => {
    const sent = pass({ ...read, inject: ['preserve', 'w3c'] }, headers);
    expect(sent).toHaveProperty(name);
    expect(sent['traceparent']).toMatch(new RegExp(`^00-[0-9a-f]{32}-${OWN}-0[0-3]$`));
  });

  it('answers in the default format where nothing was found', () => {
    expect(Object.keys(pass({}, {}))).toEqual(['traceparent']);
    expect(Object.keys(pass({ defaultFormat: 'b3-single' }, {}))).toEqual(['b3']);
    expect(pass({ extract: ['b3'], defaultFormat: 'aws' }, w3c)).toMatchObject({
      ...w3c,
      'x-amzn-trace-id': `Root=1-eeeeeeee-${'e'.repeat(24)};Parent=${OWN};Sampled=1`,
    });
  });

  it('answers in the default format where only a plain header was found, with its id', () => {
    const options: PropagationOptions = { extract: [{ format: 'header', name: 'x-request-id' }] };
    const headers = { 'x-request-id': '0af76519-16cd-43dd-8448-eb211c80319c' };
    expect(pass(options, headers, { random: false })).toEqual({
      ...headers,
      traceparent: `00-${TRACE}-${OWN}-01`,
    });
    expect(pass({ ...options, defaultFormat: 'b3-single' }, headers)['b3']).toBe(`${TRACE}-${OWN}-1`);
  });

  it('answers in the format of a decision that came without ids', () => {
    const options: PropagationOptions = { extract: ['w3c', 'b3'] };
    expect(pass(options, { b3: '0' }, { sampled: false })).toEqual({ b3: `${NEW.traceId}-${OWN}-0` });
    expect(pass(options, { 'x-b3-sampled': '0' }, { sampled: false })).toEqual({
      'x-b3-traceid': NEW.traceId,
      'x-b3-spanid': OWN,
      'x-b3-sampled': '0',
    });
  });

  it('does not answer at all where it is left out', () => {
    expect(pass({ extract: ['b3'], inject: ['w3c'] }, b3)).toEqual({
      ...b3,
      traceparent: `00-${OTHER}-${OWN}-00`,
    });
  });
});

describe('the first format with valid ids', () => {
  const both = { ...w3c, ...b3 };

  it('gives the ids, in the order of extract', () => {
    expect(extract({ extract: ['w3c', 'b3'] }, both)).toMatchObject({ format: 'w3c', traceId: TRACE });
    expect(extract({ extract: ['b3', 'w3c'] }, both)).toMatchObject({ format: 'b3-single', traceId: OTHER });
  });

  it.each<[PropagationOptions['extract'], Headers]>([
    [['w3c', 'b3'], { ...both, traceparent: traceparent.toUpperCase() }],
    [['w3c', 'b3'], { ...both, traceparent: `00-${'0'.repeat(32)}-${SPAN}-01` }],
    [['jaeger', 'b3'], { ...both, 'uber-trace-id': `0:${SPAN}:0:1` }],
    [['datadog', 'b3'], { ...both, 'x-datadog-trace-id': '0', 'x-datadog-parent-id': '5' }],
    [['datadog', 'b3'], { ...both, 'x-datadog-trace-id': TRACE, 'x-datadog-parent-id': '5' }],
    [['ot', 'b3'], { ...both, 'ot-tracer-traceid': 'x', 'ot-tracer-spanid': SPAN }],
    [['aws', 'b3'], { ...both, 'x-amzn-trace-id': `Root=1-${TRACE}` }],
    [['gcp', 'b3'], { ...both, 'x-cloud-trace-context': `${TRACE}/x` }],
    [['instana', 'b3'], { ...both, 'x-instana-t': TRACE }],
    [[{ format: 'header', name: 'x-request-id' }, 'b3'], { ...both, 'x-request-id': 'request 5' }],
  ])('%j: an invalid one gives way', (formats, headers) => {
    const found = extract({ extract: formats ?? [] }, headers);
    expect(found).toMatchObject({ format: 'b3-single', traceId: OTHER, spanId: OTHER_SPAN, sampled: false });
    expect(found?.links).toEqual([]);
  });

  it('hides what an invalid one brought', () => {
    const headers = { ...both, traceparent: `00-${TRACE}-${'0'.repeat(16)}-01` };
    expect(pass({ extract: ['w3c', 'b3'], inject: ['w3c'] }, headers)).toMatchObject({
      traceparent: `00-${OTHER}-${OWN}-00`,
    });
    expect(pass({ extract: ['w3c', 'b3'], inject: ['w3c'] }, headers)).not.toHaveProperty('tracestate');
  });
});

describe('another format with the same trace', () => {
  it('adds a decision', () => {
    const headers = { b3: `${TRACE}-${SPAN}`, traceparent: `00-${TRACE}-${OTHER_SPAN}-01` };
    expect(extract({ extract: ['b3', 'w3c'] }, headers)).toMatchObject({
      spanId: SPAN,
      sampled: true,
      links: [],
    });
  });

  it('does not change a decision', () => {
    const headers = { b3: `${TRACE}-${SPAN}-0`, traceparent: `00-${TRACE}-${OTHER_SPAN}-01` };
    expect(extract({ extract: ['b3', 'w3c'] }, headers)).toMatchObject({ sampled: false });
  });

  it('adds tracestate', () => {
    const headers = { ...w3c, b3: `${TRACE}-${OTHER_SPAN}-1` };
    const found = extract({ extract: ['b3', 'w3c'] }, headers);
    expect(found).toMatchObject({ format: 'b3-single', spanId: OTHER_SPAN, traceState: 'a=1', links: [] });
    expect(pass({ extract: ['b3', 'w3c'], inject: ['w3c'] }, headers)).toMatchObject({
      traceparent: `00-${TRACE}-${OWN}-01`,
      tracestate: 'a=1',
    });
  });

  it("adds Datadog's priority, origin and tags", () => {
    const headers = {
      ...w3c,
      'x-datadog-trace-id': BigInt(`0x${LOW}`).toString(),
      'x-datadog-parent-id': '5',
      'x-datadog-sampling-priority': '2',
      'x-datadog-origin': 'rum',
      'x-datadog-tags': '_dd.p.dm=-4',
    };
    expect(extract({ extract: ['w3c', 'datadog'] }, headers)).toMatchObject({
      traceId: TRACE,
      spanId: SPAN,
      datadog: { priority: 2, origin: 'rum', tags: { '_dd.p.dm': '-4' } },
      links: [],
    });
  });

  it('adds the longer id', () => {
    const headers = { b3: `${LOW}-${SPAN}-1`, traceparent: `00-${TRACE}-${OTHER_SPAN}-00` };
    expect(extract({ extract: ['b3', 'w3c'] }, headers)).toMatchObject({
      traceId: TRACE,
      traceIdDigits: 32,
      spanId: SPAN,
      sampled: true,
      links: [],
    });
  });

  it('adds a parent where there was none', () => {
    const headers = { ...w3c, 'x-amzn-trace-id': `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)}` };
    expect(extract({ extract: ['aws', 'w3c'] }, headers)).toMatchObject({
      format: 'aws',
      spanId: SPAN,
      sampled: true,
    });
  });

  it('does not match a padded id with another upper half', () => {
    const headers = { b3: `${'0'.repeat(16)}${LOW}-${SPAN}-1`, traceparent };
    expect(extract({ extract: ['b3', 'w3c'] }, headers)?.links).toHaveLength(1);
  });
});

describe('another trace', () => {
  it('becomes a link', () => {
    const found = extract({ extract: ['b3', 'w3c'] }, { ...w3c, ...b3 });
    expect(found).toMatchObject({ traceId: OTHER, spanId: OTHER_SPAN, sampled: false });
    expect(found?.traceState).toBeUndefined();
    expect(found?.links).toEqual([
      { traceId: TRACE, spanId: SPAN, sampled: true, random: false, traceState: 'a=1' },
    ]);
  });

  it('without a span does not', () => {
    const headers = { ...w3c, 'x-cloud-trace-context': OTHER };
    expect(extract({ extract: ['w3c', 'gcp'] }, headers)?.links).toEqual([]);
  });

  it('that came several times becomes one link', () => {
    const headers = { ...w3c, ...b3, 'uber-trace-id': `${OTHER}:${OTHER_SPAN}:0:1` };
    expect(extract({ extract: ['w3c', 'b3', 'jaeger'] }, headers)?.links).toHaveLength(1);
  });

  it('is a link of the SERVER span', async () => {
    const receiver = await collector();
    const propagation: PropagationOptions = { extract: ['w3c', 'b3'] };
    const telemetry = instance({ operator: { endpoint: receiver.url }, propagation });
    telemetry.begin({ method: 'GET', url: '/', headers: { ...w3c, ...b3 } }).end({ statusCode: 200 });
    await settle(telemetry);
    expect(receiver.spans[0]).toMatchObject({ traceId: TRACE, parentSpanId: SPAN });
    expect(receiver.spans[0]?.links).toHaveLength(1);
    expect(receiver.spans[0]?.links[0]).toMatchObject({ traceId: OTHER, spanId: OTHER_SPAN });
  });
});

describe('a decision without ids', () => {
  it.each<[string, Headers, boolean]>([
    ['b3', { b3: '1' }, true],
    ['b3', { b3: '0' }, false],
    ['b3', { 'x-b3-sampled': 'true' }, true],
    ['b3', { 'x-b3-sampled': 'false' }, false],
    ['b3', { 'x-b3-sampled': '0', 'x-b3-spanid': SPAN }, false],
    ['datadog', { 'x-datadog-sampling-priority': '2' }, true],
    ['datadog', { 'x-datadog-sampling-priority': '-1' }, false],
    ['datadog', { 'x-datadog-sampling-priority': '0', 'x-datadog-trace-id': '5' }, false],
    ['ot', { 'ot-tracer-sampled': 'true' }, true],
    ['ot', { 'ot-tracer-sampled': '0' }, false],
  ])('of %s counts: %j', (format, headers, sampled) => {
    const found = extract({ extract: ['w3c', format] }, headers);
    expect(found).toMatchObject({ traceId: undefined, spanId: undefined, sampled, links: [] });
  });

  it.each<[string, Headers]>([
    ['b3', { 'x-b3-sampled': '0', 'x-b3-traceid': 'x', 'x-b3-spanid': SPAN }],
    ['b3', { 'x-b3-sampled': '0', 'x-b3-traceid': '0'.repeat(32), 'x-b3-spanid': SPAN }],
    ['b3', { 'x-b3-sampled': '0', 'x-b3-traceid': TRACE, 'x-b3-spanid': 'x' }],
    ['b3', { 'x-b3-flags': '1', 'x-b3-traceid': 'x' }],
    ['b3', { b3: `${TRACE}-x-0` }],
    ['b3', { b3: `${TRACE}-${SPAN}-2`, 'x-b3-sampled': '1' }],
    [
      'datadog',
      { 'x-datadog-sampling-priority': '0', 'x-datadog-trace-id': '0', 'x-datadog-parent-id': '5' },
    ],
    [
      'datadog',
      { 'x-datadog-sampling-priority': '0', 'x-datadog-trace-id': '-5', 'x-datadog-parent-id': '5' },
    ],
    ['ot', { 'ot-tracer-sampled': 'false', 'ot-tracer-traceid': 'x', 'ot-tracer-spanid': SPAN }],
    ['ot', { 'ot-tracer-sampled': 'false', 'ot-tracer-traceid': LOW, 'ot-tracer-spanid': '0'.repeat(16) }],
    ['instana', { 'x-instana-l': '0' }],
    ['aws', { 'x-amzn-trace-id': 'Sampled=0' }],
    ['jaeger', { 'uber-trace-id': ':::1' }],
    ['gcp', { 'x-cloud-trace-context': ';o=1' }],
  ])('does not count beside malformed ids, nor in formats without such a thing: %s %j', (format, headers) => {
    expect(extract({ extract: [format] }, headers)).toBeUndefined();
  });

  it('does not count where any format has ids, in whatever order', () => {
    for (const formats of [
      ['b3', 'w3c'],
      ['w3c', 'b3'],
    ]) {
      const found = extract({ extract: formats }, { traceparent, b3: '0' });
      expect(found).toMatchObject({ format: 'w3c', traceId: TRACE, sampled: true });
    }
  });

  it('does not count even where the ids came undecided', () => {
    const headers = {
      'x-amzn-trace-id': `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)};Parent=${SPAN}`,
      b3: '0',
    };
    expect(extract({ extract: ['b3', 'aws'] }, headers)).toMatchObject({ format: 'aws', sampled: undefined });
  });

  it.each<[string, Headers]>([
    ['b3', { b3: '0' }],
    ['b3', { b3: 'd' }],
    ['b3', { 'x-b3-flags': '1' }],
    ['b3', { 'x-b3-sampled': '1' }],
    ['datadog', { 'x-datadog-sampling-priority': '2' }],
    ['ot', { 'ot-tracer-sampled': 'false' }],
  ])('of %s is written as it came where there is nothing else to inject: %j', (format, headers) => {
    const propagation = createPropagation({ extract: [format] });
    const sent: Headers = {};
    propagation.inject(sent, undefined, propagation.extract(headers));
    expect(sent).toEqual(headers);
  });
});
