/**
 * What `propagation.mjs` compares: for each case the trace headers that came in, the options of ours and the stock
 * propagator that does the same.
 *
 * Where stock leaves W3C baggage alone, ours is told to (`baggage: 'ignore'`); otherwise ours has its defaults.
 */
import { randomBytes } from 'node:crypto';
import { CloudPropagator } from '@google-cloud/opentelemetry-cloud-trace-propagator';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { AWSXRayPropagator } from '@opentelemetry/propagator-aws-xray';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger';
import { OTTracePropagator } from '@opentelemetry/propagator-ot-trace';

/** An ordinary request, as it comes over the wire. */
export const ORDINARY_HEADERS = [
  ['Host', 'gateway.example'],
  ['Connection', 'keep-alive'],
  ['Cache-Control', 'no-cache'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0'],
  ['X-Forwarded-Proto', 'https'],
  ['Accept', 'application/json, text/plain, */*'],
  ['Origin', 'https://shop.example'],
  ['Referer', 'https://shop.example/basket?step=2'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['Authorization', `Bearer ${'abcdefghijklmnopqrstuvwxyz012345'.repeat(8)}`],
  ['X-Forwarded-For', '203.0.113.7, 198.51.100.23'],
];

export function makeIds() {
  const [traceId, newTraceId] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
  const [spanId, parentId, newSpanId] = [8, 8, 8].map((bytes) => randomBytes(bytes).toString('hex'));
  return { traceId, spanId, parentId, newTraceId, newSpanId };
}

const decimal = (hex) => BigInt(`0x${hex}`).toString();

/** The headers of each format, by ids. */
const traceparent = ({ traceId, spanId }) => [['traceparent', `00-${traceId}-${spanId}-03`]];
const tracestate = ({ spanId, parentId }) => [
  ['tracestate', `rojo=${parentId},congo=t61rcWkgMzE,33@nr=0-0-1349956-41346604-${spanId}-1-1.1`],
];
const datadogState = ({ spanId }) => [['tracestate', `dd=s:1;p:${spanId};t.dm:-1,congo=t61rcWkgMzE`]];
const w3c = (ids) => [...traceparent(ids), ...tracestate(ids)];
const baggage = ({ parentId }) => [
  ['baggage', `user.id=${parentId},tier=gold;since=2024,region=eu%2Dcentral`],
];
const b3Single = ({ traceId, spanId, parentId }) => [['b3', `${traceId}-${spanId}-1-${parentId}`]];
const b3Multi = ({ traceId, spanId }) => [
  ['X-B3-TraceId', traceId],
  ['X-B3-SpanId', spanId],
  ['X-B3-Sampled', '1'],
];
const b3Parent = ({ parentId }) => [['X-B3-ParentSpanId', parentId]];
const jaeger = ({ traceId, spanId }) => [['uber-trace-id', `${traceId}:${spanId}:0:1`]];
const jaegerBaggage = ({ parentId }) => [
  ['uberctx-user', parentId],
  ['uberctx-tier', 'gold%20plus'],
];
const aws = ({ traceId, spanId }) => [
  ['X-Amzn-Trace-Id', `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId};Sampled=1`],
];
const ot = ({ traceId, spanId }) => [
  ['ot-tracer-traceid', traceId.slice(16)],
  ['ot-tracer-spanid', spanId],
  ['ot-tracer-sampled', 'true'],
];
const otBaggage = ({ parentId }) => [
  ['ot-baggage-user', parentId],
  ['ot-baggage-tier', 'gold'],
];
const gcp = ({ traceId, spanId }) => [['X-Cloud-Trace-Context', `${traceId}/${decimal(spanId)};o=1`]];
const datadog = ({ traceId, spanId }) => [
  ['x-datadog-trace-id', decimal(traceId.slice(16))],
  ['x-datadog-parent-id', decimal(spanId)],
  ['x-datadog-sampling-priority', '1'],
  ['x-datadog-tags', `_dd.p.dm=-1,_dd.p.tid=${traceId.slice(0, 16)}`],
];
const instana = ({ traceId, spanId }) => [
  ['X-INSTANA-T', traceId],
  ['X-INSTANA-S', spanId],
  ['X-INSTANA-L', '1'],
];
const requestId = ({ traceId }) => [
  ['X-Request-Id', traceId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')],
];

const w3cAndBaggage = () =>
  new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] });
