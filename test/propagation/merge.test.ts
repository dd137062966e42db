/** Several contexts in one request, field by field: what a second format of the same trace adds, and what it must not. */
import { trace } from '@opentelemetry/api';
import type { TextMapPropagator } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';
import type { ContextToInject, ExtractedContext, PropagationOptions } from '../../src/propagation/index.js';

const HIGH = '0af7651916cd43dd';
const LOW = '8448eb211c80319c';
const TRACE = HIGH + LOW;
const PADDED = '0'.repeat(16) + LOW;
const OTHER = '4bf92f3577b34da6a3ce929d0e0e4736';
const LOW_DECIMAL = '9532127138774266268';
const PARENT = 'b7ad6b7169203331';
const PARENT_DECIMAL = '13235353014750950193';
const NEWER = '00f067aa0ba902b7';
const OWN = 'aaaabbbbccccdddd';

type Headers = Record<string, string>;

const traceparent = (flags: string, traceId = TRACE, spanId = PARENT): Headers => ({
  traceparent: `00-${traceId}-${spanId}-${flags}`,
});

const datadogIds: Headers = { 'x-datadog-trace-id': LOW_DECIMAL, 'x-datadog-parent-id': PARENT_DECIMAL };

function read(extract: NonNullable<PropagationOptions['extract']>, headers: Headers): ExtractedContext {
  const found = createPropagation({ extract }).extract(headers);
  if (found === undefined) throw new Error('A context should have been found.');
  return found;
}

/** What a gateway writes that continues what it has read; `changed` is what it decides itself. */
function through(
  options: PropagationOptions,
  headers: Headers,
  changed: Partial<ContextToInject> = {},
): Headers {
  const propagation = createPropagation(options);
  const found = propagation.extract(headers);
  const sent: Headers = {};
  const { traceId = OTHER, sampled, random } = found ?? {};
  propagation.inject(sent, { traceId, sampled, random, spanId: OWN, ...changed }, found);
  return sent;
}

describe('the parent of one trace in two formats', () => {
  const both = { ...datadogIds, ...traceparent('01', PADDED, NEWER) };

  it("is traceparent's, also where Datadog's headers are read first", () => {
    expect(read(['datadog', 'w3c'], both)).toMatchObject({ format: 'datadog', spanId: NEWER, links: [] });
    expect(read(['w3c', 'datadog'], both)).toMatchObject({ format: 'w3c', spanId: NEWER, links: [] });
  });

  it('is that of the first of any other two formats', () => {
    const b3 = { b3: `${TRACE}-${PARENT}-1`, ...traceparent('01', TRACE, NEWER) };
    expect(read(['b3', 'w3c'], b3).spanId).toBe(PARENT);
    const gcp = { ...datadogIds, 'x-cloud-trace-context': `${PADDED}/1` };
    expect(read(['datadog', 'gcp'], gcp).spanId).toBe(PARENT);
  });

  it("stays Datadog's where traceparent is of another trace", () => {
    const headers = { ...datadogIds, ...traceparent('01', OTHER, NEWER) };
    expect(read(['datadog', 'w3c'], headers)).toMatchObject({
      traceId: PADDED,
      spanId: PARENT,
      links: [{ traceId: OTHER, spanId: NEWER }],
    });
  });
});

