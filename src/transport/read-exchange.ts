/** What a finished exchange means for its batch. */
import type { SendResult } from '../model/delivery.js';
import type { ResponseDecoder } from '../model/encoding.js';
import { classifyFailure, classifyStatus } from './classify.js';
import type { Exchange } from './post.js';
import { retryAfterMs } from './retry-after.js';

export interface AnswerReading {
  readonly decodeResponse: ResponseDecoder;
  /** Are the bytes an OTLP response, whatever it says? */
  readonly isResponse: (body: Uint8Array, isCut: boolean) => boolean;
}

const PROTOBUF = new Set(['application/x-protobuf', 'application/protobuf']);
const JSON_TYPE = 'application/json';

export function readExchange(exchange: Exchange, deadline: AbortSignal, reading: AnswerReading): SendResult {
  if (exchange.kind === 'failed') {
    return classifyFailure(exchange.error, deadline);
  }
  const { response, answer } = exchange;
  const { headers, statusCode: status = 0 } = response;
  if (status < 200 || status > 299) {
    return classifyStatus(status, retryAfterMs(headers['retry-after'], Date.now()));
  }
  if (answer === undefined || answer.bytes.length === 0) return { kind: 'delivered', rejected: 0 };
  const { bytes, isCut } = answer;
  const isEncoded = headers['content-encoding'] !== undefined;
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  // Without a type it may be one; compressed, it cannot be known, as it is never unpacked.
  const isSpoken =
    type === JSON_TYPE
      ? isEncoded || looksLikeJsonObject(bytes)
      : (type === undefined || PROTOBUF.has(type)) && (isEncoded || reading.isResponse(bytes, isCut));
  const partial = isEncoded ? undefined : reading.decodeResponse(bytes, isCut);
  return {
    kind: 'delivered',
    rejected: partial?.rejected ?? 0,
    ...(partial !== undefined && { message: partial.message }),
    ...(!isSpoken && { warning: 'not_otlp' }),
  };
}

/** Some receivers answer `{}` to protobuf. */
function looksLikeJsonObject(bytes: Uint8Array): boolean {
  return /^\s*\{/.test(
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64)).toString('latin1'),
  );
}
