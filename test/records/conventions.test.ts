/** SERVER and CLIENT spans against the HTTP conventions, attribute by attribute: what is there, what is not, and its type. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect, createServer as createServer2 } from 'node:http2';
import type { OutgoingHttpHeaders } from 'node:http2';
import { createServer as createSecureServer, request as requestTls } from 'node:https';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { httpTelemetry } from '../../src/adapters/http.js';
import type { HttpTelemetryListener } from '../../src/adapters/http.js';
import type { BeginOptions, UpstreamCallOptions } from '../../src/index.js';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { issue } from '../support/certificates.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { openRaw } from '../support/http-client.js';

/** What a request has; what it has not, no attribute may tell. */
type Fact =
  | 'always'
  | 'never'
  | 'query'
  | 'route'
  | 'answered'
  | 'failed'
  | 'host'
  | 'peer'
  | 'agent'
  | 'version'
  | 'odd method'
  | 'url'
  | 'resent';

/** The conventions' tables without the opt-in attributes, which nothing has. */
type Table = Readonly<Record<string, readonly ['string' | 'number', Fact]>>;

const SERVER: Table = {
  'http.request.method': ['string', 'always'],
  'url.path': ['string', 'always'],
  'url.scheme': ['string', 'always'],
  'error.type': ['string', 'failed'],
  'http.request.method_original': ['string', 'odd method'],
  'http.response.status_code': ['number', 'answered'],
  'http.route': ['string', 'route'],
  // It is HTTP always.
  'network.protocol.name': ['string', 'never'],
  'server.port': ['number', 'host'],
  'url.query': ['string', 'query'],
  'client.address': ['string', 'peer'],
  'network.peer.address': ['string', 'peer'],
  'network.peer.port': ['number', 'peer'],
  'network.protocol.version': ['string', 'version'],
  'server.address': ['string', 'host'],
  'user_agent.original': ['string', 'agent'],
};

const CLIENT: Table = {
  'http.request.method': ['string', 'always'],
  'server.address': ['string', 'url'],
  'server.port': ['number', 'url'],
  'url.full': ['string', 'url'],
  'error.type': ['string', 'failed'],
  'http.request.method_original': ['string', 'odd method'],
  'http.response.status_code': ['number', 'answered'],
  'network.protocol.name': ['string', 'never'],
  'http.request.resend_count': ['number', 'resent'],
  // Recommended, but the call's socket is its client's, whom nobody asks.
  'network.peer.address': ['string', 'never'],
  'network.peer.port': ['number', 'never'],
  'network.protocol.version': ['string', 'never'],
};

function expectTable(span: ReceivedSpan | undefined, table: Table, facts: readonly Fact[]): void {
  const attributes = span?.attributes ?? {};
  const expected = Object.entries(table)
    .filter(([, [, fact]]) => fact === 'always' || facts.includes(fact))
    .map(([name, [type]]) => `${name}: ${type}`);
  const found = Object.entries(attributes)
    .filter(([name]) => !name.startsWith('knoxcall.'))
    .map(([name, value]) => `${name}: ${typeof value}`);
  expect(found.sort()).toEqual(expected.sort());
}

const answer: HttpTelemetryListener = (_, response, exchange) => {
  exchange.setHttpRoute('/orders/:id');
  response.end('ok');
};

async function raw(text: string): Promise<TestGateway> {
  const gateway = await startGateway({ listener: answer });
  await openRaw(gateway.port, text).closed;
  return gateway;
}

async function overHttp2(headers: OutgoingHttpHeaders): Promise<TestGateway> {
  const gateway = await startGateway({ listener: answer });
  const server = createServer2(httpTelemetry(gateway.telemetry, answer) as never).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  await once(session.request(headers).resume(), 'close');
  return gateway;
}

async function overTls(): Promise<TestGateway> {
  const { cert, key } = issue();
  const gateway = await startGateway({
    server: (telemetry) => createSecureServer({ cert, key }, httpTelemetry(telemetry, answer)),
  });
  const call = requestTls({
    port: gateway.port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    agent: false,
    headers: { host: 'shop.example' },
  }).end();
  const [response] = (await once(call, 'response')) as [NodeJS.ReadableStream];
  await once(response.resume(), 'end');
  return gateway;
}

async function overUnixSocket(): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-otel-'));
  const gateway = await startGateway();
  const server = createServer(httpTelemetry(gateway.telemetry, answer)).listen(join(folder, 'socket'));
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await once(server, 'listening');
  const call = request({ socketPath: join(folder, 'socket'), headers: { host: 'shop.example' } }).end();
  const [response] = (await once(call, 'response')) as [NodeJS.ReadableStream];
  await once(response.resume(), 'end');
  return gateway;
}

async function begun(options: Partial<BeginOptions>, status?: number): Promise<TestGateway> {
  const gateway = await startGateway();
  const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {}, ...options });
  exchange.end(status === undefined ? { error: 'broken' } : { statusCode: status });
  return gateway;
}

const END = 'Connection: close\r\n\r\n';

