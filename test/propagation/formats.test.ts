/** What each format takes and what it refuses, beyond the given cases: short forms, spellings, repeats and limits. */
import { describe, expect, it } from 'vitest';
import { createPropagation } from '../../src/propagation/index.js';
import type { PropagationFormat } from '../../src/propagation/index.js';

const T = '0af7651916cd43dd8448eb211c80319c';
const T8 = '8448eb211c80319c';
const S = 'b7ad6b7169203331';
const P = '05e3ac9a4f6e3b90';
const PADDED = T8.padStart(32, '0');
const ZERO = '0'.repeat(16);
const OWN = 'aaaabbbbccccdddd';

type Format = Exclude<PropagationFormat, 'b3-single'>;
type Headers = Readonly<Record<string, string>>;

interface Found {
  readonly traceId?: string;
  readonly spanId?: string | undefined;
  readonly sampled?: boolean | undefined;
  readonly debug?: boolean;
  readonly traceIdDigits?: 16 | 32;
  readonly format?: string;
  readonly parentSpanId?: string | undefined;
}

const one = (name: string) => (value: string, found: Found | undefined) =>
  [{ [name]: value }, found] as const;
const b3 = one('b3');
const jaeger = one('uber-trace-id');
const aws = one('x-amzn-trace-id');
const gcp = one('x-cloud-trace-context');
const multi = (rest: Headers, found: Found | undefined) =>
  [{ 'x-b3-traceid': T, 'x-b3-spanid': S, ...rest }, found] as const;
const datadog = (rest: Headers, found: Found | undefined) =>
  [{ 'x-datadog-trace-id': '123', 'x-datadog-parent-id': '456', ...rest }, found] as const;
const ot = (rest: Headers, found: Found | undefined) =>
  [{ 'ot-tracer-traceid': T8, 'ot-tracer-spanid': S, ...rest }, found] as const;
const instana = (rest: Headers, found: Found | undefined) =>
  [{ 'x-instana-t': T, 'x-instana-s': S, ...rest }, found] as const;
const undecided: Found = { traceId: T, spanId: S, sampled: undefined, debug: false };
const root = `1-${T.slice(0, 8)}-${T.slice(8)}`;

