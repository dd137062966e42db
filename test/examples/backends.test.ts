/** The destinations that the README gives for each backend, with nothing replaced but the origin. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/root.mjs';
import type { Destination } from '../../src/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { collector, finishRequest, instance, settle } from '../config/support.js';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const section = readme.slice(readme.indexOf('\n## Backends\n'), readme.indexOf('\n## Environment\n'));
const code = /```js\n(.*?)```/s.exec(section)?.[1] ?? '';
const names = [...code.matchAll(/^const (\w+) = /gm)].map(([, name]) => name ?? '');

/** Every variable is set, and says its own name. */
const env = new Proxy({}, { get: (_, name) => `value-of-${String(name)}` });
const context = createContext({ process: { env }, btoa });
const destinations = runInContext(`${code}; ({ ${names.join(', ')} })`, context) as Readonly<
  Record<string, Destination>
>;

const basic = `Basic ${btoa('value-of-GRAFANA_INSTANCE_ID:value-of-GRAFANA_TOKEN')}`;

interface Expected {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** With traces alone. */
  readonly tracesHeaders?: Readonly<Record<string, string>>;
  readonly temporality: 'cumulative' | 'delta' | undefined;
  readonly paths: readonly string[];
}

const ALL = ['/v1/logs', '/v1/metrics', '/v1/traces'];

/** As the vendors' documentation has it; the README must say the same. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  grafanaCloud: {
    endpoint: 'https://otlp-gateway-prod-eu-west-2.grafana.net/otlp',
    headers: { authorization: basic },
    temporality: 'cumulative',
    paths: ALL,
  },
  datadog: {
    endpoint: 'https://otlp.datadoghq.com',
    headers: { 'dd-api-key': 'value-of-DD_API_KEY' },
    tracesHeaders: { 'dd-otlp-source': 'value-of-DD_OTLP_SOURCE' },
    temporality: 'delta',
    paths: ALL,
  },
  elastic: {
    endpoint: 'https://my-project.ingest.us-east-1.aws.elastic.cloud',
    headers: { authorization: 'ApiKey value-of-ELASTIC_API_KEY' },
    temporality: 'delta',
    paths: ALL,
  },
  signoz: {
    endpoint: 'https://ingest.eu.signoz.cloud',
    headers: { 'signoz-ingestion-key': 'value-of-SIGNOZ_INGESTION_KEY' },
    temporality: 'cumulative',
    paths: ALL,
  },
  splunk: {
    endpoint: 'http://splunk-otel-collector:4318',
    headers: {},
    temporality: 'cumulative',
    paths: ALL,
  },
  collector: { endpoint: 'http://otel-collector:4318', headers: {}, temporality: 'cumulative', paths: ALL },
  kosmos: {
    endpoint: 'https://ingest.kosmoslabs.ai/api/v1/otel',
    headers: { 'x-kosmos-api-key': 'value-of-KOSMOS_API_KEY' },
    temporality: 'cumulative',
    paths: ALL,
  },
  sentry: {
    endpoint: 'https://o0.ingest.sentry.io/api/0/integration/otlp',
    headers: { 'x-sentry-auth': 'sentry sentry_key=value-of-SENTRY_PUBLIC_KEY' },
    temporality: undefined,
    paths: ['/v1/logs', '/v1/traces'],
  },
};

/** Only the origin is replaced; the receiver answers 404 to any other path. */
async function sendTo(destination: Destination): Promise<OtlpReceiver> {
  const { origin, pathname } = new URL(destination.endpoint ?? '');
  const basePath = pathname === '/' ? '' : pathname;
  const receiver = await collector(basePath === '' ? {} : { basePath });
  const endpoint = receiver.url.replace(/\/$/, '');
  expect(endpoint.endsWith(basePath)).toBe(true);
  expect(destination.endpoint).toBe(`${origin}${basePath}`);
  const telemetry = instance({ operator: { ...destination, endpoint } });
  finishRequest(telemetry);
  await settle(telemetry);
  const [status] = telemetry.status().operator;
  expect(['receiving', 'active']).toContain(status?.state);
  return receiver;
}

it('has a destination for each backend, and each of them is looked at', () => {
  expect(names.filter((name) => destinations[name]?.endpoint !== undefined)).toEqual(Object.keys(EXPECTED));
});

describe.each(Object.entries(EXPECTED))('%s', (name, expected) => {
  const destination = destinations[name] as Destination;

  it('is reached at its paths, with its headers and its temporality', async () => {
    expect(destination.endpoint).toBe(expected.endpoint);
    const receiver = await sendTo(destination);
    const basePath = new URL(expected.endpoint).pathname.replace(/\/$/, '');
    expect(receiver.requests.map(({ path }) => path).sort()).toEqual(
      expected.paths.map((path) => basePath + path),
    );
    for (const { headers, signal, error } of receiver.requests) {
      expect(error).toBeUndefined();
      expect(headers['content-type']).toBe('application/x-protobuf');
      expect(headers).toMatchObject(expected.headers);
      for (const [header, value] of Object.entries(expected.tracesHeaders ?? {}))
        expect(headers[header]).toBe(signal === 'traces' ? value : undefined);
    }
    expect(receiver.spans).toHaveLength(1);
    expect(receiver.logs).toHaveLength(1);
    const temporalities = new Set(receiver.metricPoints.map(({ temporality }) => temporality));
    expect([...temporalities]).toEqual(expected.temporality === undefined ? [] : [expected.temporality]);
  });

  it('stands in the table', () => {
    const row = section.split('\n').find((line) =>
      line
        .replace(/[^a-z]/gi, '')
        .toLowerCase()
        .startsWith(name === 'collector' ? 'opentelemetrycollector' : name.toLowerCase()),
    );
    const header = Object.keys(expected.headers)[0];
    if (header !== undefined) expect(row).toContain(header);
    if (expected.temporality !== undefined) expect(row).toContain(expected.temporality);
  });
});

it('a tenant may have each of those that are in the public net, without traces', () => {
  for (const given of Object.values(destinations)) {
    const destination = { ...given };
    delete (destination as { traces?: unknown }).traces;
    const isPublic = destination.endpoint?.startsWith('https://') === true;
    const configure = (): unknown => instance({ tenantEgress: 'public', tenants: { acme: destination } });
    if (isPublic) expect(configure).not.toThrow();
    else if (destination.endpoint !== undefined) expect(configure).toThrow('tenants.acme');
  }
});

it('Kosmos gets no more than it takes', () => {
  const { maxRequestBytes, requestsPerMinute } = destinations['kosmos'] ?? {};
  expect(maxRequestBytes).toBeLessThanOrEqual(5_000_000);
  expect(requestsPerMinute).toBeLessThanOrEqual(1_000);
});
