/** `testDestination`: what each kind of endpoint comes out as, and that nothing else of the instance notices. */
import { AsyncLocalStorage } from 'node:async_hooks';
import dns from 'node:dns';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  createGatewayTelemetry,
  type Destination,
  type DestinationTestResult,
  type GatewayOptions,
  type GatewayTelemetry,
  type ReadyMadeExporter,
  type SignalTestResult,
} from '../../src/index.js';
import { resolveDestination } from '../../src/config/destination.js';
import { resolveTenantEgress } from '../../src/config/egress.js';
import { createDestinationTests, type DestinationTestsOptions } from '../../src/delivery/destination-test.js';
import { createTestLimit } from '../../src/delivery/test-limit.js';
import { verdictOf } from '../../src/delivery/test-verdict.js';
import type { OutgoingBatch, SendResult } from '../../src/model/delivery.js';
import { namesFor } from '../../src/model/names.js';
import type { Target } from '../../src/model/resolved-destination.js';
import { createEncoders, createEnvelopes } from '../../src/otlp/encoders.js';
import { createTestRecords } from '../../src/signals/test-records.js';
import { SendFailure } from '../../src/transport/classify.js';
import type { Connecting } from '../../src/transport/egress-guard.js';
import { createCompressor } from '../../src/transport/gzip.js';
import { openOtlpSender } from '../../src/transport/otlp-http-sender.js';
import { createPools } from '../../src/transport/pool.js';
import { openTestSender } from '../../src/transport/test-sender.js';
import { startOtlpReceiver, type OtlpReceiver } from '../../src/testing/index.js';
import { issue, issueCa } from '../support/certificates.js';
import {
  countConnections,
  eventually,
  expectLaw,
  expectOfficialPayloads,
  inWorld,
  marksAt,
  refusingUrl,
  send,
  startHttp,
  startTcp,
  timed,
  type RawServer,
} from './support.js';

vi.setConfig({ testTimeout: 20_000 });

type OtlpTarget = Extract<Target, { kind: 'otlp' }>;

const LOGS = { traces: false, metrics: false };
const SECRET = 'hidden-7d1f';
const HTML = '<!doctype html><title>Welcome</title>';

function instance(options: GatewayOptions = {}): GatewayTelemetry {
  const telemetry = createGatewayTelemetry({ tenantEgress: 'open', env: false, ...options });
  onTestFinished(() => void telemetry.shutdown({ timeoutMs: 0 }));
  return telemetry;
}

async function receiver(basePath?: string): Promise<OtlpReceiver> {
  const started = await startOtlpReceiver(basePath === undefined ? {} : { basePath });
  onTestFinished(() => started.close());
  return started;
}

function closed(server: RawServer): string {
  onTestFinished(() => server.close());
  return server.url;
}

async function listen(server: Server, scheme = 'http'): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Of one signal's test, which must tell nothing that a sentence for a tenant may not hold. */
async function logsTest(destination: Destination, telemetry = instance()): Promise<SignalTestResult> {
  const { ok, signals } = await telemetry.testDestination({
    signals: LOGS,
    headers: { authorization: SECRET },
    ...destination,
  });
  const { logs } = signals;
  if (logs === undefined) throw new Error('There is no answer for logs.');
  expect(Object.keys(signals)).toEqual(['logs']);
  expect(ok).toBe(logs.outcome === 'ok');
  expectSafe(logs);
  return logs;
}

function expectSafe({ durationMs, message }: SignalTestResult): void {
  expect(Number.isInteger(durationMs) && durationMs >= 0).toBe(true);
  expect(message).toMatch(/^[A-Z].*[.?]$/);
  expect(message).not.toMatch(/127\.0\.0\.1|localhost|:\d{2,5}\b|\bE[A-Z]{4,}|HPE_|ERR_|error:/);
  expect(message).not.toContain(SECRET);
}

const outcomes = ({ signals }: DestinationTestResult): unknown =>
  Object.fromEntries(Object.entries(signals).map(([signal, { outcome }]) => [signal, outcome]));