const TABLE: Readonly<Record<Format, readonly (readonly [Headers, Found | undefined])[]>> = {
  // test/propagation/traceparent.test.ts and tracestate.test.ts have more.
  w3c: [[{ traceparent: `00-${T}-${S}-01` }, { traceId: T, spanId: S, sampled: true }]],
  b3: [
    b3(`${T}-${S}-0`, { ...undecided, sampled: false, parentSpanId: undefined }),
    b3(`${T}-${S}-d`, { ...undecided, sampled: true, debug: true }),
    b3(`${T}-${S}-1-${P}`, { ...undecided, sampled: true, parentSpanId: P, format: 'b3-single' }),
    // A parent may begin with what else would be a decision.
    b3(`${T}-${S}-${P}`, { ...undecided, parentSpanId: P }),
    b3(`${T}-${S}-1${P.slice(1)}`, { ...undecided, parentSpanId: `1${P.slice(1)}` }),
    b3(`${T}-${S}-d${P.slice(1)}`, { ...undecided, parentSpanId: `d${P.slice(1)}` }),
    b3(` ${T}-${S}-1\t`, { ...undecided, sampled: true }),
    b3(`${T8}-${S}`, { traceId: PADDED, traceIdDigits: 16 }),
    b3(`${ZERO}${T8}-${S}`, { traceId: PADDED, traceIdDigits: 32 }),
    b3(T, undefined),
    b3(`${T}-`, undefined),
    b3(`${T.slice(1)}-${S}-1`, undefined),
    b3(`${T}0-${S}-1`, undefined),
    b3(`${T}-${S.slice(1)}-1`, undefined),
    b3(`${T}-${S}-`, undefined),
    b3(`${T}-${S}-1-`, undefined),
    b3(`${T}-${S}-true`, undefined),
    b3(`${T}-${S}1`, undefined),
    b3(`${T}-${S}-1-${P.slice(1)}`, undefined),
    b3(`${T}-${S}-1-${P}-more`, undefined),
    b3(`${T}-${S}-1more`, undefined),
    b3(`${T}_${S}_1`, undefined),
    b3(`${T.slice(1)}g-${S}-1`, undefined),
    b3(`${T}-${S}-1, ${T}-${S}-1`, undefined),
    b3('2', undefined),
    b3('D', undefined),
    b3('', undefined),
    b3('-', undefined),
    [
      { b3: 'garbage', 'x-b3-traceid': T, 'x-b3-spanid': S, 'x-b3-sampled': '1' },
      { ...undecided, sampled: true },
    ],
    [
      { b3: `${T8}-${P}`, 'x-b3-traceid': T, 'x-b3-spanid': S },
      { traceId: PADDED, spanId: P },
    ],
    [
      { b3: '0', 'x-b3-traceid': T, 'x-b3-spanid': S },
      { ...undecided, sampled: false },
    ],
    multi({}, { ...undecided, format: 'b3', traceIdDigits: 32 }),
    multi({ 'x-b3-traceid': T8 }, { traceId: PADDED, traceIdDigits: 16 }),
    multi({ 'x-b3-sampled': '1' }, { ...undecided, sampled: true }),
    multi({ 'x-b3-sampled': 'true' }, { ...undecided, sampled: true }),
    multi({ 'x-b3-sampled': 'false' }, { ...undecided, sampled: false }),
    multi({ 'x-b3-sampled': '' }, undecided),
    multi({ 'x-b3-sampled': 'd' }, undecided),
    multi({ 'x-b3-sampled': '2' }, undecided),
    multi({ 'x-b3-flags': '2' }, undecided),
    multi({ 'x-b3-flags': 'abc' }, undecided),
    multi({ 'x-b3-flags': '' }, undecided),
    multi({ 'x-b3-parentspanid': P }, { ...undecided, parentSpanId: P }),
    multi({ 'x-b3-parentspanid': ZERO }, { ...undecided, parentSpanId: undefined }),
    // Repeats: the first.
    multi({ 'x-b3-traceid': `${T}, ${'e'.repeat(32)}` }, undecided),
    multi({ 'x-b3-sampled': '0, 1' }, { ...undecided, sampled: false }),
    multi({ 'x-b3-traceid': '' }, undefined),
    multi({ 'x-b3-spanid': ZERO }, undefined),
    multi({ 'x-b3-traceid': `${T}0` }, undefined),
    multi({ 'x-b3-traceid': `${T8}00` }, undefined),
    [{ 'x-b3-traceid': T }, undefined],
    [{ 'x-b3-spanid': S }, undefined],
    [{ 'x-b3-parentspanid': P }, undefined],
    [{ tracestate: `b3=${T}-${S}-1` }, undefined],
  ],
  jaeger: [
    jaeger(`${T}:${S}:0:1`, { traceId: T, spanId: S, sampled: true, traceIdDigits: 32 }),
    jaeger(`${T}:${S}:0:01`, { sampled: true }),
    jaeger(`${T}:${S}:${P}:1`, { spanId: S, parentSpanId: P }),
    jaeger(`${T}%3A${S}%3a0%3A1`, { traceId: T, spanId: S, sampled: true }),
    jaeger(`${T8}:${S}:0:1`, { traceId: PADDED, traceIdDigits: 16 }),
    jaeger(`${'0'.repeat(8)}${T8}:${S}:0:1`, { traceId: PADDED, traceIdDigits: 32 }),
    jaeger('123:45:0:1', {
      traceId: '123'.padStart(32, '0'),
      spanId: '45'.padStart(16, '0'),
      traceIdDigits: 16,
    }),
    jaeger(`1${T8}:${S}:0:1`, { traceId: `1${T8}`.padStart(32, '0'), traceIdDigits: 32 }),
    jaeger(`${T}:${S}:0:0`, { sampled: false, debug: false }),
    jaeger(`${T}:${S}:0:2`, { sampled: false, debug: false }),
    jaeger(`${T}:${S}:0:3`, { sampled: true, debug: true }),
    jaeger(`${T}:${S}:0:8`, { sampled: false, debug: false }),
    jaeger(`${T}:${S}:0:9`, { sampled: true, debug: false }),
    jaeger(`${T}:${S}:0:0b`, { sampled: true, debug: true }),
    jaeger(`${T}:${S}:0:ff`, { sampled: true, debug: true }),
    jaeger(`${T}:${S}:0:001`, undefined),
    jaeger(`${T}:${S}:0:`, undefined),
    jaeger(`${T}:${S}:0:g`, undefined),
    jaeger(`${T}:${S}:0`, undefined),
    jaeger(`${T}:${S}:0:1:0`, undefined),
    jaeger(`${T}::0:1`, undefined),
    jaeger(`:${S}:0:1`, undefined),
    jaeger(`${T}0:${S}:0:1`, undefined),
    jaeger(`${T}:${S}0:0:1`, undefined),
    jaeger(`${T}:0:0:1`, undefined),
    jaeger(`${T}:${ZERO}:0:1`, undefined),
    jaeger(`${T}%3${S}:0:1`, undefined),
    jaeger(`${T}%253A${S}%253A0%253A1`, undefined),
    jaeger(`${T}:${S}:0:1, ${T}:${S}:0:1`, undefined),
    jaeger('', undefined),
    jaeger(':::', undefined),
  ],
  datadog: [
    datadog({ 'x-datadog-sampling-priority': '1' }, { sampled: true, traceIdDigits: 16 }),
    datadog({ 'x-datadog-sampling-priority': '0' }, { sampled: false }),
    datadog({ 'x-datadog-sampling-priority': '-2' }, { sampled: false }),
    datadog({ 'x-datadog-sampling-priority': '' }, { sampled: undefined }),
    datadog({ 'x-datadog-sampling-priority': '1.5' }, { sampled: undefined }),
    datadog({ 'x-datadog-sampling-priority': '0, 2' }, { sampled: true }),
    datadog({ 'x-datadog-trace-id': ' 123 ' }, { traceId: '7b'.padStart(32, '0') }),
    datadog({ 'x-datadog-trace-id': '0123' }, { traceId: '7b'.padStart(32, '0') }),
    datadog({ 'x-datadog-tags': `_dd.p.tid=${T.slice(0, 16)}` }, { traceIdDigits: 32 }),
    datadog({ 'x-datadog-tags': `_dd.p.tid=${T.slice(1, 16)}` }, { traceIdDigits: 16 }),
    datadog({ 'x-datadog-trace-id': '18446744073709551616' }, undefined),
    datadog({ 'x-datadog-trace-id': '99999999999999999999' }, undefined),
    datadog({ 'x-datadog-trace-id': '9'.repeat(1_000) }, undefined),
    datadog({ 'x-datadog-trace-id': T }, undefined),
    datadog({ 'x-datadog-trace-id': '0x7b' }, undefined),
    datadog({ 'x-datadog-trace-id': '1e3' }, undefined),
    datadog({ 'x-datadog-trace-id': '1 2' }, undefined),
    datadog({ 'x-datadog-trace-id': '' }, undefined),
    datadog({ 'x-datadog-parent-id': '0' }, undefined),
    datadog({ 'x-datadog-parent-id': 'x' }, undefined),
    [{ 'x-datadog-trace-id': '123' }, undefined],
    [{ 'x-datadog-parent-id': '123' }, undefined],
    [{ 'x-datadog-origin': 'rum', 'x-datadog-tags': '_dd.p.dm=-4' }, undefined],
  ],
  ot: [
    ot({}, { traceId: PADDED, spanId: S, sampled: undefined, traceIdDigits: 16 }),
    ot({ 'ot-tracer-traceid': T }, { traceId: T, traceIdDigits: 32 }),
    ot({ 'ot-tracer-sampled': 'true' }, { sampled: true }),
    ot({ 'ot-tracer-sampled': '0' }, { sampled: false }),
    ot({ 'ot-tracer-sampled': 'maybe' }, { sampled: undefined }),
    ot({ 'ot-tracer-sampled': '' }, { sampled: undefined }),
    ot({ 'ot-tracer-traceid': T8.slice(1) }, undefined),
    ot({ 'ot-tracer-traceid': ZERO }, undefined),
    ot({ 'ot-tracer-traceid': 'x' }, undefined),
    ot({ 'ot-tracer-spanid': ZERO }, undefined),
    ot({ 'ot-tracer-spanid': S.slice(1) }, undefined),
    ot({ 'ot-tracer-traceid': `${T8}, ${T8}` }, undefined),
    [{ 'ot-tracer-traceid': T8 }, undefined],
    [{ 'ot-tracer-spanid': S }, undefined],
  ],
  aws: [
    aws(`Root=${root};Parent=${S};Sampled=1`, { traceId: T, spanId: S, sampled: true, traceIdDigits: 32 }),
    aws(`Root=${root};Parent=${S};Sampled=0`, { sampled: false }),
    aws(`Root=${root};Parent=${S};Sampled=?`, { traceId: T, spanId: S, sampled: undefined }),
    aws(`Root=${root};Parent=${S};Sampled=`, { sampled: undefined }),
    aws(`Root=${root};Parent=${S};Sampled=2`, { sampled: undefined }),
    aws(`Root=${root};Sampled=1`, { traceId: T, spanId: undefined, sampled: true }),
    aws(`;;Root=${root};;`, { traceId: T, spanId: undefined }),
    aws(`Root=${root};Custom=${'v'.repeat(256)};Parent=${S}`, { traceId: T, spanId: S }),
    aws(`Root=${root};junk;=;a==b;Parent=${S}`, { traceId: T, spanId: S }),
    aws(`root=${root};Parent=${S};Sampled=1`, undefined),
    aws(`Root=2${root.slice(1)};Parent=${S};Sampled=1`, undefined),
    aws(`Root=${T};Parent=${S};Sampled=1`, undefined),
    aws(`Root=1-${T.slice(0, 7)}-${T.slice(7)};Parent=${S};Sampled=1`, undefined),
    aws(`Root=1-${'0'.repeat(8)}-${'0'.repeat(24)};Parent=${S};Sampled=1`, undefined),
    aws(`Root=${root};Parent=${S.slice(1)};Sampled=1`, undefined),
    aws(`Root=${root};Parent=zzzzzzzzzzzzzzzz;Sampled=1`, undefined),
    aws(`Root=${root};Parent=;Sampled=1`, undefined),
    aws(`Self=${root};Parent=${S};Sampled=1`, undefined),
    aws(`Parent=${S};Sampled=1`, undefined),
    aws('Root', undefined),
    aws('', undefined),
  ],
  gcp: [
    gcp(`${T}/789;o=1`, { traceId: T, spanId: '315'.padStart(16, '0'), sampled: true, traceIdDigits: 32 }),
    gcp(`${T}/789;o=0`, { sampled: false }),
    gcp(`${T}/789;o=`, { traceId: T, sampled: undefined }),
    gcp(`${T}/0;o=1`, { traceId: T, spanId: undefined, sampled: true }),
    gcp(`${T}/0`, { traceId: T, spanId: undefined, sampled: undefined }),
    gcp(`${T}/`, { traceId: T, spanId: undefined }),
    gcp(T, { traceId: T, spanId: undefined, sampled: undefined }),
    gcp(`${T};o=1`, { traceId: T, spanId: undefined, sampled: true }),
    gcp(` ${T}/1;o=1 `, { traceId: T }),
    gcp(`${T}/18446744073709551615;o=1`, { spanId: 'f'.repeat(16) }),
    gcp(`${T}/${'0'.repeat(17)}789`, { spanId: '315'.padStart(16, '0') }),
    gcp(`${T}/-1;o=1`, undefined),
    gcp(`${T}/ 1`, undefined),
    gcp(`${T}/1/2;o=1`, undefined),
    gcp(`${T}/999999999999999999999;o=1`, undefined),
    gcp(`${T.slice(1)}/1;o=1`, undefined),
    gcp(`${T}0/1;o=1`, undefined),
    gcp(`${T.slice(1)}g/1;o=1`, undefined),
    gcp(`${T8}/1;o=1`, undefined),
    gcp('/1;o=1', undefined),
    gcp(`${T}/1;o=1, ${T}/1;o=1`, undefined),
    gcp('', undefined),
  ],
  instana: [
    instana({}, { traceId: T, spanId: S, sampled: undefined, traceIdDigits: 32 }),
    instana({ 'x-instana-t': T8 }, { traceId: PADDED, traceIdDigits: 16 }),
    instana({ 'x-instana-t': T.toUpperCase() }, { traceId: T }),
    instana({ 'x-instana-l': '1' }, { sampled: true }),
    instana({ 'x-instana-l': '0' }, { sampled: false }),
    instana({ 'x-instana-l': ' 1 ' }, { sampled: true }),
    instana({ 'x-instana-l': '1,correlationType=web;correlationId=abc' }, { sampled: true }),
    instana({ 'x-instana-l': '1, correlationType=web;correlationId=abc' }, { sampled: true }),
    instana({ 'x-instana-l': '5' }, { sampled: undefined }),
    instana({ 'x-instana-l': '10' }, { sampled: undefined }),
    instana({ 'x-instana-l': '' }, { sampled: undefined }),
    instana({ 'x-instana-t': T.slice(1) }, undefined),
    instana({ 'x-instana-t': `${T8}, ${T8}` }, undefined),
    instana({ 'x-instana-s': S.slice(1) }, undefined),
    instana({ 'x-instana-s': ZERO }, undefined),
    instana({ 'x-instana-t': `${ZERO}${ZERO}` }, undefined),
    [{ 'x-instana-t': T }, undefined],
    [{ 'x-instana-s': S }, undefined],
    [{ 'x-instana-l': '1' }, undefined],
  ],
};

