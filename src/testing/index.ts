export type { OtlpAnswer } from './answers.js';
export type { ReceivedAttributes } from './attribute-values.js';
export { decodeOtlpRequest } from './decode-request.js';
export type { DecodedMessage, DecodedValue } from './decode-request.js';
export type { ReceivedLog } from './log-records.js';
export type {
  ReceivedBuckets,
  ReceivedExemplar,
  ReceivedMetricPoint,
  ReceivedMetricType,
} from './metric-records.js';
export type { OtlpSignal } from './schema-types.js';
export { startOtlpReceiver } from './receiver.js';
export type { OtlpReceiver, OtlpReceiverOptions } from './receiver.js';
export type { ReceivedHeaders, ReceivedOrigin, ReceivedScope } from './record-origin.js';
export type { ReceivedRequest, WaitCounts, WaitOptions } from './record-store.js';
export type { ReceivedSpan, ReceivedSpanEvent, ReceivedSpanLink } from './span-records.js';