const NOTHING_SENT = { durationMs: 0 };

describe('a test as the operator', () => {
  it('sends one marked record per signal, with the resource that the destination would get', async () => {
    const at = await receiver();
    const telemetry = instance({ serviceName: 'edge', namespace: 'acme' });
    const destination = { endpoint: at.url, resourceAttributes: { place: 'here' } };
    const result = await telemetry.testDestination(destination, { as: 'operator' });
    expect(result.ok).toBe(true);
    expect(outcomes(result)).toEqual({ traces: 'ok', logs: 'ok', metrics: 'ok' });
    for (const of of Object.values(result.signals)) expectSafe(of);
    expect([at.spans.length, at.logs.length, at.metricPoints.length]).toEqual([1, 1, 1]);
    const [span] = at.spans;
    const [log] = at.logs;
    const [point] = at.metricPoints;
    const attributes = { 'acme.test': true };
    expect(span).toMatchObject({ name: 'acme.destination.test', attributes });
    expect(log).toMatchObject({ eventName: 'acme.destination.test', attributes });
    expect(log?.attributes['event.name']).toBe('acme.destination.test');
    expect(point).toMatchObject({ name: 'acme.destination.test', attributes, value: 1 });
    for (const record of [span, log, point]) {
      expect(record?.resource).toMatchObject({ 'service.name': 'edge', place: 'here' });
      expect(record?.resource).toHaveProperty(['host.name']);
    }
    expectOfficialPayloads([at]);
  });

  it('leaves out the signals that are switched off', async () => {
    const at = await receiver();
    const signals = { metrics: false };
    const result = await instance().testDestination({ endpoint: at.url, signals }, { as: 'operator' });
    expect(outcomes(result)).toEqual({ traces: 'ok', logs: 'ok' });
    expect(at.requests).toHaveLength(2);
  });

  it('tells of each signal for itself', async () => {
    const at = await receiver();
    at.answerWith({ signal: 'metrics', status: 403 });
    at.answerWith({ signal: 'traces', status: 503 });
    const result = await instance().testDestination({ endpoint: at.url }, { as: 'operator' });
    expect(outcomes(result)).toEqual({ traces: 'unavailable', logs: 'ok', metrics: 'unauthorized' });
    expect(result.ok).toBe(false);
  });
});

describe('a test as a tenant, which is the default', () => {
  it('sends no traces, and nothing of the gateway', async () => {
    const at = await receiver();
    const telemetry = instance({ serviceName: 'edge', resourceAttributes: { secret: SECRET } });
    const tests = [undefined, {}, { as: 'tenant' }] as const;
    for (const options of tests) {
      const result = await telemetry.testDestination({ endpoint: at.url }, options);
      expect(outcomes(result)).toEqual({ logs: 'ok', metrics: 'ok' });
    }
    const identity = ['telemetry.sdk.name', 'telemetry.sdk.language', 'telemetry.sdk.version'];
    for (const { resource } of [...at.logs, ...at.metricPoints]) {
      expect(Object.keys(resource).sort()).toEqual(
        [...identity, 'service.name', 'service.instance.id'].sort(),
      );
    }
    expect(at.spans).toHaveLength(0);
    // Two tenants that compare theirs learn nothing.
    const ids = new Set(at.logs.map(({ resource }) => resource['service.instance.id']));
    expect(ids.size).toBe(tests.length);
    await telemetry.testDestination({ endpoint: at.url }, { as: 'operator' });
    expect(ids).not.toContain(at.spans[0]?.resource['service.instance.id']);
  });
});

