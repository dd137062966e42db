/** What travels beside ids and decision: it goes on with its own trace, through formats that can carry it, and no further. */
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';
import type { ContextToInject, ExtractedContext, PropagationOptions } from '../../src/propagation/index.js';
import { randomOf } from './random.js';

const SEED = 20_261_122;
const ROUNDS = 300;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const OWN = 'aaaabbbbccccdddd';
const traceparent = `00-${TRACE}-${SPAN}-01`;

type Headers = Record<string, string>;

/** One gateway: what comes out of it for what went in. `changed` is what it decides itself. */
function gateway(
  options: PropagationOptions,
  headers: Headers,
  changed: Partial<ContextToInject> = {},
): { readonly sent: Headers; readonly extracted: ExtractedContext | undefined } {
  const propagation = createPropagation(options);
  const extracted = propagation.extract(headers);
  const sent = { ...headers };
  const context = {
    traceId: extracted?.traceId ?? 'c'.repeat(32),
    sampled: extracted?.sampled,
    random: extracted?.random,
    spanId: OWN,
    ...changed,
  };
  propagation.inject(sent, context, extracted);
  return { sent, extracted };
}

const toW3c: PropagationOptions = { extract: ['datadog'], inject: ['w3c'], clear: [] };
const datadogNames = ['trace-id', 'parent-id', 'sampling-priority', 'origin', 'tags'];
const clear = datadogNames.map((name) => `x-datadog-${name}`);
const toDatadog: PropagationOptions = { extract: ['w3c'], inject: ['datadog'] };

const datadogHeaders: Headers = {
  'x-datadog-trace-id': '9532127138774266268',
  'x-datadog-parent-id': '13235353014750950193',
  'x-datadog-sampling-priority': '2',
  'x-datadog-origin': 'rum',
  'x-datadog-tags': '_dd.p.tid=0af7651916cd43dd,_dd.p.dm=-4,_dd.p.usr.id=baz64==',
};

