/** A gateway under test: a real server with telemetry, and an OTLP receiver for the operator and two tenants. */
import { strict as assert } from 'node:assert';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { httpTelemetry } from '../../src/adapters/http.js';
import type { AdapterOptions, HttpTelemetryListener } from '../../src/adapters/http.js';
import { createGatewayTelemetry } from '../../src/index.js';
import type {
  Destination,
  DestinationStatus,
  Diagnostic,
  FlushResult,
  GatewayOptions,
  GatewayTelemetry,
  Ledger,
} from '../../src/index.js';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { assertSameAsOfficial } from '../testing/official-decoder.js';
import { watchUnhandled } from './unhandled.js';

export interface GatewaySetup {
  /**
   * Added to the instance's options. The defaults here: `env: false`, open egress, no metric reading by itself, and
   * nothing of exceptions, so that a request has one log record.
   */
  readonly options?: Omit<GatewayOptions, 'operator' | 'tenants'>;
  readonly adapter?: AdapterOptions<IncomingMessage>;
  /** Default: answers 200 at once. */
  readonly listener?: HttpTelemetryListener;
  /** The server, in place of one with `httpTelemetry` around the listener. */
  readonly server?: (telemetry: GatewayTelemetry) => Server | Promise<Server>;
  /** Added to the destination; `null`: there is none. */
  readonly operator?: Partial<Destination> | null;
  readonly acme?: Partial<Destination> | null;
  readonly globex?: Partial<Destination> | null;
}

export interface TestGateway {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  readonly telemetry: GatewayTelemetry;
  readonly operator: OtlpReceiver;
  readonly acme: OtlpReceiver;
  readonly globex: OtlpReceiver;
  readonly diagnostics: readonly Diagnostic[];
  /** Waits until every exchange has ended. */
  idle(): Promise<void>;
  /** Waits for the exchanges, takes a reading of the metrics and sends everything. */
  flush(): Promise<FlushResult>;
  /**
   * Closes everything, and checks what must always hold: every payload reads the same with the official decoder, the
   * ledger law, no exchange left open, no unhandled error. Called by itself when the test has finished.
   */
  close(): Promise<void>;
}

const IDLE_DEADLINE_MS = 5_000;

/** Starts it for the running test. */
export async function startGateway(setup: GatewaySetup = {}): Promise<TestGateway> {
  const faults = watchUnhandled();
  const [operator, acme, globex] = await Promise.all([
    startOtlpReceiver(),
    startOtlpReceiver(),
    startOtlpReceiver(),
  ]);
  const receivers = { operator, acme, globex };
  const destination = (name: keyof typeof receivers): Destination | null =>
    setup[name] === null ? null : { endpoint: receivers[name].url, ...setup[name] };
  const diagnostics: Diagnostic[] = [];
  const telemetry = createGatewayTelemetry({
    env: false,
    tenantEgress: 'open',
    exceptions: { logs: false, spanEvents: false },
    onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
    ...setup.options,
    metrics: { intervalMs: 86_400_000, ...setup.options?.metrics },
    operator: destination('operator'),
    tenants: { acme: destination('acme'), globex: destination('globex') },
  });
  const listener = setup.listener ?? ((_request, response) => void response.end('ok'));
  const server =
    (await setup.server?.(telemetry)) ?? createServer(httpTelemetry(telemetry, listener, setup.adapter));
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const idle = async (): Promise<void> => {
    const deadline = Date.now() + IDLE_DEADLINE_MS;
    while (telemetry.status().openExchanges > 0) {
      assert.ok(Date.now() < deadline, `${telemetry.status().openExchanges} exchanges did not end`);
      await pause(2);
    }
  };
  const shut = async (): Promise<void> => {
    try {
      server.close();
      server.closeAllConnections();
      await idle();
      assertLedgers(telemetry);
      const result = await telemetry.shutdown();
      assertTotals(result);
      for (const [name, receiver] of Object.entries(receivers)) assertPayloads(name, receiver);
      assert.deepEqual(
        diagnostics.filter(({ code }) => code === 'internal_error'),
        [],
      );
      assert.deepEqual(faults.seen, []);
    } finally {
      await Promise.all(Object.values(receivers).map((receiver) => receiver.close()));
      faults.stop();
    }
  };
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= shut());
  onTestFinished(close);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    telemetry,
    ...receivers,
    diagnostics,
    idle,
    async flush() {
      await idle();
      return telemetry.flush();
    },
    close,
  };
}

/** Every payload the library made: taken by our decoder without complaint, and read alike by the official one. */
function assertPayloads(owner: string, receiver: OtlpReceiver): void {
  for (const { signal, bytes, error } of receiver.requests) {
    assert.ok(!error?.startsWith('Malformed'), `${owner}: ${error ?? ''}`);
    if (signal !== undefined && error === undefined) assertSameAsOfficial(signal, bytes);
  }
}

/** `accepted = delivered + rejected + Σ dropped + buffered`. */
export function assertLedgerLaw(where: string, ledger: Ledger): void {
  const dropped = Object.values(ledger.dropped).reduce((sum, count) => sum + count, 0);
  const { accepted, delivered, rejected, buffered } = ledger;
  assert.equal(accepted, delivered + rejected + dropped + buffered, `${where}: ${JSON.stringify(ledger)}`);
}

function assertLedgers(telemetry: GatewayTelemetry): void {
  const check = (owner: string, destinations: readonly DestinationStatus[]): void => {
    for (const { name, signals } of destinations) {
      for (const [signal, { ledger }] of Object.entries(signals)) {
        assertLedgerLaw(`${owner}/${name}/${signal}`, ledger);
      }
    }
  };
  check('operator', telemetry.status().operator);
  for (const id of ['acme', 'globex']) check(id, telemetry.status(id).destinations);
}

function assertTotals(result: FlushResult): void {
  assert.equal(result.complete, true, 'after shutdown nothing waits any more');
  for (const owner of ['operator', 'tenants'] as const) {
    for (const [signal, ledger] of Object.entries(result[owner]))
      assertLedgerLaw(`${owner}/${signal}`, ledger);
  }
}
