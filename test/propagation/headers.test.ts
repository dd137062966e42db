/** The shapes in which hosts have headers, for reading and for writing. */
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';
import { instance } from '../config/support.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;
const context = { traceId: TRACE, spanId: 'aaaabbbbccccdddd', sampled: true, random: false };
const written = `00-${TRACE}-aaaabbbbccccdddd-01`;
const propagation = createPropagation();

const nullObject = (entries: Record<string, string>): Record<string, string> =>
  Object.assign(Object.create(null) as Record<string, string>, entries);

describe('reading', () => {
  const shapes: readonly (readonly [string, object])[] = [
    ["Node's object", { host: 'a', traceparent, tracestate: 'a=1' }],
    ['an object without prototype', nullObject({ traceparent, tracestate: 'a=1' })],
    ['an object of arrays', { traceparent: [traceparent], tracestate: ['a=1'] }],
    [
      'pairs',
      [
        ['Host', 'a'],
        ['TraceParent', traceparent],
        ['TRACESTATE', 'a=1'],
      ],
    ],
    ['a flat list', ['Host', 'a', 'TraceParent', traceparent, 'TRACESTATE', 'a=1']],
    ['Headers', new Headers({ TraceParent: traceparent, TRACESTATE: 'a=1' })],
    [
      "another library's Headers",
      { get: (name: string) => new Headers({ traceparent, tracestate: 'a=1' }).get(name), set() {} },
    ],
  ];

  it.each(shapes)('works with %s', (_shape, headers) => {
    expect(propagation.extract(headers as never)).toMatchObject({ traceId: TRACE, traceState: 'a=1' });
  });

  it.each(shapes)('works in begin() with %s', (_shape, headers) => {
    const telemetry = instance({ operator: { endpoint: 'http://127.0.0.1:9' } });
    expect(telemetry.begin({ method: 'GET', url: '/', headers: headers as never }).traceId).toBe(TRACE);
  });

  it.each(shapes)('changes nothing in %s', (_shape, headers) => {
    const before = JSON.stringify(headers);
    propagation.extract(Object.freeze(headers) as never);
    expect(JSON.stringify(headers)).toBe(before);
  });

  it('does not take a value of a flat list for a name', () => {
    expect(propagation.extract(['x-a', 'traceparent', 'x-b', traceparent])).toBeUndefined();
    expect(propagation.extract(['x-a', 'traceparent', 'traceparent', traceparent])).toMatchObject({
      traceId: TRACE,
    });
  });

  it.each<[string, unknown]>([
    ['an empty object', {}],
    ['an empty list', []],
    ['empty Headers', new Headers()],
    ['an odd flat list', ['traceparent']],
    ['holes', [undefined, null, [], ['traceparent'], [5, 5], 'text']],
    ['values that are no text', { traceparent: 5, tracestate: {} }],
    ['null values', { traceparent: null, tracestate: null }],
    ['arrays of anything', { traceparent: [null, 5, {}], tracestate: [] }],
    ['a flat list with numbers', ['traceparent', 5, 5, 'x']],
  ])('finds nothing and does not throw with %s', (_what, headers) => {
    expect(propagation.extract(headers as never)).toBeUndefined();
  });
});

