/** W3C `traceparent`, level 2: what is continued, what is not, and what goes out. */
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';
import { instance, rawGet, startGateway } from '../config/support.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const OWN = 'aaaabbbbccccdddd';
const propagation = createPropagation();

const extract = (traceparent: string, tracestate?: string) =>
  propagation.extract({ traceparent, ...(tracestate !== undefined && { tracestate }) });

/** Each value with the flags that go out when it is continued. */
const valid: readonly (readonly [string, string])[] = [
  [`00-${TRACE}-${SPAN}-00`, '00'],
  [`00-${TRACE}-${SPAN}-01`, '01'],
  [`00-${TRACE}-${SPAN}-02`, '02'],
  [`00-${TRACE}-${SPAN}-03`, '03'],
  [`00-${TRACE}-${SPAN}-04`, '00'],
  [`00-${TRACE}-${SPAN}-fe`, '02'],
  [`00-${TRACE}-${SPAN}-ff`, '03'],
  [`00-${TRACE}-${SPAN}-80`, '00'],
  [`00-${TRACE}-${SPAN}-a9`, '01'],
  [`01-${TRACE}-${SPAN}-01`, '01'],
  [`fe-${TRACE}-${SPAN}-03`, '03'],
  [`01-${TRACE}-${SPAN}-01-`, '01'],
  [`01-${TRACE}-${SPAN}-01-anything, at all = here`, '01'],
  [`0a-${TRACE}-${SPAN}-09-00`, '01'],
  [`00-${'0'.repeat(31)}1-${SPAN}-01`, '01'],
  [`00-${'f'.repeat(32)}-${'f'.repeat(16)}-01`, '01'],
  [`00-${TRACE}-${'0'.repeat(15)}1-01`, '01'],
];