describe("Datadog's priority, origin and tags", () => {
  it('go through tracestate and back', () => {
    const { sent: middle } = gateway({ ...toW3c, clear }, datadogHeaders);
    expect(middle).toEqual({
      traceparent: `00-${TRACE}-${OWN}-01`,
      tracestate: `dd=s:2;o:rum;p:${OWN};t.dm:-4;t.usr.id:baz64~~`,
    });
    const { sent, extracted } = gateway(toDatadog, middle);
    expect(extracted?.datadog).toEqual({
      priority: 2,
      origin: 'rum',
      tags: { '_dd.p.dm': '-4', '_dd.p.usr.id': 'baz64==' },
    });
    expect(sent).toMatchObject({ ...datadogHeaders, 'x-datadog-parent-id': BigInt(`0x${OWN}`).toString() });
  });

  it('survive the way through tracestate, whatever they are', () => {
    const random = randomOf(SEED);
    const letters = 'abcdefghijklmnopqrstuvwxyzABCXYZ0123456789 !"#$%&\'()*+-./:<=>?@[]^_`{|}';
    for (let round = 0; round < ROUNDS; round++) {
      const priority = random.pick([-1, 0, 1, 2, undefined]);
      const origin = random.chance(0.5) ? `o${random.text(letters, random.below(20))}x` : undefined;
      const tags: Record<string, string> = {};
      for (let count = random.below(5); count > 0; count--) {
        const key = random.text('abcdefgh.-_', 1 + random.below(8));
        tags[`_dd.p.k${key}`] = `${random.text(letters, random.below(12))}y`;
      }
      const headers: Headers = {
        'x-datadog-trace-id': BigInt(`0x${random.hex(16)}`).toString(),
        'x-datadog-parent-id': BigInt(`0x${random.hex(16)}`).toString(),
      };
      if (priority !== undefined) headers['x-datadog-sampling-priority'] = String(priority);
      if (origin !== undefined) headers['x-datadog-origin'] = origin;
      const list = Object.entries(tags).map(([name, value]) => `${name}=${value}`);
      if (list.length > 0) headers['x-datadog-tags'] = list.join(',');

      const first = gateway({ ...toW3c, clear }, headers);
      expect(first.extracted?.datadog).toEqual({ priority, origin, tags });
      const second = gateway(toDatadog, first.sent);
      // W3C has no word for undecided: it says unsampled, and then that is Datadog's decision as well.
      expect(second.extracted?.datadog).toEqual({ priority, origin, tags });
      expect(second.sent['x-datadog-trace-id']).toBe(headers['x-datadog-trace-id']);
      expect(second.sent['x-datadog-sampling-priority']).toBe(String(priority ?? 0));
      expect(second.sent['x-datadog-origin']).toBe(origin);
      expect(second.sent['x-datadog-tags']).toBe(headers['x-datadog-tags']);
    }
  });

  it.each([
    ['2', true, '2', '_dd.p.dm=-4'],
    ['1', true, '1', '_dd.p.dm=-4'],
    ['2', false, '0', undefined],
    ['-1', false, '-1', '_dd.p.dm=-4'],
    ['0', false, '0', '_dd.p.dm=-4'],
    ['-1', true, '1', '_dd.p.dm=-0'],
    ['0', true, '1', '_dd.p.dm=-0'],
  ])('of priority %s decided as %s become priority %s and %s', (priority, sampled, number, tags) => {
    const headers = {
      ...datadogHeaders,
      'x-datadog-sampling-priority': priority,
      'x-datadog-tags': '_dd.p.dm=-4',
    };
    const { sent } = gateway({ extract: ['datadog'], inject: ['datadog'] }, headers, { sampled });
    expect(sent['x-datadog-sampling-priority']).toBe(number);
    expect(sent['x-datadog-tags']).toBe(tags);
    expect(sent['x-datadog-origin']).toBe('rum');
  });

  it('of an undecided trace stay undecided', () => {
    const headers = Object.fromEntries(
      Object.entries(datadogHeaders).filter(([name]) => name !== 'x-datadog-sampling-priority'),
    );
    const { sent, extracted } = gateway({ extract: ['datadog'], inject: ['datadog'] }, headers);
    expect(extracted).toMatchObject({ sampled: undefined, datadog: { priority: undefined, origin: 'rum' } });
    expect(sent).not.toHaveProperty('x-datadog-sampling-priority');
  });

  it('stay within 256 characters of tracestate and 512 of tags, whole tags only', () => {
    const tags = Array.from({ length: 20 }, (_, index) => `_dd.p.k${index}=${'v'.repeat(14)}`).join(',');
    expect(tags.length).toBeLessThanOrEqual(512);
    const options: PropagationOptions = { extract: ['datadog'], inject: ['w3c', 'datadog'] };
    const { sent } = gateway(options, { ...datadogHeaders, 'x-datadog-tags': tags });
    const member = String(sent['tracestate']).slice('dd='.length);
    expect(member.length).toBeLessThanOrEqual(256);
    for (const part of member.split(';').slice(3)) expect(part).toMatch(/^t\.k\d+:v{14}$/);
    expect(String(sent['x-datadog-tags']).length).toBeLessThanOrEqual(512);
    expect(sent['x-datadog-tags']).toBe(tags);
  });

  it('do not go on with another trace', () => {
    const options: PropagationOptions = { extract: ['datadog'], inject: ['datadog', 'w3c'] };
    const { sent } = gateway(options, datadogHeaders, { traceId: 'd'.repeat(32), sampled: true });
    expect(sent['x-datadog-sampling-priority']).toBe('1');
    expect(sent['x-datadog-tags']).toBe(`_dd.p.tid=${'d'.repeat(16)}`);
    expect(sent).not.toHaveProperty('x-datadog-origin');
    expect(sent['tracestate'] ?? '').not.toContain('rum');
  });

  it("are written as the first member, in place of the old one, where Datadog's headers are", () => {
    const options: PropagationOptions = { extract: ['w3c'], inject: ['w3c', 'datadog'] };
    const { sent } = gateway(options, {
      traceparent,
      tracestate: 'foo=1,dd=s:2;o:rum;p:0123456789abcdef,bar=2',
    });
    expect(sent['tracestate']).toBe(`dd=s:2;o:rum;p:${OWN},foo=1,bar=2`);
    expect(sent['x-datadog-origin']).toBe('rum');
  });

  it('are left alone in tracestate where nobody speaks Datadog', () => {
    const tracestate = 'foo=1,dd=s:2;o:rum;p:0123456789abcdef';
    expect(gateway({}, { traceparent, tracestate }).sent['tracestate']).toBe(tracestate);
  });

  it('do not take the upper half of a trace id from tracestate', () => {
    const tracestate = 'dd=s:1;t.tid:ffffffffffffffff';
    const { sent } = gateway(toDatadog, { traceparent, tracestate });
    expect(sent['x-datadog-tags']).toBe(`_dd.p.tid=${TRACE.slice(0, 16)}`);
  });

  it.each(['0af7651916cd43d', '0af7651916cd43ddd', '0AF7651916CD43DD', 'zaf7651916cd43dd', ''])(
    'lose an upper half of %j alone',
    (tid) => {
      const tags = `_dd.p.tid=${tid},_dd.p.dm=-4`;
      const { extracted } = gateway({ extract: ['datadog'] }, { ...datadogHeaders, 'x-datadog-tags': tags });
      expect(extracted).toMatchObject({ traceId: TRACE.slice(16).padStart(32, '0'), traceIdDigits: 16 });
      expect(extracted?.datadog?.tags).toEqual({ '_dd.p.dm': '-4' });
    },
  );
});

