import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpAnswer, OtlpReceiver, OtlpSignal } from '../../src/testing/index.js';
import { encodePartialSuccess } from '../../src/testing/partial-success.js';
import { encodeOfficially, officialMessage } from './official-decoder.js';
import { post } from './post.js';

const oneSpan = encodeOfficially('traces', {
  resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'one' }] }] }],
});
const oneLog = encodeOfficially('logs', {
  resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: 'one' }] }] }],
});

let receiver: OtlpReceiver;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(() => receiver.close());

const send = (signal: OtlpSignal = 'traces') =>
  post(`${receiver.url}/v1/${signal}`, signal === 'traces' ? oneSpan : oneLog);
const statusOf = async (signal?: OtlpSignal) => (await send(signal)).status;

describe('answers', () => {
  it('are an empty 200 by default', async () => {
    const { status, headers, body } = await send();
    expect({
      status,
      type: headers['content-type'],
      length: headers['content-length'],
      size: body.length,
    }).toEqual({
      status: 200,
      type: 'application/x-protobuf',
      length: '0',
      size: 0,
    });
    expect(receiver.requests[0]?.answeredStatus).toBe(200);
  });

  it('carry status, headers and body', async () => {
    receiver.answerWith({ status: 429, headers: { 'Retry-After': '7' }, body: 'slow down' });
    const text = await send();
    expect(text.status).toBe(429);
    expect(text.headers).toMatchObject({ 'retry-after': '7', 'content-type': 'text/plain; charset=utf-8' });
    expect(text.body.toString()).toBe('slow down');
    receiver.answerWith({ body: new Uint8Array([1, 2]), headers: { 'Content-Type': 'application/json' } });
    const binary = await send();
    expect(binary.headers['content-type']).toBe('application/json');
    expect([...binary.body]).toEqual([1, 2]);
  });

  it.each([301, 400, 429, 503])('with status %i keep the request and drop its records', async (status) => {
    receiver.answerWith({ status });
    expect(await statusOf()).toBe(status);
    expect(receiver.spans).toEqual([]);
    expect(receiver.requests).toMatchObject([{ signal: 'traces', answeredStatus: status, bytes: oneSpan }]);
    expect(receiver.requests[0]).not.toHaveProperty('error');
  });

  it.each([200, 202, 204, 299])('with status %i keep the records', async (status) => {
    receiver.answerWith({ status });
    expect(await statusOf()).toBe(status);
    expect(receiver.spans).toHaveLength(1);
  });

  it('queue up by times and go back to success', async () => {
    receiver.answerWith({ status: 503, times: 2 });
    receiver.answerWith({ status: 429, times: 1 });
    const seen: number[] = [];
    for (let index = 0; index < 5; index += 1) seen.push(await statusOf());
    expect(seen).toEqual([503, 503, 429, 200, 200]);
    expect(receiver.spans).toHaveLength(2);
  });

  it('without times stay until the next answer for the same signal', async () => {
    receiver.answerWith({ status: 503, times: 1 });
    receiver.answerWith({ status: 500 });
    expect([await statusOf(), await statusOf(), await statusOf()]).toEqual([503, 500, 500]);
    receiver.answerWith({ status: 400, times: 1 });
    expect([await statusOf(), await statusOf()]).toEqual([400, 200]);
  });

  it('can differ by signal', async () => {
    receiver.answerWith({ signal: 'traces', status: 503 });
    receiver.answerWith({ signal: 'logs', status: 429 });
    expect([await statusOf('traces'), await statusOf('logs')]).toEqual([503, 429]);
    receiver.answerWith({ status: 418 });
    expect([await statusOf('traces'), await statusOf('logs')]).toEqual([418, 418]);
    receiver.answerWith({ signal: 'logs', status: 200 });
    expect([await statusOf('traces'), await statusOf('logs')]).toEqual([200, 200]);
  });

  it('come after a delay, and the records with them', async () => {
    receiver.answerWith({ delayMs: 150 });
    const start = performance.now();
    const answer = send();
    await receiver.waitFor({ requests: 1 });
    expect(receiver.requests[0]?.answeredStatus).toBeUndefined();
    expect(receiver.spans).toEqual([]);
    expect((await answer).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(140);
    expect(receiver.spans).toHaveLength(1);
  });

  it('that come too late for the client count as none', async () => {
    receiver.answerWith({ delayMs: 200, times: 1 });
    const late = post(`${receiver.url}/v1/traces`, oneSpan, { signal: AbortSignal.timeout(50) });
    await expect(late).rejects.toThrow('aborted');
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(receiver.spans).toEqual([]);
    expect(receiver.requests).toMatchObject([{ answeredStatus: undefined }]);
  });

  it('never come with hang', async () => {
    receiver.answerWith({ hang: true, times: 1 });
    const hanging = expect(send()).rejects.toThrow();
    await receiver.waitFor({ requests: 1 });
    expect(await statusOf()).toBe(200);
    expect(receiver.requests.map((request) => request.answeredStatus)).toEqual([undefined, 200]);
    expect(receiver.spans).toHaveLength(1);
    await receiver.close();
    await hanging;
  });

  it.each([
    ['before', 0],
    ['after', oneSpan.length],
  ] as const)('hang up %s the body', async (when, size) => {
    receiver.answerWith({ hangUp: when, times: 1 });
    await expect(send()).rejects.toThrow(/ECONNRESET|EPIPE|socket hang up/);
    expect(receiver.requests).toMatchObject([{ answeredStatus: undefined, encodedBytes: size }]);
    expect(receiver.requests[0]?.bytes).toHaveLength(size);
    expect(receiver.spans).toEqual([]);
    expect(await statusOf()).toBe(200);
  });

  it('hang up after a delay', async () => {
    receiver.answerWith({ hangUp: 'after', delayMs: 60 });
    const start = performance.now();
    await expect(send()).rejects.toThrow();
    expect(performance.now() - start).toBeGreaterThan(50);
  });

  it('do not hide a malformed body', async () => {
    receiver.answerWith({ status: 202, delayMs: 10_000 });
    expect((await post(`${receiver.url}/v1/traces`, new Uint8Array([0x0b]))).status).toBe(400);
  });
});

describe('partial success', () => {
  it.each([
    ['traces', 'trace', 'Trace', 'rejectedSpans'],
    ['logs', 'logs', 'Logs', 'rejectedLogRecords'],
  ] as const)(
    'of %s is readable by the official decoder and keeps the records',
    async (signal, pkg, name, field) => {
      receiver.answerWith({ partialSuccess: { rejected: 300, message: 'too old ✋' } });
      const { status, headers, body } = await send(signal);
      expect([status, headers['content-type']]).toEqual([200, 'application/x-protobuf']);
      const message = officialMessage(`collector.${pkg}.v1.Export${name}ServiceResponse`);
      expect(message.toObject(message.decode(body), { longs: Number })).toEqual({
        partialSuccess: { [field]: 300, errorMessage: 'too old ✋' },
      });
      expect(receiver.spans.length + receiver.logs.length).toBe(1);
    },
  );

  it.each([0, 1, 127, 128, 16384, Number.MAX_SAFE_INTEGER])('encodes %i rejected', (rejected) => {
    const message = officialMessage('collector.metrics.v1.ExportMetricsServiceResponse');
    const text = 'x'.repeat(200);
    for (const errorMessage of ['', text]) {
      const bytes = encodePartialSuccess(rejected, errorMessage);
      expect(message.toObject(message.decode(bytes), { longs: Number })).toEqual({
        partialSuccess: {
          ...(rejected > 0 && { rejectedDataPoints: rejected }),
          ...(errorMessage !== '' && { errorMessage }),
        },
      });
    }
  });
});

describe('answerWith', () => {
  it.each<[string, OtlpAnswer]>([
    ['a status out of range', { status: 600 }],
    ['an interim status', { status: 100 }],
    ['times 0', { times: 0 }],
    ['a fraction of times', { times: 1.5 }],
    ['a negative delay', { delayMs: -1 }],
    ['no number as delay', { delayMs: NaN }],
    ['hang with hangUp', { hang: true, hangUp: 'after' }],
    ['hang with a status', { hang: true, status: 200 }],
    ['partial success with a body', { partialSuccess: { rejected: 1 }, body: '' }],
    ['partial success with an error status', { partialSuccess: { rejected: 1 }, status: 503 }],
    ['a negative number of rejected records', { partialSuccess: { rejected: -1 } }],
    ['a bad header name', { headers: { 'a b': 'c' } }],
    ['a bad header value', { headers: { a: 'b\r\nc: d' } }],
  ])('throws a TypeError for %s', (_what, answer) => {
    expect(() => {
      receiver.answerWith(answer);
    }).toThrow(TypeError);
  });

  it('copies the rule', async () => {
    const answer = { status: 503 };
    receiver.answerWith(answer);
    answer.status = 200;
    expect(await statusOf()).toBe(503);
  });
});
