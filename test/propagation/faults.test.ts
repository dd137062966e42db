/** Faults in the options of propagation: one sentence that names the option, and what is known where a name is not. */
import type { TextMapPropagator } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';
import type { PropagationOptions } from '../../src/propagation/index.js';
import { instance, thrownBy } from '../config/support.js';

const propagator: TextMapPropagator = { inject() {}, extract: (context) => context, fields: () => ['x-own'] };

const READ = 'w3c, b3, jaeger, datadog, ot, aws, gcp, instana';
const WRITTEN = 'w3c, b3, b3-single, jaeger, datadog, ot, aws, gcp, instana';

const faults: readonly (readonly [unknown, string, string])[] = [
  [null, 'propagation', 'must be an object'],
  ['w3c', 'propagation', 'must be an object'],
  [['w3c'], 'propagation', 'must be an object'],
  [{ extracts: [] }, 'propagation.extracts', 'is not a known option; known are extract, clear, inject'],

  [{ extract: 'w3c' }, 'propagation.extract', 'must be an array'],
  [{ extract: null }, 'propagation.extract', 'must be an array'],
  [{ extract: {} }, 'propagation.extract', 'must be an array'],
  [{ extract: ['w3c', 'zipkin'] }, 'propagation.extract[1]', `is not a known format; known are ${READ}`],
  [{ extract: ['W3C'] }, 'propagation.extract[0]', `known are ${READ}`],
  [{ extract: [''] }, 'propagation.extract[0]', `known are ${READ}`],
  [{ extract: [5] }, 'propagation.extract[0]', `known are ${READ}`],
  [{ extract: [null] }, 'propagation.extract[0]', `known are ${READ}`],
  [{ extract: [['w3c']] }, 'propagation.extract[0]', `known are ${READ}`],
  [{ extract: ['toString'] }, 'propagation.extract[0]', `known are ${READ}`],
  [{ extract: ['__proto__'] }, 'propagation.extract[0]', `known are ${READ}`],
  [{ extract: ['preserve'] }, 'propagation.extract[0]', `known are ${READ}`],
  [{ extract: ['header'] }, 'propagation.extract[0]', 'known are'],
  [{ extract: ['b3-single'] }, 'propagation.extract[0]', `known are ${READ}`],
  [{ extract: ['b3-single'] }, 'propagation.extract[0]', 'cannot be b3-single: b3 reads it'],

  [{ inject: 'preserve' }, 'propagation.inject', 'must be an array'],
  [{ inject: null }, 'propagation.inject', 'must be an array'],
  [{ inject: ['zipkin'] }, 'propagation.inject[0]', `is not a known format; known are preserve, ${WRITTEN}`],
  [{ inject: ['preserve', undefined] }, 'propagation.inject[1]', `known are preserve, ${WRITTEN}`],

  [{ defaultFormat: 'zipkin' }, 'propagation.defaultFormat', `known are ${WRITTEN}`],
  [{ defaultFormat: 'preserve' }, 'propagation.defaultFormat', `known are ${WRITTEN}`],
  [{ defaultFormat: ['w3c'] }, 'propagation.defaultFormat', `known are ${WRITTEN}`],
  [{ defaultFormat: null }, 'propagation.defaultFormat', `known are ${WRITTEN}`],
  [
    { defaultFormat: { format: 'header', name: 'x-request-id' } },
    'propagation.defaultFormat',
    'name of a format',
  ],

  [{ clear: 'x-debug' }, 'propagation.clear', 'must be an array of header names'],
  [{ clear: null }, 'propagation.clear', 'must be an array of header names'],
  [{ clear: [''] }, 'propagation.clear[0]', 'must be a header name'],
  [{ clear: ['x-a', ' '] }, 'propagation.clear[1]', 'must be a header name'],
  [{ clear: ['x a'] }, 'propagation.clear[0]', 'must be a header name'],
  [{ clear: ['x:a'] }, 'propagation.clear[0]', 'must be a header name'],
  [{ clear: ['x-\u00e4'] }, 'propagation.clear[0]', 'must be a header name'],
  [{ clear: ['x-a\r\n'] }, 'propagation.clear[0]', 'must be a header name'],
  [{ clear: [5] }, 'propagation.clear[0]', 'must be a header name'],
  [{ clear: [null] }, 'propagation.clear[0]', 'must be a header name'],

  [{ extract: [{ format: 'header' }] }, 'propagation.extract[0].name', 'must be a header name'],
  [{ extract: [{ format: 'header', name: '' }] }, 'propagation.extract[0].name', 'must be a header name'],
  [{ extract: [{ format: 'header', name: 'x y' }] }, 'propagation.extract[0].name', 'must be a header name'],
  [{ inject: [{ format: 'header', name: 5 }] }, 'propagation.inject[0].name', 'must be a header name'],
  [{ inject: [{ name: 'x-request-id' }] }, 'propagation.inject[0].format', "must be 'header'"],
  [{ extract: [{ format: 'w3c' }] }, 'propagation.extract[0].format', "must be 'header'"],

  [{ baggage: 'keep' }, 'propagation.baggage', "must be 'pass', 'strip', 'ignore' or { allow: [keys] }"],
  [{ baggage: null }, 'propagation.baggage', 'allow'],
  [{ baggage: true }, 'propagation.baggage', 'allow'],
  [{ baggage: ['a'] }, 'propagation.baggage', 'allow'],
  [{ baggage: {} }, 'propagation.baggage', 'allow'],
  [{ baggage: { allow: 'a' } }, 'propagation.baggage', 'allow'],
  [{ baggage: { allow: ['a'], deny: ['b'] } }, 'propagation.baggage', 'allow'],
  [{ baggage: { allow: ['a', ''] } }, 'propagation.baggage.allow[1]', 'must be a key'],
  [{ baggage: { allow: ['a b'] } }, 'propagation.baggage.allow[0]', 'must be a key'],
  [{ baggage: { allow: [5] } }, 'propagation.baggage.allow[0]', 'must be a key'],

  [{ propagators: null }, 'propagation.propagators', 'must be an object'],
  [{ propagators: [propagator] }, 'propagation.propagators', 'must be an object'],
  [{ propagators: { own: null } }, 'propagation.propagators.own', 'inject(), extract() and fields()'],
  [{ propagators: { own: {} } }, 'propagation.propagators.own', 'inject(), extract() and fields()'],
  [{ propagators: { own: () => 1 } }, 'propagation.propagators.own', 'inject(), extract() and fields()'],
  [
    { propagators: { own: { inject() {}, extract() {} } } },
    'propagation.propagators.own',
    'inject(), extract() and fields()',
  ],
  [{ propagators: { '': propagator } }, 'propagation.propagators', 'has a name'],
  [{ propagators: { 'a b': propagator } }, 'propagation.propagators', 'has a name'],
  ...[...WRITTEN.split(', '), 'preserve', 'header'].map(
    (name) =>
      [
        { propagators: { [name]: propagator } },
        `propagation.propagators.${name}`,
        'has a name that is taken',
      ] as const,
  ),
  [
    { propagators: { own: propagator }, extract: ['other'] },
    'propagation.extract[0]',
    `is not a known format; known are ${READ}, own`,
  ],
  [
    { propagators: { own: propagator }, inject: ['other'] },
    'propagation.inject[0]',
    `known are preserve, ${WRITTEN}, own`,
  ],
];