const b3As = (injectEncoding) => () => new B3Propagator({ injectEncoding });
const reading = (format) => ({ extract: [format], baggage: 'ignore' });
const ALL_NINE = {
  extract: [
    ...['w3c', 'b3', 'jaeger', 'datadog', 'ot', 'aws', 'gcp', 'instana'],
    { format: 'header', name: 'x-request-id' },
  ],
};
const all = (...formats) => {
  return (ids) => formats.flatMap((format) => format(ids));
};

/** The names of `carries` come out again. */
const ORDINARY = [
  {
    name: 'w3c',
    carries: w3c,
    ours: { baggage: 'ignore' },
    stock: () => new W3CTraceContextPropagator(),
  },
  {
    name: 'w3c, no tracestate',
    carries: traceparent,
    ours: { baggage: 'ignore' },
    stock: () => new W3CTraceContextPropagator(),
  },
  { name: 'w3c + baggage', carries: all(w3c, baggage), ours: {}, stock: w3cAndBaggage },
  { name: 'w3c + baggage, none came', carries: w3c, ours: {}, stock: w3cAndBaggage },
  {
    name: 'b3 single',
    carries: b3Single,
    ours: reading('b3'),
    stock: b3As(B3InjectEncoding.SINGLE_HEADER),
  },
  {
    name: 'b3 multi',
    carries: b3Multi,
    ours: reading('b3'),
    stock: b3As(B3InjectEncoding.MULTI_HEADER),
  },
  {
    name: 'b3 multi, parent came',
    carries: all(b3Parent, b3Multi),
    // Stock leaves the caller's parent in place.
    gone: ['x-b3-parentspanid'],
    ours: reading('b3'),
    stock: b3As(B3InjectEncoding.MULTI_HEADER),
  },
  { name: 'jaeger', carries: jaeger, ours: reading('jaeger'), stock: () => new JaegerPropagator() },
  {
    name: 'jaeger + baggage',
    carries: all(jaeger, jaegerBaggage),
    ours: { extract: ['jaeger'] },
    stock: () => new JaegerPropagator(),
  },
  { name: 'aws xray', carries: aws, ours: reading('aws'), stock: () => new AWSXRayPropagator() },
  { name: 'ot', carries: ot, ours: reading('ot'), stock: () => new OTTracePropagator() },
  {
    name: 'ot + baggage',
    carries: all(ot, otBaggage),
    ours: { extract: ['ot'] },
    stock: () => new OTTracePropagator(),
  },
  { name: 'gcp', carries: gcp, ours: reading('gcp'), stock: () => new CloudPropagator() },
  { name: 'datadog', carries: datadog, ours: reading('datadog') },
  { name: 'instana', carries: instana, ours: reading('instana') },
  { name: 'all nine, preserve: w3c came', carries: w3c, ours: ALL_NINE },
  { name: 'all nine, preserve: w3c with dd', carries: all(traceparent, datadogState), ours: ALL_NINE },
  { name: 'all nine, preserve: instana came', carries: instana, ours: ALL_NINE },
  { name: 'all nine, preserve: none came', carries: () => [], ours: ALL_NINE, begins: true },
  {
    name: 'all nine, preserve: all came',
    carries: all(w3c, b3Multi, jaeger, datadog, ot, aws, gcp, instana, requestId),
    ours: ALL_NINE,
  },
];

const HOSTILE_LENGTH = 8_192;
const filled = (start, piece) => start + piece.repeat(HOSTILE_LENGTH).slice(0, HOSTILE_LENGTH - start.length);

