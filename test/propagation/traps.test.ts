/** What a widely used gateway gets wrong, each as it happens to a request, and what happens here instead. */
import { describe, expect, it } from 'vitest';
import type { GatewayOptions } from '../../src/index.js';
import { createPropagation } from '../../src/propagation/index.js';
import type { PropagationOptions } from '../../src/propagation/index.js';
import { instance, rawGet, startGateway } from '../config/support.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const LOW = TRACE.slice(16);
const SPAN = 'b7ad6b7169203331';
const traceparent = `00-${TRACE}-${SPAN}-01`;
const operator = { endpoint: 'http://127.0.0.1:9' };

type Headers = Record<string, string>;

const EVERY: PropagationOptions['extract'] = [
  'b3',
  'w3c',
  'jaeger',
  'ot',
  'datadog',
  'aws',
  'gcp',
  'instana',
];

/** One request through an instance: what the upstream gets. */
function forward(headers: Headers, propagation?: PropagationOptions, options: GatewayOptions = {}) {
  const telemetry = instance({ operator, ...(propagation !== undefined && { propagation }), ...options });
  const exchange = telemetry.begin({ method: 'GET', url: '/', headers });
  const sent: Headers = { ...headers };
  exchange.inject(sent);
  return { sent, traceId: exchange.traceId, spanId: exchange.spanId };
}

describe('1: tracestate alone', () => {
  it.each(['vendor=abc', `b3=${TRACE}-${SPAN}-1`, `b3=${LOW}`])(
    'does not make b3 win over traceparent: %s',
    (tracestate) => {
      const { sent, traceId, spanId } = forward({ traceparent, tracestate }, { extract: EVERY });
      expect(traceId).toBe(TRACE);
      expect(sent).toEqual({ traceparent: `00-${TRACE}-${spanId}-01`, tracestate });
    },
  );
});

describe('2: an invalid first format', () => {
  it.each<[string, Headers]>([
    ['b3', { b3: 'garbage' }],
    ['b3', { 'x-b3-traceid': 'garbage', 'x-b3-sampled': '0' }],
    ['b3', { 'x-b3-parentspanid': SPAN }],
    ['datadog', { 'x-datadog-trace-id': 'x', 'x-datadog-sampling-priority': '0' }],
    ['ot', { 'ot-tracer-sampled': 'false' }],
    ['b3', { b3: '0' }],
  ])('does not keep a valid traceparent from being read: %s %j', (first, headers) => {
    const { sent, traceId, spanId } = forward({ ...headers, traceparent }, { extract: [first, 'w3c'] });
    expect(traceId).toBe(TRACE);
    expect(sent['traceparent']).toBe(`00-${TRACE}-${spanId}-01`);
  });
});

describe('3: tracestate', () => {
  it('does not go on where the trace restarts', () => {
    const headers = { traceparent: `00-${'0'.repeat(32)}-${SPAN}-01`, tracestate: 'a=1' };
    expect(forward(headers).sent).not.toHaveProperty('tracestate');
  });
});

