/** Propagators of the OpenTelemetry API under names of their own: good ones are formats as any other, bad ones do no harm. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import type { Context, SpanContext, TextMapPropagator } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';
import type { ContextToInject, PropagationOptions } from '../../src/propagation/index.js';
import { instance } from '../config/support.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const context: ContextToInject = { traceId: TRACE, spanId: 'aaaabbbbccccdddd', sampled: true };

type Headers = Record<string, string>;

/** `x-own: {trace}.{span}.{0|1}`. */
const own: TextMapPropagator = {
  inject(from, carrier, setter) {
    const found = trace.getSpanContext(from);
    if (found === undefined) return;
    setter.set(carrier, 'X-Own', `${found.traceId}.${found.spanId}.${found.traceFlags & 1}`);
  },
  extract(from, carrier, getter) {
    const value = getter.get(carrier, 'X-Own');
    const [traceId = '', spanId = '', sampled = ''] = typeof value === 'string' ? value.split('.') : [];
    return trace.setSpanContext(from, { traceId, spanId, traceFlags: Number(sampled), isRemote: true });
  },
  fields: () => ['X-Own', 'x-own-extra'],
};

const options: PropagationOptions = { propagators: { own }, extract: ['own'], inject: ['own'] };

describe('a propagator of the host', () => {
  it('is read and written under its name', () => {
    const propagation = createPropagation(options);
    const headers: Headers = { 'x-own': `${TRACE}.${SPAN}.1`, 'x-own-extra': 'stale', accept: 'a' };
    const extracted = propagation.extract(headers);
    expect(extracted).toMatchObject({ format: 'own', traceId: TRACE, spanId: SPAN, sampled: true });
    propagation.inject(headers, context, extracted);
    expect(headers).toEqual({ 'x-own': `${TRACE}.aaaabbbbccccdddd.1`, accept: 'a' });
    expect(propagation.traceIds(TRACE, extracted)).toEqual({ own: TRACE });
  });

  it('reads every shape of headers', () => {
    const propagation = createPropagation(options);
    const value = `${TRACE}.${SPAN}.0`;
    for (const headers of [
      { 'X-OWN': value },
      { 'x-own': [value] },
      [['X-Own', value] as const],
      ['accept', 'a', 'X-Own', value],
      new Headers({ 'x-own': value }),
    ]) {
      expect(propagation.extract(headers)).toMatchObject({ traceId: TRACE, sampled: false });
    }
  });

  it('takes part in preserve, as the default format, and beside built-in ones', () => {
    const headers: Headers = { 'x-own': `${TRACE}.${SPAN}.1` };
    const preserving = createPropagation({ propagators: { own }, extract: ['w3c', 'own'] });
    const sent = { ...headers };
    preserving.inject(sent, context, preserving.extract(headers));
    expect(sent).toEqual({ 'x-own': `${TRACE}.aaaabbbbccccdddd.1` });

    const fresh: Headers = {};
    createPropagation({ propagators: { own }, defaultFormat: 'own' }).inject(fresh, context);
    expect(fresh).toHaveProperty('x-own');

    const both = createPropagation({ ...options, inject: ['own', 'w3c'] });
    const pairs: [string, string][] = [['X-OWN', 'stale']];
    both.inject(pairs, context, both.extract(headers));
    expect(Object.fromEntries(pairs)).toEqual({
      'x-own': `${TRACE}.aaaabbbbccccdddd.1`,
      traceparent: `00-${TRACE}-aaaabbbbccccdddd-01`,
    });
  });

  it('is told of tracestate, and may tell of one', () => {
    const propagation = createPropagation({
      propagators: { stock: new W3CTraceContextPropagator() },
      extract: ['stock'],
      inject: ['stock'],
    });
    const headers: Headers = { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'a=1,b=2' };
    const extracted = propagation.extract(headers);
    expect(extracted).toMatchObject({ format: 'stock', sampled: true, traceState: 'a=1,b=2' });
    propagation.inject(headers, context, extracted);
    expect(headers).toEqual({ traceparent: `00-${TRACE}-aaaabbbbccccdddd-01`, tracestate: 'a=1,b=2' });
  });

  it('is used by an exchange, also from the environment', () => {
    for (const how of [
      { propagation: options },
      { propagation: { propagators: { own } }, env: { OTEL_PROPAGATORS: 'own' } },
    ]) {
      const telemetry = instance({ operator: { endpoint: 'http://127.0.0.1:9' }, ...how });
      const headers = { 'x-own': `${TRACE}.${SPAN}.1` };
      const exchange = telemetry.begin({ method: 'GET', url: '/', headers });
      const sent: Headers = {};
      exchange.inject(sent);
      expect(sent).toEqual({ 'x-own': `${TRACE}.${exchange.spanId}.1` });
      expect(exchange.traceId).toBe(TRACE);
    }
  });
});

