/** Records as this package's own signals hand them over: epoch milliseconds and flat ids. */
import { describe, expect, it } from 'vitest';
import { encodeLogRecord } from '../../src/otlp/encode-log.js';
import { encodeSpan } from '../../src/otlp/encode-span.js';
import { ProtoWriter } from '../../src/otlp/proto-writer.js';
import type { LogRecordData, SpanRecord } from '../../src/model/records.js';
import { decode, type Decoded } from './official.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

function span(overrides: Partial<SpanRecord> = {}): SpanRecord {
  return {
    name: 'GET /orders',
    kind: 1,
    spanContext: () => ({ traceId, spanId, traceFlags: 1 }),
    startTime: [1, 2],
    endTime: [3, 4],
    attributes: {},
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: { code: 0 },
    ...overrides,
  };
}

function decodeSpan(record: SpanRecord): Decoded {
  const w = new ProtoWriter(64);
  encodeSpan(w, record);
  return decode('trace.v1.Span', w.bytes());
}

function decodeLog(record: LogRecordData): Decoded {
  const w = new ProtoWriter(64);
  encodeLogRecord(w, record);
  return decode('logs.v1.LogRecord', w.bytes());
}

describe('a span', () => {
  it('prefers epoch milliseconds and does not touch the HrTime then', () => {
    const record = span({ startTimeMs: 1_753_500_000_000.25, endTimeMs: 1_753_500_000_012.5 });
    const throwing = {
      get: (): never => {
        throw new Error('Not to be read.');
      },
    };
    Object.defineProperties(record, { startTime: throwing, endTime: throwing });
    expect(decodeSpan(record)).toMatchObject({
      startTimeUnixNano: '1753500000000250000',
      endTimeUnixNano: '1753500000012500000',
    });
    expect(decodeSpan(span())).toMatchObject({
      startTimeUnixNano: '1000000002',
      endTimeUnixNano: '3000000004',
    });
  });

  it.each<[Partial<SpanRecord>, number]>([
    [{}, 0x101],
    [{ parentSpanContext: { spanId: 'a'.repeat(16) } }, 0x101],
    [{ parentSpanContext: { spanId: 'a'.repeat(16), isRemote: false } }, 0x101],
    [{ parentSpanContext: { spanId: 'a'.repeat(16), isRemote: true } }, 0x301],
    [{ spanContext: () => ({ traceId, spanId, traceFlags: 0x1fe }) }, 0x1fe],
  ])('%o has flags %d', (overrides, flags) => {
    expect(decodeSpan(span(overrides))['flags']).toBe(flags);
  });

  it('leaves out empty ids, empty texts and zero counts', () => {
    const w = new ProtoWriter();
    encodeSpan(
      w,
      span({
        name: '',
        spanContext: () => ({ traceId: '', spanId: '', traceFlags: 0, traceState: { serialize: () => '' } }),
        parentSpanContext: { spanId: '' },
        status: { code: 0, message: '' },
      }),
    );
    // Name, kind, two times, an empty status and the flags.
    expect(w.position).toBe(2 + 2 + 9 + 9 + 2 + 6);
  });

  it('carries counts, status, state, events and links', () => {
    const record = span({
      spanContext: () => ({ traceId, spanId, traceFlags: 1, traceState: { serialize: () => 'a=b' } }),
      parentSpanContext: { spanId: '00f067aa0ba902b7' },
      droppedAttributesCount: 1,
      droppedEventsCount: 300,
      droppedLinksCount: 2 ** 32 - 1,
      events: [{ time: [5, 6], name: 'e', droppedAttributesCount: 7 }],
      links: [{ context: { traceId, spanId, traceFlags: 0, isRemote: true }, droppedAttributesCount: 8 }],
      status: { code: 2, message: 'bad' },
    });
    expect(decodeSpan(record)).toMatchObject({
      traceId: base64(traceId),
      spanId: base64(spanId),
      parentSpanId: base64('00f067aa0ba902b7'),
      traceState: 'a=b',
      name: 'GET /orders',
      kind: 2,
      droppedAttributesCount: 1,
      droppedEventsCount: 300,
      droppedLinksCount: 2 ** 32 - 1,
      events: [{ timeUnixNano: '5000000006', name: 'e', attributes: [], droppedAttributesCount: 7 }],
      links: [{ traceId: base64(traceId), spanId: base64(spanId), flags: 0x300, droppedAttributesCount: 8 }],
      status: { code: 2, message: 'bad' },
    });
  });

  it('of a megabyte is complete', () => {
    const attributes = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`k${i}`, '€'.repeat(200)]));
    expect(decodeSpan(span({ attributes })).attributes).toHaveLength(2000);
  });
});

describe('a log record', () => {
  it('with flat ids and milliseconds', () => {
    const record: LogRecordData = {
      timeMs: 1_753_500_000_000.25,
      observedTimeMs: 1_753_500_000_001,
      severityNumber: 9,
      severityText: 'INFO',
      body: 'done',
      eventName: 'gateway.request',
      attributes: { a: 1 },
      droppedAttributesCount: 3,
      traceId,
      spanId,
      traceFlags: 1,
      spanContext: { traceId: 'f'.repeat(32), spanId: 'f'.repeat(16), traceFlags: 2 },
    };
    expect(decodeLog(record)).toMatchObject({
      timeUnixNano: '1753500000000250000',
      observedTimeUnixNano: '1753500000001000000',
      severityNumber: 9,
      severityText: 'INFO',
      body: { stringValue: 'done' },
      eventName: 'gateway.request',
      attributes: [{ key: 'a', value: { intValue: '1' } }],
      droppedAttributesCount: 3,
      traceId: base64(traceId),
      spanId: base64(spanId),
      flags: 1,
    });
  });

  it('without anything is empty', () => {
    const w = new ProtoWriter();
    encodeLogRecord(w, {
      attributes: {},
      traceId: '',
      spanId: '',
      traceFlags: 0,
      severityNumber: 0,
      severityText: '',
    });
    expect(w.position).toBe(0);
  });
});
