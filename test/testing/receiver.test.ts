import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver, OtlpSignal } from '../../src/testing/index.js';
import { encodeOfficially } from './official-decoder.js';
import { post } from './post.js';
import { RICH_REQUESTS } from './rich-requests.js';

const spans = (...names: readonly string[]) =>
  encodeOfficially('traces', {
    resourceSpans: [{ scopeSpans: [{ spans: names.map((name) => ({ name })) }] }],
  });

let receiver: OtlpReceiver;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(() => receiver.close());

const traces = () => `${receiver.url}/v1/traces`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('requests', () => {
  it('are kept with path, headers, sizes and time', async () => {
    const before = Date.now();
    await post(`${traces()}?tenant=a`, spans('a'), { headers: { Authorization: 'Bearer x' } });
    expect(receiver.requests).toHaveLength(1);
    const [request] = receiver.requests;
    expect(request).toMatchObject({
      signal: 'traces',
      path: '/v1/traces?tenant=a',
      bytes: spans('a'),
      encodedBytes: spans('a').length,
      answeredStatus: 200,
    });
    expect(request?.headers['authorization']).toBe('Bearer x');
    expect(request?.receivedAtMs).toBeGreaterThanOrEqual(before);
    expect(request?.receivedAtMs).toBeLessThanOrEqual(Date.now());
  });

  it.each(['gzip', 'GZIP', ' identity ', 'identity', ''])(
    'may have the content encoding "%s"',
    async (encoding) => {
      const plain = encodeOfficially('logs', RICH_REQUESTS.logs);
      const body = /gzip/i.test(encoding) ? gzipSync(plain) : plain;
      const headers = { 'content-encoding': encoding };
      expect((await post(`${receiver.url}/v1/logs`, body, { headers })).status).toBe(200);
      expect(receiver.requests[0]).toMatchObject({ encodedBytes: body.length, bytes: plain });
      expect(receiver.logs).toHaveLength(4);
    },
  );

  it('may have parameters in the content type', async () => {
    const headers = { 'content-type': 'Application/X-Protobuf; charset=utf-8' };
    expect((await post(traces(), spans('a'), { headers })).status).toBe(200);
  });

  it('may be empty', async () => {
    expect((await post(traces(), new Uint8Array())).status).toBe(200);
    expect(receiver.spans).toEqual([]);
  });
});

