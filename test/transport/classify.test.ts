import { describe, expect, it } from 'vitest';
import { classifyError, classifyStatus } from '../../src/transport/classify.js';

const live = new AbortController().signal;

describe('an answer', () => {
  it.each([502, 504])('%i may work later', (status) => {
    expect(classifyStatus(status, 7)).toEqual({
      kind: 'retry',
      errorClass: `http_${status}`,
      retryAfterMs: 7,
    });
    expect(classifyStatus(status, undefined)).toEqual({ kind: 'retry', errorClass: `http_${status}` });
  });

  it('429 asks for less, with a time and without', () => {
    const throttled = { kind: 'retry', errorClass: 'http_429', isThrottled: true };
    expect(classifyStatus(429, undefined)).toEqual(throttled);
    expect(classifyStatus(429, 7)).toEqual({ ...throttled, retryAfterMs: 7 });
  });

  it('503 passes on for how long, where it says so', () => {
    expect(classifyStatus(503, undefined)).toEqual({ kind: 'retry', errorClass: 'http_503' });
    expect(classifyStatus(503, 7)).toEqual({
      kind: 'retry',
      errorClass: 'http_503',
      retryAfterMs: 7,
    });
  });

  it.each([
    [300, 'redirect', 'refused'],
    [301, 'redirect', 'refused'],
    [304, 'redirect', 'refused'],
    [308, 'redirect', 'refused'],
    [400, 'http_400', 'rejected'],
    [401, 'http_401', 'unauthorized'],
    [403, 'http_403', 'unauthorized'],
    [404, 'http_404', 'refused'],
    [408, 'http_408', 'refused'],
    [413, 'http_413', 'too_large'],
    [500, 'http_500', 'refused'],
    [501, 'http_501', 'refused'],
    [599, 'http_599', 'refused'],
  ])('%i is final: class %s, reason %s', (status, errorClass, reason) => {
    expect(classifyStatus(status, 1_000)).toEqual({ kind: 'refused', errorClass, reason });
  });
});

describe('an error', () => {
  describe.each([
    [
      'dns',
      [
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
      ],
    ],
    [
      'connect',
      [
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
      ],
    ],
    ['reset', ['ECONNRESET', 'ECONNABORTED', 'ENETRESET', 'ENOTCONN', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']],
    ['sockets', ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']],
    ['protocol', ['HPE_HEADER_OVERFLOW', 'HPE_INVALID_CONSTANT', 'HPE_CR_EXPECTED']],
    [
      'tls',
      [
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
        'ERR_TLS_CERT_ALTNAME_INVALID',
        'ERR_TLS_HANDSHAKE_TIMEOUT',
        'ERR_SSL_WRONG_VERSION_NUMBER',
        'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
        'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
        'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
        'ERR_OSSL_EVP_UNSUPPORTED',
      ],
    ],
    ['network', ['SOMETHING_NEW', 'ERR_SOMETHING']],
  ])('of class %s', (errorClass, codes) => {
    it.each(codes)('%s', (code) => {
      expect(classifyError(Object.assign(new Error('10.0.0.1'), { code }), live)).toBe(errorClass);
    });
  });

  it('over several addresses is called as the last one', () => {
    const [first, last] = ['ENETUNREACH', 'ECONNREFUSED'].map((code) =>
      Object.assign(new Error('10.0.0.1'), { code }),
    );
    expect(classifyError(new AggregateError([first, last]), live)).toBe('connect');
    expect(classifyError(new AggregateError([]), live)).toBe('network');
  });

  it.each([null, undefined, 'text', 7, {}, new Error('x')])('%s is called network', (error) => {
    expect(classifyError(error, live)).toBe('network');
  });

  it('after the deadline is a timeout, whatever its code', () => {
    const error = Object.assign(new Error('x'), { code: 'ECONNRESET' });
    expect(classifyError(error, AbortSignal.abort())).toBe('timeout');
  });
});
