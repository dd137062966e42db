/** W3C baggage and its policy, which has nothing to do with the ids; Jaeger's and OT's own baggage under the same policy. */
import { describe, expect, it } from 'vitest';
import { createPropagation, parseBaggage } from '../../src/propagation/index.js';
import type { ContextToInject, PropagationOptions } from '../../src/propagation/index.js';
import { instance } from '../config/support.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const context: ContextToInject = { traceId: TRACE, spanId: 'aaaabbbbccccdddd', sampled: true };

type Headers = Record<string, string>;

const carried = (baggage: string): string | undefined => createPropagation().extract({ baggage })?.baggage;
const numbered = (count: number, value = ''): string =>
  Array.from({ length: count }, (_, index) => `k${index}=${value}`).join(',');

function pass(options: PropagationOptions, headers: Headers, toInject = context): Headers {
  const propagation = createPropagation(options);
  const sent = { ...headers };
  propagation.inject(sent, toInject, propagation.extract(headers));
  return sent;
}

describe('good baggage goes on', () => {
  it.each([
    'a=1',
    'a=1,b=2',
    'a=',
    'a=1,a=2',
    'a=b=c==',
    "!#$%&'*+-.^_`|~Az09=1",
    "a=!#$%&'()*+-./:<=>?@[]^_`{|}~",
    'a=%09%20%2C%3B%5C%22%25',
    'a=%C3%A4',
    'a=%FF%ZZ%',
    'a=1;p',
    'a=1;p=2;q;r=3=4',
    'a=1;p=%20',
    `a=${'v'.repeat(8190)}`,
    numbered(64),
  ])('as it came: %.60s', (baggage) => {
    expect(carried(baggage)).toBe(baggage);
  });

  it.each([
    [' a=1 ', 'a=1'],
    ['a=1 , b=2', 'a=1,b=2'],
    ['a = 1', 'a=1'],
    ['a=1 ; p = 2 ;q', 'a=1;p=2;q'],
    ['\ta=1\t,\tb=2\t', 'a=1,b=2'],
  ])('without white space around its separators: %j', (baggage, expected) => {
    expect(carried(baggage)).toBe(expected);
  });

  it('of several headers as one', () => {
    const headers = [
      ['baggage', 'a=1'],
      ['Baggage', 'b=2,c=3'],
    ] as const;
    expect(createPropagation().extract(headers)?.baggage).toBe('a=1,b=2,c=3');
  });

  it('without any trace, and the other way round', () => {
    expect(createPropagation().extract({ baggage: 'a=1' })).toMatchObject({
      format: undefined,
      traceId: undefined,
      sampled: undefined,
      baggage: 'a=1',
    });
    expect(createPropagation({ extract: [] }).extract({ baggage: 'a=1' })?.baggage).toBe('a=1');
    expect(pass({ extract: [], inject: [] }, { baggage: 'a=1' })).toEqual({ baggage: 'a=1' });
    const traceparent = `00-${TRACE}-${SPAN}-01`;
    expect(createPropagation().extract({ traceparent, baggage: '=' })).toMatchObject({
      traceId: TRACE,
      baggage: undefined,
    });
  });

  it('with another trace as well', () => {
    const headers = { traceparent: `00-${TRACE}-${SPAN}-01`, baggage: 'a=1' };
    expect(pass({}, headers, { ...context, traceId: 'e'.repeat(32) })['baggage']).toBe('a=1');
  });
});

describe('malformed baggage does not go on at all', () => {
  it.each([
    '=',
    'a',
    '=1',
    'a=1,b',
    'a=1,=2',
    'a b=1',
    'a=b c',
    'a="b"',
    'a=\\',
    'a=1;',
    'a=1;;p',
    'a=1;=p',
    'a=1;p q',
    'a=\u00e4',
    'a=\u007f',
    'a=\u0000',
    'a=1\r\nx: y',
    '\u00e4=1',
    'a\u2028=1',
    '{}=1',
  ])('%j', (baggage) => {
    expect(carried(baggage)).toBeUndefined();
    expect(carried(`good=1,${baggage}`)).toBeUndefined();
    expect(pass({}, { baggage })).not.toHaveProperty('baggage');
    expect(parseBaggage(baggage)).toEqual([]);
  });
});

describe('limits', () => {
  it('are 64 members, from the left', () => {
    expect(carried(numbered(65))).toBe(numbered(64));
    expect(carried(numbered(1_000))).toBe(numbered(64));
  });

  it('are 8,192 bytes, whole members only', () => {
    const full = `a=${'v'.repeat(8_190)}`;
    expect(full).toHaveLength(8_192);
    expect(carried(`${full},b=2`)).toBe(full);
    expect(carried(`${full}v`)).toBeUndefined();
    expect(carried(`b=2,${full}`)).toBe('b=2');
    expect(carried(numbered(64, 'v'.repeat(200)))?.length).toBeLessThanOrEqual(8_192);
  });

  it('count over all headers', () => {
    const half = `x=${'v'.repeat(5_000)}`;
    const headers = [
      ['baggage', half],
      ['baggage', half],
    ] as const;
    expect(createPropagation().extract(headers)?.baggage).toBe(half);
  });

  it('count what is allowed only', () => {
    const baggage: PropagationOptions['baggage'] = { allow: ['z'] };
    expect(createPropagation({ baggage }).extract({ baggage: `${numbered(64)},z=1` })?.baggage).toBe('z=1');
  });
});