describe('of a second format of the same trace', () => {
  const debugB3 = { b3: `${TRACE}-${PARENT}-d` };

  it('debug counts only beside a decision to keep', () => {
    expect(read(['w3c', 'b3'], { ...traceparent('00'), ...debugB3 })).toMatchObject({
      sampled: false,
      debug: false,
    });
    expect(read(['w3c', 'b3'], { ...traceparent('01'), ...debugB3 })).toMatchObject({
      sampled: true,
      debug: true,
    });
    const undecided = { 'x-cloud-trace-context': `${TRACE}/1`, ...debugB3 };
    expect(read(['gcp', 'b3'], undecided)).toMatchObject({ sampled: true, debug: true });
  });

  it('debug beside a decision to drop does not come back with a later decision to keep', () => {
    const options = { extract: ['w3c', 'b3'], inject: ['b3-single'] } satisfies PropagationOptions;
    const sent = through(options, { ...traceparent('00'), ...debugB3 }, { sampled: true });
    expect(sent).toEqual({ b3: `${TRACE}-${OWN}-1` });
  });

  it('the random flag counts', () => {
    const headers = { b3: `${TRACE}-${PARENT}-1`, ...traceparent('03') };
    expect(read(['b3', 'w3c'], headers).random).toBe(true);
    expect(through({ extract: ['b3', 'w3c'], inject: ['w3c'] }, headers)).toEqual({
      traceparent: `00-${TRACE}-${OWN}-03`,
    });
    const another = { b3: `${TRACE}-${PARENT}-1`, ...traceparent('03', OTHER) };
    expect(read(['b3', 'w3c'], another).random).toBe(false);
  });

  it("baggage in the format's own headers goes on", () => {
    const jaeger = (traceId: string): Headers => ({
      'uber-trace-id': `${traceId}:${PARENT}:0:1`,
      'uberctx-tenant': 'acme',
    });
    const options = { extract: ['w3c', 'jaeger'], inject: ['w3c'] } satisfies PropagationOptions;
    const headers = { ...traceparent('01'), ...jaeger(TRACE) };
    expect(read(options.extract, headers).formatBaggage).toEqual([['tenant', 'acme']]);
    expect(through(options, headers).baggage).toBe('tenant=acme');
    const another = { ...traceparent('01'), ...jaeger(OTHER) };
    expect(read(options.extract, another).formatBaggage).toBeUndefined();
  });

  it("the first format's own baggage stays", () => {
    const headers = {
      'uber-trace-id': `${TRACE}:${PARENT}:0:1`,
      'uberctx-a': 'jaeger',
      'ot-tracer-traceid': LOW,
      'ot-tracer-spanid': PARENT,
      'ot-baggage-a': 'ot',
    };
    expect(read(['jaeger', 'ot'], headers).formatBaggage).toEqual([['a', 'jaeger']]);
  });
});

describe('links', () => {
  const id = (index: number): string => String(index).padStart(2, '0');

  /** Finds a trace of its own in the header `x-{index}`. */
  const propagatorOf = (index: number): TextMapPropagator => ({
    inject: () => undefined,
    fields: () => [`x-${index}`],
    extract: (context, carrier, getter) =>
      getter.get(carrier, `x-${index}`) === undefined
        ? context
        : trace.setSpanContext(context, {
            traceId: id(index).repeat(16),
            spanId: id(index).repeat(8),
            traceFlags: 1,
          }),
  });

  it('are sixteen at most, the first ones, whatever a request brings', () => {
    const indexes = Array.from({ length: 20 }, (_, index) => index + 1);
    const names = indexes.map((index) => `p${index}`);
    const propagation = createPropagation({
      extract: ['w3c', ...names],
      propagators: Object.fromEntries(indexes.map((index) => [`p${index}`, propagatorOf(index)])),
    });
    const linksOf = (count: number): unknown => {
      const sent = Object.fromEntries(indexes.slice(0, count).map((index) => [`x-${index}`, '1']));
      return propagation.extract({ ...traceparent('01'), ...sent })?.links.map(({ traceId }) => traceId);
    };
    const expected = indexes.slice(0, 16).map((index) => id(index).repeat(16));
    expect(linksOf(15)).toEqual(expected.slice(0, 15));
    expect(linksOf(16)).toEqual(expected);
    expect(linksOf(17)).toEqual(expected);
    expect(linksOf(20)).toEqual(expected);
  });
});

