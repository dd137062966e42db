/** What an answer or an error means for a batch: pure functions, the table of the OTLP specification. */
import type { SendResult } from '../model/delivery.js';

/** The statuses that OTLP calls retryable; all other failures are final. */
const RETRYABLE = new Set([429, 502, 503, 504]);

/** A status outside 2xx. */
export function classifyStatus(status: number, retryAfterMs: number | undefined): SendResult {
  const errorClass = status >= 300 && status < 400 ? 'redirect' : `http_${status}`;
  if (RETRYABLE.has(status)) {
    const isThrottled = status === 429;
    return {
      kind: 'retry',
      errorClass,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(isThrottled && { isThrottled }),
    };
  }
  if (status === 400) return { kind: 'refused', errorClass, reason: 'rejected' };
  if (status === 401 || status === 403) return { kind: 'refused', errorClass, reason: 'unauthorized' };
  if (status === 413) return { kind: 'refused', errorClass, reason: 'too_large' };
  return { kind: 'refused', errorClass, reason: 'refused' };
}

/** What the system, the resolver and the certificate check call their failures. */
const CLASS_BY_CODE: ReadonlyMap<string, string> = new Map([
  ...each('dns', [
    'ENOTFOUND',
    'EAI_AGAIN',
    'EAI_FAIL',
    'EAI_NODATA',
    'EAI_NONAME',
    'EAI_MEMORY',
    'EAI_SYSTEM',
    'ENODATA',
    'ESERVFAIL',
    'EREFUSED',
    'EBADRESP',
    'EFORMERR',
    'ENOTIMP',
    'ETIMEOUT',
  ]),
  ...each('connect', [
    'ECONNREFUSED',
    'EHOSTUNREACH',
    'EHOSTDOWN',
    'ENETUNREACH',
    'ENETDOWN',
    'ETIMEDOUT',
    'EADDRNOTAVAIL',
    'EAFNOSUPPORT',
    'EACCES',
    'EPERM',
    'ENOENT',
  ]),
  ...each('reset', [
    'ECONNRESET',
    'ECONNABORTED',
    'ENETRESET',
    'ENOTCONN',
    'EPIPE',
    'ERR_STREAM_PREMATURE_CLOSE',
  ]),
  // The process has no file descriptors or buffers left.
  ...each('sockets', ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']),
  ...each('tls', [
    'EPROTO',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_GET_CRL',
    'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
    'UNABLE_TO_DECRYPT_CRL_SIGNATURE',
    'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'CERT_SIGNATURE_FAILURE',
    'CRL_SIGNATURE_FAILURE',
    'CERT_NOT_YET_VALID',
    'CERT_HAS_EXPIRED',
    'CRL_NOT_YET_VALID',
    'CRL_HAS_EXPIRED',
    'ERROR_IN_CERT_NOT_BEFORE_FIELD',
    'ERROR_IN_CERT_NOT_AFTER_FIELD',
    'ERROR_IN_CRL_LAST_UPDATE_FIELD',
    'ERROR_IN_CRL_NEXT_UPDATE_FIELD',
    'OUT_OF_MEM',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'CERT_CHAIN_TOO_LONG',
    'CERT_REVOKED',
    'CERT_UNTRUSTED',
    'CERT_REJECTED',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'PATH_LENGTH_EXCEEDED',
    'HOSTNAME_MISMATCH',
  ]),
]);

/** Nothing is wrong with the destination. */
const OURS = new Set(['crowded', 'sockets']);

function each(errorClass: string, codes: readonly string[]): (readonly [code: string, errorClass: string])[] {
  return codes.map((code) => [code, errorClass]);
}

/** A failure that the sender itself declares, under its class. */
export class SendFailure extends Error {
  readonly errorClass: string;

  constructor(errorClass: string) {
    super(errorClass);
    this.errorClass = errorClass;
  }
}

/** What failed before there was a status. */
export function classifyFailure(error: unknown, deadline: AbortSignal): SendResult {
  const errorClass = classifyError(error, deadline);
  return { kind: 'retry', errorClass, ...(OURS.has(errorClass) && { isOurs: true }) };
}

/** A short name for what failed before there was a status; never the raw error, which can hold addresses. */
export function classifyError(error: unknown, deadline: AbortSignal): string {
  if (error instanceof SendFailure) return error.errorClass;
  if (deadline.aborted) return 'timeout';
  const code = codeOf(error);
  if (code === undefined) return 'network';
  if (code.startsWith('HPE_')) return 'protocol';
  // OpenSSL's own, and Node's about certificates: too many to list, and more with each version.
  if (/^ERR_(TLS|SSL|OSSL)_/.test(code)) return 'tls';
  return CLASS_BY_CODE.get(code) ?? 'network';
}

/** With several addresses, Node tries them all and gives all the errors; the last one says as much as any. */
function codeOf(error: unknown): string | undefined {
  const { code, errors } = (error ?? {}) as { readonly code?: unknown; readonly errors?: unknown };
  if (typeof code === 'string') return code;
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors.at(-1)) : undefined;
}