const invalid: readonly string[] = [
  '',
  ' ',
  '-',
  '0',
  '00',
  TRACE,
  `${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE}-${SPAN}-`,
  `00-${TRACE}-${SPAN}-0`,
  `00-${TRACE}-${SPAN}-001`,
  `00-${TRACE}-${SPAN}-01-`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE}-${SPAN}-01,`,
  `01-${TRACE}-${SPAN}-01.more`,
  `01-${TRACE}-${SPAN}-01x`,
  `01-${TRACE}-${SPAN}-1`,
  `ff-${TRACE}-${SPAN}-01`,
  `FF-${TRACE}-${SPAN}-01`,
  `0A-${TRACE}-${SPAN}-01`,
  `0-${TRACE}-${SPAN}-01`,
  `000-${TRACE}-${SPAN}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE}-${SPAN.toUpperCase()}-01`,
  `00-${TRACE}-${SPAN}-0A`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE}0-${SPAN}-01`,
  `00-${TRACE.slice(1)}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}0-01`,
  `00-${TRACE}-${SPAN.slice(1)}-01`,
  `00-${TRACE.slice(1)}g-${SPAN}-01`,
  `00-${TRACE}-${SPAN.slice(1)}g-01`,
  `00_${TRACE}_${SPAN}_01`,
  `00-${TRACE}-${SPAN} 01`,
  `00 -${TRACE}-${SPAN}-01`,
  `0x-${TRACE}-${SPAN}-01`,
  `00-${TRACE.slice(1)}\u0661-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01\u0000`,
  `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
  `01-${TRACE}-${SPAN}-01, 01-${TRACE}-${SPAN}-01`,
  `"00-${TRACE}-${SPAN}-01"`,
];

describe('a valid traceparent', () => {
  it.each(valid)('%s is continued', (value, flags) => {
    const [, traceId, spanId] = value.split('-');
    const expected = { format: 'w3c', traceId, spanId, sampled: flags[1] === '1' || flags[1] === '3' };
    expect(extract(value)).toMatchObject({ ...expected, random: flags[1] === '2' || flags[1] === '3' });
  });

  it.each(valid)('%s goes out in version 00 with the flags %s', (value, flags) => {
    const extracted = extract(value);
    const headers: Record<string, string> = {};
    const { traceId = '', sampled, random } = extracted ?? {};
    propagation.inject(headers, { traceId, spanId: OWN, sampled, random }, extracted);
    expect(headers['traceparent']).toBe(`00-${value.split('-')[1]}-${OWN}-${flags}`);
  });

  it.each([' ', '\t', ' \t  '])('may have white space around it', (space) => {
    expect(extract(`${space}00-${TRACE}-${SPAN}-01${space}`)).toMatchObject({ traceId: TRACE });
  });

  it.each(['\u00a0', '\u3000', '\ufeff', '\n', '\u000b'])('has no other character around it: %j', (space) => {
    expect(extract(`${space}00-${TRACE}-${SPAN}-01`)).toBeUndefined();
    expect(extract(`00-${TRACE}-${SPAN}-01${space}`)).toBeUndefined();
  });

  it('is continued also when it is as long as later versions may make it', () => {
    expect(extract(`01-${TRACE}-${SPAN}-01-${'x'.repeat(400)}`)).toMatchObject({ traceId: TRACE });
  });
});

describe('an invalid traceparent', () => {
  it.each(invalid)('%j is not continued', (value) => {
    expect(extract(value)).toBeUndefined();
  });

  it.each(invalid)('%j hides its tracestate and gives way to a new trace', (value) => {
    const headers: Record<string, string> = { traceparent: value, tracestate: 'a=1' };
    const extracted = propagation.extract(headers);
    propagation.inject(headers, { traceId: TRACE, spanId: OWN, sampled: true, random: true }, extracted);
    expect(headers).toEqual({ traceparent: `00-${TRACE}-${OWN}-03` });
  });

  it('gives a new random trace in a gateway, whatever its bytes', async () => {
    const gateway = await startGateway(instance({ operator: { endpoint: 'http://127.0.0.1:9' } }));
    const onTheWire = invalid.filter((value) => !/[\u0000-\u001f\u0100-\uffff]/.test(value));
    for (const value of onTheWire) {
      expect(
        await rawGet(gateway.port, [
          ['traceparent', value],
          ['tracestate', 'a=1'],
        ]),
      ).toContain('200');
    }
    expect(gateway.arrived).toHaveLength(onTheWire.length);
    const traces = gateway.arrived.map(({ headers }) => String(headers['traceparent']));
    for (const trace of traces) expect(trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);
    expect(traces.join('\n')).not.toContain(TRACE);
    expect(new Set(traces.map((trace) => trace.slice(3, 35))).size).toBe(traces.length);
    for (const { headers } of gateway.arrived) expect(headers).not.toHaveProperty('tracestate');
  });

  it('with a byte of 0xA0 around it is not continued on the wire', async () => {
    const gateway = await startGateway(instance({ operator: { endpoint: 'http://127.0.0.1:9' } }));
    await rawGet(gateway.port, [['traceparent', `\u00a000-${TRACE}-${SPAN}-01`]]);
    expect(gateway.arrived[0]?.headers['traceparent']).not.toContain(TRACE);
  });
});

describe('several traceparent headers', () => {
  const one = `00-${TRACE}-${SPAN}-01`;
  const two = `00-${TRACE}-1111111111111111-01`;

  it.each<[string, object]>([
    [
      'pairs',
      [
        ['traceparent', one],
        ['Traceparent', two],
      ],
    ],
    [
      'pairs that agree',
      [
        ['traceparent', one],
        ['traceparent', one],
      ],
    ],
    ['a flat list', ['traceparent', one, 'host', 'x', 'TRACEPARENT', two]],
    ['an array in an object', { traceparent: [one, two] }],
    [
      'Headers',
      new Headers([
        ['traceparent', one],
        ['traceparent', two],
      ]),
    ],
  ])('are none, in %s', (_shape, headers) => {
    expect(propagation.extract(headers as never)).toBeUndefined();
  });

  it('are none on the wire', async () => {
    const gateway = await startGateway(instance({ operator: { endpoint: 'http://127.0.0.1:9' } }));
    for (const second of [two, one, 'garbage']) {
      await rawGet(gateway.port, [
        ['traceparent', one],
        ['TraceParent', second],
        ['tracestate', 'a=1'],
      ]);
      const headers = gateway.arrived.at(-1)?.headers ?? {};
      expect(headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);
      expect(headers['traceparent']).not.toContain(TRACE);
      expect(headers).not.toHaveProperty('tracestate');
    }
  });

  it('of which one is an array of one are one', () => {
    expect(propagation.extract({ traceparent: [one] })).toMatchObject({ traceId: TRACE, spanId: SPAN });
  });
});

describe('a gateway', () => {
  it.each(valid)('continues %s with an id of its own', async (value, flags) => {
    const gateway = await startGateway(instance({ operator: { endpoint: 'http://127.0.0.1:9' } }));
    await rawGet(gateway.port, [['traceparent', value]]);
    const sent = String(gateway.arrived[0]?.headers['traceparent']).split('-');
    expect([sent[0], sent[1], sent[3]]).toEqual(['00', value.split('-')[1], flags]);
    expect(sent[2]).not.toBe(value.split('-')[2]);
    expect(gateway.exchanges[0]).toMatchObject({ traceId: sent[1], spanId: sent[2] });
  });

  it('injects the same ids into every call of one request', async () => {
    const written: Record<string, string>[] = [];
    const gateway = await startGateway(instance({ operator: { endpoint: 'http://127.0.0.1:9' } }), {
      handle: (exchange) => {
        for (let attempt = 0; attempt < 3; attempt++) {
          const headers: Record<string, string> = {};
          exchange.inject(headers);
          written.push(headers);
        }
      },
    });
    await rawGet(gateway.port, []);
    expect(new Set(written.map(({ traceparent }) => traceparent)).size).toBe(1);
  });
});
