/**
 * The service for the W3C trace-context test harness, and what the harness asks of it (see `harness-tests.ts`): the
 * source in this process, and the example in a process of its own, on the built package.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createCallListener, TELEMETRY_OPTIONS } from '../../examples/w3c-harness/calls.mjs';
import { httpTelemetry } from '../../src/adapters/http.js';
import { createGatewayTelemetry } from '../../src/index.js';
import type { GatewayOptions } from '../../src/index.js';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver, ReceivedSpan } from '../../src/testing/index.js';
import { startExample } from '../examples/example-process.js';
import { HARNESS_TESTS, PARENT_ID, TRACE_ID } from './harness-tests.js';
import type { HarnessRequest } from './harness-tests.js';
import { post, startHarness } from './harness.js';
import type { Callback, Harness } from './harness.js';

const SERVER = 2;
const CLIENT = 3;
/** Smaller than the service's own, so that the tests need not wait for four seconds. */
const LIMITS = { timeoutMs: 300, maxBodyBytes: 500_000, maxCalls: 10 };

const NESTED = `[{"url":"http://127.0.0.1:1/","arguments":${'['.repeat(200_000)}${']'.repeat(200_000)}}]`;

interface Service {
  readonly url: string;
  /** Resolves when every request is answered and all spans have been sent. */
  close(): Promise<void>;
  /** For when a test has failed before the end. */
  kill(): void;
}

async function startInProcess(collector: string, limits = {}): Promise<Service> {
  const telemetry = createGatewayTelemetry({
    ...(TELEMETRY_OPTIONS as GatewayOptions),
    env: false,
    operator: { endpoint: collector },
  });
  const server = createServer(httpTelemetry(telemetry, createCallListener(limits)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await telemetry.shutdown();
    },
    kill: () => void server.closeAllConnections(),
  };
}

async function startProcess(collector: string): Promise<Service> {
  const service = startExample('w3c-harness/service.mjs', ['--port', '0', '--collector', collector]);
  const [, url = ''] = await service.waitForLine(/^Listening on (http:\S+)$/);
  return {
    url,
    async close() {
      service.signal('SIGTERM');
      expect(await service.ended).toBe(0);
      expect(service.errors()).toBe('');
      expect(service.lines.at(-1)).toBe('Done.');
    },
    kill: () => service.signal('SIGKILL'),
  };
}

function valuesOf({ headers }: Callback, wanted: string): string[] {
  return headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
}

/** The one valid `traceparent`. */
function traceparentOf(callback: Callback): { traceId: string; parentId: string; flags: string } {
  const values = valuesOf(callback, 'traceparent');
  expect(values).toHaveLength(1);
  expect(values[0]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
  const [, traceId = '', parentId = '', flags = ''] = values[0]?.split('-') ?? [];
  expect(traceId).not.toBe('0'.repeat(32));
  expect(parentId).not.toBe('0'.repeat(16));
  return { traceId, parentId, flags };
}

function membersOf(callback: Callback): string[] {
  const lines = valuesOf(callback, 'tracestate');
  return lines.flatMap((line) => line.split(',')).map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''));
}

/** Gives the parent ids that were sent. */
function check(
  { headers, calls = 1, continuesWith, members }: HarnessRequest,
  callbacks: readonly Callback[],
) {
  const sent = callbacks.map(traceparentOf);
  const parentIds = sent.map(({ parentId }) => parentId);
  expect(sent).toHaveLength(calls);
  expect(new Set(parentIds).size).toBe(calls);
  expect(parentIds).not.toContain(PARENT_ID);
  expect(new Set(sent.map(({ traceId }) => traceId)).size).toBe(1);
  for (const { traceId, flags } of sent) {
    if (continuesWith !== undefined) {
      expect({ traceId, flags }).toEqual({ traceId: TRACE_ID, flags: continuesWith });
      continue;
    }
    for (const [, value] of headers) expect(value).not.toContain(traceId);
    // Made here: sampled, and random.
    expect(flags).toBe('03');
  }
  for (const callback of callbacks) {
    if (members === undefined) expect(valuesOf(callback, 'tracestate')).toEqual([]);
    else expect(members).toContainEqual(membersOf(callback));
    expect(callback).toMatchObject({ method: 'POST', body: '[]' });
    expect(valuesOf(callback, 'content-type')).toEqual(['application/json']);
  }
  return parentIds;
}

it('knows as many tests as the harness has', () => {
  const count = (wanted: string): number => HARNESS_TESTS.filter(({ suite }) => suite === wanted).length;
  expect([count('TraceContextTest'), count('AdvancedTest'), count('TraceContext2Test')]).toEqual([37, 3, 1]);
  expect(HARNESS_TESTS.flatMap(({ requests }) => requests)).toHaveLength(83);
});

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

