/** W3C `tracestate`, level 2, strict: a list with one bad member is dropped whole, and the trace goes on without it. */
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const propagation = createPropagation();

const carried = (tracestate: string): string | undefined =>
  propagation.extract({ traceparent, tracestate })?.traceState;

const members = (count: number): string =>
  Array.from({ length: count }, (_, index) => `k${index}=${index}`).join(',');

describe('a good tracestate goes on', () => {
  it.each([
    'a=1',
    '1=a',
    'a=1,b=2',
    `${'a'.repeat(256)}=1`,
    `a=${'v'.repeat(256)}`,
    `${'a'.repeat(256)}=${'v'.repeat(256)}`,
    'tenant@system=1',
    'a@=1',
    'a@b@c=1',
    'a*b/c_d-e@f=1',
    'a= leading space',
    'a=in side',
    'a=1;b',
    'a=!"#$%&\'()*+-./:;<>?@[\\]^_`{|}~',
    'ot=th:8;rv:0123456789abcd',
    'ot=unknown:1',
    'vendor=1,vendor=2',
    members(32),
  ])('as it came: %s', (text) => {
    expect(carried(text)).toBe(text);
  });

  it.each([
    ['a=1, b=2', 'a=1,b=2'],
    ['a=1 ,b=2', 'a=1,b=2'],
    [' a=1 ', 'a=1'],
    ['\ta=1\t,\tb=2\t', 'a=1,b=2'],
    ['a=1,,b=2', 'a=1,b=2'],
    [',a=1', 'a=1'],
    ['a=1,', 'a=1'],
    [' , ,a=1, ', 'a=1'],
    [`,${members(32)},`, members(32)],
    ['a=1  ', 'a=1'],
  ])('without white space around members and without empty ones: %j', (text, expected) => {
    expect(carried(text)).toBe(expected);
  });

  it('in the order of its fields, joined', () => {
    const headers = [
      ['traceparent', traceparent],
      ['tracestate', 'a=1,b=2'],
      ['TraceState', ''],
      ['tracestate', 'c=3'],
    ] as const;
    const joined = 'a=1,b=2,c=3';
    expect(propagation.extract(headers)?.traceState).toBe(joined);
    expect(propagation.extract(headers.flat())?.traceState).toBe(joined);
    expect(propagation.extract({ traceparent, tracestate: ['a=1,b=2', 'c=3'] })?.traceState).toBe(joined);
    expect(propagation.extract(new Headers(headers.map(([name, value]) => [name, value])))?.traceState).toBe(
      joined,
    );
  });

  it('when it has 512 characters', () => {
    const text = Array.from(
      { length: 32 },
      (_, index) => `k${String(index).padStart(2, '0')}=${'v'.repeat(11)}`,
    ).join(',');
    expect(text.length).toBe(511);
    expect(carried(text)).toBe(text);
    expect(carried(`${text}v`)).toBe(`${text}v`);
  });
});