describe('parseBaggage', () => {
  it('decodes values and leaves properties as they are', () => {
    expect(parseBaggage('a=%20b%C3%A4,c=1;p=%20;q')).toEqual([
      { key: 'a', value: ' b\u00e4', properties: [] },
      { key: 'c', value: '1', properties: ['p=%20', 'q'] },
    ]);
  });

  it.each([
    ['a=%FF', '\ufffd'],
    ['a=%C3', '\ufffd'],
    ['a=x%ED%A0%80y', 'x\ufffd\ufffd\ufffdy'],
    ['a=%ZZ', '%ZZ'],
    ['a=%', '%'],
    ['a=%4', '%4'],
    ['a=%2541', '%41'],
    ['a=%00', '\u0000'],
  ])('makes %j %j', (baggage, value) => {
    expect(parseBaggage(baggage)).toEqual([{ key: 'a', value, properties: [] }]);
  });

  it('keeps keys that are special in objects, repeated ones, and order', () => {
    expect(
      parseBaggage('__proto__=1,constructor=2,__proto__=3').map(({ key, value }) => [key, value]),
    ).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
      ['__proto__', '3'],
    ]);
  });

  it.each([undefined, '', ' ', ','])('gives nothing for %j', (baggage) => {
    expect(parseBaggage(baggage)).toEqual([]);
  });

  it.each([null, 5, {}, ['a=1'], Symbol('a')])('does not throw on what is no text: %s', (baggage) => {
    expect(() => parseBaggage(baggage as never)).not.toThrow();
  });
});

const trace = { 'uber-trace-id': `${TRACE}:${SPAN}:0:1` };
const everything: Headers = {
  ...trace,
  baggage: 'a=1,b=2',
  'uberctx-a': '1',
  'uberctx-b': '2',
  'ot-baggage-a': '1',
  'jaeger-baggage': 'a=1,b=2',
};
const baggageOf = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => /baggage|uberctx/.test(name)));

describe('the policy', () => {
  it.each<[string, PropagationOptions]>([
    ['w3c', {}],
    ['jaeger', { extract: ['jaeger'], inject: ['jaeger'] }],
    ['ot', { extract: ['jaeger'], inject: ['ot'] }],
    ['nothing', { extract: [], inject: [] }],
  ])('strip removes baggage of every kind, with %s', (_format, options) => {
    expect(baggageOf(pass({ ...options, baggage: 'strip' }, everything))).toEqual({});
  });

  it('strip gives none to the host either', () => {
    const found = createPropagation({ extract: ['jaeger'], baggage: 'strip' }).extract(everything);
    expect(found).toMatchObject({ traceId: TRACE, baggage: undefined, formatBaggage: undefined });
    expect(createPropagation({ baggage: 'strip' }).extract({ baggage: 'a=1' })).toBeUndefined();
  });

  it('strip removes every spelling', () => {
    const headers = {
      Baggage: 'a=1',
      BAGGAGE: 'b=2',
      'UberCtx-A': '1',
      'OT-Baggage-B': '2',
      'Jaeger-Baggage': 'c=3',
    };
    expect(pass({ inject: [], baggage: 'strip' }, headers)).toEqual({});
    const list = new Headers(headers);
    createPropagation({ inject: [], baggage: 'strip' }).inject(list, context);
    expect([...list]).toEqual([]);
  });

  it('allow passes members with these keys only', () => {
    const allow: PropagationOptions = { baggage: { allow: ['b', 'B'] } };
    const found = createPropagation(allow).extract({ baggage: 'a=1,b=2;p,B=3,b=4' });
    expect(found?.baggage).toBe('b=2;p,B=3,b=4');
    expect(pass(allow, { baggage: 'a=1,b=2;p' })['baggage']).toBe('b=2;p');
    expect(pass(allow, { baggage: 'a=1' })).not.toHaveProperty('baggage');
    expect(pass({ baggage: { allow: [] } }, { baggage: 'a=1' })).not.toHaveProperty('baggage');
  });

  it('allow has no special keys', () => {
    const allow: PropagationOptions = { baggage: { allow: ['a'] } };
    expect(pass(allow, { baggage: '__proto__=1,constructor=2,toString=3,a=4' })['baggage']).toBe('a=4');
  });

  it.each<[string, PropagationOptions, Headers]>([
    ['jaeger', { extract: ['jaeger'], inject: ['jaeger'] }, { 'uberctx-b': '2' }],
    ['ot', { extract: ['jaeger'], inject: ['ot'] }, { 'ot-baggage-b': '2' }],
    ['w3c', { extract: ['w3c'], inject: ['w3c'] }, {}],
  ])("allow also rules Jaeger's and OT's headers, with %s", (_format, options, expected) => {
    const sent = baggageOf(pass({ ...options, baggage: { allow: ['b'] } }, everything));
    expect(sent).toEqual({ baggage: 'b=2', ...expected });
  });

  it.each<[string, PropagationOptions]>([
    ['w3c', {}],
    ['jaeger', { extract: ['jaeger'], inject: ['jaeger'] }],
    ['ot', { extract: ['ot'], inject: ['ot'] }],
    ['nothing', { extract: [], inject: [] }],
  ])('ignore leaves all of it as it is, and reads none, with %s', (_format, options) => {
    const propagation = createPropagation({ ...options, baggage: 'ignore' });
    const malformed = { ...everything, baggage: '===' };
    const extracted = propagation.extract(malformed);
    expect(extracted?.baggage).toBeUndefined();
    expect(extracted?.formatBaggage).toBeUndefined();
    const sent = { ...malformed };
    propagation.inject(sent, context, extracted);
    expect(baggageOf(sent)).toEqual(baggageOf(malformed));
  });

  it('pass does not give back what the format does not own', () => {
    expect(baggageOf(pass({}, { 'uberctx-a': '1', 'ot-baggage-b': '2' }))).toEqual({
      'uberctx-a': '1',
      'ot-baggage-b': '2',
    });
  });

  it.each<[GatewayBaggage, Headers]>([
    ['pass', { baggage: 'a=1,b=2' }],
    ['strip', {}],
    [{ allow: ['a'] }, { baggage: 'a=1' }],
    ['ignore', { baggage: 'a=1,b=2' }],
  ])('%j holds in an exchange', (baggage, expected) => {
    const telemetry = instance({ operator: { endpoint: 'http://127.0.0.1:9' }, propagation: { baggage } });
    const headers = { baggage: 'a=1,b=2' };
    const exchange = telemetry.begin({ method: 'GET', url: '/', headers });
    const sent: Headers = { ...headers };
    exchange.inject(sent);
    expect(baggageOf(sent)).toEqual(expected);
  });
});