describe('an endpoint', () => {
  it.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [407, 'unauthorized'],
    [404, 'not_found'],
    [405, 'not_found'],
    [410, 'not_found'],
    [429, 'rate_limited'],
    [413, 'too_large'],
    [400, 'rejected'],
    [402, 'rejected'],
    [422, 'rejected'],
    [415, 'wrong_protocol'],
    [426, 'wrong_protocol'],
    [464, 'wrong_protocol'],
    [501, 'wrong_protocol'],
    [505, 'wrong_protocol'],
    [500, 'unavailable'],
    [502, 'unavailable'],
    [503, 'unavailable'],
    [504, 'unavailable'],
  ] as const)('that answers %i: %s, and is asked once', async (status, outcome) => {
    const at = await receiver();
    at.answerWith({ status, body: SECRET, headers: { 'retry-after': '1' } });
    const result = await logsTest({ endpoint: at.url });
    expect(result.outcome).toBe(outcome);
    expect(result.message).toContain(`(status ${status})`);
    expect(at.requests).toHaveLength(1);
  });

  it('that redirects: redirect, and it is not followed', async () => {
    const [at, elsewhere] = [await receiver(), await receiver()];
    at.answerWith({ status: 307, headers: { location: `${elsewhere.url}/v1/logs` } });
    expect(await logsTest({ endpoint: at.url })).toMatchObject({ outcome: 'redirect' });
    expect(elsewhere.requests).toHaveLength(0);
  });

  it('that takes the request but not the record: rejected', async () => {
    const at = await receiver();
    at.answerWith({ partialSuccess: { rejected: 1, message: SECRET } });
    expect(await logsTest({ endpoint: at.url })).toMatchObject({ outcome: 'rejected' });
  });

  it('that answers with a web page: wrong_protocol', async () => {
    const endpoint = closed(
      await startHttp((request, response) => {
        request.resume().on('end', () => response.setHeader('content-type', 'text/html').end(HTML));
      }),
    );
    expect(await logsTest({ endpoint })).toMatchObject({ outcome: 'wrong_protocol' });
  });

  it('that speaks HTTP/2 only, as OTLP/gRPC does: wrong_protocol', async () => {
    const endpoint = await listen(createHttp2Server());
    expect(await logsTest({ endpoint })).toMatchObject({ outcome: 'wrong_protocol' });
  });

  it('that speaks no HTTP at all: wrong_protocol', async () => {
    const endpoint = await listen(createTcpServer((socket) => void socket.write('220 mail ESMTP\r\n')));
    expect(await logsTest({ endpoint })).toMatchObject({ outcome: 'wrong_protocol' });
  });

  it('that hangs up: reset', async () => {
    const endpoint = closed(await startTcp((socket) => socket.destroy()));
    expect(await logsTest({ endpoint })).toMatchObject({ outcome: 'reset' });
  });

  it('that nobody listens at: connect', async () => {
    expect(await logsTest({ endpoint: await refusingUrl() })).toMatchObject({ outcome: 'connect' });
  });

  it('whose name has no address: dns', async () => {
    // As the system answers for a name that is not there; the machine that runs this may have no resolver.
    vi.spyOn(dns, 'lookup').mockImplementation(((
      _name: string,
      _options: object,
      done: (e: Error) => void,
    ) => {
      const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${SECRET}`), { code: 'ENOTFOUND' });
      process.nextTick(done, error);
    }) as unknown as typeof dns.lookup);
    onTestFinished(() => void vi.restoreAllMocks());
    const endpoint = `https://${SECRET}.example.com`;
    expect(await logsTest({ endpoint })).toMatchObject({ outcome: 'dns' });
  });

  it('whose certificate nobody vouches for: tls; with its root: ok', async () => {
    const ca = issueCa();
    const server = createTlsServer(issue({ by: ca }), (request, response) => {
      request.resume().on('end', () => response.end());
    });
    const endpoint = await listen(server, 'https');
    expect(await logsTest({ endpoint })).toMatchObject({ outcome: 'tls' });
    expect(await logsTest({ endpoint, tls: { ca: ca.cert } })).toMatchObject({ outcome: 'ok' });
  });

  it('that speaks plain http where https is asked: tls', async () => {
    const at = await receiver();
    expect(await logsTest({ endpoint: at.url.replace('http:', 'https:') })).toMatchObject({ outcome: 'tls' });
  });

  it('that never answers: timeout, when timeoutMs is over', async () => {
    const at = await receiver();
    at.answerWith({ hang: true });
    const { value, ms } = await timed(logsTest({ endpoint: at.url, timeoutMs: 200 }));
    expect(value.outcome).toBe('timeout');
    expect(value.durationMs).toBeGreaterThanOrEqual(150);
    expect(ms).toBeLessThan(2_000);
  });

  it('that never answers for all signals costs timeoutMs once', async () => {
    const at = await receiver();
    at.answerWith({ hang: true });
    const destination = { endpoint: at.url, timeoutMs: 500 };
    const { value, ms } = await timed(instance().testDestination(destination, { as: 'operator' }));
    expect(outcomes(value)).toEqual({ traces: 'timeout', logs: 'timeout', metrics: 'timeout' });
    expect(ms).toBeLessThan(1_400);
  });
});

describe('not_found', () => {
  it.each<[string, (url: string) => Destination, string]>([
    ['doubled', (url) => ({ logs: { endpoint: `${url}/v1/logs/v1/logs` } }), 'of one signal has it once.'],
    [
      'doubled in part',
      (url) => ({ endpoint: `${url}/v1` }),
      'is doubled: /v1/logs is appended to an endpoint for',
    ],
    ['missing', (url) => ({ logs: { endpoint: url } }), 'does not end in /v1/logs: nothing is appended'],
    ['of another signal', (url) => ({ logs: { endpoint: `${url}/v1/metrics` } }), 'does not end in /v1/logs'],
    ['without its beginning', (url) => ({ endpoint: url }), 'a part missing before /v1/logs?'],
    ['with a version of its own', (url) => ({ endpoint: `${url}/api/v1/otlp` }), 'a part missing before'],
  ])('tells when the path is %s', async (_what, at, hint) => {
    const { url } = await receiver('/collector');
    const { outcome, message } = await logsTest(at(new URL(url).origin));
    expect(outcome).toBe('not_found');
    expect(message).toContain(hint);
  });
});

describe('compression', () => {
  it('is used however small the record is, so that an endpoint without it is found out', async () => {
    const at = await receiver();
    await logsTest({ endpoint: at.url });
    await logsTest({ endpoint: at.url, compression: 'none' });
    expect(at.requests.map(({ headers }) => headers['content-encoding'])).toEqual(['gzip', undefined]);
  });

  it.each([400, 415])('is named where %i may be about it, and only there', async (status) => {
    const at = await receiver();
    at.answerWith({ status });
    expect((await logsTest({ endpoint: at.url })).message).toContain("compression 'none'");
    expect((await logsTest({ endpoint: at.url, compression: 'none' })).message).not.toContain('compression');
  });
});

describe('a headers function', () => {
  it('that throws: headers', async () => {
    const headers = () => Promise.reject(new Error(SECRET));
    expect(await logsTest({ endpoint: (await receiver()).url, headers })).toMatchObject({
      outcome: 'headers',
    });
  });

  it('that hangs: over with timeoutMs', async () => {
    const headers = () => new Promise<Record<string, string>>(() => undefined);
    const destination = { endpoint: (await receiver()).url, headers, timeoutMs: 200 };
    const { value, ms } = await timed(logsTest(destination));
    expect(['timeout', 'headers']).toContain(value.outcome);
    expect(ms).toBeLessThan(2_000);
  });

  it('runs outside of the request in which the test was asked for', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const headers = () => {
      seen.push(storage.getStore());
      return { a: 'b' };
    };
    const endpoint = (await receiver()).url;
    const telemetry = instance();
    await storage.run('request', () => logsTest({ endpoint, headers }, telemetry));
    expect(seen).toEqual([undefined]);
  });
});