describe.each(Object.entries(TABLE))('%s', (format, table) => {
  it.each(table)('reads %j as %j', (headers, found) => {
    const extracted = createPropagation({ extract: [format] }).extract(headers);
    if (found === undefined) expect(extracted).toBeUndefined();
    else expect(extracted).toMatchObject(found);
  });
});

describe('a plain header', () => {
  const source = { format: 'header', name: 'X-Request-Id' } as const;
  const uuid = '0af76519-16cd-43dd-8448-eb211c80319c';

  it.each<[string, Found | undefined]>([
    [T, { traceId: T, traceIdDigits: 32, format: 'header' }],
    [T8, { traceId: PADDED, traceIdDigits: 16 }],
    [T.toUpperCase(), { traceId: T }],
    [uuid, { traceId: T, traceIdDigits: 32, spanId: undefined, sampled: undefined }],
    [uuid.toUpperCase(), { traceId: T }],
    [` ${uuid}\t`, { traceId: T }],
    [`{${uuid}}`, undefined],
    [uuid.replace('-', ''), undefined],
    [uuid.replaceAll('-', '_'), undefined],
    [`${T8.slice(0, 8)}-${T8.slice(8)}`, undefined],
    [T.slice(1), undefined],
    [`${T}0`, undefined],
    [ZERO, undefined],
    ['00000000-0000-0000-0000-000000000000', undefined],
    ['request-5', undefined],
    [`${T}, ${T}`, undefined],
    ['', undefined],
  ])('of %j gives %j', (value, found) => {
    const extracted = createPropagation({ extract: [source] }).extract({ 'x-request-id': value });
    if (found === undefined) expect(extracted).toBeUndefined();
    else expect(extracted).toMatchObject(found);
  });

  it('is one of several', () => {
    const propagation = createPropagation({ extract: [source, { format: 'header', name: 'x-other' }] });
    expect(propagation.extract({ 'x-request-id': 'x', 'x-other': T8 })).toMatchObject({ traceId: PADDED });
  });

  it('is written with the size that came', () => {
    const propagation = createPropagation({ extract: [source], inject: [source] });
    const headers = { 'x-request-id': T8 };
    propagation.inject(headers, { traceId: PADDED, spanId: OWN }, propagation.extract(headers));
    expect(headers).toEqual({ 'x-request-id': T8 });
  });
});