describe('4: stale siblings', () => {
  it('of the headers that are written are removed', () => {
    const headers = {
      'x-b3-traceid': TRACE,
      'x-b3-spanid': SPAN,
      'x-b3-parentspanid': '1111111111111111',
      'x-b3-sampled': '1',
      b3: 'stale',
    };
    const { sent, spanId } = forward(headers, { extract: ['b3'], inject: ['b3'] });
    expect(sent).toEqual({ 'x-b3-traceid': TRACE, 'x-b3-spanid': spanId, 'x-b3-sampled': '1' });
    const single = forward(headers, { extract: ['b3'], inject: ['b3-single'] });
    expect(single.sent).toEqual({ b3: `${TRACE}-${single.spanId}-1` });
  });

  it('do not leave a sampled flag beside debug', () => {
    const headers = { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': '0', 'x-b3-flags': '1' };
    const { sent, spanId } = forward(headers, { extract: ['b3'] });
    expect(sent).toEqual({ 'x-b3-traceid': TRACE, 'x-b3-spanid': spanId, 'x-b3-flags': '1' });
  });
});

describe('5: a bad or repeated header', () => {
  it.each([
    ['x-datadog-trace-id', '5'],
    ['x-datadog-parent-id', '5'],
    ['x-datadog-sampling-priority', '1'],
    ['x-datadog-tags', '_dd.p.dm=-4'],
    ['x-instana-l', '1'],
    ['x-instana-t', TRACE],
    ['x-b3-flags', 'abc'],
    ['x-b3-sampled', 'd'],
    ['x-b3-traceid', TRACE],
    ['b3', '1'],
    ['traceparent', traceparent],
    ['tracestate', 'a=1'],
    ['uber-trace-id', `${TRACE}:${SPAN}:0:1`],
    ['uberctx-a', '%'],
    ['x-amzn-trace-id', `Root=1-${TRACE}`],
    ['x-cloud-trace-context', `${TRACE}/1`],
    ['ot-tracer-traceid', LOW],
    ['ot-baggage-a', '%ZZ'],
    ['baggage', 'a=%'],
  ])('never costs the client its answer: %s', async (name, value) => {
    const gateway = await startGateway(instance({ operator, propagation: { extract: EVERY } }));
    const requests: [string, string][][] = [
      [[name, value]],
      [
        [name, value],
        [name, value],
      ],
      [
        [name, value],
        [name.toUpperCase(), '\u00ff\u00fe'],
        [name, ''],
      ],
    ];
    for (const headers of requests) expect(await rawGet(gateway.port, headers)).toContain('200');
    expect(gateway.arrived).toHaveLength(3);
  });
});

describe('6: sampling', () => {
  const sampling = { ratio: 0.000_001 };

  it('follows the caller, whatever the ratio', () => {
    const { sent, spanId } = forward({ traceparent }, {}, { sampling });
    expect(sent['traceparent']).toBe(`00-${TRACE}-${spanId}-01`);
    const dropped = forward({ traceparent: `00-${TRACE}-${SPAN}-00` }, {}, { sampling: { ratio: 1 } });
    expect(dropped.sent['traceparent']).toBe(`00-${TRACE}-${dropped.spanId}-00`);
  });

  it('of an undecided trace looks at the low 56 bits, so that 64-bit ids are no exception', () => {
    const decide = (traceId: string, ratio: number): string | undefined => {
      const headers = { b3: `${traceId}-${SPAN}` };
      return forward(headers, { extract: ['b3'] }, { sampling: { ratio } }).sent['b3']?.split('-')[2];
    };
    for (const high of ['', '0000000000000000', 'ffffffffffffffff']) {
      expect(decide(`${high}ff00000000000001`, 0.5), high).toBe('0');
      expect(decide(`${high}00ffffffffffffff`, 0.5), high).toBe('1');
      expect(decide(`${high}00ffffffffffffff`, 0), high).toBe('0');
      expect(decide(`${high}ff00000000000001`, 1), high).toBe('1');
    }
  });
});

describe('7: with tracing off', () => {
  it.each(['00', '01', '02', '03'])("the caller's flags go on: %s", (flags) => {
    const headers = { traceparent: `00-${TRACE}-${SPAN}-${flags}`, tracestate: 'a=1' };
    const { sent } = forward(headers, { extract: ['w3c'] }, { operator: null });
    expect(sent['traceparent']).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-${flags}$`));
    expect(sent['tracestate']).toBe('a=1');
  });

  it.each<[string, Headers]>([
    ['b3', { b3: `${TRACE}-${SPAN}` }],
    [
      'datadog',
      { 'x-datadog-trace-id': '5', 'x-datadog-parent-id': '6', 'x-datadog-sampling-priority': '2' },
    ],
  ])("the caller's decision, or none, goes on in %s", (format, headers) => {
    const { sent } = forward(headers, { extract: [format] }, { operator: null });
    for (const [name, value] of Object.entries(headers)) {
      if (name.includes('sampling')) expect(sent[name]).toBe(value);
      else if (name === 'b3') expect(sent[name]).toMatch(new RegExp(`^${TRACE}-[0-9a-f]{16}$`));
    }
  });
});

describe('8 and 9: undecided', () => {
  it.each<[string, Headers]>([
    ['gcp', { 'x-cloud-trace-context': `${TRACE}/5` }],
    ['gcp', { 'x-cloud-trace-context': TRACE }],
    ['instana', { 'x-instana-t': TRACE, 'x-instana-s': SPAN }],
    ['aws', { 'x-amzn-trace-id': `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)};Parent=${SPAN};Sampled=?` }],
    ['aws', { 'x-amzn-trace-id': `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)};Parent=${SPAN}` }],
    ['datadog', { 'x-datadog-trace-id': '5', 'x-datadog-parent-id': '6' }],
    ['ot', { 'ot-tracer-traceid': LOW, 'ot-tracer-spanid': SPAN }],
    ['b3', { b3: `${TRACE}-${SPAN}` }],
  ])('is not unsampled: %s %j', (format, headers) => {
    const propagation = createPropagation({ extract: [format] });
    const extracted = propagation.extract(headers);
    expect(extracted?.traceId).toMatch(/8448eb211c80319c$|5$/);
    expect(extracted?.sampled).toBeUndefined();
    const both: PropagationOptions = { extract: [format], inject: ['w3c'] };
    expect(forward(headers, both, { sampling: { ratio: 1 } }).sent['traceparent']).toMatch(/-01$/);
    expect(forward(headers, both, { sampling: { ratio: 0 } }).sent['traceparent']).toMatch(/-00$/);
  });
});

describe("10: Datadog's numbers", () => {
  it.each(['-1', '0', '1', '2'])('go on as they came: %s', (priority) => {
    const headers = {
      'x-datadog-trace-id': BigInt(`0x${LOW}`).toString(),
      'x-datadog-parent-id': '5',
      'x-datadog-sampling-priority': priority,
      'x-datadog-tags': `_dd.p.tid=${TRACE.slice(0, 16)}`,
    };
    const { sent, spanId, traceId } = forward(headers, { extract: ['datadog'] });
    expect(traceId).toBe(TRACE);
    expect(sent).toEqual({ ...headers, 'x-datadog-parent-id': BigInt(`0x${spanId}`).toString() });
  });

  it('of 128 bits go on through W3C and back', () => {
    const { sent } = forward({ traceparent }, { inject: ['datadog'] });
    expect(sent['x-datadog-tags']).toBe(`_dd.p.tid=${TRACE.slice(0, 16)}`);
  });
});

describe('11: colons that were encoded', () => {
  it('are colons', () => {
    const headers = { 'uber-trace-id': `${TRACE}%3A${SPAN}%3A0%3A1` };
    const { sent, spanId } = forward(headers, { extract: ['jaeger'] });
    expect(sent['uber-trace-id']).toMatch(new RegExp(`^${TRACE}:${spanId}:0:0?1$`));
  });
});

describe('12: clear alone', () => {
  it('switches nothing else off', () => {
    const { sent, spanId } = forward({ traceparent, 'x-debug': '1' }, { clear: ['x-debug'] });
    expect(sent).toEqual({ traceparent: `00-${TRACE}-${spanId}-01` });
  });
});

describe('13: the size of an id', () => {
  it.each<[string, Headers, string]>([
    ['datadog', { 'x-datadog-trace-id': '1234567890', 'x-datadog-parent-id': '5' }, '00000000499602d2'],
    ['jaeger', { 'uber-trace-id': `111111111111:${SPAN}:0:1` }, '0000111111111111'],
    ['b3', { b3: `0000000000000001-${SPAN}-1` }, '0000000000000001'],
    ['b3', { b3: `${'0'.repeat(31)}1-${SPAN}-1` }, `${'0'.repeat(31)}1`],
    ['instana', { 'x-instana-t': '00000000000000ff', 'x-instana-s': SPAN }, '00000000000000ff'],
  ])('is told by its digits, not by its value: %s %j', (format, headers, written) => {
    const inject: PropagationOptions['inject'] = ['b3', 'jaeger', 'instana'];
    const { sent } = forward(headers, { extract: [format], inject });
    expect(sent['x-b3-traceid']).toBe(written);
    expect(sent['uber-trace-id']?.split(':')[0]).toBe(written);
    expect(sent['x-instana-t']).toBe(written);
  });
});
