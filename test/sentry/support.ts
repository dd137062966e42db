/** A gateway whose errors are reported: telemetry without any OTLP destination, and a server around it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { onTestFinished } from 'vitest';
import { httpTelemetry } from '../../src/adapters/http.js';
import type { HttpTelemetryListener } from '../../src/adapters/http.js';
import { createGatewayTelemetry } from '../../src/index.js';
import type { Diagnostic, GatewayOptions, GatewayTelemetry } from '../../src/index.js';
import { sentryErrors } from '../../src/sentry/index.js';
import type { SentryErrors, SentryErrorsOptions } from '../../src/sentry/index.js';

/** The versions that are tested, by the names that they are installed under. */
export const SDKS = ['@sentry/node', 'sentry-10'] as const;

const load = createRequire(import.meta.url);

/** The real SDK. */
export function loadSdk<Sdk = Readonly<Record<string, unknown>>>(name: string): Sdk {
  return load(name) as Sdk;
}

export interface Reporting {
  readonly telemetry: GatewayTelemetry;
  readonly errors: SentryErrors;
  readonly diagnostics: readonly Diagnostic[];
}

export function startReporting(
  options: SentryErrorsOptions,
  telemetryOptions: GatewayOptions = {},
): Reporting {
  const diagnostics: Diagnostic[] = [];
  const onDiagnostic = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  const telemetry = createGatewayTelemetry({ env: false, onDiagnostic, ...telemetryOptions });
  const errors = sentryErrors(telemetry, { env: false, onDiagnostic, ...options });
  onTestFinished(async () => {
    await errors.close({ timeoutMs: 50 });
    await telemetry.shutdown({ timeoutMs: 50 });
  });
  return { telemetry, errors, diagnostics };
}

/** One exchange that ends with this error. */
export function fail({ telemetry }: Reporting, error: unknown, statusCode = 500): string {
  const exchange = telemetry.begin({ method: 'GET', url: '/orders/7?q=1', headers: {} });
  exchange.setRoute('orders');
  const { errorId } = exchange;
  exchange.end({ statusCode, error });
  return errorId;
}

export async function serveWith(
  telemetry: GatewayTelemetry,
  listener: HttpTelemetryListener,
): Promise<string> {
  const server = createServer(httpTelemetry(telemetry, listener, { tenant: 'acme', route: 'orders' }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