describe('a ready-made exporter', () => {
  function exporterThat(answer: ReadyMadeExporter['export']): ReadyMadeExporter & { shutdowns: number } {
    const exporter = {
      shutdowns: 0,
      export: answer,
      shutdown() {
        exporter.shutdowns++;
        return Promise.resolve();
      },
    };
    return exporter;
  }
  const testOf = (logs: ReadyMadeExporter, telemetry = instance()) =>
    telemetry.testDestination({ exporters: { logs } }, { as: 'operator' });

  it('that reports success is ok, and is not shut down: it may be in use, or about to be', async () => {
    const received: unknown[] = [];
    const exporter = exporterThat((items, done) => {
      received.push(items);
      done({ code: 0 });
    });
    const telemetry = instance();
    const { signals } = await testOf(exporter, telemetry);
    expect(signals.logs?.outcome).toBe('ok');
    expect(received).toMatchObject([[{ eventName: 'knoxcall.destination.test' }]]);
    telemetry.setOperator({ exporters: { logs: exporter } });
    await testOf(exporter, telemetry);
    expect(exporter.shutdowns).toBe(0);
    telemetry.setOperator(null);
    await eventually(() => expect(exporter.shutdowns).toBe(1));
  });

  it.each<[string, ReadyMadeExporter['export']]>([
    ['reports a failure', (_items, done) => done({ code: 1, error: new Error(SECRET) })],
    [
      'throws',
      () => {
        throw new Error(SECRET);
      },
    ],
  ])('that %s: exporter', async (_what, answer) => {
    const { signals } = await testOf(exporterThat(answer));
    expect(signals.logs?.outcome).toBe('exporter');
    expect(JSON.stringify(signals)).not.toContain(SECRET);
  });

  it('that never answers is over when the instance is', async () => {
    const telemetry = instance();
    const test = testOf(
      exporterThat(() => undefined),
      telemetry,
    );
    void telemetry.shutdown({ timeoutMs: 100 });
    const { value, ms } = await timed(test);
    expect(value.signals.logs?.outcome).toBe('shut_down');
    expect(ms).toBeLessThan(2_000);
  });
});