describe("Datadog's headers beside Datadog's member of tracestate", () => {
  const member = { ...traceparent('01'), tracestate: 'dd=s:2;o:rum;t.dm:-4' };
  const options = { extract: ['datadog', 'w3c'], inject: ['datadog'] } satisfies PropagationOptions;

  it('take from it what they do not say themselves', () => {
    const headers = { ...datadogIds, ...member };
    expect(read(options.extract, headers)).toMatchObject({
      format: 'datadog',
      traceId: TRACE,
      sampled: true,
      datadog: { priority: 2, origin: 'rum', tags: { '_dd.p.dm': '-4' } },
    });
    expect(through(options, headers)).toEqual({
      'x-datadog-trace-id': LOW_DECIMAL,
      'x-datadog-parent-id': '12297848147757817309',
      'x-datadog-sampling-priority': '2',
      'x-datadog-origin': 'rum',
      'x-datadog-tags': `_dd.p.tid=${HIGH},_dd.p.dm=-4`,
    });
  });

  it.each([
    // Who decided goes with the decision that counts.
    [{ 'x-datadog-sampling-priority': '1' }, { priority: 1, origin: 'rum', tags: {} }],
    [{ 'x-datadog-origin': 'lambda' }, { priority: 2, origin: 'lambda', tags: { '_dd.p.dm': '-4' } }],
    [
      { 'x-datadog-tags': '_dd.p.dm=-3,_dd.p.ts=02' },
      { priority: 2, origin: 'rum', tags: { '_dd.p.dm': '-4', '_dd.p.ts': '02' } },
    ],
    [
      { 'x-datadog-tags': '_dd.p.ts=02' },
      { priority: 2, origin: 'rum', tags: { '_dd.p.dm': '-4', '_dd.p.ts': '02' } },
    ],
  ])('keep what they say themselves: %j', (own: Headers, expected) => {
    expect(read(options.extract, { ...datadogIds, ...own, ...member }).datadog).toEqual(expected);
  });

  it('take nothing from another trace', () => {
    const headers = { ...datadogIds, ...traceparent('01', OTHER), tracestate: 'dd=s:2;o:rum;t.dm:-4' };
    expect(read(options.extract, headers).datadog).toEqual({
      priority: undefined,
      origin: undefined,
      tags: {},
    });
  });

  it('are complete without it', () => {
    const headers = { ...datadogIds, 'x-datadog-sampling-priority': '2', ...traceparent('01') };
    expect(read(options.extract, headers).datadog).toEqual({ priority: 2, origin: undefined, tags: {} });
  });
});

describe('an id of 64 bits', () => {
  const b3 = { 'x-b3-traceid': LOW, 'x-b3-spanid': PARENT, 'x-b3-sampled': '1' };
  const options = { extract: ['b3', 'w3c'], inject: ['b3', 'w3c'] } satisfies PropagationOptions;

  it('goes out with 16 digits beside the same id with zeros in traceparent', () => {
    const headers = { ...b3, ...traceparent('01', PADDED) };
    expect(read(options.extract, headers)).toMatchObject({ traceId: PADDED, traceIdDigits: 16, links: [] });
    expect(through(options, headers)).toEqual({
      'x-b3-traceid': LOW,
      'x-b3-spanid': OWN,
      'x-b3-sampled': '1',
      traceparent: `00-${PADDED}-${OWN}-01`,
    });
  });

  it('gives way to a longer one of the same trace', () => {
    const headers = { ...b3, ...traceparent('01') };
    expect(read(options.extract, headers)).toMatchObject({ traceId: TRACE, traceIdDigits: 32, links: [] });
    expect(through(options, headers)['x-b3-traceid']).toBe(TRACE);
  });

  it('gives way to a longer one that comes after zeros', () => {
    const headers = { ...b3, ...traceparent('01', PADDED), 'x-cloud-trace-context': `${TRACE}/1` };
    expect(read(['b3', 'w3c', 'gcp'], headers)).toMatchObject({
      traceId: TRACE,
      traceIdDigits: 32,
      links: [],
    });
  });

  it('does not shorten a long one, nor one with zeros', () => {
    expect(read(['w3c', 'b3'], { ...b3, ...traceparent('01') })).toMatchObject({
      traceId: TRACE,
      traceIdDigits: 32,
    });
    expect(read(['w3c', 'b3'], { ...b3, ...traceparent('01', PADDED) })).toMatchObject({
      traceId: PADDED,
      traceIdDigits: 32,
    });
  });
});