it.each<[string, () => Promise<TestGateway>, readonly Fact[], Readonly<Record<string, unknown>>]>([
  [
    'over HTTP/1.1 with all there is',
    () => raw(`GET /orders/7?a=b HTTP/1.1\r\nHost: shop.example:81\r\nUser-Agent: test/1\r\n${END}`),
    ['query', 'route', 'answered', 'host', 'peer', 'agent', 'version'],
    { 'server.port': 81, 'network.protocol.version': '1.1', 'user_agent.original': 'test/1' },
  ],
  [
    'over HTTP/1.0 with nothing',
    () => raw('GET / HTTP/1.0\r\n\r\n'),
    ['route', 'answered', 'peer', 'version'],
    { 'network.protocol.version': '1.0', 'url.path': '/' },
  ],
  [
    'with a method that is not known',
    () => raw(`PROPFIND / HTTP/1.1\r\nHost: shop.example\r\n${END}`),
    ['odd method', 'route', 'answered', 'host', 'peer', 'version'],
    { 'http.request.method': '_OTHER', 'http.request.method_original': 'PROPFIND', 'server.port': 80 },
  ],
  [
    'with an absolute target',
    () => raw(`GET http://real.example:82/a HTTP/1.1\r\nHost: shop.example\r\n${END}`),
    ['route', 'answered', 'host', 'peer', 'version'],
    { 'server.address': 'real.example', 'server.port': 82, 'url.path': '/a' },
  ],
  [
    'for the whole server',
    () => raw(`OPTIONS * HTTP/1.1\r\nHost: shop.example\r\n${END}`),
    ['route', 'answered', 'host', 'peer', 'version'],
    { 'url.path': '*' },
  ],
  [
    'over HTTP/2, whose :authority wins over Host',
    () => overHttp2({ ':path': '/a?b=1', ':authority': 'shop.example', host: 'other.example' }),
    ['query', 'route', 'answered', 'host', 'peer', 'version'],
    { 'network.protocol.version': '2', 'server.address': 'shop.example', 'server.port': 80 },
  ],
  [
    'over TLS',
    overTls,
    ['route', 'answered', 'host', 'peer', 'version'],
    { 'url.scheme': 'https', 'server.address': 'shop.example', 'server.port': 443 },
  ],
  ['over a Unix socket', overUnixSocket, ['route', 'answered', 'host', 'version'], { 'server.port': 80 }],
  [
    'CONNECT',
    () => begun({ method: 'CONNECT', url: 'db.example:5432', protocolVersion: '2.0' }, 200),
    ['answered', 'host', 'version'],
    { 'url.path': '/', 'server.address': 'db.example', 'server.port': 5432, 'network.protocol.version': '2' },
  ],
  ['with an error of the gateway', () => begun({}, 503), ['answered', 'failed'], { 'error.type': '503' }],
  ['without an answer', () => begun({}), ['failed'], { 'error.type': 'broken' }],
])('a request %s', async (_, start, facts, values) => {
  const gateway = await start();
  await gateway.flush();
  expect(gateway.operator.spans).toHaveLength(1);
  const [span] = gateway.operator.spans;
  expect(span?.kind).toBe(2);
  expectTable(span, SERVER, facts);
  expect(span?.attributes).toMatchObject(values);
});

const URL_OF_CALL = 'http://root:geheim@up.example/a/https://me:geheim@b.example/?token=geheim&x=1#end';

it.each<
  [string, UpstreamCallOptions, { statusCode?: number; error?: unknown }, readonly Fact[], string | undefined]
>([
  ['answered', { url: URL_OF_CALL }, { statusCode: 200 }, ['url', 'answered'], undefined],
  ['refused', { url: URL_OF_CALL }, { statusCode: 404 }, ['url', 'answered', 'failed'], '404'],
  [
    'not answered, the second time',
    { url: URL_OF_CALL, resendCount: 1 },
    { error: Object.assign(new Error(), { code: 'ECONNREFUSED' }) },
    ['url', 'failed', 'resent'],
    'upstream_connect_error',
  ],
  [
    'with a method that is not known',
    { url: URL_OF_CALL, method: 'MOVE' },
    { statusCode: 200 },
    ['url', 'answered', 'odd method'],
    undefined,
  ],
])('a call of an upstream, %s', async (_, options, end, facts, errorType) => {
  const gateway = await startGateway({ options: { spans: 'server+client' } });
  const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
  exchange.startUpstreamCall(options).end(end);
  exchange.end({ statusCode: 200 });
  await gateway.flush();
  const span = gateway.operator.spans.find(({ kind }) => kind === 3);
  expectTable(span, CLIENT, facts);
  expect(span?.attributes).toMatchObject({
    'url.full':
      'http://REDACTED:REDACTED@up.example/a/https://REDACTED:REDACTED@b.example/?token=REDACTED&x=1',
    'server.address': 'up.example',
    'server.port': 80,
  });
  expect(span?.attributes['error.type']).toBe(errorType);
  expect(span?.status.code).toBe(errorType === undefined ? 0 : 2);
});