describe('nothing is sent', () => {
  it('where the destination is switched off: disabled', async () => {
    const at = await receiver();
    const logs = await logsTest({ endpoint: at.url, disabled: true });
    expect(logs).toMatchObject({ outcome: 'disabled', ...NOTHING_SENT });
    expect(at.requests).toHaveLength(0);
  });

  it('where every signal is: an answer without signals, and not ok', async () => {
    const signals = { logs: false, metrics: false };
    const result = await instance().testDestination({ endpoint: 'http://127.0.0.1:9', signals });
    expect(result).toEqual({ ok: false, signals: {} });
  });

  it('where the whole SDK is: disabled', async () => {
    const at = await receiver();
    const telemetry = instance({ env: { OTEL_SDK_DISABLED: 'true' } });
    const logs = await logsTest({ endpoint: at.url }, telemetry);
    expect(logs).toMatchObject({ outcome: 'disabled', ...NOTHING_SENT });
    expect(at.requests).toHaveLength(0);
  });

  it('after shutdown: at once', async () => {
    const at = await receiver();
    const telemetry = instance();
    await telemetry.shutdown();
    const { value, ms } = await timed(logsTest({ endpoint: at.url }, telemetry));
    expect(value).toMatchObject({ outcome: 'shut_down', ...NOTHING_SENT });
    expect(ms).toBeLessThan(500);
    expect(at.requests).toHaveLength(0);
  });

  it('while four others run; the operator does not wait for tenants', async () => {
    const at = await receiver();
    at.answerWith({ delayMs: 300 });
    const telemetry = instance();
    const first = Array.from({ length: 4 }, () => logsTest({ endpoint: at.url }, telemetry));
    const fifth = await logsTest({ endpoint: at.url }, telemetry);
    expect(fifth).toMatchObject({ outcome: 'rate_limited_here', ...NOTHING_SENT });
    const operator = await telemetry.testDestination({ endpoint: at.url, signals: LOGS }, { as: 'operator' });
    expect(operator.ok).toBe(true);
    for (const { outcome } of await Promise.all(first)) expect(outcome).toBe('ok');
    expect((await logsTest({ endpoint: at.url }, telemetry)).outcome).toBe('ok');
    expect(at.requests).toHaveLength(6);
  });

  it('for the thirty-first test within a minute', async () => {
    const at = await receiver();
    const telemetry = instance();
    const answers: string[] = [];
    for (let test = 0; test < 31; test++)
      answers.push((await logsTest({ endpoint: at.url }, telemetry)).outcome);
    expect(answers).toEqual([...Array<string>(30).fill('ok'), 'rate_limited_here']);
    expect(at.requests).toHaveLength(30);
  });
});

