/** Queues: what a listener, a failure or an oversized record must not do to the records of others. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { QUEUE_DEFAULTS } from '../../src/config/defaults.js';
import type { Lane } from '../../src/delivery/lane.js';
import type { GatewayTelemetry } from '../../src/index.js';
import type { SendResult } from '../../src/model/delivery.js';
import { makeLane, recordOf } from '../delivery/lane-bench.js';
import { inWorld, marksAt, send, withTelemetry } from '../delivery/support.js';
import { startGateway } from '../support/gateway.js';

const DELIVERED: SendResult = { kind: 'delivered', rejected: 0 };

interface LaneBench {
  readonly lane: Lane;
  /** One function for each batch that was sent, in order: answers it. */
  readonly answers: ((result: SendResult) => void)[];
  /** Adds a record and closes the batch around it. */
  addBatch(): void;
  pass(ms: number): Promise<void>;
}

function openLane(maxInFlight: number): LaneBench {
  const answers: ((result: SendResult) => void)[] = [];
  let nowMs = 1_000;
  const { lane } = makeLane({
    monotonicMs: () => nowMs,
    bounds: { ...QUEUE_DEFAULTS.operator, maxBytes: 1024 * 1024, maxInFlight },
    sender: {
      update: () => undefined,
      close: () => undefined,
      send: () => new Promise((resolve) => answers.push(resolve)),
    },
  });
  const record = recordOf();
  const pass = async (ms: number): Promise<void> => {
    nowMs += ms;
    lane.pump();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    lane,
    answers,
    addBatch() {
      for (let item = 0; item < 512; item++) lane.add(record);
    },
    pass,
  };
}

it('a listener that logs while a full tenant queue drops leaves nothing of its own in the payloads of the tenant', async () => {
  const canary = 'operators-own-words';
  const instance: { telemetry?: GatewayTelemetry } = {};
  let told = 0;
  const gateway = await startGateway({
    options: {
      onDiagnostic: ({ code }) => {
        if (code === 'dropped') told++;
        instance.telemetry?.logger.emit({ body: canary, attributes: { canary } });
      },
    },
  });
  instance.telemetry = gateway.telemetry;
  const large = Object.fromEntries(
    Array.from({ length: 20 }, (_unused, index) => [`k${index}`, 'x'.repeat(4_000)]),
  );
  for (const id of ['acme', 'globex'] as const) gateway[id].answerWith({ signal: 'logs', status: 503 });
  for (let mark = 0; mark < 60; mark++) {
    for (const id of ['acme', 'globex']) send(gateway.telemetry, id, mark, large);
    if (mark % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await gateway.flush();
  for (const id of ['acme', 'globex'] as const) gateway[id].answerWith({ signal: 'logs' });
  for (let round = 0; round < 10; round++) await gateway.flush();

  expect(told).toBeGreaterThanOrEqual(2);
  expect(gateway.operator.logs.filter(({ body }) => body === canary).length).toBeGreaterThanOrEqual(2);
  for (const id of ['acme', 'globex'] as const) {
    expect(gateway[id].logs.length).toBeGreaterThan(0);
    expect(gateway.telemetry.status(id).destinations[0]?.signals.logs?.ledger).toMatchObject({
      dropped: { queue_full: expect.any(Number) as number },
      delivered: gateway[id].logs.length,
    });
    for (const { bytes } of gateway[id].requests) expect(Buffer.from(bytes).includes(canary)).toBe(false);
  }
});

it('a flush goes on while other batches are in flight although one was answered 503', async () => {
  const { lane, answers, addBatch, pass } = openLane(2);
  addBatch();
  addBatch();
  await pass(0);
  expect(answers).toHaveLength(2);
  let resolved = false;
  void lane.flush().then(() => (resolved = true));
  answers[0]?.({ kind: 'retry', errorClass: 'http_503', retryAfterMs: 60_000 });
  await pass(10);
  expect(resolved).toBe(false);
  answers[1]?.(DELIVERED);
  await pass(10);
  expect(resolved).toBe(true);
  expect(lane.queue.ledger()).toMatchObject({ accepted: 1_024, delivered: 512, buffered: 512 });
});

it('a success does not wipe the Retry-After pause that another batch was answered', async () => {
  const { lane, answers, addBatch, pass } = openLane(2);
  addBatch();
  addBatch();
  await pass(0);
  answers[0]?.({ kind: 'retry', errorClass: 'http_503', retryAfterMs: 60_000 });
  await pass(0);
  answers[1]?.(DELIVERED);
  addBatch();
  for (let second = 0; second < 59; second++) await pass(1_000);
  expect(answers).toHaveLength(2);
  await pass(1_000);
  expect(answers.length).toBeGreaterThan(2);
  for (let turn = 0; turn < 4; turn++) {
    for (const answer of answers) answer(DELIVERED);
    await pass(1_000);
  }
  expect(lane.queue.ledger()).toMatchObject({ accepted: 1_536, delivered: 1_536, buffered: 0 });
});

it('a record over 256 KiB is dropped as too large, and the others are delivered', () =>
  inWorld({ receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme') } }) }, async (world) => {
    const huge = Object.fromEntries(
      Array.from({ length: 100 }, (_unused, index) => [`k${index}`, 'x'.repeat(4_096)]),
    );
    world.send('acme', 'before');
    world.send('acme', 'huge', huge);
    world.send('acme', 'after');
    await world.telemetry.flush();
    for (const name of ['operator', 'acme']) expect(marksAt(world.at(name))).toEqual(['before', 'after']);
    const [operator] = world.telemetry.status().operator;
    const [acme] = world.telemetry.status('acme').destinations;
    for (const signal of [operator?.signals.traces, operator?.signals.logs, acme?.signals.logs])
      expect(signal?.ledger).toMatchObject({ accepted: 3, delivered: 2, dropped: { too_large: 1 } });
    expect(world.telemetry.status().operator[0]?.signals.metrics?.ledger.dropped).toEqual({});
  }));

/** `undefined`: this machine has no usable openssl. */
function selfSigned(): { readonly key: Buffer; readonly cert: Buffer } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-otel-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  try {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'],
        ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
      ],
      { stdio: 'ignore' },
    );
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

it('a self-signed collector is refused although the environment switches the checks off', async (test) => {
  const pair = selfSigned();
  if (pair === undefined) return test.skip('openssl cannot make a certificate here');
  let requests = 0;
  const server = createServer(pair, (asked, response) => {
    requests++;
    asked.resume();
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  // The variable is in force: a plain client gets through.
  await new Promise<void>((resolve, reject) => {
    request({ host: '127.0.0.1', port, agent: false }, (answer) => answer.resume().on('end', resolve))
      .on('error', reject)
      .end();
  });
  expect(requests).toBe(1);
  const endpoint = `https://127.0.0.1:${port}`;
  await withTelemetry({ operator: { endpoint }, tenants: { acme: { endpoint } } }, async (telemetry) => {
    send(telemetry, 'acme', 1);
    await telemetry.flush();
    const places = [...telemetry.status().operator, ...telemetry.status('acme').destinations];
    expect(places).toHaveLength(2);
    for (const { signals } of places) {
      for (const { lastError, ledger } of Object.values(signals))
        expect([lastError, ledger.delivered]).toEqual(['tls', 0]);
    }
    expect(requests).toBe(1);
  });
});
