import { decodeOtlpRequest } from './decode-request.js';
import { logsOf } from './log-records.js';
import type { ReceivedLog } from './log-records.js';
import { metricPointsOf } from './metric-records.js';
import type { ReceivedMetricPoint } from './metric-records.js';
import type { OtlpSignal } from './schema-types.js';
import type { ReceivedHeaders } from './record-origin.js';
import { spansOf } from './span-records.js';
import type { ReceivedSpan } from './span-records.js';

/** What one request brought. Two of the three lists are empty. */
export interface RequestRecords {
  readonly spans: readonly ReceivedSpan[];
  readonly logs: readonly ReceivedLog[];
  readonly metricPoints: readonly ReceivedMetricPoint[];
}

/** The records of a request that carries nothing. */
export const NO_RECORDS: RequestRecords = { spans: [], logs: [], metricPoints: [] };

/** Decodes a body into records. Throws what `decodeOtlpRequest` throws. */
export function recordsOf(signal: OtlpSignal, bytes: Uint8Array, headers: ReceivedHeaders): RequestRecords {
  const request = decodeOtlpRequest(signal, bytes);
  switch (signal) {
    case 'traces':
      return { ...NO_RECORDS, spans: spansOf(request, headers) };
    case 'logs':
      return { ...NO_RECORDS, logs: logsOf(request, headers) };
    case 'metrics':
      return { ...NO_RECORDS, metricPoints: metricPointsOf(request, headers) };
  }
}