describe('shutdown', () => {
  it('ends a test that is running, and its sockets', async () => {
    const at = await receiver();
    at.answerWith({ hang: true });
    const counted = await countConnections(at);
    onTestFinished(() => counted.close());
    const telemetry = instance();
    const test = logsTest({ endpoint: counted.url }, telemetry);
    await eventually(() => expect(at.requests).toHaveLength(1));
    const { ms } = await timed(telemetry.shutdown({ timeoutMs: 5_000 }));
    expect((await test).outcome).toBe('shut_down');
    expect(ms).toBeLessThan(2_000);
    await eventually(() => expect(counted.openSockets()).toBe(0));
  });
});

describe('a faulty destination', () => {
  it.each<[string, unknown, unknown, string]>([
    ['no object', null, undefined, 'destination must be an object'],
    ['several', [{ endpoint: 'http://127.0.0.1:9' }], undefined, 'destination must be an object'],
    ['no scheme', { endpoint: 'collector.example.com' }, undefined, 'destination.endpoint has no scheme'],
    ['the gRPC port', { endpoint: 'http://c.example.com:4317' }, undefined, 'destination.endpoint points at'],
    ['a fragment', { endpoint: 'http://127.0.0.1:9/#part' }, undefined, 'destination.endpoint must not have'],
    [
      "a tenant's traces",
      { endpoint: 'http://127.0.0.1:9', signals: { traces: true } },
      undefined,
      'never receives',
    ],
    ['no audience', { endpoint: 'http://127.0.0.1:9' }, { as: 'admin' }, 'options.as must be one of'],
    ['an unknown option', { endpoint: 'http://127.0.0.1:9' }, { to: 1 }, 'options.to'],
  ])('is a rejection with one sentence: %s', async (_what, destination, options, words) => {
    const test = instance().testDestination(destination as Destination, options as { as: 'tenant' });
    await expect(test).rejects.toThrow(words);
    await expect(test).rejects.toMatchObject({ name: 'ConfigurationError' });
  });

  it('does not count as a test', async () => {
    const telemetry = instance();
    for (let test = 0; test < 20; test++) {
      await expect(telemetry.testDestination({ endpoint: 'x' })).rejects.toThrow('has no scheme');
    }
    expect((await logsTest({ endpoint: (await receiver()).url }, telemetry)).outcome).toBe('ok');
  });
});

describe('a tenant under the public policy', () => {
  const guarded = () => instance({ tenantEgress: 'public' });
  const blocked = (url: string) =>
    [
      ['an address of the gateway itself', { endpoint: url }],
      ['plain http', { endpoint: 'http://collector.example.com' }],
      ['an unusual port', { endpoint: 'https://collector.example.com:22' }],
      ['a name of the inner network', { endpoint: 'https://collector.internal' }],
      ['the addresses of a cloud', { endpoint: 'https://169.254.169.254' }],
    ] as const;

  it('gets blocked, not a rejection, for whatever the policy refuses', async () => {
    const at = await receiver();
    const telemetry = guarded();
    for (const [what, destination] of blocked(at.url)) {
      expect((await logsTest(destination, telemetry)).outcome, what).toBe('blocked');
    }
    expect(at.requests).toHaveLength(0);
  });

  it('is connected through the guard: a name that passes may lead anywhere', async () => {
    const at = await receiver();
    const connect = vi.fn(({ done }: Connecting): undefined => {
      process.nextTick(done, new SendFailure('blocked'));
    });
    const pools = createPools(
      {},
      {
        refusalOf: () => undefined,
        connect,
        idle: () => undefined,
        used: () => undefined,
        close: () => undefined,
      },
    );
    const target = resolveDestination({ endpoint: at.url }, 'here', 'tenant', resolveTenantEgress('open'))
      .targets.logs;
    const options = { pools, compressor: createCompressor(), userAgent: 'test', onTlsFault: () => undefined };
    const reading = { decodeResponse: () => undefined, isResponse: () => true };
    const sender = openTestSender(target as Target, { ...options, ...reading }, () => ({}));
    const batch = { id: '1', signal: 'logs', items: 1, request: () => new Uint8Array(8) } as const;
    const result = await sender.send(batch as unknown as OutgoingBatch, new AbortController().signal);
    sender.close();
    expect(result).toMatchObject({ errorClass: 'blocked' });
    expect(connect).toHaveBeenCalledTimes(1);
    expect(at.requests).toHaveLength(0);
  });

  it('does not hold for the operator', async () => {
    const at = await receiver();
    const result = await guarded().testDestination({ endpoint: at.url }, { as: 'operator' });
    expect(result.ok).toBe(true);
  });
});