describe('refusals', () => {
  it.each<[string, string, string, Record<string, string>, Uint8Array, number, string]>([
    [
      'JSON',
      'POST',
      '/v1/traces',
      { 'content-type': 'application/json' },
      Buffer.from('{}'),
      415,
      'application/x-protobuf, got',
    ],
    ['no content type', 'POST', '/v1/traces', { 'content-type': '' }, spans('a'), 415, 'got none'],
    [
      'deflate',
      'POST',
      '/v1/traces',
      { 'content-encoding': 'deflate' },
      deflateSync(spans('a')),
      415,
      'deflate',
    ],
    ['bad gzip', 'POST', '/v1/traces', { 'content-encoding': 'gzip' }, spans('a'), 400, 'not valid gzip'],
    [
      'truncated gzip',
      'POST',
      '/v1/traces',
      { 'content-encoding': 'gzip' },
      gzipSync(spans('a')).subarray(0, -4),
      400,
      'not valid gzip',
    ],
    [
      'an empty gzip body',
      'POST',
      '/v1/traces',
      { 'content-encoding': 'gzip' },
      new Uint8Array(),
      400,
      'not valid gzip',
    ],
    ['an unknown path', 'POST', '/v1/profiles', {}, spans('a'), 404, '/v1/traces'],
    ['a path with a slash at the end', 'POST', '/v1/traces/', {}, spans('a'), 404, '/v1/traces'],
    [
      'a malformed message',
      'POST',
      '/v1/logs',
      {},
      new Uint8Array([10]),
      400,
      'Malformed protobuf at byte 1',
    ],
  ])('of %s', async (_what, method, path, headers, body, status, text) => {
    const answer = await post(receiver.url + path, body, { method, headers });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(answer.body.toString()).toContain(text);
    expect(receiver.requests).toMatchObject([{ answeredStatus: status, error: answer.body.toString() }]);
    expect(receiver.requests[0]?.bytes).toEqual(new Uint8Array(body));
    expect([...receiver.spans, ...receiver.logs, ...receiver.metricPoints]).toEqual([]);
  });

  it.each(['GET', 'PUT', 'DELETE', 'OPTIONS'])('of the method %s, which is not kept', async (method) => {
    const headers = { 'content-length': String(spans('a').length) };
    const answer = await post(traces(), spans('a'), { method, headers });
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'POST']);
    expect(receiver.requests).toEqual([]);
  });

  it('of a body above the limit, before or after decompression', async () => {
    await receiver.close();
    receiver = await startOtlpReceiver({ maxRequestBytes: 1000 });
    const statusOf = async (body: Uint8Array, encoding: string) =>
      (await post(traces(), body, { headers: { 'content-encoding': encoding } })).status;
    const fits = spans('x'.repeat(988));
    expect(fits).toHaveLength(1000);
    const tooLarge = spans('x'.repeat(989));
    const results = [
      await statusOf(fits, ''),
      await statusOf(tooLarge, ''),
      await statusOf(gzipSync(fits), 'gzip'),
      await statusOf(gzipSync(tooLarge), 'gzip'),
      await statusOf(new Uint8Array(5_000_000), ''),
    ];
    expect(results).toEqual([200, 413, 200, 413, 413]);
    expect(receiver.spans).toHaveLength(2);
    expect(receiver.requests[4]).toMatchObject({
      bytes: new Uint8Array(),
      encodedBytes: 5_000_000,
      error: 'The body is larger than 1000 bytes.',
    });
  });

  it.each(['traces', 'logs', 'metrics'] as const)(
    'of %s cut at any byte, and nothing worse',
    async (signal: OtlpSignal) => {
      const whole = encodeOfficially(signal, RICH_REQUESTS[signal]);
      const lengths = Array.from({ length: whole.length }, (_unused, length) => length);
      const statuses: number[] = [];
      for (let start = 0; start < lengths.length; start += 50) {
        const group = lengths.slice(start, start + 50);
        const answers = await Promise.all(
          group.map((length) => post(`${receiver.url}/v1/${signal}`, whole.subarray(0, length))),
        );
        statuses.push(...answers.map((answer) => answer.status));
      }
      expect(statuses).toHaveLength(whole.length);
      expect(new Set(statuses)).toEqual(new Set([200, 400]));
      expect(statuses.filter((status) => status === 200).length).toBeLessThan(5);
      const kept = receiver.requests.filter((request) => request.error?.startsWith('Malformed protobuf'));
      expect(kept).toHaveLength(statuses.filter((status) => status === 400).length);
      expect((await post(`${receiver.url}/v1/${signal}`, whole)).status).toBe(200);
    },
    60_000,
  );

  it('survives clients that go away in the middle of a body', async () => {
    for (let round = 0; round < 5; round += 1) {
      const socket = connect(Number(new URL(receiver.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      const head =
        'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 99\r\n\r\n';
      socket.write(`${head}abc`, () => {
        setTimeout(() => socket.resetAndDestroy(), 10);
      });
    }
    await receiver.waitFor({ requests: 5 });
    expect(receiver.requests.map((request) => request.error)).toEqual(
      Array(5).fill('The client closed the connection before the body was complete.'),
    );
    expect((await post(traces(), spans('after'))).status).toBe(200);
  });

  it('survives what is not HTTP', async () => {
    const socket = connect(Number(new URL(receiver.url).port), '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('error', resolve).on('close', resolve));
    socket.resume();
    socket.end('\x16\x03\x01 no HTTP\r\n\r\n');
    await closed;
    expect((await post(traces(), spans('after'))).status).toBe(200);
  });
});

describe('waitFor', () => {
  it('resolves at once or as soon as there is enough', async () => {
    await receiver.waitFor({});
    const waiting = receiver.waitFor({ spans: 3, requests: 2 });
    await post(traces(), spans('a', 'b'));
    await post(traces(), spans('c'));
    await waiting;
    await receiver.waitFor({ spans: 2 });
  });

  it('sees the records and the status together with the request', async () => {
    const answer = post(traces(), spans('a'));
    await receiver.waitFor({ requests: 1 });
    expect([receiver.requests[0]?.answeredStatus, receiver.spans.length]).toEqual([200, 1]);
    await answer;
  });

  it('says what there is when the time is up', async () => {
    receiver.answerWith({ status: 503, times: 1 });
    await post(traces(), spans('lost'));
    await post(traces(), spans('a'));
    await post(traces(), new Uint8Array([10]));
    await expect(receiver.waitFor({ spans: 2, logs: 1 }, { timeoutMs: 30 })).rejects.toThrow(
      'Waited 30 ms. Expected at least 2 spans, 1 log record; received 1 span, 0 log records, 0 metric points, ' +
        '3 requests (last answers: 503, 200, 400). Last error: Malformed protobuf at byte 1: bytes needed: 1, bytes left: 0.',
    );
  });

  it('rejects when the receiver is closed', async () => {
    const waiting = expect(receiver.waitFor({ logs: 1 })).rejects.toThrow(
      /^The receiver is closed\. Expected/,
    );
    await receiver.close();
    await waiting;
    await expect(receiver.waitFor({ logs: 1 })).rejects.toThrow('The receiver is closed.');
    await receiver.waitFor({ logs: 0 });
  });
});

describe('waitForSpan, waitForLog and waitForMetricPoint', () => {
  it('find the first record that matches, now or later', async () => {
    const later = receiver.waitForSpan((span) => span.name.startsWith('b'));
    await post(traces(), spans('a1', 'a2'));
    await post(traces(), spans('b1', 'b2'));
    expect((await later).name).toBe('b1');
    expect((await receiver.waitForSpan((span) => span.name.startsWith('a'))).name).toBe('a1');
    await post(`${receiver.url}/v1/logs`, encodeOfficially('logs', RICH_REQUESTS.logs));
    expect((await receiver.waitForLog((log) => log.body === 'plain')).body).toBe('plain');
    await post(`${receiver.url}/v1/metrics`, encodeOfficially('metrics', RICH_REQUESTS.metrics));
    expect((await receiver.waitForMetricPoint((point) => point.type === 'sum')).value).toBe(12);
  });

  it('say what there is when the time is up', async () => {
    await post(traces(), spans('a'));
    await expect(receiver.waitForLog(() => true, { timeoutMs: 20 })).rejects.toThrow(
      'Waited 20 ms. No log record matched; received 1 span, 0 log records, 0 metric points, 1 request',
    );
  });

  it('reject when the match throws', async () => {
    const failing = expect(
      receiver.waitForSpan(() => {
        throw new Error('bad match');
      }),
    ).rejects.toThrow('bad match');
    await post(traces(), spans('a'));
    await failing;
    expect(receiver.spans).toHaveLength(1);
  });
});

describe('reset', () => {
  it('forgets records and answers, and what is in flight', async () => {
    receiver.answerWith({ delayMs: 80, times: 1 });
    receiver.answerWith({ status: 503 });
    const old = post(traces(), spans('old'));
    await receiver.waitFor({ requests: 1 });
    const before = receiver.requests;
    receiver.reset();
    expect([receiver.requests, before.length]).toEqual([[], 1]);
    const waiting = receiver.waitForSpan(() => true);
    expect((await old).status).toBe(200);
    expect(receiver.spans).toEqual([]);
    expect((await post(traces(), spans('new'))).status).toBe(200);
    expect((await waiting).name).toBe('new');
  });
});

describe('starting and closing', () => {
  it('takes a base path, however its slashes are', async () => {
    for (const basePath of ['/otlp', 'otlp/', '/otlp/']) {
      const based = await startOtlpReceiver({ basePath });
      expect(based.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/otlp$/);
      expect((await post(`${based.url}/v1/traces`, spans('a'))).status).toBe(200);
      expect((await post(new URL('/v1/traces', based.url).href, spans('a'))).status).toBe(404);
      await based.close();
    }
  });

  it('takes a port and rejects one that is in use', async () => {
    const port = Number(new URL(receiver.url).port);
    await expect(startOtlpReceiver({ port })).rejects.toThrow('EADDRINUSE');
    await receiver.close();
    receiver = await startOtlpReceiver({ port });
    expect(receiver.url).toBe(`http://127.0.0.1:${String(port)}`);
  });

  it.each([0, -1, 1.5, NaN, Infinity])('rejects a limit of %d bytes', async (maxRequestBytes) => {
    await expect(startOtlpReceiver({ maxRequestBytes })).rejects.toThrow(TypeError);
  });

  it('takes a limit larger than any buffer', async () => {
    const large = await startOtlpReceiver({ maxRequestBytes: Number.MAX_SAFE_INTEGER });
    const headers = { 'content-encoding': 'gzip' };
    expect((await post(`${large.url}/v1/traces`, gzipSync(spans('a')), { headers })).status).toBe(200);
    await large.close();
  });

  const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === '::1'));
  it.skipIf(!hasIpv6)('listens on IPv6', async () => {
    const six = await startOtlpReceiver({ host: '::1' });
    expect(six.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await post(`${six.url}/v1/traces`, spans('a'))).status).toBe(200);
    await six.close();
  });

  it('gives a URL that can be reached when it listens everywhere', async () => {
    const everywhere = await startOtlpReceiver({ host: '0.0.0.0' });
    expect((await post(`${everywhere.url}/v1/traces`, spans('a'))).status).toBe(200);
    await everywhere.close();
  });

  it('closes at once with open connections, and again', async () => {
    receiver.answerWith({ hang: true });
    const hanging = expect(post(traces(), spans('a'))).rejects.toThrow();
    await receiver.waitFor({ requests: 1 });
    const start = performance.now();
    await Promise.all([receiver.close(), receiver.close()]);
    await receiver.close();
    expect(performance.now() - start).toBeLessThan(1000);
    await hanging;
    await expect(post(traces(), spans('a'))).rejects.toThrow('ECONNREFUSED');
    await pause(10);
    expect(receiver.spans).toEqual([]);
  });
});