describe.each([
  ['in this process, from source', startInProcess],
  ['in a process of its own, from the built package', startProcess],
])('the harness and the service %s', (_, start) => {
  let collector: OtlpReceiver;
  let service: Service | undefined;
  const parentIds: string[] = [];
  beforeAll(async () => {
    collector = await startOtlpReceiver();
    service = await start(collector.url);
  });
  afterAll(async () => {
    service?.kill();
    await collector.close();
  });

  it.each(HARNESS_TESTS)('$suite: test_$name', async ({ requests }) => {
    for (const request of requests) {
      parentIds.push(...check(request, await harness.ask(service?.url ?? '', request)));
    }
  });

  it('never used a parent id twice', () => {
    expect(new Set(parentIds).size).toBe(parentIds.length);
  });

  it('makes a CLIENT span of every sampled call, of which the called one is told', async () => {
    const traceId = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';
    const headers = [['traceparent', `00-${traceId}-${PARENT_ID}-01`]] as const;
    const callbacks = await harness.ask(service?.url ?? '', { headers, calls: 3 });
    await service?.close();
    const spans = collector.spans.filter((span) => span.traceId === traceId);
    const [server, ...others] = spans.filter(({ kind }) => kind === SERVER);
    const clients = spans.filter(({ kind }) => kind === CLIENT);
    expect(others).toEqual([]);
    expect(server?.parentSpanId).toBe(PARENT_ID);
    expect(clients.map(({ parentSpanId }) => parentSpanId)).toEqual(Array(3).fill(server?.spanId));
    expect(new Set(clients.map(({ spanId }) => spanId))).toEqual(
      new Set(callbacks.map((callback) => traceparentOf(callback).parentId)),
    );
    expect(spans).toHaveLength(4);
  });
});

describe('the service', () => {
  let collector: OtlpReceiver;
  let service: Service;
  beforeAll(async () => {
    collector = await startOtlpReceiver();
    service = await startInProcess(collector.url, LIMITS);
  });
  afterAll(async () => {
    await service.close();
    await collector.close();
  });

  it.each([
    ['no JSON', '[{', 400, 'not JSON'],
    ['an empty body', '', 400, 'not JSON'],
    ['no array', '{"url":"http://127.0.0.1/"}', 400, 'must be an array'],
    ['no call', '[null]', 400, 'url of call 0'],
    ['no URL', '[{"url":"http://127.0.0.1:1/"},{"url":"nowhere"}]', 400, 'url of call 1'],
    ['a URL of another scheme', '[{"url":"file:///etc/hosts"}]', 400, 'url of call 0'],
    ['too many calls', JSON.stringify(Array(11).fill({ url: 'http://127.0.0.1:1/' })), 400, 'More than 10'],
    ['too large a body', ' '.repeat(1_000_000), 413, 'larger than 500000'],
    ['arguments that are nested too deeply', NESTED, 400, 'nested too deeply'],
  ])('refuses %s', async (_, body, status, sentence) => {
    const answer = await post(service.url, body);
    expect(answer.status).toBe(status);
    expect((JSON.parse(answer.body) as { error: string }).error).toContain(sentence);
  });

  it('answers other methods with 405', async () => {
    const response = await fetch(service.url);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });

  it('passes the arguments on, and answers with what came of each call', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const silentUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const list = [
      { url: `${harness.url}/nested`, arguments: [{ url: 'http://elsewhere/', arguments: [] }] },
      { url: 'http://127.0.0.1:1/', arguments: [] },
      { url: silentUrl },
    ];
    const traceId = '00112233445566778899aabbccddeeff';
    const traceparent = ['traceparent', `00-${traceId}-${PARENT_ID}-01`] as const;
    const started = performance.now();
    const answer = await post(service.url, JSON.stringify(list), [traceparent]);
    silent.closeAllConnections();
    silent.close();

    expect(performance.now() - started).toBeLessThan(5000);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({
      traceId,
      calls: [
        { url: `${harness.url}/nested`, status: 200 },
        { url: 'http://127.0.0.1:1/', error: expect.stringContaining('ECONNREFUSED') },
        { url: silentUrl, error: 'no answer in time' },
      ],
    });
    const span = (wanted: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> =>
      collector.waitForSpan((each) => each.traceId === traceId && wanted(each));
    const refused = await span(({ attributes }) => attributes['server.port'] === 1);
    expect(refused).toMatchObject({ kind: CLIENT, attributes: { 'error.type': expect.any(String) } });
    // The service itself did what it was asked to do.
    expect((await span(({ kind }) => kind === SERVER)).attributes).toMatchObject({
      'http.response.status_code': 200,
    });
  });
});

describe('the example', () => {
  it('needs no collector, says how to point the harness at it, and ends on SIGINT', async () => {
    const service = startExample('w3c-harness/service.mjs', ['--host', '127.0.0.1', '--port', '0']);
    onTestFinished(() => service.signal('SIGKILL'));
    const [, url = ''] = await service.waitForLine(/^Listening on (http:\S+)$/);
    await service.waitForLine(/^ {2}SPEC_LEVEL=2 STRICT_LEVEL=2 python3 test\.py http:\S+$/);
    const request: HarnessRequest = { headers: [], calls: 20 };
    check(request, await harness.ask(url, request));
    service.signal('SIGINT');
    expect(await service.ended).toBe(0);
    expect(service.errors()).toBe('');
    expect(service.lines.at(-1)).toBe('Done. 21 spans were recorded.');
  });

  it('says what is wrong with its options, and with its port', async () => {
    const misled = startExample('w3c-harness/service.mjs', ['--port', 'many']);
    expect(await misled.ended).toBe(2);
    expect(misled.errors()).toMatch(/^The port must be 0 to 65535\.\nUsage: /);

    const late = startExample('w3c-harness/service.mjs', ['--port', new URL(harness.url).port]);
    expect(await late.ended).toBe(1);
    expect(late.errors()).toMatch(/^listen EADDRINUSE: /);
  });
});