describe('the live state', () => {
  it('does not change, whatever comes out', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
      async ({ telemetry, at, to, send, diagnostics, flushUntilLogs }) => {
        send('acme', 1);
        await flushUntilLogs('acme', 1);
        await telemetry.flush();
        const states: unknown[] = [];
        telemetry.onDestinationState((event) => states.push(event));
        const shown = () => [telemetry.status(), telemetry.status('acme')];
        const before = shown();
        const reported = diagnostics.length;
        for (const status of [200, 200, 503, 401, 429, 429]) {
          for (const name of ['acme', 'operator'] as const) {
            at(name).answerWith({ status, times: 3 });
            await telemetry.testDestination(to(name), { as: name === 'acme' ? 'tenant' : 'operator' });
            at(name).answerWith({});
          }
        }
        expect(shown()).toEqual(before);
        expect(states).toEqual([]);
        expect(diagnostics.slice(reported)).toEqual([]);
        send('acme', 2);
        await flushUntilLogs('acme', 4);
        expectLaw(telemetry, ['acme']);
      },
    ));

  it('keeps its sockets: a test opens its own, and leaves none behind', async () => {
    const at = await receiver();
    const counted = await countConnections(at);
    onTestFinished(() => counted.close());
    const destination = { endpoint: counted.url, signals: LOGS };
    const telemetry = instance({ operator: destination });
    send(telemetry, undefined, 1);
    await telemetry.flush();
    expect(counted.connections()).toBe(1);
    expect((await telemetry.testDestination(destination, { as: 'operator' })).ok).toBe(true);
    expect(counted.connections()).toBe(2);
    await eventually(() => expect(counted.openSockets()).toBe(1));
    send(telemetry, undefined, 2);
    await telemetry.flush();
    expect(counted.connections()).toBe(2);
    expect(marksAt(at)).toContain('2');
  });
});

