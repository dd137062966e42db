/** Real sockets for the tests of configuration and propagation: collectors, upstreams and gateways that end with the test. */
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { httpTelemetry } from '../../src/adapters/http.js';
import { resolveTenantEgress } from '../../src/config/egress.js';
import { createGatewayTelemetry } from '../../src/index.js';
import type {
  AdapterOptions,
  Diagnostic,
  Exchange,
  GatewayOptions,
  GatewayTelemetry,
} from '../../src/index.js';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver, OtlpReceiverOptions } from '../../src/testing/index.js';

/** What `resolveDestination` is told of an owner; tenants may go anywhere. */
export const ofOwner = (owner: 'operator' | 'tenant') =>
  owner === 'tenant' ? ([owner, resolveTenantEgress('open')] as const) : ([owner] as const);

/** A collector that is closed when the test ends. */
export async function collector(options?: OtlpReceiverOptions): Promise<OtlpReceiver> {
  const receiver = await startOtlpReceiver(options);
  onTestFinished(() => receiver.close());
  return receiver;
}

/**
 * An instance that is shut down when the test ends. It sees no environment unless one is given, may reach loopback
 * collectors, and reads its metrics when it is flushed only.
 */
export function instance(options: GatewayOptions = {}): GatewayTelemetry {
  const telemetry = createGatewayTelemetry({
    env: false,
    tenantEgress: 'open',
    metrics: { intervalMs: 3_600_000 },
    ...options,
  });
  onTestFinished(() => telemetry.shutdown({ timeoutMs: 100 }).then(() => undefined));
  return telemetry;
}

/** An instance whose reports are kept. */
export function reportingInstance(options: GatewayOptions = {}): {
  readonly telemetry: GatewayTelemetry;
  readonly reports: readonly Diagnostic[];
} {
  const reports: Diagnostic[] = [];
  return { telemetry: instance({ ...options, onDiagnostic: (report) => reports.push(report) }), reports };
}

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** A gateway in front of an upstream that answers 200, or what the path says: `/404`. */
export interface TestGateway {
  readonly url: string;
  readonly port: number;
  /** The headers of every call that reached the upstream. */
  readonly arrived: readonly IncomingMessage[];
  /** The exchange of every request, in order. */
  readonly exchanges: readonly Exchange[];
}

export interface TestGatewayOptions {
  readonly adapter?: AdapterOptions<IncomingMessage>;
  /** Runs in the handler before the upstream is called. */
  readonly handle?: (exchange: Exchange, request: IncomingMessage) => unknown;
  /** `true`: the upstream gets the caller's headers before `inject`, as most proxies do. Default `true`. */
  readonly passHeaders?: boolean;
}

export async function startGateway(
  telemetry: GatewayTelemetry,
  { adapter, handle, passHeaders = true }: TestGatewayOptions = {},
): Promise<TestGateway> {
  const arrived: IncomingMessage[] = [];
  const exchanges: Exchange[] = [];
  const upstreamPort = await listen((request, response) => {
    arrived.push(request);
    request.resume();
    response.statusCode = Number(/^\/(\d{3})/.exec(request.url ?? '')?.[1] ?? 200);
    response.end('hello');
  });
  const proxy = async (request: IncomingMessage, response: ServerResponse, exchange: Exchange) => {
    exchanges.push(exchange);
    await handle?.(exchange, request);
    const headers: Record<string, string | string[] | undefined> = passHeaders ? { ...request.headers } : {};
    delete headers['host'];
    exchange.inject(headers);
    const call = httpRequest(
      {
        port: upstreamPort,
        host: '127.0.0.1',
        method: request.method,
        path: request.url,
        headers,
        agent: false,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500);
        answer.pipe(response);
      },
    );
    request.pipe(call);
  };
  const port = await listen(
    httpTelemetry(
      telemetry,
      (request, response, exchange) => void proxy(request, response, exchange),
      adapter,
    ),
  );
  return { url: `http://127.0.0.1:${port}`, port, arrived, exchanges };
}

/** One GET on a connection of its own; resolves with the status when the answer is complete. */
export function get(url: string, headers: Readonly<Record<string, string | string[]>> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(url, { headers, agent: false }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
      answer.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** One GET with these header lines, byte for byte; resolves with the status line. */
export function rawGet(port: number, headers: readonly (readonly [string, string])[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.write(`GET / HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n${lines}\r\n`, 'latin1');
    });
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer.split('\r\n', 1).join('')));
  });
}

/** Waits until the server has seen the ends of all responses, and sends everything. */
export async function settle(telemetry: GatewayTelemetry): Promise<void> {
  for (let tries = 0; telemetry.status().openExchanges > 0 && tries < 200; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await telemetry.flush({ timeoutMs: 5_000 });
}

/** One finished request without a server, for tests that are about something else. */
export function finishRequest(telemetry: GatewayTelemetry, tenantId?: string): void {
  const exchange = telemetry.begin({
    method: 'GET',
    url: '/orders/1?q=1',
    headers: { host: 'shop.example' },
  });
  exchange.setTenant(tenantId);
  exchange.setRoute('orders');
  exchange.end({ statusCode: 200 });
}

/** Freezes an object and all that it holds, except functions and class instances. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || Array.isArray(value)) {
      Object.freeze(value);
      for (const inner of Object.values(value)) deepFreeze(inner);
    }
  }
  return value;
}

/** What a call throws; fails when it does not throw an error. */
export function thrownBy(fn: () => unknown): Error {
  try {
    fn();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('It should have thrown an error.');
}