describe('a fault in the options throws one sentence', () => {
  it.each(faults)('%j', (options, option, words) => {
    const error = thrownBy(() => createPropagation(options as PropagationOptions));
    expect(error).toMatchObject({ name: 'ConfigurationError', option });
    expect(error.message.startsWith(`${option} `), error.message).toBe(true);
    expect(error.message).toContain(words);
    expect(error.message).not.toMatch(/[\r\n]/);
    expect(error.message).not.toMatch(/undefined|\[object/);
  });

  it.each(faults)('also in createGatewayTelemetry: %j', (options, option) => {
    const error = thrownBy(() => instance({ propagation: options as PropagationOptions }));
    expect(error).toMatchObject({ name: 'ConfigurationError', option });
  });
});

describe('what is no fault', () => {
  it.each<[unknown]>([
    [undefined],
    [{}],
    [{ extract: [], inject: [], clear: [] }],
    [{ extract: undefined, inject: undefined, clear: undefined, defaultFormat: undefined }],
    [{ baggage: undefined, propagators: undefined }],
    // As for all other options.
    [{ extracts: undefined }],
    [{ extract: ['w3c', 'w3c', 'b3'], inject: ['preserve', 'preserve', 'b3', 'b3-single'] }],
    [{ defaultFormat: 'b3-single' }],
    [{ extract: [{ format: 'header', name: 'X-Request-ID' }] }],
    [{ baggage: { allow: [] } }],
    [{ propagators: {} }],
    [{ propagators: { own: propagator }, extract: ['own'], inject: ['own'], defaultFormat: 'own' }],
    [Object.freeze({ extract: Object.freeze(['w3c']) })],
  ])('%j', (options) => {
    expect(() => createPropagation(options as PropagationOptions)).not.toThrow();
  });

  it('what becomes of the lists afterwards', () => {
    const allow = ['a'];
    const extract: 'w3c'[] = ['w3c'];
    const policy = createPropagation({ extract, baggage: { allow } });
    allow.push('b');
    extract.length = 0;
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect(policy.extract({ traceparent, baggage: 'a=1,b=2' })).toMatchObject({
      format: 'w3c',
      baggage: 'a=1',
    });
  });
});
