/** `OTEL_PROPAGATORS` replaces `extract` and `inject`, never `clear`. What is wrong with it is reported and never thrown. */
import { describe, expect, it } from 'vitest';
import type { PropagationOptions } from '../../src/propagation/index.js';
import { instance, reportingInstance } from '../config/support.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const LOW = TRACE.slice(16);
const SPAN = 'b7ad6b7169203331';
const operator = { endpoint: 'http://127.0.0.1:9' };

type Headers = Record<string, string>;

/** One trace in every format. */
const incoming: Headers = {
  traceparent: `00-${TRACE}-${SPAN}-01`,
  b3: `${TRACE}-${SPAN}-1`,
  'uber-trace-id': `${TRACE}:${SPAN}:0:1`,
  'x-datadog-trace-id': BigInt(`0x${LOW}`).toString(),
  'x-datadog-parent-id': BigInt(`0x${SPAN}`).toString(),
  'ot-tracer-traceid': LOW,
  'ot-tracer-spanid': SPAN,
  'x-amzn-trace-id': `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)};Parent=${SPAN};Sampled=1`,
  'x-cloud-trace-context': `${TRACE}/1;o=1`,
  'x-instana-t': TRACE,
  'x-instana-s': SPAN,
};

/** Names of headers that go out for a request without any. */
function written(propagators: string | undefined, propagation: PropagationOptions = {}): string[] {
  const env = propagators === undefined ? {} : { OTEL_PROPAGATORS: propagators };
  const telemetry = instance({ operator, propagation, env });
  const headers: Headers = {};
  telemetry.begin({ method: 'GET', url: '/', headers: {} }).inject(headers);
  return Object.keys(headers);
}

/** Whether the trace of these headers is continued. */
function isRead(propagators: string, headers: Headers, propagation: PropagationOptions = {}): boolean {
  const telemetry = instance({ operator, propagation, env: { OTEL_PROPAGATORS: propagators } });
  return telemetry.begin({ method: 'GET', url: '/', headers }).traceId.endsWith(LOW);
}

describe('a name', () => {
  const b3 = ['x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled'];
  const datadog = ['trace-id', 'parent-id', 'sampling-priority', 'tags'].map((name) => `x-datadog-${name}`);
  const ot = ['ot-tracer-traceid', 'ot-tracer-spanid', 'ot-tracer-sampled'];
  const instana = ['x-instana-t', 'x-instana-s', 'x-instana-l'];

  it.each<[string, string, readonly string[]]>([
    ['tracecontext', 'traceparent', ['traceparent']],
    ['w3c', 'traceparent', ['traceparent']],
    ['b3', 'b3', ['b3']],
    ['b3-single', 'b3', ['b3']],
    ['b3multi', 'b3', b3],
    ['jaeger', 'uber-trace-id', ['uber-trace-id']],
    ['datadog', 'x-datadog', datadog],
    ['ottrace', 'ot-tracer', ot],
    ['ot', 'ot-tracer', ot],
    ['xray', 'x-amzn', ['x-amzn-trace-id']],
    ['aws', 'x-amzn', ['x-amzn-trace-id']],
    ['gcp', 'x-cloud', ['x-cloud-trace-context']],
    ['instana', 'x-instana', instana],
  ])('%s reads and writes its format only', (name, prefix, names) => {
    expect(written(name)).toEqual(names);
    const own = Object.fromEntries(Object.entries(incoming).filter(([key]) => key.startsWith(prefix)));
    const others = Object.fromEntries(Object.entries(incoming).filter(([key]) => !key.startsWith(prefix)));
    expect(isRead(name, own)).toBe(true);
    expect(isRead(name, others)).toBe(false);
  });

  it('b3multi reads the several headers too', () => {
    expect(isRead('b3multi', { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN })).toBe(true);
    expect(isRead('b3', { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN })).toBe(true);
  });

  it.each(['baggage', 'none'])('%s alone reads and writes no trace', (name) => {
    expect(written(name)).toEqual([]);
    expect(isRead(name, incoming)).toBe(false);
  });
});

describe('several names', () => {
  it('are read in their order, and all of them are written', () => {
    expect(written('tracecontext,b3')).toEqual(['traceparent', 'b3']);
    expect(written(' tracecontext , baggage ,b3, tracecontext ')).toEqual(['traceparent', 'b3']);
    const other = { ...incoming, b3: `${'e'.repeat(32)}-${SPAN}-1` };
    expect(isRead('tracecontext,b3', other)).toBe(true);
    expect(isRead('b3,tracecontext', other)).toBe(false);
  });

  it('replace what code says of extract and inject, and leave clear', () => {
    const propagation: PropagationOptions = { extract: ['gcp'], inject: ['gcp'], clear: ['x-debug'] };
    expect(written('b3', propagation)).toEqual(['b3']);
    expect(isRead('b3', { b3: `${TRACE}-${SPAN}` }, propagation)).toBe(true);
    expect(written(undefined, propagation)).toEqual(['x-cloud-trace-context']);
    for (const name of ['b3', 'none', 'baggage']) {
      const telemetry = instance({ operator, propagation, env: { OTEL_PROPAGATORS: name } });
      const headers: Headers = { 'x-debug': '1', accept: 'a' };
      telemetry.begin({ method: 'GET', url: '/', headers: {} }).inject(headers);
      expect(headers, name).toMatchObject({ accept: 'a' });
      expect(headers, name).not.toHaveProperty('x-debug');
    }
  });

  it.each(['tracecontext,baggage', 'baggage'])('with baggage pass baggage: %s', (propagators) => {
    const telemetry = instance({ operator, env: { OTEL_PROPAGATORS: propagators } });
    const headers: Headers = {};
    telemetry.begin({ method: 'GET', url: '/', headers: { baggage: 'a=1' } }).inject(headers);
    expect(headers['baggage']).toBe('a=1');
  });
});

describe('an empty or faulty variable', () => {
  it.each(['', ' ', ','])('%j counts as unset, without a report', async (value) => {
    const env = { OTEL_PROPAGATORS: value };
    const { telemetry, reports } = reportingInstance({ operator, env, propagation: { inject: ['gcp'] } });
    const headers: Headers = {};
    telemetry.begin({ method: 'GET', url: '/', headers: {} }).inject(headers);
    expect(Object.keys(headers)).toEqual(['x-cloud-trace-context']);
    await Promise.resolve();
    expect(reports).toEqual([]);
  });

  it.each<[string, readonly string[]]>([
    ['zipkin', ['x-cloud-trace-context']],
    ['zipkin,b3', ['b3']],
    ['preserve', ['x-cloud-trace-context']],
    ['__proto__', ['x-cloud-trace-context']],
    ['none,b3', ['b3']],
  ])('%j is reported, and what is understood of it counts', async (value, names) => {
    const env = { OTEL_PROPAGATORS: value };
    const { telemetry, reports } = reportingInstance({ operator, env, propagation: { inject: ['gcp'] } });
    const headers: Headers = {};
    telemetry.begin({ method: 'GET', url: '/', headers: {} }).inject(headers);
    expect(Object.keys(headers)).toEqual(names);
    await Promise.resolve();
    const faults = reports.filter(({ code }) => code !== 'overridden_by_environment');
    expect(faults.length).toBeGreaterThan(0);
    for (const { code, message } of faults) {
      expect(code).toBe('environment_invalid');
      expect(message).toContain('OTEL_PROPAGATORS');
      expect(message).not.toContain('zipkin');
    }
    if (value.includes('zipkin')) expect(faults[0]?.message).toContain('known are tracecontext, baggage, b3');
  });
});