describe("Datadog's tags", () => {
  it('go out up to exactly 512 characters', () => {
    const tag = `_dd.p.x=${'v'.repeat(504)}`;
    const headers = { ...datadogIds, 'x-datadog-sampling-priority': '1', 'x-datadog-tags': tag };
    expect(tag).toHaveLength(512);
    expect(through({ extract: ['datadog'] }, headers)['x-datadog-tags']).toBe(tag);
  });

  it('leave out a tag that does not fit beside the high half of the trace id', () => {
    const high = `_dd.p.tid=${HIGH}`;
    const sentWith = (length: number): string | undefined => {
      const tag = `_dd.p.x=${'v'.repeat(length - 8)}`;
      const headers = { ...datadogIds, 'x-datadog-tags': tag, ...traceparent('01') };
      return through({ extract: ['datadog', 'w3c'], inject: ['datadog'] }, headers)['x-datadog-tags'];
    };
    expect(sentWith(512 - high.length - 1)).toHaveLength(512);
    expect(sentWith(512 - high.length)).toBe(high);
  });
});

describe("Datadog's member of tracestate", () => {
  const dd = `dd=s:2;o:rum;p:${OWN}`;

  it.each<[string, PropagationOptions, string | undefined]>([
    ['extract', { extract: ['w3c', 'datadog'], inject: ['w3c'] }, 'rum'],
    ['inject', { extract: ['w3c'], inject: ['w3c', 'datadog'] }, 'rum'],
    ['neither', { extract: ['w3c'], inject: ['w3c'] }, undefined],
  ])('is read by whether the formats name datadog: %s', (_where, options, origin) => {
    const headers = { ...traceparent('01'), tracestate: 'a=1,dd=s:2;o:rum' };
    expect(createPropagation(options).extract(headers)?.datadog?.origin).toBe(origin);
    expect(through(options, headers).tracestate).toBe(
      origin === undefined ? headers.tracestate : `${dd},a=1`,
    );
  });

  it('never ends in a space', () => {
    // The tag of the trace id is left out, so the one before it becomes the last.
    const headers = { ...traceparent('01'), tracestate: `dd=s:2;o:rum;t.x:a ;t.tid:${HIGH},a=1` };
    const sent = through({ extract: ['w3c', 'datadog'], inject: ['w3c'] }, headers);
    expect(sent.tracestate).toBe(`${dd};t.x:a,a=1`);
  });

  it('stays when the list has to be shortened to 1,024 characters, even if it is the only long one', () => {
    const others = Array.from({ length: 8 }, (_, index) => `k${index}=${'v'.repeat(123)}`);
    const headers = {
      ...datadogIds,
      'x-datadog-sampling-priority': '2',
      'x-datadog-origin': 'o'.repeat(150),
      ...traceparent('01'),
      tracestate: others.join(','),
    };
    const sent = through({ extract: ['datadog', 'w3c'], inject: ['w3c'] }, headers);
    const own = `dd=s:2;o:${'o'.repeat(150)};p:${OWN}`;
    expect(headers.tracestate).toHaveLength(8 * 127 - 1);
    expect(sent.tracestate).toBe([own, ...others.slice(0, 6)].join(','));
  });

  it('takes the place of the rightmost of 32 others', () => {
    const others = Array.from({ length: 32 }, (_, index) => `k${index}=v`);
    const options = { extract: ['w3c'], inject: ['w3c', 'datadog'] } satisfies PropagationOptions;
    const sentFor = (members: readonly string[]): readonly string[] | undefined =>
      through(options, { ...traceparent('01'), tracestate: members.join(',') }).tracestate?.split(',');
    const own = `dd=s:1;p:${OWN}`;
    expect(sentFor(others)).toEqual([own, ...others.slice(0, 31)]);
    expect(sentFor(others.slice(0, 31))).toEqual([own, ...others.slice(0, 31)]);
    // Its own old place counts for nothing.
    expect(sentFor([...others.slice(0, 31), 'dd=s:1'])).toEqual([own, ...others.slice(0, 31)]);
  });
});