describe('by itself', () => {
  const encoders = createEncoders();
  const envelopes = createEnvelopes();
  const scope = { name: 'test', version: '1', bytes: envelopes.scope('test', '1') };
  const destination = resolveDestination(
    { endpoint: 'http://127.0.0.1:9', signals: LOGS, timeoutMs: 600_000 },
    'here',
    'operator',
  );
  const options: DestinationTestsOptions = {
    envelopes,
    records: createTestRecords({
      names: namesFor('test'),
      eventNameAttribute: false,
      scope,
      encoders,
      ids: { traceId: () => 'a'.repeat(32), spanId: () => 'b'.repeat(16) },
      nowMs: () => Date.now(),
      resourceObject: () => ({}),
    }),
    openSender: () => ({
      update: () => undefined,
      send: () => new Promise<SendResult>(() => undefined),
      close: () => undefined,
    }),
    resourceFor: () => ({ attributes: {}, bytes: envelopes.resource({}) }),
    isBlocked: () => false,
    sdkDisabled: false,
    monotonicMs: () => performance.now(),
  };

  it('what a policy forbids is blocked, without a sender', async () => {
    const openSender = vi.fn(options.openSender);
    const tests = createDestinationTests({ ...options, openSender, isBlocked: () => true });
    const { signals } = await tests.run(destination, 'tenant');
    expect(signals.logs).toMatchObject({ outcome: 'blocked', ...NOTHING_SENT });
    expect(openSender).not.toHaveBeenCalled();
  });

  it('counts with the requests of all others to an origin: where there is no turn in time, nothing is sent', async () => {
    const at = await receiver();
    at.answerWith({ hang: true });
    const ofTenant = (timeoutMs: number) =>
      resolveDestination({ endpoint: at.url, timeoutMs }, 'x', 'tenant', resolveTenantEgress('open'));
    const sending = {
      pools: createPools({ maxSocketsPerOrigin: 1 }),
      compressor: createCompressor(),
      userAgent: 'test',
      onTlsFault: () => undefined,
      decodeResponse: () => undefined,
      isResponse: () => true,
    };
    const openSender = (target: Target) => openTestSender(target, sending, () => ({}));
    const holder = openOtlpSender(ofTenant(5_000).targets.logs as OtlpTarget, sending);
    const batch = { id: '1', signal: 'logs', items: 1, request: () => new Uint8Array(8) } as const;
    const end = new AbortController();
    const held = holder.send(batch as unknown as OutgoingBatch, end.signal);
    const result = await createDestinationTests({ ...options, openSender }).run(ofTenant(300), 'tenant');
    end.abort();
    await held;
    holder.close();
    expect(outcomes(result)).toEqual({ logs: 'rate_limited_here', metrics: 'rate_limited_here' });
    for (const of of Object.values(result.signals)) expectSafe(of);
    expect(at.requests).toHaveLength(1);
  });

  it('10 s are the most, whatever timeoutMs says', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const test = createDestinationTests(options).run(destination, 'tenant');
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await test).signals.logs).toMatchObject({ outcome: 'timeout', durationMs: 10_000 });
  });

  it('a sender that rejects, as none does, is internal', async () => {
    const openSender = () => ({
      ...options.openSender(destination.targets.logs as Target),
      send: () => Promise.reject(new Error(SECRET)),
    });
    const { signals } = await createDestinationTests({ ...options, openSender }).run(destination, 'tenant');
    expect(signals.logs?.outcome).toBe('internal');
    expectSafe(signals.logs as SignalTestResult);
  });

  it('thirty tests a minute: a minute after the first, there may be one more', () => {
    let nowMs = 5;
    const limit = createTestLimit(() => nowMs);
    for (let test = 0; test < 30; test++) {
      limit.begin('tenant')?.();
      nowMs += 1_000;
    }
    expect(limit.begin('tenant')).toBeUndefined();
    expect(limit.begin('operator')).toBeDefined();
    nowMs = 60_004;
    expect(limit.begin('tenant')).toBeUndefined();
    nowMs = 60_005;
    limit.begin('tenant')?.();
    expect(limit.begin('tenant')).toBeUndefined();
  });

  it.each([
    ['blocked', 'blocked'],
    ['egress_guard', 'blocked'],
    ['dns', 'dns'],
    ['connect', 'connect'],
    ['tls', 'tls'],
    ['timeout', 'timeout'],
    ['reset', 'reset'],
    ['network', 'reset'],
    ['protocol', 'wrong_protocol'],
    ['redirect', 'redirect'],
    ['headers', 'headers'],
    ['request_too_large', 'too_large'],
    ['exporter', 'exporter'],
    ['proxy', 'connect'],
    ['crowded', 'rate_limited_here'],
    ['sockets', 'internal'],
    ['internal', 'internal'],
    ['http_101', 'wrong_protocol'],
    ['http_599', 'unavailable'],
  ])('the class %s comes out as %s', (errorClass, outcome) => {
    const target = destination.targets.logs as Target;
    const verdict = verdictOf({ kind: 'retry', errorClass }, 'logs', target);
    expect(verdict.outcome).toBe(outcome);
    expectSafe({ ...verdict, durationMs: 0 });
  });
});