describe('the debug flag', () => {
  const b3 = { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-flags': '1' };

  it('goes from several B3 headers to one and back', () => {
    const { sent: middle } = gateway({ extract: ['b3'], inject: ['b3-single'] }, b3);
    expect(middle).toEqual({ b3: `${TRACE}-${OWN}-d` });
    expect(gateway({ extract: ['b3'], inject: ['b3'] }, middle).sent).toEqual({ ...b3, 'x-b3-spanid': OWN });
  });

  it.each([
    ['jaeger', 'b3-single', { 'uber-trace-id': `${TRACE}:${SPAN}:0:3` }, { b3: `${TRACE}-${OWN}-d` }],
    ['jaeger', 'jaeger', { 'uber-trace-id': `${TRACE}:${SPAN}:0:03` }, `${TRACE}:${OWN}:0:3`],
    ['b3', 'jaeger', b3, `${TRACE}:${OWN}:0:3`],
  ] as const)('of %s is written by %s', (from, to, headers, expected) => {
    const { sent } = gateway({ extract: [from], inject: [to] }, headers);
    expect(sent).toMatchObject(typeof expected === 'string' ? { 'uber-trace-id': expected } : expected);
  });

  it('of Jaeger counts only with sampled', () => {
    const { extracted, sent } = gateway(
      { extract: ['jaeger'], inject: ['jaeger'] },
      { 'uber-trace-id': `${TRACE}:${SPAN}:0:2` },
    );
    expect(extracted).toMatchObject({ sampled: false, debug: false });
    expect(sent['uber-trace-id']).toBe(`${TRACE}:${OWN}:0:0`);
  });

  it('implies sampled in formats that have no such flag', () => {
    expect(gateway({ extract: ['b3'], inject: ['w3c'] }, b3).sent['traceparent']).toBe(
      `00-${TRACE}-${OWN}-01`,
    );
  });

  it('is not written against a decision to drop, nor with another trace', () => {
    const options: PropagationOptions = { extract: ['b3'], inject: ['b3', 'jaeger'] };
    const dropped = gateway(options, b3, { sampled: false }).sent;
    expect(dropped).toMatchObject({ 'x-b3-sampled': '0', 'uber-trace-id': `${TRACE}:${OWN}:0:0` });
    expect(dropped).not.toHaveProperty('x-b3-flags');
    const other = gateway(options, b3, { traceId: 'd'.repeat(32), sampled: true }).sent;
    expect(other).toMatchObject({ 'x-b3-sampled': '1', 'uber-trace-id': `${'d'.repeat(32)}:${OWN}:0:1` });
    expect(other).not.toHaveProperty('x-b3-flags');
  });
});

describe('the random flag', () => {
  it.each(['00', '01', '02', '03'])('of W3C stays as it came: %s', (flags) => {
    const { sent } = gateway({}, { traceparent: `00-${TRACE}-${SPAN}-${flags}` });
    expect(sent['traceparent']).toBe(`00-${TRACE}-${OWN}-${flags}`);
  });

  it.each(['b3', 'jaeger', 'datadog', 'instana', 'aws', 'gcp'] as const)('is not invented for %s', (from) => {
    const written: Headers = {};
    createPropagation({ inject: [from] }).inject(written, {
      traceId: TRACE,
      spanId: SPAN,
      sampled: true,
      random: true,
    });
    const { sent } = gateway({ extract: [from], inject: ['w3c'] }, written);
    expect(sent['traceparent']).toBe(`00-${TRACE}-${OWN}-01`);
  });
});

describe('tracestate', () => {
  const headers = { traceparent, tracestate: 'a=1,b=2' };

  it('goes on with its trace only', () => {
    expect(gateway({}, headers).sent['tracestate']).toBe('a=1,b=2');
    expect(gateway({}, headers, { traceId: 'd'.repeat(32) }).sent).not.toHaveProperty('tracestate');
  });

  it('goes on when the trace was found first in another format, with the same id', () => {
    const b3 = `${TRACE}-${SPAN}-1`;
    const { sent } = gateway({ extract: ['b3', 'w3c'], inject: ['w3c'] }, { ...headers, b3 });
    expect(sent['tracestate']).toBe('a=1,b=2');
  });

  it('does not go on when the trace was found in another format, with another id', () => {
    const b3 = `${'d'.repeat(32)}-${SPAN}-1`;
    const { sent } = gateway({ extract: ['b3', 'w3c'], inject: ['w3c'] }, { ...headers, b3 });
    expect(sent).toMatchObject({ traceparent: `00-${'d'.repeat(32)}-${OWN}-01` });
    expect(sent).not.toHaveProperty('tracestate');
  });

  it('does not go on where its format is not read', () => {
    const { sent } = gateway({ extract: [], inject: ['w3c'] }, headers);
    expect(sent).not.toHaveProperty('tracestate');
  });
});

describe("Jaeger's and OT's baggage", () => {
  const jaeger = {
    'uber-trace-id': `${TRACE}:${SPAN}:0:1`,
    'uberctx-user': 'al%20ice',
    'uberctx-path': '%2Fa%2Cb%3Bc',
  };
  const decoded = [
    ['user', 'al ice'],
    ['path', '/a,b;c'],
  ];

  it('go to each other and back', () => {
    const first = gateway({ extract: ['jaeger'], inject: ['ot'], clear: Object.keys(jaeger) }, jaeger);
    expect(first.extracted?.formatBaggage).toEqual(decoded);
    expect(first.sent).toMatchObject({
      'ot-baggage-user': 'al%20ice',
      'ot-baggage-path': '%2Fa%2Cb%3Bc',
    });
    const otNames = Object.keys(first.sent);
    const second = gateway({ extract: ['ot'], inject: ['jaeger'], clear: otNames }, first.sent);
    expect(second.extracted?.formatBaggage).toEqual(decoded);
    expect(second.sent).toMatchObject({ 'uberctx-user': 'al%20ice', 'uberctx-path': '%2Fa%2Cb%3Bc' });
  });

  it('survive, whatever they are', () => {
    const random = randomOf(SEED + 1);
    const alphabet = Array.from('ab z%,;="\\\u00e4\u20ac\u{1f600}\t\n');
    for (let round = 0; round < ROUNDS; round++) {
      const members = Array.from({ length: 1 + random.below(5) }, (_, index): [string, string] => [
        `key${index}${random.text('abc-_.', random.below(6))}`,
        // Space around a header value is not part of it.
        `x${Array.from({ length: random.below(12) }, () => random.pick(alphabet)).join('')}x`,
      ]);
      const headers: Headers = { 'uber-trace-id': `${TRACE}:${SPAN}:0:1` };
      for (const [key, value] of members) headers[`uberctx-${key}`] = encodeURIComponent(value);
      const first = gateway({ extract: ['jaeger'], inject: ['ot'] }, headers);
      expect(first.extracted?.formatBaggage).toEqual(members);
      expect(gateway({ extract: ['ot'] }, first.sent).extracted?.formatBaggage).toEqual(members);
    }
  });

  it('are not read twice decoded', () => {
    const headers = { 'uber-trace-id': `${TRACE}:${SPAN}:0:1`, 'uberctx-a': '%2541' };
    const { sent, extracted } = gateway({ extract: ['jaeger'], inject: ['jaeger'] }, headers);
    expect(extracted?.formatBaggage).toEqual([['a', '%41']]);
    expect(sent['uberctx-a']).toBe('%2541');
  });

  it('are read from a header of pairs as well, and written one by one', () => {
    const headers = { 'uber-trace-id': `${TRACE}:${SPAN}:0:1`, 'jaeger-baggage': 'k1=v1, k2=v2' };
    const { sent } = gateway({ extract: ['jaeger'], inject: ['jaeger'] }, headers);
    expect(sent).toMatchObject({ 'uberctx-k1': 'v1', 'uberctx-k2': 'v2' });
    expect(sent).not.toHaveProperty('jaeger-baggage');
  });

  it('do not go on with another trace, nor without a valid context', () => {
    const changed = gateway({ extract: ['jaeger'], inject: ['jaeger'] }, jaeger, { traceId: 'd'.repeat(32) });
    expect(Object.keys(changed.sent)).toEqual(['uber-trace-id']);
    const invalid = gateway({ extract: ['jaeger'], inject: ['jaeger'] }, { ...jaeger, 'uber-trace-id': '0' });
    expect(Object.keys(invalid.sent)).toEqual(['uber-trace-id']);
    const { sent } = gateway({ extract: ['ot'], inject: ['ot'] }, { 'ot-baggage-user': 'alice' });
    expect(sent).not.toHaveProperty('ot-baggage-user');
  });

  it('go to W3C baggage where neither of them is written', () => {
    const { sent } = gateway({ extract: ['jaeger'], inject: ['w3c'] }, { ...jaeger, baggage: 'k=v' });
    expect(sent['baggage']).toBe('k=v,user=al%20ice,path=%2Fa%2Cb%3Bc');
  });
});
