/** What a finished exchange means: OTLP answers, and those that only look like success. */
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { decodePartialSuccess, isExportResponse } from '../../src/otlp/decode-response.js';
import { encodePartialSuccess } from '../../src/testing/partial-success.js';
import { readExchange } from '../../src/transport/read-exchange.js';

const live = new AbortController().signal;
const reading = { decodeResponse: decodePartialSuccess, isResponse: isExportResponse };

function read(headers: Record<string, string>, body: string | Uint8Array, isCut = false, statusCode = 200) {
  const response = { statusCode, headers } as unknown as IncomingMessage;
  return readExchange(
    { kind: 'answered', response, answer: { bytes: Buffer.from(body), isCut } },
    live,
    reading,
  );
}

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const HTML = { 'content-type': 'text/html' };
const delivered = { kind: 'delivered', rejected: 0 };
const whole = encodePartialSuccess(3, 'too old');

describe('a success', () => {
  it.each<[string, Record<string, string>, string | Uint8Array]>([
    ['without a body', {}, ''],
    ['without a body, of another type', HTML, ''],
    ['in JSON', JSON_TYPE, '{}'],
    ['in JSON, spaced out', JSON_TYPE, '\r\n { "partialSuccess": {} }'],
    ['of a field that is new', PROTOBUF, Uint8Array.of(0x12, 1, 0)],
    ['of the short type', { 'content-type': 'Application/Protobuf' }, encodePartialSuccess(0, '')],
    ['that is compressed, and never unpacked', { ...PROTOBUF, 'content-encoding': 'gzip' }, 'xyz'],
  ])('%s is one', (_what, headers, body) => {
    expect(read(headers, body)).toEqual(delivered);
  });

  it.each<[string, Record<string, string>, string | Uint8Array]>([
    ['HTML', HTML, '<!doctype html><title>Sign in</title>'],
    ['HTML that is compressed', { ...HTML, 'content-encoding': 'gzip' }, 'xyz'],
    ['HTML without a type', {}, '<html>'],
    ['text', { 'content-type': 'text/plain' }, 'ok'],
    ['text that says it is JSON', JSON_TYPE, 'ok'],
    ['text that says it is protobuf', PROTOBUF, 'ok'],
    ['a broken message', PROTOBUF, whole.subarray(0, whole.length - 1)],
    ['a first field that is no message', PROTOBUF, Uint8Array.of(0x08, 1)],
    ['a type without sense', { 'content-type': ';;' }, 'ok'],
  ])('with %s is one, with a warning', (_what, headers, body) => {
    expect(read(headers, body)).toEqual({ ...delivered, warning: 'not_otlp' });
  });

  it('may be partial, also where the answer was too long to be read to its end', () => {
    const partial = { kind: 'delivered', rejected: 3, message: 'too old' };
    expect(read(PROTOBUF, whole)).toEqual(partial);
    expect(read({}, whole)).toEqual(partial);
    const long = encodePartialSuccess(3, 'x'.repeat(500));
    expect(read(PROTOBUF, long.subarray(0, 300), true)).toMatchObject({ kind: 'delivered', rejected: 3 });
    expect(read(PROTOBUF, long.subarray(0, 300), true)).not.toHaveProperty('warning');
  });

  it('that breaks off is one', () => {
    const response = { statusCode: 200, headers: HTML } as unknown as IncomingMessage;
    expect(readExchange({ kind: 'answered', response, answer: undefined }, live, reading)).toEqual(delivered);
  });
});

it('another status is what it is, whatever its body', () => {
  expect(read({ ...HTML, 'retry-after': '7' }, '<html>', false, 503)).toEqual({
    kind: 'retry',
    errorClass: 'http_503',
    retryAfterMs: 7_000,
  });
});

it('no status is a class of error, never its text', () => {
  const error = Object.assign(new Error('connect 10.0.0.1'), { code: 'ECONNREFUSED' });
  expect(readExchange({ kind: 'failed', error, isStale: false }, live, reading)).toEqual({
    kind: 'retry',
    errorClass: 'connect',
  });
});
