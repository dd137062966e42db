import { describe, expect, it } from 'vitest';
import type { MetricReading } from '../../src/model/delivery.js';
import type { SelfCounts } from '../../src/model/self-counts.js';
import { createEncoders, createEnvelopes } from '../../src/otlp/encoders.js';
import { createSelfReading } from '../../src/signals/self-metrics.js';
import type { ReceivedMetricPoint } from '../../src/testing/index.js';
import { takenPoints } from '../support/taken-points.js';

const source = {
  scope: { name: 'gateway-otel', version: '1', bytes: createEnvelopes().scope('gateway-otel', '1') },
  encoders: createEncoders(),
};
const START_MS = 1_753_500_000_000;
const nanos = (ms: number): bigint => BigInt(ms) * 1_000_000n;

const operatorLogs: SelfCounts = {
  componentName: 'otlp_http_log_exporter/operator',
  signal: 'logs',
  serverAddress: 'otlp.example.com',
  serverPort: 443,
  exported: 10,
  failed: { queue_full: 4, rejected: 2, http_404: 1, timeout: 0 },
  inFlight: 3,
  queueItems: 5,
  queueCapacity: 2048,
};
const tenantLogs: SelfCounts = {
  componentName: 'otlp_http_log_exporter/tenants',
  signal: 'logs',
  exported: 7,
  failed: {},
  inFlight: 0,
  queueItems: 0,
  queueCapacity: 9000,
};
const operatorSpans: SelfCounts = {
  ...operatorLogs,
  componentName: 'otlp_http_span_exporter/operator',
  signal: 'traces',
};
const operatorPoints: SelfCounts = {
  ...operatorLogs,
  componentName: 'otlp_http_metric_exporter/operator',
  signal: 'metrics',
};

function readingOf(...counts: readonly SelfCounts[]): MetricReading {
  return createSelfReading(source, () => counts, START_MS);
}

const pointsOf = (...counts: readonly SelfCounts[]): readonly ReceivedMetricPoint[] =>
  takenPoints(readingOf(...counts).take(START_MS + 5));

/** `[attributes, value]` of every point of a metric. */
const valuesOf = (points: readonly ReceivedMetricPoint[], name: string): unknown[] =>
  points.filter((point) => point.name === name).map(({ attributes, value }) => [attributes, value]);

const exporter = {
  'otel.component.type': 'otlp_http_log_exporter',
  'otel.component.name': 'otlp_http_log_exporter/operator',
  'server.address': 'otlp.example.com',
  'server.port': 443,
};
const processor = {
  'otel.component.type': 'batching_log_processor',
  'otel.component.name': 'batching_log_processor/operator',
};

describe('the self-metrics', () => {
  it('have the names, units and kinds of the conventions', () => {
    const points = pointsOf(operatorSpans, operatorLogs, operatorPoints);
    const kinds = new Map(
      points.map(({ name, unit, type, isMonotonic }) => [name, `${type} ${unit} ${String(isMonotonic)}`]),
    );
    expect(Object.fromEntries(kinds)).toEqual({
      'otel.sdk.exporter.span.exported': 'sum {span} true',
      'otel.sdk.exporter.span.inflight': 'sum {span} false',
      'otel.sdk.processor.span.queue.size': 'sum {span} false',
      'otel.sdk.processor.span.queue.capacity': 'sum {span} false',
      'otel.sdk.processor.span.processed': 'sum {span} true',
      'otel.sdk.exporter.log.exported': 'sum {log_record} true',
      'otel.sdk.exporter.log.inflight': 'sum {log_record} false',
      'otel.sdk.processor.log.queue.size': 'sum {log_record} false',
      'otel.sdk.processor.log.queue.capacity': 'sum {log_record} false',
      'otel.sdk.processor.log.processed': 'sum {log_record} true',
      'otel.sdk.exporter.metric_data_point.exported': 'sum {data_point} true',
      'otel.sdk.exporter.metric_data_point.inflight': 'sum {data_point} false',
    });
    for (const point of points) {
      expect(point).toMatchObject({
        temporality: 'cumulative',
        startTimeUnixNano: nanos(START_MS),
        timeUnixNano: nanos(START_MS + 5),
      });
      expect(point.description).not.toBe('');
    }
  });

  it('count each item of an exporter once, a failure under its cause', () => {
    const points = pointsOf(operatorLogs);
    expect(valuesOf(points, 'otel.sdk.exporter.log.exported')).toEqual([
      [exporter, 10],
      [{ ...exporter, 'error.type': 'rejected' }, 2],
      [{ ...exporter, 'error.type': 'http_404' }, 1],
    ]);
    expect(valuesOf(points, 'otel.sdk.exporter.log.inflight')).toEqual([[exporter, 3]]);
  });

  it('count as processed what the exporter was given, and as queue_full what it never was', () => {
    const points = pointsOf(operatorLogs);
    expect(valuesOf(points, 'otel.sdk.processor.log.processed')).toEqual([
      [processor, 10 + 2 + 1 + 3],
      [{ ...processor, 'error.type': 'queue_full' }, 4],
    ]);
    expect(valuesOf(points, 'otel.sdk.processor.log.queue.size')).toEqual([[processor, 5]]);
    expect(valuesOf(points, 'otel.sdk.processor.log.queue.capacity')).toEqual([[processor, 2048]]);
  });

  it('let the exporter tell of a full queue of data points, which have no processor', () => {
    const exported = valuesOf(pointsOf(operatorPoints), 'otel.sdk.exporter.metric_data_point.exported');
    expect(exported.map((value) => (value as [Record<string, unknown>, number])[1])).toEqual([10, 4, 2, 1]);
  });

  it('pool all tenants under one name, without a server', () => {
    const points = pointsOf(operatorLogs, tenantLogs);
    const tenants = {
      'otel.component.type': 'otlp_http_log_exporter',
      'otel.component.name': 'otlp_http_log_exporter/tenants',
    };
    expect(valuesOf(points, 'otel.sdk.exporter.log.exported')).toContainEqual([tenants, 7]);
    expect(valuesOf(points, 'otel.sdk.processor.log.queue.capacity')).toEqual([
      [processor, 2048],
      [{ ...processor, 'otel.component.name': 'batching_log_processor/tenants' }, 9000],
    ]);
  });

  it('tell success from the beginning, at 0', () => {
    const nothing = { ...tenantLogs, exported: 0 };
    const points = pointsOf(nothing);
    expect(valuesOf(points, 'otel.sdk.exporter.log.exported')).toMatchObject([[{}, 0]]);
    expect(valuesOf(points, 'otel.sdk.processor.log.processed')).toMatchObject([[{}, 0]]);
  });

  it('come as the SDK has them, too', () => {
    const [part] = readingOf(tenantLogs).take(START_MS + 5);
    expect(part?.readable()).toMatchObject({
      scope: { name: 'gateway-otel', version: '1' },
      metrics: [{ descriptor: { name: 'otel.sdk.exporter.log.exported' } }, {}, {}, {}, {}],
    });
  });
});