type GatewayBaggage = NonNullable<PropagationOptions['baggage']>;

describe("Jaeger's and OT's baggage", () => {
  const read = (headers: Headers) =>
    createPropagation({ extract: ['jaeger'] }).extract({ ...trace, ...headers });
  const options: PropagationOptions = { extract: ['jaeger'], inject: ['jaeger'] };
  const sizeOf = (headers: Headers): number =>
    Object.entries(headers)
      .filter(([name]) => name.startsWith('uberctx-'))
      .reduce((sum, [name, value]) => sum + name.length - 'uberctx-'.length + value.length, 0);

  it.each(['%ZZ', '%', '%FF', '%E2%82', '%ED%A0%80'])('does not throw on %s', (value) => {
    const sent = pass(options, { ...trace, 'uberctx-a': value });
    expect(sent['uberctx-a']).toMatch(/^[!-~]+$/);
  });

  it('has at most 64 members and 8,192 bytes', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`uberctx-k${index}`, 'v']));
    expect(read(many)?.formatBaggage).toHaveLength(64);
    const long = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`uberctx-k${index}`, 'v'.repeat(2_000)]),
    );
    expect(read(long)?.formatBaggage).toHaveLength(4);
    expect(sizeOf(pass(options, { ...trace, ...long }))).toBeLessThanOrEqual(8_192);
  });

  it.each([
    ['quotes, which are encoded on the way out', '"'],
    ['bytes that are not UTF-8, which become U+FFFD', '%FF'],
  ])('has no more than 8,192 bytes on the way out, with %s', (_what, part) => {
    const headers = { ...trace, 'uberctx-a': part.repeat(8_000 / part.length) };
    expect(sizeOf(pass(options, headers))).toBeLessThanOrEqual(8_192);
    const toOt = pass({ extract: ['jaeger'], inject: ['ot'] }, headers);
    expect((toOt['ot-baggage-a'] ?? '').length).toBeLessThanOrEqual(8_192);
  });

  it.each<[readonly ('w3c' | 'jaeger' | 'ot')[]]>([[['w3c']], [['jaeger']], [['ot']], [['w3c', 'ot']]])(
    'goes out once, however often it is injected into the same headers: %j',
    (inject) => {
      const propagation = createPropagation({ extract: ['jaeger'], inject });
      const headers: Headers = { ...trace, baggage: 'k=v', 'uberctx-user': 'alice' };
      const extracted = propagation.extract(headers);
      propagation.inject(headers, context, extracted);
      const first = { ...headers };
      propagation.inject(headers, context, extracted);
      propagation.inject(headers, context, extracted);
      expect(headers).toEqual(first);
    },
  );

  it('has keys that are header names only', () => {
    const headers = { 'uberctx-\u00e4': '1', 'uberctx-a b': '2', 'uberctx-': '3', 'uberctx-c': '4' };
    expect(read(headers)?.formatBaggage).toEqual([['c', '4']]);
  });

  it('has no keys that are special in objects', () => {
    const headers = { 'uberctx-__proto__': '1', 'uberctx-constructor': '2' };
    const sent = pass(options, { ...trace, ...headers });
    expect(sent).toMatchObject(headers);
    expect(Object.getPrototypeOf(sent)).toBe(Object.prototype);
  });
});
