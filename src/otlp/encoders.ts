/** The encoders as the other stages see them: one scratch buffer per record kind. */
import type { Encoders, Envelopes } from '../model/encoding.js';
import { writeAttributes } from './attributes.js';
import { encodeLogRecord, LOG_ATTRIBUTES } from './encode-log.js';
import { encodeMetric } from './encode-metrics.js';
import { encodeSpan } from './encode-span.js';
import { buildRequest, encodeResource, encodeScope, RecordBatchBuffer } from './envelope.js';
import { ProtoWriter } from './proto-writer.js';
import { halveMetrics, halveRecords } from './split.js';

export function createEncoders(): Encoders {
  const spanWriter = new ProtoWriter();
  const logWriter = new ProtoWriter();
  const metricWriter = new ProtoWriter();
  return {
    span(record) {
      spanWriter.reset();
      encodeSpan(spanWriter, record);
      return spanWriter.bytes();
    },
    log(record) {
      logWriter.reset();
      encodeLogRecord(logWriter, record);
      return logWriter.bytes();
    },
    extendedLog(log, attributes, doubleKeys) {
      // Usually it is what this writer has just written, and is copied onto itself.
      logWriter.reset();
      logWriter.append(log);
      writeAttributes(logWriter, LOG_ATTRIBUTES, attributes, doubleKeys);
      return logWriter.bytes();
    },
    metrics(records) {
      const framed = new RecordBatchBuffer();
      for (const record of records) {
        metricWriter.reset();
        encodeMetric(metricWriter, record);
        framed.append(metricWriter.bytes());
      }
      return framed.bytes();
    },
  };
}

export function createEnvelopes(): Envelopes {
  return {
    resource: encodeResource,
    scope: (name, version) => encodeScope({ name, version }),
    recordBuffer: (expectedBytes) => new RecordBatchBuffer(expectedBytes),
    request: buildRequest,
    halve: (signal, framed) => (signal === 'metrics' ? halveMetrics(framed) : halveRecords(framed)),
  };
}
