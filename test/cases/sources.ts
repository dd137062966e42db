/** Whose answer the client has got, on any adapter: refusals, limits, caches and unknown paths are the gateway's own. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ReceivedLog, ReceivedSpan } from '../../src/testing/index.js';
import { deferred } from '../support/deferred.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import { counters, newest, total } from '../support/readings.js';
import { forward, startUpstream } from '../support/upstream.js';
import type { AdapterUnderTest } from './adapter-under-test.js';

const SOURCE = 'knoxcall.response.source';

/** What happens is in the header `x-case`, so that every path is the framework's to know. */
const CASES: readonly (readonly [string, string, string, number, 'gateway' | 'upstream'])[] = [
  ['an authentication that is refused', '/run', 'refuse', 401, 'gateway'],
  ['a rate limit', '/run', 'limit', 429, 'gateway'],
  ['a cache hit', '/items/1', 'cache', 200, 'gateway'],
  ['a path without a route', '/nowhere', 'unknown', 404, 'gateway'],
  ['an upstream that is not there', '/run', 'dead', 502, 'gateway'],
  ['an answer in place of the upstream’s', '/run', 'replace', 502, 'gateway'],
  ['an answer of the upstream', '/items/1', '200', 200, 'upstream'],
  ['a refusal of the upstream', '/run', '401', 401, 'upstream'],
  ['a path that the upstream does not know', '/items/1', '404', 404, 'upstream'],
  ['an error of the upstream', '/run', '503', 503, 'upstream'],
];

/** A port that nobody listens on. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function start(adapter: AdapterUnderTest): Promise<TestGateway & { readonly arrived: Promise<void> }> {
  const upstream = await startUpstream((request, response) => {
    response.writeHead(Number(request.headers['x-case'])).end();
  });
  const dead = `http://127.0.0.1:${await deadPort()}`;
  const arrived = deferred();
  const gateway = await startGateway({
    server: (telemetry) =>
      adapter.serve(
        telemetry,
        (request, response) => {
          const exchange = telemetry.of(request);
          exchange.setTenant('acme');
          const what = String(request.headers['x-case']);
          if (what === 'refuse') response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
          else if (what === 'limit') response.writeHead(429, { 'retry-after': '1' }).end();
          else if (what === 'cache') response.end('from the cache');
          else if (what === 'unknown') response.writeHead(404).end();
          else if (what === 'dead') forward(request, response, exchange, dead);
          else if (what === 'replace') {
            exchange.setUpstream({ statusCode: 500 });
            response.writeHead(502).end();
          } else if (what === 'hang') arrived.resolve();
          else forward(request, response, exchange, upstream.url);
        },
        { adapter: { tenant: 'acme' } },
      ),
  });
  return { ...gateway, arrived: arrived.promise };
}

/** Of the one request: its span, its log record at the operator and at the tenant. */
async function recordsOf(gateway: TestGateway): Promise<readonly [ReceivedSpan, ReceivedLog, ReceivedLog]> {
  await gateway.flush();
  const { spans, logs } = gateway.operator;
  expect([spans.length, logs.length, gateway.acme.logs.length]).toEqual([1, 1, 1]);
  expect(total(newest(counters(gateway.operator)))).toBe(1);
  return [spans[0], logs[0], gateway.acme.logs[0]] as [ReceivedSpan, ReceivedLog, ReceivedLog];
}

export function describeSources(adapter: AdapterUnderTest): void {
  describe(`${adapter.name}: whose answer it was`, () => {
    it.each(CASES)('%s', async (_, path, what, status, source) => {
      const gateway = await start(adapter);
      const answer = await send(gateway.url + path, { headers: { 'x-case': what } });
      expect(answer.status).toBe(status);
      const [span, log, tenantLog] = await recordsOf(gateway);
      for (const { attributes } of [span, log])
        expect(attributes).toMatchObject({ 'http.response.status_code': status, [SOURCE]: source });
      // How the gateway is built inside is not the tenant's affair.
      expect(tenantLog.attributes['http.response.status_code']).toBe(status);
      expect(tenantLog.attributes).not.toHaveProperty(SOURCE);
    });

    it('nobody’s, where no status was sent', async () => {
      const gateway = await start(adapter);
      const client = openRaw(gateway.port, 'GET /run HTTP/1.1\r\nHost: a.example\r\nX-Case: hang\r\n\r\n');
      await gateway.arrived;
      client.socket.destroy();
      for (const { attributes } of await recordsOf(gateway)) expect(attributes).not.toHaveProperty(SOURCE);
    });
  });
}
