/** Spans, log records and metrics that the real SDK produced. */
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  createTraceState,
  trace,
} from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import {
  AggregationType,
  MeterProvider,
  MetricReader,
  type AggregationTemporality,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';

export const resource = resourceFromAttributes({
  'service.name': 'gateway-ß',
  'service.instance.id': 'x'.repeat(200),
  'process.pid': 4711,
});

const remote = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
  traceState: createTraceState('vendor=1,other=2'),
};
const statuses = [
  { code: SpanStatusCode.UNSET },
  { code: SpanStatusCode.OK, message: '' },
  { code: SpanStatusCode.ERROR, message: 'upstream failed: ✗' },
];
const remoteContext = trace.setSpanContext(ROOT_CONTEXT, remote);

export function createSpans(): readonly ReadableSpan[] {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    resource,
    sampler: new AlwaysOnSampler(),
    spanLimits: { attributeCountLimit: 20, eventCountLimit: 3, linkCountLimit: 3 },
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer('tracer', '1.2.3', {
    schemaUrl: 'https://opentelemetry.io/schemas/1.30.0',
  });
  tracer.startSpan('root', {}, ROOT_CONTEXT).end();
  for (const kind of [
    SpanKind.INTERNAL,
    SpanKind.SERVER,
    SpanKind.CLIENT,
    SpanKind.PRODUCER,
    SpanKind.CONSUMER,
  ]) {
    const span = tracer.startSpan(
      `GET /заказы/${kind}`,
      { kind, startTime: [1_753_500_000, 123_456_789] },
      remoteContext,
    );
    for (let i = 0; i < 10 + 4 * kind; i++)
      span.setAttribute(`attribute.${i}`, [i, `v${i}`, i / 2, i % 2 === 0][i % 4] ?? 0);
    span.setAttribute('attribute.1', ['a', 'ü', '😀'.repeat(40)]);
    for (let i = 0; i < 2 + kind; i++) {
      span.addEvent(`event ${i}`, i === 0 ? undefined : { i, text: 'e'.repeat(50 * i) }, [1_753_500_001, i]);
      span.addLink({ context: { ...remote, isRemote: i % 2 === 0 }, attributes: { i, list: [1, 2, 3] } });
    }
    span.recordException(new Error('broken'));
    span.setStatus(statuses[kind % 3] ?? { code: SpanStatusCode.UNSET });
    span.end([1_753_500_002, 999_999_999]);
  }
  const parent = tracer.startSpan('local parent', {}, ROOT_CONTEXT);
  tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, parent)).end();
  parent.end();
  return exporter.getFinishedSpans();
}

export function createLogRecords(): readonly ReadableLogRecord[] {
  const records: ReadableLogRecord[] = [];
  const provider = new LoggerProvider({
    resource,
    logRecordLimits: { attributeCountLimit: 6 },
    processors: [
      {
        onEmit: (record) => records.push(record),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  const logger = provider.getLogger('logger', '4.5.6');
  logger.emit({});
  logger.emit({ body: null, eventName: 'event.name' });
  const bodies = [
    'text ✓',
    42,
    -0.5,
    true,
    new Uint8Array([0, 1, 255]),
    ['a', 1, null, ['b']],
    { a: { b: [{ c: 'd' }] }, e: null },
  ];
  for (const [index, body] of bodies.entries()) {
    logger.emit({
      timestamp: [1_753_500_000, 1000 + index],
      observedTimestamp: 1_753_500_000_500.25,
      severityNumber: index,
      severityText: index === 0 ? '' : `LEVEL ${index}`,
      body,
      attributes: Object.fromEntries(
        Array.from({ length: index + 2 }, (_, i) => [`key.${i}`, bodies[i] ?? 0]),
      ),
      context: remoteContext,
    });
  }
  return records;
}

class PullReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

export async function createMetrics(temporality: AggregationTemporality): Promise<ResourceMetrics> {
  const reader = new PullReader({ aggregationTemporalitySelector: () => temporality });
  const provider = new MeterProvider({
    resource,
    readers: [reader],
    views: [
      { instrumentName: 'exponential.*', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } },
      {
        instrumentName: 'bare.histogram',
        aggregation: {
          type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
          options: { boundaries: [], recordMinMax: false },
        },
      },
    ],
  });
  const meter = provider.getMeter('meter', '7.8.9', { schemaUrl: 'https://opentelemetry.io/schemas/1.30.0' });
  const integers = { valueType: 0 };
  const counter = meter.createCounter('counter', {
    ...integers,
    unit: '{request}',
    description: 'Requests – all.',
  });
  const doubles = meter.createCounter('double.counter');
  const upDown = meter.createUpDownCounter('up.down', integers);
  const histogram = meter.createHistogram('histogram', { unit: 'ms' });
  const bare = meter.createHistogram('bare.histogram');
  const exponential = meter.createHistogram('exponential.histogram');
  const negative = meter.createHistogram('exponential.small');
  for (let i = 0; i < 400; i++) {
    const attributes = {
      route: `route ${i % 3}`,
      status: 200 + (i % 2),
      'très long': 'x'.repeat((i % 3) * 70),
    };
    counter.add(i, attributes);
    doubles.add(i / 3, attributes);
    upDown.add(i % 2 === 0 ? -2 * i : i, attributes);
    histogram.record(i * 7.25, attributes);
    bare.record(i, attributes);
    exponential.record(i * i, attributes);
    negative.record(1e-6 * (i + 1));
  }
  counter.add(2 ** 33, {});
  upDown.add(-(2 ** 33), {});
  meter.createObservableGauge('gauge').addCallback((result) => {
    result.observe(-0.25, { sensor: 1 });
    result.observe(0, { sensor: 2 });
  });
  meter.createObservableGauge('integer.gauge', integers).addCallback((result) => result.observe(-5, {}));
  const { resourceMetrics, errors } = await reader.collect();
  if (errors.length > 0) throw new AggregateError(errors);
  return resourceMetrics;
}
