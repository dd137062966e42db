import { describe, expect, it } from 'vitest';
import { decodeOtlpRequest } from '../../src/testing/index.js';
import type { DecodedMessage, OtlpSignal } from '../../src/testing/index.js';
import { OTLP_MESSAGES, REQUEST_MESSAGES } from '../../src/testing/otlp-schema.js';
import type { MessageName } from '../../src/testing/schema-types.js';
import {
  assertSameAsOfficial,
  decodeOfficially,
  encodeOfficially,
  officialMessage,
} from './official-decoder.js';
import { RICH_REQUESTS } from './rich-requests.js';

const SIGNALS: readonly OtlpSignal[] = ['traces', 'logs', 'metrics'];

const PACKAGES: Readonly<Record<MessageName, string>> = {
  ExportTraceServiceRequest: 'collector.trace.v1',
  ExportLogsServiceRequest: 'collector.logs.v1',
  ExportMetricsServiceRequest: 'collector.metrics.v1',
  AnyValue: 'common.v1',
  ArrayValue: 'common.v1',
  KeyValueList: 'common.v1',
  KeyValue: 'common.v1',
  InstrumentationScope: 'common.v1',
  EntityRef: 'common.v1',
  Resource: 'resource.v1',
  ResourceSpans: 'trace.v1',
  ScopeSpans: 'trace.v1',
  Span: 'trace.v1',
  SpanEvent: 'trace.v1.Span.Event',
  SpanLink: 'trace.v1.Span.Link',
  Status: 'trace.v1',
  ResourceLogs: 'logs.v1',
  ScopeLogs: 'logs.v1',
  LogRecord: 'logs.v1',
  ResourceMetrics: 'metrics.v1',
  ScopeMetrics: 'metrics.v1',
  Metric: 'metrics.v1',
  Gauge: 'metrics.v1',
  Sum: 'metrics.v1',
  Histogram: 'metrics.v1',
  ExponentialHistogram: 'metrics.v1',
  Summary: 'metrics.v1',
  NumberDataPoint: 'metrics.v1',
  HistogramDataPoint: 'metrics.v1',
  ExponentialHistogramDataPoint: 'metrics.v1',
  Buckets: 'metrics.v1.ExponentialHistogramDataPoint.Buckets',
  SummaryDataPoint: 'metrics.v1',
  ValueAtQuantile: 'metrics.v1.SummaryDataPoint.ValueAtQuantile',
  Exemplar: 'metrics.v1',
};

const officialPath = (name: MessageName) => {
  const place = PACKAGES[name];
  return /[A-Z]/.test(place) ? place : `${place}.${name}`;
};

const names = Object.keys(OTLP_MESSAGES) as MessageName[];

/** Every `Message.field` that occurs in a decoded tree. */
function usedFields(message: MessageName, tree: DecodedMessage, into: Set<string>): void {
  for (const field of Object.values(OTLP_MESSAGES[message])) {
    const value = tree[field.name];
    if (value === undefined) continue;
    into.add(`${message}.${field.name}`);
    if (field.kind !== 'message') continue;
    for (const child of [value].flat() as DecodedMessage[]) usedFields(field.type, child, into);
  }
}

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** A short length-delimited field. */
const wrap = (tag: string, inner: Uint8Array) => Uint8Array.from([...hex(tag), inner.length, ...inner]);

describe('the tables', () => {
  it.each(names)('%s has exactly the official fields', (name) => {
    const official = Object.keys(officialMessage(officialPath(name)).prototype).filter(
      (key) => key !== 'toJSON',
    );
    const ours = Object.values(OTLP_MESSAGES[name]).map((field) => field.name);
    expect(ours.sort()).toEqual(official.sort());
  });

  it('are exercised in full by the rich requests', () => {
    const used = new Set<string>();
    for (const signal of SIGNALS) {
      const bytes = encodeOfficially(signal, RICH_REQUESTS[signal]);
      usedFields(REQUEST_MESSAGES[signal], decodeOtlpRequest(signal, bytes), used);
    }
    const all = names.flatMap((name) =>
      Object.values(OTLP_MESSAGES[name]).map((field) => `${name}.${field.name}`),
    );
    expect(all.filter((field) => !used.has(field))).toEqual([]);
  });
});

