import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Halves } from '../../src/model/encoding.js';
import {
  EXPONENTIAL_HISTOGRAM,
  GAUGE,
  HISTOGRAM,
  SUM,
  type DataPoint,
  type MetricRecord,
} from '../../src/model/metric-record.js';
import type { Signal } from '../../src/model/signal.js';
import { createEncoders, createEnvelopes } from '../../src/otlp/encoders.js';
import { RecordBatchBuffer } from '../../src/otlp/envelope.js';
import { halveMetrics, halveRecords } from '../../src/otlp/split.js';
import { decodeOfficially } from '../testing/official-decoder.js';
import { encode, type Decoded } from './official.js';

const encoders = createEncoders();
const envelopes = createEnvelopes();
const resource = envelopes.resource({ 'service.name': 'edge' });
const scope = envelopes.scope('gateway-otel', '1');

const requestOf = (body: Uint8Array): Uint8Array => envelopes.request(resource, [{ scope, body }]);

const FIELDS = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
} as const;

/** What the official decoder reads from a body: spans, log records or metrics. */
function recordsIn(signal: Signal, body: Uint8Array): readonly Decoded[] {
  const [resources, scopes, records] = FIELDS[signal];
  const request = decodeOfficially(signal, requestOf(body)) as Decoded;
  return request[resources][0][scopes][0][records] ?? [];
}

/** Single items: a data point comes with all that its metric says, so that a half that forgets some of it shows. */
function itemsIn(signal: Signal, body: Uint8Array): readonly Decoded[] {
  const records = recordsIn(signal, body);
  if (signal !== 'metrics') return records;
  return records.flatMap((metric) => {
    const kind = KINDS.find((candidate) => metric[candidate] !== undefined) ?? 'gauge';
    const { dataPoints = [], ...data } = metric[kind];
    return dataPoints.map((point: unknown) => ({ ...metric, [kind]: { ...data, point } }));
  });
}

const KINDS = ['gauge', 'sum', 'histogram', 'exponentialHistogram'];

/** Lengths on both sides of one, two and three bytes of varint. */
const texts = fc
  .oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 300 }) },
    { weight: 1, arbitrary: fc.constantFrom(127, 128, 16_383, 16_384, 70_000) },
  )
  .map((length) => 'é'.repeat(length >> 1));

const spanBodies = fc.array(texts, { maxLength: 40 }).map((names) => {
  const body = new RecordBatchBuffer();
  names.forEach((name, index) =>
    body.append(
      encoders.span({
        name: `${index} ${name}`,
        kind: 1,
        spanContext: () => ({
          traceId: '0af7651916cd43dd8448eb211c80319c',
          spanId: 'b7ad6b7169203331',
          traceFlags: 1,
        }),
        startTime: [1, 2],
        endTime: [3, 4],
        attributes: { index },
        droppedAttributesCount: 0,
        events: [],
        droppedEventsCount: 0,
        links: [],
        droppedLinksCount: 0,
        status: { code: 0 },
      }),
    ),
  );
  return { signal: 'traces', body: body.bytes(), items: names.length };
});

const logBodies = fc.array(texts, { maxLength: 40 }).map((names) => {
  const body = new RecordBatchBuffer();
  names.forEach((name, index) =>
    body.append(encoders.log({ timeMs: index, body: name, attributes: { index } })),
  );
  return { signal: 'logs', body: body.bytes(), items: names.length };
});

const buckets = { offset: -3, bucketCounts: [1, 0, 300] };

const VALUES = {
  [HISTOGRAM]: (count: number) => ({
    buckets: { boundaries: [1, 10], counts: [count, 0, 1] },
    count: count + 1,
    sum: count / 3,
    min: 0,
    max: count,
  }),
  [EXPONENTIAL_HISTOGRAM]: (count: number) => ({
    count,
    sum: count / 3,
    scale: -1,
    zeroCount: 2,
    positive: buckets,
    negative: buckets,
  }),
  [GAUGE]: (count: number) => count / 3,
  [SUM]: (count: number) => count,
};

const metricRecords = fc
  .record({
    name: texts,
    description: texts,
    kind: fc.constantFrom<0 | 1 | 2 | 3>(HISTOGRAM, EXPONENTIAL_HISTOGRAM, GAUGE, SUM),
    temporality: fc.constantFrom(0, 1),
    isMonotonic: fc.boolean(),
    points: fc.oneof(
      { weight: 4, arbitrary: fc.array(texts, { maxLength: 12 }) },
      { weight: 1, arbitrary: fc.array(texts, { minLength: 40, maxLength: 90 }) },
    ),
  })
  .map(({ name, description, kind, temporality, isMonotonic, points }) => {
    const dataPoints = points.map((text, index): DataPoint<unknown> => ({
      startTime: [1, 2],
      endTime: [3, 4],
      attributes: { index, text },
      value: VALUES[kind](index),
    }));
    return {
      descriptor: { name, description, unit: '{item}', valueType: 0 },
      aggregationTemporality: temporality,
      dataPointType: kind,
      isMonotonic,
      dataPoints,
    } as unknown as MetricRecord;
  });