const returning = (answer: unknown): TextMapPropagator => ({ ...own, extract: () => answer as Context });
const finding = (found: unknown): TextMapPropagator =>
  returning(trace.setSpanContext(ROOT_CONTEXT, found as SpanContext));
const good: SpanContext = { traceId: TRACE, spanId: SPAN, traceFlags: TraceFlags.SAMPLED };

describe('a propagator that reads badly', () => {
  it.each<[string, TextMapPropagator]>([
    [
      'throws',
      {
        ...own,
        extract() {
          throw new Error('no');
        },
      },
    ],
    [
      'throws no error',
      {
        ...own,
        extract() {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- a host's propagator may throw anything
          throw undefined;
        },
      },
    ],
    ['gives nothing', returning(undefined)],
    ['gives null', returning(null)],
    ['gives a number', returning(5)],
    ['gives an object that is no context', returning({})],
    ['gives a promise', returning(Promise.resolve(ROOT_CONTEXT))],
    ['gives a context without a span', returning(ROOT_CONTEXT)],
    ['finds null', finding(null)],
    ['finds text', finding('text')],
    ['finds nothing', finding({})],
    ['finds zero ids', finding({ ...good, traceId: '0'.repeat(32) })],
    ['finds a short id', finding({ ...good, traceId: TRACE.slice(16) })],
    ['finds a long id', finding({ ...good, spanId: `${SPAN}0` })],
    ['finds an id that is no text', finding({ ...good, traceId: 5 })],
    ['finds an id that is not hexadecimal', finding({ ...good, traceId: 'x'.repeat(32) })],
    ['finds an id with a line break', finding({ ...good, traceId: `${TRACE.slice(2)}\r\n` })],
  ])('and %s has found nothing', (_what, propagator) => {
    const propagation = createPropagation({ propagators: { own: propagator }, extract: ['own', 'b3'] });
    expect(propagation.extract({ 'x-own': '1' })).toBeUndefined();
    const b3 = `${TRACE}-${SPAN}-1`;
    expect(propagation.extract({ b3 })).toMatchObject({ format: 'b3-single', traceId: TRACE });
    expect(propagation.traceIds(TRACE)).toEqual({ w3c: TRACE });
  });

  it.each<[string, unknown]>([
    ['no serialize()', {}],
    ['a serialize() that gives null', { serialize: () => null }],
    ['a serialize() that throws', { serialize: () => JSON.parse('{') }],
    ['text', 'a=1'],
    ['a header that was split', { serialize: () => 'a=1\r\nx: y' }],
    ['too many members', { serialize: () => 'a=1,'.repeat(40) }],
  ])('and finds a tracestate with %s does no harm', (_what, traceState) => {
    const propagators = { own: finding({ ...good, traceState }) };
    const propagation = createPropagation({ propagators, extract: ['own'], inject: ['w3c'] });
    const headers: Headers = {};
    propagation.inject(headers, context, propagation.extract({ 'x-own': '1' }));
    expect(headers).toEqual({ traceparent: `00-${TRACE}-aaaabbbbccccdddd-01` });
  });

  it.each([undefined, null, 'x', NaN, Infinity, -1, 2 ** 40, {}])(
    'and finds flags of %s does no harm',
    (flags) => {
      const propagators = { own: finding({ ...good, traceFlags: flags }) };
      const propagation = createPropagation({ propagators, extract: ['own'], inject: ['w3c'] });
      const headers: Headers = {};
      const extracted = propagation.extract({ 'x-own': '1' });
      propagation.inject(
        headers,
        { ...context, sampled: extracted?.sampled, random: extracted?.random },
        extracted,
      );
      expect(headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
    },
  );

  it('stops no exchange', () => {
    const telemetry = instance({
      operator: { endpoint: 'http://127.0.0.1:9' },
      propagation: { propagators: { own: returning(5) }, extract: ['own'] },
    });
    const exchange = telemetry.begin({ method: 'GET', url: '/', headers: { 'x-own': '1' } });
    expect(exchange.traceId).toMatch(/^[0-9a-f]{32}$/);
  });
});

const writing = (name: unknown, value: unknown): TextMapPropagator => ({
  ...own,
  inject: (_context, carrier, setter) => setter.set(carrier, name as string, value as string),
});

describe('a propagator that writes badly', () => {
  it.each<[string, TextMapPropagator]>([
    [
      'throws',
      {
        ...own,
        inject() {
          throw new Error('no');
        },
      },
    ],
    ['writes a name with a space', writing('x own', '1')],
    ['writes no name', writing('', '1')],
    ['writes a name with a line break', writing('x-own\r\n', '1')],
    ['writes a name that is no text', writing(5, '1')],
    ['writes __proto__', writing('__proto__', '1')],
    ['writes a value with a line break', writing('x-own', '1\r\nx: y')],
    ['writes a value with a zero', writing('x-own', '\u0000')],
    ['writes a value beyond Latin-1', writing('x-own', '\u20ac')],
    ['writes half a character', writing('x-own', '\ud800')],
    ['writes a value of 64 KiB', writing('x-own', 'v'.repeat(65_536))],
    ['writes a value that is no text', writing('x-own', 5)],
    ['writes nothing', writing('x-own', undefined)],
    ['writes an object', writing('x-own', { toString: () => 'x' })],
  ])('and %s writes nothing, and disturbs no other', (_what, propagator) => {
    const propagation = createPropagation({ propagators: { own: propagator }, inject: ['own', 'w3c'] });
    const headers: Headers = { 'x-own': 'stale' };
    propagation.inject(headers, context);
    expect(headers).toEqual({ traceparent: `00-${TRACE}-aaaabbbbccccdddd-01` });
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
    for (const [name, value] of Object.entries(headers)) {
      expect(() => validateHeaderName(name)).not.toThrow();
      expect(() => validateHeaderValue(name, value)).not.toThrow();
    }
  });

  it('cannot reach the headers beside its setter', () => {
    const propagator: TextMapPropagator = {
      ...own,
      inject(_context, carrier) {
        (carrier as Headers)['x-own'] = 'direct';
      },
    };
    const headers: Headers = {};
    createPropagation({ propagators: { own: propagator }, inject: ['own'] }).inject(headers, context);
    expect(headers).toEqual({});
  });

  it('keeps what it wrote before it threw', () => {
    const propagator: TextMapPropagator = {
      ...own,
      inject(_context, carrier, setter) {
        setter.set(carrier, 'x-own', 'half');
        throw new Error('no');
      },
    };
    const headers: Headers = {};
    createPropagation({ propagators: { own: propagator }, inject: ['own'] }).inject(headers, context);
    expect(headers).toEqual({ 'x-own': 'half' });
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['gives nothing', () => undefined],
    ['gives names that are none', () => [5, '', 'x y', null, '__proto__']],
  ])('and of which fields() %s is a propagator all the same', (_what, fields) => {
    const propagators = { own: { ...own, fields: fields as () => string[] } };
    const propagation = createPropagation({ propagators, extract: ['own'], inject: ['own'] });
    const headers: Headers = { 'x y': 'kept' };
    propagation.inject(headers, context);
    expect(headers).toEqual({ 'x y': 'kept', 'x-own': `${TRACE}.aaaabbbbccccdddd.1` });
  });
});
