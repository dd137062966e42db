/** Every case through `createPropagation` alone, in every shape of headers. */
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';
import type { HeaderValue, ReadableHeaders, WritableHeaders } from '../../src/propagation/index.js';
import { CASES } from './cases/index.js';
import type { Pairs } from './cases/index.js';
import { arrayObject, expectFound, expectSent, fetchHeaders, nodeObject } from './cases/expectations.js';

const SPAN = 'aaaabbbbccccdddd';
const NEW_TRACE = 'abcdef0123456789abcdef0123456789';

const incoming: readonly (readonly [string, (headers: Pairs) => ReadableHeaders])[] = [
  ['pairs', (headers) => headers],
  ['a flat list', (headers) => headers.flat()],
  ["Node's object", nodeObject],
  ["Node's object of arrays", arrayObject],
  ['Headers', fetchHeaders],
];

const outgoing: readonly (readonly [string, (headers: Pairs) => WritableHeaders])[] = [
  ['an object', nodeObject],
  ['an empty object', () => ({})],
  ['pairs', (headers) => headers.map(([name, value]): [string, string] => [name, value])],
  ['Headers', fetchHeaders],
];

function asObject(headers: WritableHeaders): Readonly<Record<string, HeaderValue>> {
  if (headers instanceof Headers) return Object.fromEntries(headers);
  if (!Array.isArray(headers)) return headers;
  const object = Object.fromEntries(headers);
  expect(Object.keys(object), 'a name is written once').toHaveLength(headers.length);
  return object;
}

it('are 133, each with an id of its own', () => {
  expect(CASES).toHaveLength(133);
  expect(new Set(CASES.map(({ id }) => id)).size).toBe(133);
});

describe.each(CASES)('$id: $title', ({ options, propagators, ...one }) => {
  const propagation = createPropagation(options);

  it.each(incoming)('is read from %s', (_shape, shape) => {
    const extracted = propagation.extract(shape(one.headers));
    expectFound(one, extracted);
    if (propagators === 'tracecontext') {
      if (one.traceState === undefined) expect(extracted?.traceState).toBeUndefined();
      else expect(one.traceState).toContain(extracted?.traceState);
    }
  });

  it.each(outgoing)('is written to %s', (_shape, shape) => {
    const extracted = propagation.extract(one.headers);
    const headers = shape(one.headers);
    propagation.inject(
      headers,
      {
        traceId: extracted?.traceId ?? NEW_TRACE,
        spanId: SPAN,
        // As a gateway decides that follows its caller and else records everything.
        sampled: extracted?.sampled ?? true,
        random: extracted?.traceId === undefined ? true : extracted.random,
      },
      extracted,
    );
    expectSent(one, propagators, asObject(headers), { traceId: NEW_TRACE, spanId: SPAN });
  });
});
