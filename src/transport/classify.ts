/** What an answer or an error means for a batch: pure functions, the table of the OTLP specification. */
import type { SendResult } from '../model/delivery.js';

/** The statuses that OTLP calls retryable; all other failures are final. */
const RETRYABLE = new Set([429, 502, 503, 504]);

/** A status outside 2xx. */
export function classifyStatus(status: number, retryAfterMs: number | undefined): SendResult {
  const errorClass = status >= 300 && status < 400 ? 'redirect' : `http_${status}`;
  if (RETRYABLE.has(status)) {
    return { kind: 'retry', errorClass, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  if (status === 400) return { kind: 'refused', errorClass, reason: 'rejected' };
  if (status === 401 || status === 403) return { kind: 'refused', errorClass, reason: 'unauthorized' };
  if (status === 413) return { kind: 'refused', errorClass, reason: 'too_large' };
  return { kind: 'refused', errorClass, reason: 'refused' };
}

const CLASS_BY_CODE: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['ECONNREFUSED', 'connect'],
  ['EHOSTUNREACH', 'connect'],
  ['ENETUNREACH', 'connect'],
  ['ETIMEDOUT', 'connect'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
]);

/** A failure that the sender itself declares, under its class. */
export class SendFailure extends Error {
  readonly errorClass: string;

  constructor(errorClass: string) {
    super(errorClass);
    this.errorClass = errorClass;
  }
}

/** A short name for what failed before there was a status; never the raw error, which can hold addresses. */
export function classifyError(error: unknown, deadline: AbortSignal): string {
  if (error instanceof SendFailure) return error.errorClass;
  if (deadline.aborted) return 'timeout';
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return 'network';
  if (code.startsWith('HPE_')) return 'protocol';
  if (
    code.startsWith('ERR_TLS') ||
    code.startsWith('ERR_SSL') ||
    code.includes('CERT') ||
    code.includes('SIGNATURE')
  ) {
    return 'tls';
  }
  return CLASS_BY_CODE.get(code) ?? 'network';
}
