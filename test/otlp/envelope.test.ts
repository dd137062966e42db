import { describe, expect, it } from 'vitest';
import { RecordBatchBuffer, buildRequest, encodeResource, encodeScope } from '../../src/otlp/envelope.js';
import { decode, encode } from './official.js';

const requests = [
  ['collector.trace.v1.ExportTraceServiceRequest', 'resourceSpans', 'scopeSpans', 'spans', 'trace.v1.Span'],
  [
    'collector.logs.v1.ExportLogsServiceRequest',
    'resourceLogs',
    'scopeLogs',
    'logRecords',
    'logs.v1.LogRecord',
  ],
  [
    'collector.metrics.v1.ExportMetricsServiceRequest',
    'resourceMetrics',
    'scopeMetrics',
    'metrics',
    'metrics.v1.Metric',
  ],
] as const;

describe('a request', () => {
  it.each(requests)(
    '%s has the official bytes at every size',
    (name, resources, scopes, records, recordType) => {
      for (const count of [0, 1, 2, 10, 100, 1000, 5000]) {
        const plain = (i: number): object => {
          const attributes = [{ key: 'k', value: { stringValue: 'é'.repeat(i % 90) } }];
          if (recordType === 'metrics.v1.Metric') return { name: `metric ${i}`, metadata: attributes };
          return recordType === 'trace.v1.Span'
            ? { name: `span ${i}`, attributes }
            : { severityNumber: 9, attributes };
        };
        const plains = Array.from({ length: count }, (_, i) => plain(i));
        const batch = new RecordBatchBuffer();
        for (const record of plains) batch.append(encode(recordType, record));
        const schemaUrl = 'https://example.com/схема';
        const request = buildRequest(encodeResource({ 'service.name': 's' }), [
          {
            scope: encodeScope({ name: 'one', version: '1', attributes: { a: true } }),
            body: batch.bytes(),
            schemaUrl,
          },
          { scope: encodeScope({ name: 'two' }), body: new Uint8Array(), schemaUrl: '' },
          { scope: encodeScope({ name: 'three', version: '' }), body: batch.bytes() },
        ]);
        const expected = encode(name, {
          [resources]: [
            {
              resource: { attributes: [{ key: 'service.name', value: { stringValue: 's' } }] },
              [scopes]: [
                {
                  scope: {
                    name: 'one',
                    version: '1',
                    attributes: [{ key: 'a', value: { boolValue: true } }],
                  },
                  [records]: plains,
                  schemaUrl,
                },
                { scope: { name: 'two' } },
                { scope: { name: 'three' }, [records]: plains },
              ],
            },
          ],
        });
        expect(Buffer.from(expected).equals(request)).toBe(true);
      }
    },
  );

  it('owns exactly its bytes', () => {
    const request = buildRequest(encodeResource({}), []);
    expect(request.byteOffset).toBe(0);
    expect(request.buffer.byteLength).toBe(request.length);
    expect([...request]).toEqual([0x0a, 2, 0x0a, 0]);
  });

  it('takes a resource of any size', () => {
    for (const size of [0, 100, 126, 127, 128, 16_383, 16_384, 3_000_000]) {
      const request = buildRequest(encodeResource({ a: 'x'.repeat(size) }), []);
      const { resourceSpans } = decode('collector.trace.v1.ExportTraceServiceRequest', request);
      expect(resourceSpans[0].resource.attributes[0].value.stringValue).toHaveLength(size);
    }
  });
});

describe('a batch buffer', () => {
  it('frames records one after the other and keeps none of them', () => {
    const batch = new RecordBatchBuffer();
    expect(batch.byteLength).toBe(0);
    const contents = new Uint8Array([1, 2, 3]);
    batch.append(contents);
    contents.fill(9);
    batch.append(new Uint8Array());
    expect([...batch.bytes()]).toEqual([0x12, 3, 1, 2, 3, 0x12, 0]);
    expect(batch.byteLength).toBe(7);
  });

  it('grows from 4 KiB past records larger than double its size', () => {
    const batch = new RecordBatchBuffer();
    const parts: Uint8Array[] = [];
    for (const size of [10, 4070, 4096, 127, 128, 50_000, 1_000_000]) {
      const contents = new Uint8Array(size).fill(size);
      batch.append(contents);
      const length =
        size < 128
          ? [size]
          : size < 16_384
            ? [(size & 127) | 128, size >> 7]
            : [(size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14];
      parts.push(Uint8Array.from([0x12, ...length]), contents);
    }
    expect(Buffer.concat(parts).equals(batch.bytes())).toBe(true);
  });
});