describe('writing', () => {
  it('sets lower-case names in an object', () => {
    const headers: Record<string, string> = {};
    propagation.inject(headers, context);
    expect(headers).toEqual({ traceparent: written });
  });

  it('replaces every spelling in an object', () => {
    const headers: Record<string, string | string[] | number> = {
      Traceparent: 'old',
      TRACEPARENT: ['older', 'oldest'],
      'trace-parent': 'other',
      'Content-Length': 5,
      Tracestate: 'a=1',
    };
    propagation.inject(headers, context);
    expect(headers).toEqual({ traceparent: written, 'trace-parent': 'other', 'Content-Length': 5 });
  });

  it('keeps other headers and their order in an object', () => {
    const headers: Record<string, string> = { b: '1', a: '2' };
    propagation.inject(headers, context);
    expect(Object.keys(headers)).toEqual(['b', 'a', 'traceparent']);
  });

  it('replaces every spelling and every repeat in pairs', () => {
    const headers: [string, string][] = [
      ['TraceParent', 'old'],
      ['Accept', 'a'],
      ['traceparent', 'older'],
      ['TraceState', 'a=1'],
      ['accept', 'b'],
    ];
    propagation.inject(headers, context);
    expect(headers).toEqual([
      ['Accept', 'a'],
      ['accept', 'b'],
      ['traceparent', written],
    ]);
  });

  it('replaces in Headers', () => {
    const headers = new Headers([
      ['TraceParent', 'old'],
      ['traceparent', 'older'],
      ['tracestate', 'a=1'],
      ['accept', 'a'],
    ]);
    propagation.inject(headers, context);
    expect([...headers]).toEqual([
      ['accept', 'a'],
      ['traceparent', written],
    ]);
  });

  it('writes what came in tracestate to all three shapes', () => {
    const extracted = propagation.extract({ traceparent, tracestate: 'a=1' });
    const [object, pairs, list] = [{} as Record<string, string>, [] as [string, string][], new Headers()];
    for (const headers of [object, pairs, list]) propagation.inject(headers, context, extracted);
    const expected = [
      ['traceparent', written],
      ['tracestate', 'a=1'],
    ];
    expect(Object.entries(object)).toEqual(expected);
    expect(pairs).toEqual(expected);
    expect([...list]).toEqual(expected);
  });

  it('works on an object without prototype, and on names that are special in objects', () => {
    const headers = nullObject({ constructor: 'x', __proto__x: 'y' });
    propagation.inject(headers, context);
    expect(headers['traceparent']).toBe(written);
    expect(headers['constructor']).toBe('x');
  });

  it('removes only, when there is nothing to write', () => {
    const object: Record<string, string> = { TraceParent: 'x', tracestate: 'a=1', accept: 'a' };
    const pairs: [string, string][] = [
      ['TraceParent', 'x'],
      ['tracestate', 'a=1'],
      ['accept', 'a'],
    ];
    const list = new Headers(pairs);
    for (const headers of [object, pairs, list]) propagation.inject(headers, undefined);
    expect(object).toEqual({ accept: 'a' });
    expect(pairs).toEqual([['accept', 'a']]);
    expect([...list]).toEqual([['accept', 'a']]);
  });

  it('does the same when it is done twice', () => {
    const headers: Record<string, string> = {};
    propagation.inject(headers, context);
    propagation.inject(headers, context);
    expect(headers).toEqual({ traceparent: written });
  });

  it.each<[string, object]>([
    ['a frozen object', Object.freeze({ traceparent: 'old' })],
    ['frozen pairs', Object.freeze([['traceparent', 'old']])],
    [
      'an object whose setter throws',
      {
        set traceparent(_value: string) {
          throw new Error('no');
        },
      },
    ],
  ])('into %s does not throw out of an exchange', async (_what, headers) => {
    const codes: string[] = [];
    const telemetry = instance({
      operator: { endpoint: 'http://127.0.0.1:9' },
      onDiagnostic: ({ code }) => codes.push(code),
    });
    const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
    expect(() => exchange.inject(headers as never)).not.toThrow();
    await Promise.resolve();
    expect(codes).toEqual(['callback_failed']);
  });
});

describe('clearing', () => {
  it.each<[string, () => Record<string, string> | [string, string][] | Headers]>([
    ['an object', () => ({ 'X-Debug': '1', 'x-debug': '2', 'x-debug-2': '3' })],
    [
      'pairs',
      () => [
        ['X-Debug', '1'],
        ['x-debug', '2'],
        ['x-debug-2', '3'],
      ],
    ],
    ['Headers', () => new Headers({ 'X-Debug': '1', 'x-debug-2': '3' })],
  ])('takes every spelling away from %s, and nothing else', (_shape, make) => {
    const headers = make();
    createPropagation({ clear: ['X-DEBUG'], inject: [] }).inject(headers, context);
    const left = Array.isArray(headers)
      ? headers
      : headers instanceof Headers
        ? [...headers]
        : Object.entries(headers);
    expect(left).toEqual([['x-debug-2', '3']]);
  });

  it('comes before injecting, so that a cleared format can be written', () => {
    const headers: Record<string, string> = { Traceparent: 'old', tracestate: 'a=1' };
    createPropagation({ clear: ['traceparent', 'tracestate'] }).inject(headers, context);
    expect(headers).toEqual({ traceparent: written });
  });

  it('does not hide a header from extracting', () => {
    expect(createPropagation({ clear: ['traceparent'] }).extract({ traceparent })).toMatchObject({
      traceId: TRACE,
    });
  });
});

describe('the formats', () => {
  it.each<[object, string[]]>([
    [{}, ['w3c']],
    [{ inject: [] }, []],
    [{ inject: ['w3c', 'preserve', 'w3c'] }, ['w3c']],
    [{ extract: [], inject: ['w3c'] }, ['w3c']],
    [{ extract: undefined, inject: undefined, clear: undefined, defaultFormat: undefined }, ['w3c']],
  ])('of %j are written', (options, expected) => {
    expect(Object.keys(createPropagation(options).traceIds(TRACE))).toEqual(expected);
  });

  it('are read in the list that was given then, whatever becomes of it', () => {
    const clear = ['x-debug'];
    const policy = createPropagation({ clear });
    clear.push('x-other');
    const headers = { 'x-debug': '1', 'x-other': '1' };
    policy.inject(headers, undefined);
    expect(headers).toEqual({ 'x-other': '1' });
  });
});