describe('a reading of the self-metrics', () => {
  it('never lets a counter go back when what is in flight is lost to a full queue after all', () => {
    let counts: SelfCounts = { ...operatorLogs, exported: 0, failed: {}, inFlight: 6 };
    const reading = createSelfReading(source, () => [counts], START_MS);
    const processed = (nowMs: number): unknown =>
      valuesOf(takenPoints(reading.take(nowMs)), 'otel.sdk.processor.log.processed');
    expect(processed(START_MS + 1)).toEqual([[processor, 6]]);
    counts = { ...counts, inFlight: 0, failed: { queue_full: 6 } };
    expect(processed(START_MS + 2)).toEqual([
      [processor, 6],
      [{ ...processor, 'error.type': 'queue_full' }, 6],
    ]);
    counts = { ...counts, exported: 8 };
    expect(processed(START_MS + 3)).toEqual([
      [processor, 8],
      [{ ...processor, 'error.type': 'queue_full' }, 6],
    ]);
  });

  it('keeps the components of the signals and of their owners apart', () => {
    const reading = readingOf(
      operatorLogs,
      { ...operatorSpans, componentName: 'otlp_http_span_exporter/tenants' },
      { ...tenantLogs, inFlight: 50 },
    );
    reading.take(START_MS + 1);
    // What was remembered of one must not become another's floor.
    const points = takenPoints(reading.take(START_MS + 2));
    const processed = (signal: 'span' | 'log'): unknown =>
      valuesOf(points, `otel.sdk.processor.${signal}.processed`).map(
        (value) => (value as [unknown, number])[1],
      );
    expect(processed('span')).toEqual([16, 4]);
    expect(processed('log')).toEqual([16, 4, 57]);
  });

  it('tells all again, whether the last one was accepted or lost', () => {
    const reading = readingOf(operatorLogs);
    const first = [...reading.take(START_MS + 1)];
    for (const part of first) part.settle('accepted');
    expect(reading.hasNews()).toBe(true);
    const second = [...reading.take(START_MS + 2)];
    for (const part of second) part.settle('lost');
    const third = [...reading.take(START_MS + 3)];
    const contents = (points: readonly ReceivedMetricPoint[]): unknown =>
      points.map(({ name, attributes, value, startTimeUnixNano }) => ({
        name,
        attributes,
        value,
        startTimeUnixNano,
      }));
    expect(contents(takenPoints(third))).toEqual(contents(takenPoints(first)));
    expect(contents(takenPoints(second))).toEqual(contents(takenPoints(first)));
  });

  it('never ends before it starts, whatever the clock does', () => {
    const reading = readingOf(operatorLogs);
    const [before] = takenPoints(reading.take(START_MS - 3_600_000));
    expect(before?.startTimeUnixNano).toBe(nanos(START_MS - 3_600_000));
    const [after] = takenPoints(reading.take(START_MS + 10));
    expect(after?.startTimeUnixNano).toBe(before?.startTimeUnixNano);
  });

  it('has nothing to tell without components, and after its end', () => {
    const none = readingOf();
    expect(none.hasNews()).toBe(false);
    expect([...none.take(START_MS + 1)]).toEqual([]);
    const reading = readingOf(operatorLogs);
    reading.close();
    expect(reading.hasNews()).toBe(false);
    expect([...reading.take(START_MS + 1)]).toEqual([]);
  });
});