describe('decodeOtlpRequest', () => {
  it.each(SIGNALS)('reads rich %s like the official decoder', (signal) => {
    assertSameAsOfficial(signal, encodeOfficially(signal, RICH_REQUESTS[signal]));
  });

  it('keeps 64-bit integers exact and tells integers from doubles', () => {
    const tree = decodeOtlpRequest('traces', encodeOfficially('traces', RICH_REQUESTS.traces));
    expect(tree).toMatchObject({
      resourceSpans: [{ scopeSpans: [{ spans: [{ endTimeUnixNano: 18446744073709551615n }, {}] }, {}] }, {}],
    });
    const both = encodeOfficially('logs', {
      resourceLogs: [
        { resource: { attributes: [{ value: { intValue: 1 } }, { value: { doubleValue: 1 } }] } },
      ],
    });
    expect(decodeOtlpRequest('logs', both)).toEqual({
      resourceLogs: [
        { resource: { attributes: [{ value: { intValue: 1n } }, { value: { doubleValue: 1 } }] } },
      ],
    });
  });

  it('reads a view into a larger buffer and copies byte fields', () => {
    const bytes = encodeOfficially('traces', {
      resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: Buffer.from('0102', 'hex') }] }] }],
    });
    const padded = Buffer.concat([Buffer.from([9, 9]), bytes, Buffer.from([9, 9])]);
    const tree = decodeOtlpRequest('traces', padded.subarray(2, 2 + bytes.length));
    padded.fill(0);
    expect(tree).toEqual({
      resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: new Uint8Array([1, 2]) }] }] }],
    });
  });

  it('returns an empty tree for an empty body', () => {
    expect(Object.keys(decodeOtlpRequest('logs', new Uint8Array()))).toEqual([]);
  });

  it('skips unknown fields of every wire type', () => {
    // Field 1000 as varint, 64-bit, length-delimited and 32-bit, then an empty ResourceSpans.
    const bytes = hex('c03e ffffffffffffffffff01 c13e 0102030405060708 c23e 03 616263 c53e 01020304 0a00');
    expect(decodeOtlpRequest('traces', bytes)).toEqual({ resourceSpans: [{}] });
    assertSameAsOfficial('traces', bytes);
  });

  it('reads repeated numbers that are not packed', () => {
    // Buckets with offset 3 (zigzag 6), then bucket_counts 5, 6 as single varints and 7, 8 packed.
    const buckets = '0806 1005 1006 12020708';
    const request = ['42', '0a', '52', '12', '12', '0a'].reduce(
      (inner, tag) => wrap(tag, inner),
      hex(buckets),
    );
    assertSameAsOfficial('metrics', request);
    const point = { positive: { offset: 3, bucketCounts: [5n, 6n, 7n, 8n] } };
    expect(decodeOtlpRequest('metrics', request)).toEqual({
      resourceMetrics: [{ scopeMetrics: [{ metrics: [{ exponentialHistogram: { dataPoints: [point] } }] }] }],
    });
  });

  it('keeps the last member of a oneof and merges a message that is sent twice', () => {
    const inLogBody = (any: string) =>
      ['2a', '12', '12', '0a'].reduce((inner, tag) => wrap(tag, inner), hex(any));
    const bodyOf = (bytes: Uint8Array) => decodeOtlpRequest('logs', bytes);
    expect(bodyOf(inLogBody('0a0161 1801'))).toEqual({
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { intValue: 1n } }] }] }],
    });
    expect(bodyOf(inLogBody('2a040a020a00 2a020a00'))).toMatchObject({
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { arrayValue: { values: [{}, {}] } } }] }] }],
    });
  });

  it.each([
    ['a group', '0b', /wire type 3/],
    ['an unknown group', 'c33e c43e', /wire type 3 is not supported/],
    ['wire type 7', 'c73e', /wire type 7/],
    ['field number 0', '00', /field number 0/],
    [
      'a known field with the wrong wire type',
      '0801',
      /ExportTraceServiceRequest\.resourceSpans has wire type 0/,
    ],
    ['a length beyond the end', '0a05 00', /length says 5 bytes, 1 left/],
    ['a nested length beyond its parent', '0a02 1205 0000000000', /length says 5 bytes, 0 left/],
    ['a huge length', '0a ffffffffffffffffff01', /length says 18446744073709551615 bytes/],
    ['an endless varint', 'c03e ffffffffffffffffffff01', /longer than 64 bits/],
    ['a varint with bit 64', 'c03e ffffffffffffffffff02', /longer than 64 bits/],
    ['a huge field number', 'ffffffffffff01', /out of range/],
    ['a string that is not UTF-8', '0a04 1a02 c328', /not valid UTF-8/],
    ['a surrogate as UTF-8', '0a05 1a03 eda080', /not valid UTF-8/],
  ])('rejects %s', (_what, body, message) => {
    expect(() => decodeOtlpRequest('traces', hex(body))).toThrow(message);
  });

  it('names the byte offset', () => {
    expect(() => decodeOtlpRequest('traces', hex('0a00 0b'))).toThrow('Malformed protobuf at byte 3');
  });

  it('allows 64 levels of messages and rejects the 65th', () => {
    const nested = (lists: number) => {
      let value: object = { stringValue: 'deep' };
      for (let level = 0; level < lists; level += 1) value = { arrayValue: { values: [value] } };
      return encodeOfficially('logs', {
        resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: value }] }] }],
      });
    };
    // ResourceLogs, ScopeLogs, LogRecord and the body are 4 levels; each list adds 2.
    expect(decodeOtlpRequest('logs', nested(30))).toHaveProperty('resourceLogs');
    expect(() => decodeOtlpRequest('logs', nested(31))).toThrow('nested deeper than 64');
  });

  it.each(SIGNALS)('throws nothing but its own error for random damage to %s', (signal) => {
    const bytes = encodeOfficially(signal, RICH_REQUESTS[signal]);
    let seed = 12345;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (let round = 0; round < 2000; round += 1) {
      const damaged = Uint8Array.from(bytes);
      for (let hit = 0; hit <= random(4); hit += 1) damaged[random(damaged.length)] = random(256);
      try {
        decodeOtlpRequest(signal, damaged);
      } catch (error) {
        expect(String(error)).toMatch(/^Error: Malformed protobuf at byte \d+: /);
      }
    }
  });
});

describe('assertSameAsOfficial', () => {
  it('tells what differs', () => {
    // A message sent twice: the official generated code keeps the last, protobuf says merge.
    const twice = hex('0a0c 0a04 0a02 0a00 0a04 0a02 0a00');
    expect(() => {
      assertSameAsOfficial('traces', twice);
    }).toThrow(/read differently:\nresourceSpans\[0\]\.resource\.attributes/);
  });

  it('does not accept an empty request', () => {
    expect(() => {
      assertSameAsOfficial('traces', new Uint8Array());
    }).toThrow('both decoders read an empty request');
    expect(decodeOfficially('traces', new Uint8Array())).toEqual({});
  });
});
