/** One of every kind of record that an instance can send, through the public door alone. */
import { SpanKind, SpanStatusCode, TraceFlags, type Attributes } from '@opentelemetry/api';
import type { GatewayTelemetry } from '../../src/index.js';
import { canaryOf } from '../delivery/support.js';

/** Every kind of value that a span or request may carry, with the ends of each. */
export const ATTRIBUTES: Attributes = {
  text: 'Grüße, 世界 🌍',
  empty: '',
  'lone surrogate': 'a\ud800b',
  yes: true,
  no: false,
  zero: 0,
  'minus zero': -0,
  int: 42,
  negative: -7,
  'last safe': Number.MAX_SAFE_INTEGER,
  'first unsafe': Number.MAX_SAFE_INTEGER + 1,
  'beyond 64 bits': 1e300,
  double: 0.1,
  nan: Number.NaN,
  infinite: Number.NEGATIVE_INFINITY,
  texts: ['a', '', 'ü'],
  numbers: [1, -1, 0.5],
  switches: [true, false],
  holes: ['a', null, undefined, 'b'],
  none: [],
};

/** What only log records can hold. */
const NESTED = {
  map: { inner: { deep: [1, 'two', { three: 3 }] }, empty: {} },
  list: [1, 0.5, 'mixed', true, null, ['inner'], {}],
  bytes: new Uint8Array([0, 255, 16]),
  'no bytes': new Uint8Array(),
  nothing: null,
};

const REMOTE = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
};
const TRACE_HEADERS = {
  traceparent: `00-${REMOTE.traceId}-${REMOTE.spanId}-03`,
  tracestate: 'vendor=1,other=2',
};

/** Requests of each ending, with upstream calls, events, links and every attribute. */
function sendRequests(telemetry: GatewayTelemetry, tenantId: string): void {
  for (const [index, statusCode] of [undefined, 100, 200, 304, 404, 503].entries()) {
    const exchange = telemetry.begin({
      method: index === 2 ? 'BREW' : 'POST',
      url: `/orders/${index}?q=1`,
      headers: { host: 'gateway.test', 'user-agent': 'test/1', ...(index % 2 === 0 && TRACE_HEADERS) },
      remoteAddress: '192.0.2.1',
      remotePort: 4711,
      scheme: 'https',
      protocolVersion: '1.1',
      trust: index === 4 ? 'restart' : 'continue',
    });
    exchange.setTenant(tenantId);
    exchange.setRoute(`route ${index}`);
    exchange.setHttpRoute('/orders/:id');
    exchange.setEnvironment('test');
    exchange.setAttributes(ATTRIBUTES);
    exchange.setTenantAttribute('canary', canaryOf(tenantId));
    for (const [key, value] of Object.entries(ATTRIBUTES))
      exchange.setTenantAttribute(`tenant.${key}`, value as string);
    exchange.span.addEvent('plain').addEvent('full', ATTRIBUTES, Date.now());
    exchange.span.addLink({ context: REMOTE, attributes: ATTRIBUTES });
    exchange.span.recordException(new RangeError('broken ✗'));
    const call = exchange.startUpstreamCall({ url: 'https://upstream.test:8443/x', resendCount: 1 });
    call.span.setStatus({ code: SpanStatusCode.ERROR, message: 'upstream failed: ✗' });
    call.end(statusCode === undefined ? { error: new Error('reset') } : { statusCode });
    exchange.end(statusCode === undefined ? { error: 'client_disconnect' } : { statusCode });
  }
}

function sendCustomSpans({ tracer }: GatewayTelemetry): void {
  const kinds = [SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER];
  for (const kind of kinds) {
    const options = { kind, attributes: ATTRIBUTES, links: [{ context: REMOTE, attributes: ATTRIBUTES }] };
    tracer.startActiveSpan(`custom ${kind}`, options, (span) => {
      span.addEvent('inside', ATTRIBUTES);
      span.setStatus({ code: kind % 2 === 0 ? SpanStatusCode.OK : SpanStatusCode.UNSET });
      tracer.startSpan('').end();
      span.end();
    });
  }
}

function sendRuntimeLogs({ logger }: GatewayTelemetry): void {
  const bodies: readonly unknown[] = ['text', '', 7, 0.5, true, undefined, NESTED, NESTED.list, NESTED.bytes];
  for (const [index, body] of bodies.entries()) {
    logger.emit({
      body,
      severityNumber: (index % 24) + 1,
      eventName: `event ${index}`,
      attributes: { ...ATTRIBUTES, ...NESTED },
      timestamp: new Date(),
    });
  }
  logger.emit({});
}

/** Made once per instance, as instruments are. */
export function createInstruments({ meter }: GatewayTelemetry): () => void {
  const options = { unit: '{thing}', description: 'Things, ✗ and all.' };
  const [counter, upDown] = [meter.createCounter('c', options), meter.createUpDownCounter('u', options)];
  const histogram = meter.createHistogram('h', { ...options, advice: { explicitBucketBoundaries: [1, 10] } });
  const [plain, gauge] = [meter.createHistogram('plain'), meter.createGauge('g', { valueType: 0 })];
  for (const make of [
    meter.createObservableCounter,
    meter.createObservableUpDownCounter,
    meter.createObservableGauge,
  ])
    make.call(meter, `observable ${make.name}`.replace(/\W/g, '_'), options).addCallback((result) => {
      result.observe(3, ATTRIBUTES);
      result.observe(-0.5);
    });
  return () => {
    counter.add(1);
    counter.add(0.5, ATTRIBUTES);
    upDown.add(-3, ATTRIBUTES);
    for (const value of [0, 0.5, 5, 1e9]) {
      histogram.record(value, ATTRIBUTES);
      plain.record(value);
    }
    gauge.record(-7, ATTRIBUTES);
  };
}

export function sendEveryRecord(telemetry: GatewayTelemetry, tenantIds: readonly string[]): void {
  for (const tenantId of tenantIds) sendRequests(telemetry, tenantId);
  sendCustomSpans(telemetry);
  sendRuntimeLogs(telemetry);
}
