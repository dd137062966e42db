import { describe, expect, it } from 'vitest';
import { classifyError, classifyStatus } from '../../src/transport/classify.js';

const live = new AbortController().signal;

describe('an answer', () => {
  it.each([429, 502, 503, 504])('%i may work later', (status) => {
    expect(classifyStatus(status, 7)).toEqual({
      kind: 'retry',
      errorClass: `http_${status}`,
      retryAfterMs: 7,
    });
    expect(classifyStatus(status, undefined)).toEqual({ kind: 'retry', errorClass: `http_${status}` });
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
  it.each([
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['ECONNREFUSED', 'connect'],
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['HPE_HEADER_OVERFLOW', 'protocol'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
    ['SOMETHING_NEW', 'network'],
  ])('%s is called %s', (code, errorClass) => {
    expect(classifyError(Object.assign(new Error('10.0.0.1'), { code }), live)).toBe(errorClass);
  });

  it.each([null, undefined, 'text', 7, {}, new Error('x')])('%s is called network', (error) => {
    expect(classifyError(error, live)).toBe('network');
  });

  it('after the deadline is a timeout, whatever its code', () => {
    const error = Object.assign(new Error('x'), { code: 'ECONNRESET' });
    expect(classifyError(error, AbortSignal.abort())).toBe('timeout');
  });
});