const metricBodies = fc.array(metricRecords, { maxLength: 6 }).map((records) => ({
  signal: 'metrics',
  body: encoders.metrics(records),
  items: records.reduce((sum, { dataPoints }) => sum + dataPoints.length, 0),
}));

const bodies = { traces: spanBodies, logs: logBodies, metrics: metricBodies };

describe.each(['traces', 'logs', 'metrics'] as const)('halving %s', (signal) => {
  it('cuts in the middle and keeps every item once, in order, down to single items', () => {
    fc.assert(
      fc.property(bodies[signal], ({ body, items }) => {
        const singles: Decoded[] = [];
        const visit = (part: Uint8Array, partItems: number): void => {
          const halves = envelopes.halve(signal, part);
          if (halves === undefined) {
            expect(partItems).toBeLessThan(2);
            singles.push(...itemsIn(signal, part));
            return;
          }
          expect(halves.firstItems + halves.secondItems).toBe(partItems);
          expect(halves.secondItems - halves.firstItems).toBeLessThanOrEqual(1);
          expect(halves.firstItems).toBeLessThanOrEqual(halves.secondItems);
          visit(halves.first, halves.firstItems);
          visit(halves.second, halves.secondItems);
        };
        const before = Buffer.from(body);
        visit(body, items);
        expect(singles).toEqual(itemsIn(signal, body));
        expect(singles).toHaveLength(items);
        expect(before.equals(body)).toBe(true);
      }),
    );
  });

  it('by a destination with a limit takes at most twice as many requests as items; each is sent or too large (T16)', () => {
    fc.assert(
      fc.property(bodies[signal], fc.integer({ min: 60, max: 40_000 }), ({ body, items }, limitBytes) => {
        fc.pre(items > 0);
        let requests = 0;
        let tooLarge = 0;
        const sent: Decoded[] = [];
        const send = (part: Uint8Array, partItems: number): void => {
          requests++;
          if (requestOf(part).length <= limitBytes) {
            const found = itemsIn(signal, part);
            expect(found).toHaveLength(partItems);
            sent.push(...found);
            return;
          }
          const halves = envelopes.halve(signal, part);
          if (halves === undefined) {
            tooLarge += partItems;
            return;
          }
          send(halves.first, halves.firstItems);
          send(halves.second, halves.secondItems);
        };
        send(body, items);
        expect(requests).toBeLessThanOrEqual(2 * items);
        expect(sent.length + tooLarge).toBe(items);
        // A single item that fits alone may not be given up because of its neighbours.
        const singles = singlesOf(signal, body);
        expect(sent.length).toBeGreaterThanOrEqual(
          singles.filter((single) => requestOf(single).length <= limitBytes).length,
        );
      }),
    );
  });

  it('answers undefined, and throws nothing, for bytes that end early', () => {
    fc.assert(
      fc.property(bodies[signal], fc.nat(), ({ body, items }, seed) => {
        fc.pre(items > 0);
        const cut = body.subarray(0, 1 + (seed % body.length));
        const halves = envelopes.halve(signal, cut);
        if (halves === undefined) return;
        // Cut between two records, so it is a shorter body, and no less valid.
        const found = itemsIn(signal, cut);
        expect(found).toHaveLength(halves.firstItems + halves.secondItems);
      }),
    );
  });

  it('answers undefined, and throws nothing, for bytes of any kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const halves = envelopes.halve(signal, bytes);
        if (halves !== undefined) expect(halves.firstItems).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

/** Every item in a body of its own. */
function singlesOf(signal: Signal, body: Uint8Array): readonly Uint8Array[] {
  const halves = envelopes.halve(signal, body);
  return halves === undefined
    ? [body]
    : [...singlesOf(signal, halves.first), ...singlesOf(signal, halves.second)];
}

describe('halves of records', () => {
  it('are views: nothing is copied', () => {
    const body = new RecordBatchBuffer();
    for (const length of [3, 200, 0]) body.append(new Uint8Array(length));
    const { first, second } = halveRecords(body.bytes()) as Halves;
    expect(first.buffer).toBe(body.bytes().buffer);
    expect(second.buffer).toBe(body.bytes().buffer);
    expect([first.length, second.length]).toEqual([2 + 3, 3 + 200 + 2]);
  });

  it.each([
    ['another field', [0x12, 0, 0x1a, 0]],
    ['a field that is no message', [0x12, 0, 0x10, 1]],
    ['a length past the end', [0x12, 0, 0x12, 0, 0x12, 9, 1]],
    ['half a length', [0x12, 0, 0x12, 0, 0x12, 0x80]],
    ['a group', [0x12, 0, 0x12, 0, 0x13]],
  ])('are undefined for %s', (_what, bytes) => {
    expect(halveRecords(Uint8Array.from(bytes))).toBeUndefined();
    expect(halveMetrics(Uint8Array.from(bytes))).toBeUndefined();
  });
});

describe('halves of metrics', () => {
  const point = (value: number): object => ({
    asInt: value,
    exemplars: [{ asInt: value, timeUnixNano: 5 }],
    flags: 1,
  });
  const metric = (...values: readonly number[]): Uint8Array =>
    encode('metrics.v1.Metric', {
      name: 'requests',
      description: 'all',
      unit: '{request}',
      metadata: [{ key: 'source', value: { stringValue: 'test' } }],
      sum: { dataPoints: values.map(point), aggregationTemporality: 2, isMonotonic: true },
    });
  const framed = (...metrics: readonly Uint8Array[]): Uint8Array => {
    const body = new RecordBatchBuffer();
    for (const one of metrics) body.append(one);
    return body.bytes();
  };

  it('are views where the middle is between two metrics', () => {
    const body = framed(metric(1, 2), metric(3, 4));
    const { first, second } = halveMetrics(body) as Halves;
    expect([first.buffer, second.buffer]).toEqual([body.buffer, body.buffer]);
    expect(Buffer.concat([first, second]).equals(body)).toBe(true);
  });

  it('of one metric both have its name, description, unit, metadata, temporality and monotony', () => {
    const body = framed(metric(1, 2, 3));
    const { first, second, firstItems, secondItems } = halveMetrics(body) as Halves;
    expect([firstItems, secondItems]).toEqual([1, 2]);
    const whole = recordsIn('metrics', body)[0];
    for (const [half, points] of [
      [first, whole?.['sum'].dataPoints.slice(0, 1)],
      [second, whole?.['sum'].dataPoints.slice(1)],
    ]) {
      expect(recordsIn('metrics', half)).toEqual([
        { ...whole, sum: { ...whole?.['sum'], dataPoints: points } },
      ]);
    }
    expect(whole?.['sum'].dataPoints[0].exemplars).toHaveLength(1);
  });

  it('keep fields that are unknown here, at both levels and between points', () => {
    const unknown = [0xa2, 6, 2, 7, 7];
    const pointOf = (value: number): number[] => [0x0a, 2, 0x40, value];
    const data = [...pointOf(1), ...unknown, ...pointOf(2), 0x10, 2, ...pointOf(3), ...pointOf(4)];
    const contents = [0x0a, 1, 0x6d, ...unknown, 0x3a, data.length, ...data];
    const body = Uint8Array.from([0x12, contents.length, ...contents]);
    const { first, second } = halveMetrics(body) as Halves;
    const firstData = [...pointOf(1), ...unknown, ...pointOf(2), 0x10, 2];
    const secondData = [...unknown, 0x10, 2, ...pointOf(3), ...pointOf(4)];
    for (const [half, expected] of [
      [first, firstData],
      [second, secondData],
    ] as const) {
      const inside = [0x0a, 1, 0x6d, ...unknown, 0x3a, expected.length, ...expected];
      expect([...half]).toEqual([0x12, inside.length, ...inside]);
    }
  });

  it('keep metrics without points', () => {
    const empty = encode('metrics.v1.Metric', { name: 'empty', gauge: {} });
    const summary = encode('metrics.v1.Metric', { name: 'summary', summary: { dataPoints: [{ count: 1 }] } });
    const body = framed(empty, metric(1, 2), summary);
    const { first, second } = halveMetrics(body) as Halves;
    expect([first, second].map((half) => recordsIn('metrics', half).map(({ name }) => name))).toEqual([
      ['empty', 'requests'],
      ['requests', 'summary'],
    ]);
    expect(halveMetrics(framed(empty, metric(1), summary))).toBeUndefined();
  });

  it.each([
    ['its metric', [0x0a, 9, 0x6d]],
    ['its data', [0x3a, 4, 0x0a, 0, 0x0a, 1]],
    ['a metric with data twice', [0x3a, 4, 0x0a, 0, 0x0a, 0, 0x3a, 0]],
  ])('are undefined where %s is broken', (_what, contents) => {
    expect(halveMetrics(framed(metric(1, 2), Uint8Array.from(contents)))).toBeUndefined();
  });
});
