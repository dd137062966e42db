import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { refusingUrl } from '../delivery/support.js';
import { startExample } from './example-process.js';
import type { ExampleProcess } from './example-process.js';

let receiver: OtlpReceiver;
let upstream: Server;
let arrived: IncomingMessage[];
let gateway: ExampleProcess;

beforeEach(async () => {
  receiver = await startOtlpReceiver();
  arrived = [];
  upstream = createServer((incoming, response) => {
    arrived.push(incoming);
    incoming.pipe(response);
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  gateway.signal('SIGKILL');
  upstream.close();
  upstream.closeAllConnections();
  await receiver.close();
});

async function start(name: string, upstreamUrl: string): Promise<string> {
  gateway = startExample(`${name}/gateway.mjs`, [], {
    UPSTREAM: upstreamUrl,
    PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  });
  const [url] = await gateway.waitForLine(/^http:\S+$/);
  return url;
}

async function stop(): Promise<void> {
  gateway.signal('SIGTERM');
  expect(await gateway.ended).toBe(0);
  expect(gateway.errors()).toBe('');
}

describe.each(['express', 'koa', 'fastify', 'hono'])('the %s example', { timeout: 60_000 }, (name) => {
  it('proxies both ways, passes the trace on, and sends everything on SIGTERM', async () => {
    const url = await start(name, `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`);
    const body = 'x'.repeat(300_000);
    const headers = { 'x-api-key': 'key-of-acme', connection: 'close' };
    const response = await fetch(`${url}/things/7?q=1`, { method: 'POST', body, headers });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(body);
    expect((await fetch(`${url}/things/8`, { headers: { connection: 'close' } })).status).toBe(401);
    expect((await fetch(`${url}/nothing`, { headers })).status).toBe(404);
    await stop();

    expect(receiver.logs).toHaveLength(3);
    const spans = new Map(receiver.spans.map((span) => [span.attributes['url.path'], span]));
    const proxied = spans.get('/things/7');
    expect(proxied).toMatchObject({
      name: 'POST /things/:id',
      resource: { 'service.name': `${name}-gateway` },
      attributes: { 'knoxcall.tenant_id': 'acme', 'knoxcall.upstream.status_code': 200 },
    });
    expect(arrived[0]?.url).toBe('/things/7?q=1');
    expect(arrived[0]?.headers['traceparent']).toBe(`00-${proxied?.traceId}-${proxied?.spanId}-03`);
    expect(spans.get('/things/8')?.attributes['http.response.status_code']).toBe(401);
    expect(spans.get('/nothing')?.attributes).not.toHaveProperty('http.route');
  });

  it('answers 502 with the reason in telemetry when the upstream refuses', async () => {
    // `fetch` refuses port 1 by itself.
    const url = await start(name, await refusingUrl());
    const headers = { 'x-api-key': 'key-of-acme', connection: 'close' };
    expect((await fetch(`${url}/things/1`, { method: 'POST', body: 'body', headers })).status).toBe(502);
    await stop();
    expect(receiver.spans[0]?.attributes['error.type']).toBe('upstream_connect_error');
  });
});
