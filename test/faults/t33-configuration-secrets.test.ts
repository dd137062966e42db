/** T33: secrets of the environment and in faulty configuration; none shows, and none reaches a tenant. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import {
  createGatewayTelemetry,
  standardExporters,
  type Destination,
  type GatewayOptions,
} from '../../src/index.js';
import { expectLaw, send, withTelemetry } from '../delivery/support.js';
import { createSweep } from './secret-sweep.js';
import { brokenPem, collectorForTest, everythingShownBy, watched } from './shown.js';
import { figure } from './support.js';

const sweep = createSweep();
const { plant } = sweep;

/** A real key, of which any line is the secret. */
function keyPem(where: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  sweep.plantText(where, pem.split('\n')[1] ?? '');
  return pem;
}

it('T33: no secret of the environment shows, nor reaches a tenant', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-otel-t33-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const keyFile = join(folder, 'client.key');
  writeFileSync(keyFile, brokenPem('PRIVATE KEY', plant('environment: client key')));
  const operator = await collectorForTest();
  const acme = await collectorForTest();
  const sent = {
    headers: plant('environment: headers'),
    signalHeaders: plant('environment: headers of a signal'),
    query: plant('environment: query'),
  };
  const endpoints = {
    OTEL_EXPORTER_OTLP_ENDPOINT: operator.url,
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${operator.url}/v1/logs?key=${sent.query}`,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${sent.headers}`,
    OTEL_EXPORTER_OTLP_LOGS_HEADERS: `x-key=${sent.signalHeaders}`,
  };
  const inCode = plant('code under the environment: header');
  const bad = {
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: `x=${plant('environment: bad percent sign')}%`,
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `http://u:${plant('environment: user info')}@127.0.0.1:9`,
    OTEL_EXPORTER_OTLP_CLIENT_KEY: keyFile,
    OTEL_EXPORTER_OTLP_TIMEOUT: plant('environment: time-out'),
    UNRELATED_TOKEN: plant('environment: somebody else’s'),
  };
  const tenants = { acme: { endpoint: acme.url } };
  const worlds: readonly GatewayOptions[] = [
    { env: endpoints, operator: { endpoint: operator.url, headers: { 'x-code': inCode } }, tenants },
    { env: { ...endpoints, ...bad }, tenants },
    {
      env: { OTEL_EXPORTER_OTLP_HEADERS: plant('environment: no pair') },
      operator: { endpoint: operator.url },
      tenants,
    },
  ];
  const lines = await watched(async () => {
    for (const options of worlds) {
      await withTelemetry(options, async (telemetry, diagnostics) => {
        send(telemetry, 'acme', 1);
        await telemetry.flush({ timeoutMs: 2_000 });
        expectLaw(telemetry, ['acme']);
        expect(diagnostics.length).toBeGreaterThan(0);
        sweep.expectNone([...(await everythingShownBy(telemetry, ['acme'])), ...diagnostics]);
      });
    }
  });
  sweep.expectNone(lines);
  sweep.expectOnWire(operator.received(), Object.values(sent));
  expect(acme.calls.length).toBeGreaterThan(0);
  sweep.expectOnWire(acme.received(), []);
});

it('T33: no error that is thrown in code holds a secret', async () => {
  const endpoint = 'http://127.0.0.1:9';
  const bad: readonly (readonly [string, unknown])[] = [
    ['user info', { endpoint: `http://user:${plant('code: user info')}@127.0.0.1:9` }],
    ['user info without a scheme', { endpoint: `u:${plant('code: user info, no scheme')}@127.0.0.1:9` }],
    ['a query at the gRPC port', { endpoint: `http://127.0.0.1:4317/?k=${plant('code: query, gRPC')}` }],
    ['a path with a backslash', { endpoint: `ftp://127.0.0.1\\${plant('code: path, no scheme')}` }],
    ['a header with a line break', { endpoint, headers: { a: `${plant('code: header, line break')}\n` } }],
    ['a header that is a list', { endpoint, headers: { a: [plant('code: header, list')] } }],
    ['a header name', { endpoint, headers: { [`${plant('code: header as a name')}:`]: 'a' } }],
    ['a header string', { endpoint, headers: `Bearer ${plant('code: header string')}` }],
    ['a header of a signal', { endpoint, logs: { headers: `:${plant('code: header of a signal')}` } }],
    ['a PEM text', { endpoint, tls: { ca: brokenPem('CERTIFICATE', plant('code: PEM')) } }],
    ['a key', { endpoint, tls: { cert: 'none', key: keyPem('code: private key') } }],
    [
      'a key that is not one',
      { endpoint, tls: { key: brokenPem('PRIVATE KEY', plant('code: broken key')) } },
    ],
    ['a certificate that is an object', { endpoint, tls: { ca: { pem: plant('code: PEM in an object') } } }],
    ['an unknown field', { endpoint, password: plant('code: unknown field') }],
    ['a time-out', { endpoint, timeoutMs: plant('code: time-out') }],
  ];
  await withTelemetry({}, async (telemetry, diagnostics) => {
    const shown: unknown[] = [];
    let thrown = 0;
    for (const [what, value] of bad) {
      const destination = value as Destination;
      const uses: readonly (() => unknown)[] = [
        () => {
          const made = createGatewayTelemetry({ env: false, operator: destination });
          onTestFinished(() => made.shutdown({ timeoutMs: 0 }).then(() => undefined));
        },
        () => telemetry.setOperator(destination),
        () => telemetry.setTenant('acme', destination),
        () => telemetry.setTenants({ acme: destination }),
        () => standardExporters(destination),
      ];
      for (const use of uses) {
        try {
          use();
        } catch (error) {
          thrown++;
          expect((error as Error).name, what).toBe('ConfigurationError');
          shown.push(error);
        }
      }
    }
    expect(thrown).toBeGreaterThanOrEqual((bad.length - 1) * 4);
    sweep.expectNone([...shown, ...(await everythingShownBy(telemetry, ['acme'])), ...diagnostics]);
  });
  const options = {
    env: false,
    tenantEgress: { proxy: `http://u:${plant('code: proxy')}@127.0.0.1:9/path` },
  } as const;
  let refused: unknown;
  try {
    createGatewayTelemetry(options);
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(Error);
  sweep.expectNone([refused]);
  figure('T33', `${sweep.planted} secrets of configuration in ${sweep.looks} places, leaks 0`);
});