describe('a tracestate with one bad member is dropped whole, and the trace is continued:', () => {
  it.each([
    'a',
    'a=',
    '=1',
    '=',
    'A=1',
    'aB=1',
    'a.b=1',
    'a b=1',
    'a =1',
    '@a=1',
    '_a=1',
    '-a=1',
    '*a=1',
    '/a=1',
    'a=1=2',
    'a==1',
    `${'a'.repeat(257)}=1`,
    `a=${'v'.repeat(257)}`,
    'a=\u00e4',
    'a=\u007f',
    'a=1\u00002',
    'a=1\t2',
    'ä=1',
    'a=1\n',
    members(33),
  ])('%j', (text) => {
    const extracted = propagation.extract({ traceparent, tracestate: text });
    expect(extracted).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', sampled: true });
    expect(extracted?.traceState).toBeUndefined();
    expect(carried(`good=1,${text}`)).toBeUndefined();
    expect(carried(`${text},good=1`)).toBeUndefined();
  });

  it('with 32 members and a 33rd in a second field', () => {
    const headers = [
      ['traceparent', traceparent],
      ['tracestate', members(32)],
      ['tracestate', 'more=1'],
    ] as const;
    expect(propagation.extract(headers)?.traceState).toBeUndefined();
  });

  it('and removed from the headers that go out', () => {
    const headers = { traceparent, tracestate: 'A=1' };
    const extracted = propagation.extract(headers);
    const context = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'aaaabbbbccccdddd',
      sampled: true,
    };
    propagation.inject(headers, context, extracted);
    expect(headers).toEqual({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-aaaabbbbccccdddd-01' });
  });
});

describe('a tracestate that is too long', () => {
  it('keeps at least 512 characters of whole members, from the left', () => {
    const text = Array.from(
      { length: 32 },
      (_, index) => `k${String(index).padStart(2, '0')}=${'v'.repeat(60)}`,
    ).join(',');
    const result = carried(text) ?? '';
    expect(result.length).toBeGreaterThanOrEqual(512);
    expect(text.startsWith(`${result},`)).toBe(true);
  });

  it('never has more than 1,024 characters, nor with a member of our own', () => {
    const both = createPropagation({ inject: ['w3c', 'datadog'] });
    for (const [count, length] of [
      [32, 28],
      [32, 29],
      [32, 60],
      [16, 100],
      [5, 250],
      [32, 240],
    ] as const) {
      const text = Array.from({ length: count }, (_, index) => `k${index}=${'v'.repeat(length)}`).join(',');
      const result = carried(text) ?? '';
      expect(result.length).toBeLessThanOrEqual(1_024);
      if (text.length <= 1_024) expect(result).toBe(text);

      const headers: Record<string, string> = { traceparent, tracestate: text };
      const context = {
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'aaaabbbbccccdddd',
        sampled: true,
      };
      both.inject(headers, context, both.extract(headers));
      expect(headers['tracestate']).toMatch(/^dd=s:1;p:aaaabbbbccccdddd,k0=v+/);
      expect(String(headers['tracestate']).length).toBeLessThanOrEqual(1_024);
    }
  });

  it('loses members of more than 128 characters first', () => {
    const long = ['x', 'y', 'z'].map((key) => `${key}=${'v'.repeat(256)}`);
    const short = Array.from({ length: 10 }, (_, index) => `k${index}=${'v'.repeat(50)}`);
    const result =
      carried([long[0], ...short.slice(0, 5), long[1], ...short.slice(5), long[2]].join(',')) ?? '';
    for (const member of short) expect(result.split(',')).toContain(member);
  });

  it('loses no more long members than it has to', () => {
    const long = ['x', 'y', 'z'].map((key) => `${key}=${'v'.repeat(256)}`);
    const filler = Array.from({ length: 8 }, (_, index) => `k${index}=${'v'.repeat(40)}`);
    const result = carried([...long, ...filler].join(',')) ?? '';
    expect(result.length).toBeGreaterThanOrEqual(512);
  });

  it('is not read at all when it is absurd', () => {
    expect(carried(`a=1,${' '.repeat(20_000)}`)).toBeUndefined();
  });
});

describe('tracestate goes on only with its own trace', () => {
  const extracted = propagation.extract({ traceparent, tracestate: 'a=1' });
  const context = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'aaaabbbbccccdddd',
    sampled: true,
    random: false,
  };

  it('when the trace id is the one that came', () => {
    const headers: Record<string, string> = {};
    propagation.inject(headers, context, extracted);
    expect(headers['tracestate']).toBe('a=1');
  });

  it.each([
    ['another trace begins', { ...context, traceId: 'a'.repeat(32) }, extracted],
    ['nothing was extracted', context, undefined],
    ['nothing is to be written', undefined, extracted],
  ])('and is removed when %s', (_what, toInject, from) => {
    const headers: Record<string, string> = { traceparent, tracestate: 'a=1', TraceState: 'b=1' };
    propagation.inject(headers, toInject, from);
    expect(Object.keys(headers).filter((name) => name.toLowerCase() === 'tracestate')).toEqual([]);
  });
});