/** One header of 8 KiB, otherwise as in the case `like`. */
const HOSTILE = [
  { name: 'traceparent, dashes', like: 'w3c', header: 'traceparent', value: () => filled('00-', '-') },
  { name: 'tracestate, empty members', like: 'w3c', header: 'tracestate', value: () => filled('a=1', ' ,') },
  { name: 'tracestate, short members', like: 'w3c', header: 'tracestate', value: () => filled('', 'a=1,') },
  {
    name: 'tracestate, 32 long members',
    like: 'w3c',
    header: 'tracestate',
    value: () => Array.from({ length: 32 }, (_, index) => filled(`k${index}=`, 'v').slice(0, 255)).join(','),
  },
  {
    name: 'baggage, short members',
    like: 'w3c + baggage',
    header: 'baggage',
    value: () => filled('', 'a=1,'),
  },
  {
    name: 'baggage, 64 escaped members',
    like: 'w3c + baggage',
    header: 'baggage',
    value: () => Array.from({ length: 64 }, (_, index) => `k${index}=${'%41'.repeat(40)}`).join(','),
  },
  {
    name: 'baggage, bare properties',
    like: 'w3c + baggage',
    header: 'baggage',
    value: () => filled('a=1', ';b'),
  },
  { name: 'b3, dashes', like: 'b3 single', header: 'b3', value: () => filled('', '-') },
  { name: 'x-b3-traceid, zeros', like: 'b3 multi', header: 'x-b3-traceid', value: () => filled('', '0') },
  { name: 'uber-trace-id, escapes', like: 'jaeger', header: 'uber-trace-id', value: () => filled('', '%30') },
  { name: 'uber-trace-id, colons', like: 'jaeger', header: 'uber-trace-id', value: () => filled('', ':') },
  {
    name: 'uberctx-user, escapes',
    like: 'jaeger + baggage',
    header: 'uberctx-user',
    value: () => filled('', '%41').slice(0, 8_190),
  },
  {
    name: 'x-amzn-trace-id, fields',
    like: 'aws xray',
    header: 'x-amzn-trace-id',
    value: () => filled('', 'a=b;'),
  },
  {
    name: 'x-amzn-trace-id, semicolons',
    like: 'aws xray',
    header: 'x-amzn-trace-id',
    value: () => filled('', ';'),
  },
  { name: 'ot-tracer-traceid, zeros', like: 'ot', header: 'ot-tracer-traceid', value: () => filled('', '0') },
  { name: 'ot-baggage-user', like: 'ot + baggage', header: 'ot-baggage-user', value: () => filled('', 'a ') },
  {
    name: 'x-cloud-trace-context, digits',
    like: 'gcp',
    header: 'x-cloud-trace-context',
    value: ({ traceId }) => filled(`${traceId}/`, '9'),
  },
  {
    name: 'x-datadog-tags, short tags',
    like: 'datadog',
    header: 'x-datadog-tags',
    value: () => filled('', '_dd.p.a=1,'),
  },
  {
    name: 'x-datadog-trace-id, digits',
    like: 'datadog',
    header: 'x-datadog-trace-id',
    value: () => filled('', '9'),
  },
  { name: 'x-instana-t, zeros', like: 'instana', header: 'x-instana-t', value: () => filled('', '0') },
  {
    name: 'x-instana-l, correlation',
    like: 'instana',
    header: 'x-instana-l',
    value: () => filled('1,correlationType=web;correlationId=', 'a;'),
  },
  {
    name: 'x-request-id, dashes',
    like: 'all nine, preserve: all came',
    header: 'x-request-id',
    value: () => filled('', '-'),
  },
].map(({ name, like, header, value }) => {
  const model = ORDINARY.find((each) => each.name === like);
  const carries = (ids) => [
    ...model.carries(ids).filter(([key]) => key.toLowerCase() !== header),
    [header, value(ids)],
  ];
  return { ...model, name, carries, hostile: true };
});

export const CASES = [...ORDINARY, ...HOSTILE];
