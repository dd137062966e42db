import { describe, expect, it } from 'vitest';
import { refusingUrl } from '../delivery/support.js';
import { useExampleGateway } from './example-gateway.js';

const gateway = useExampleGateway();

describe.each(['express', 'koa', 'fastify', 'hono'])('the %s example', { timeout: 60_000 }, (name) => {
  it('proxies both ways, passes the trace on, and sends everything on SIGTERM', async () => {
    const url = await gateway.start(name);
    const body = 'x'.repeat(300_000);
    const headers = { 'x-api-key': 'key-of-acme', connection: 'close' };
    const response = await fetch(`${url}/things/7?q=1`, { method: 'POST', body, headers });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(body);
    expect((await fetch(`${url}/things/8`, { headers: { connection: 'close' } })).status).toBe(401);
    expect((await fetch(`${url}/nothing`, { headers })).status).toBe(404);
    await gateway.stop();

    expect(gateway.receiver.logs).toHaveLength(3);
    const spans = new Map(gateway.receiver.spans.map((span) => [span.attributes['url.path'], span]));
    const proxied = spans.get('/things/7');
    expect(proxied).toMatchObject({
      name: 'POST /things/:id',
      resource: { 'service.name': `${name}-gateway` },
      attributes: { 'knoxcall.tenant_id': 'acme', 'knoxcall.upstream.status_code': 200 },
    });
    expect(gateway.arrived[0]?.url).toBe('/things/7?q=1');
    expect(gateway.arrived[0]?.headers['traceparent']).toBe(`00-${proxied?.traceId}-${proxied?.spanId}-03`);
    expect(spans.get('/things/8')?.attributes['http.response.status_code']).toBe(401);
    expect(spans.get('/nothing')?.attributes).not.toHaveProperty('http.route');
  });

  it('answers 502 with the reason in telemetry when the upstream refuses', async () => {
    // `fetch` refuses port 1 by itself.
    const url = await gateway.start(name, await refusingUrl());
    const headers = { 'x-api-key': 'key-of-acme', connection: 'close' };
    expect((await fetch(`${url}/things/1`, { method: 'POST', body: 'body', headers })).status).toBe(502);
    await gateway.stop();
    expect(gateway.receiver.spans[0]?.attributes['error.type']).toBe('upstream_connect_error');
  });
});
