/** Prints the cost of the two records of a request. Nothing is asserted about time: machines differ. */
import { expect, it } from 'vitest';
import { encodeLogRecord } from '../../src/otlp/encode-log.js';
import { encodeSpan } from '../../src/otlp/encode-span.js';
import { RecordBatchBuffer } from '../../src/otlp/envelope.js';
import { ProtoWriter } from '../../src/otlp/proto-writer.js';
import type { LogRecordData, SpanRecord } from '../../src/model/records.js';

const context = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };

function createSpan(index: number): SpanRecord {
  return {
    name: 'GET /orders/:id',
    kind: 1,
    spanContext: () => context,
    parentSpanContext: { spanId: '00f067aa0ba902b7', isRemote: true },
    startTime: [0, 0],
    endTime: [0, 0],
    startTimeMs: 1_753_500_000_000.125 + index,
    endTimeMs: 1_753_500_000_012.5 + index,
    attributes: {
      'http.request.method': 'GET',
      'url.path': `/orders/${index}`,
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': 4997,
      'client.address': '127.0.0.1',
      'network.protocol.version': '1.1',
      'user_agent.original':
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
      'http.route': '/orders/:id',
      'http.response.status_code': 200,
      'http.request.body.size': 1234,
      'http.response.body.size': 123_456,
      'gateway.tenant_id': `t${index % 10}`,
      'gateway.request_id': `r${index}`,
      'gateway.route_name': 'orders',
      'gateway.cache_hit': false,
      'gateway.upstream_ms': 12.5,
      'gateway.attempts': 1,
    },
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: { code: 0 },
  };
}

function createLog(index: number): LogRecordData {
  return {
    timeMs: 1_753_500_000_012.5 + index,
    observedTimeMs: 1_753_500_000_012.5 + index,
    severityNumber: 9,
    severityText: 'INFO',
    body: 'GET /orders/:id 200',
    attributes: {
      'http.request.method': 'GET',
      'url.path': `/orders/${index}`,
      'http.response.status_code': 200,
      'server.address': '127.0.0.1',
      'http.route': '/orders/:id',
      'gateway.tenant_id': `t${index % 10}`,
      'gateway.request_id': `r${index}`,
      'gateway.route_name': 'orders',
      'gateway.latency_ms': 12,
      'gateway.attempts': 1,
    },
    ...context,
  };
}

/** The best of five rounds, in microseconds per record. */
function measureUs<T>(records: readonly T[], each: (record: T) => void): number {
  let bestMs = Infinity;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (let repeat = 0; repeat < 40; repeat++) for (const record of records) each(record);
    bestMs = Math.min(bestMs, performance.now() - start);
  }
  return (bestMs * 1000) / (40 * records.length);
}

it('prints microseconds per span and per log record', () => {
  const spans = Array.from({ length: 1000 }, (_, index) => createSpan(index));
  const logs = Array.from({ length: 1000 }, (_, index) => createLog(index));
  const w = new ProtoWriter();
  const spanUs = measureUs(spans, (span) => {
    w.reset();
    encodeSpan(w, span);
  });
  const spanBytes = w.position;
  const logUs = measureUs(logs, (log) => {
    w.reset();
    encodeLogRecord(w, log);
  });
  let batch = new RecordBatchBuffer();
  const appendUs = measureUs(logs, () => {
    batch.append(w.bytes());
    if (batch.byteLength > 500_000) batch = new RecordBatchBuffer();
  });
  console.log(
    `span (18 attributes, ${spanBytes} bytes): ${spanUs.toFixed(2)} µs; ` +
      `log (10 attributes, ${w.position} bytes): ${logUs.toFixed(2)} µs; append to a batch: ${appendUs.toFixed(2)} µs`,
  );
  expect(spanBytes).toBeGreaterThan(500);
});
