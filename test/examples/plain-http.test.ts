import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { useExampleGateway } from './example-gateway.js';

const gateway = useExampleGateway();

describe('the plain http example', { timeout: 60_000 }, () => {
  it('proxies both ways, passes the trace on, and sends everything on SIGTERM', async () => {
    const url = await gateway.start('plain-http');
    const body = 'x'.repeat(300_000);
    const response = await fetch(`${url}/things?q=1`, {
      method: 'POST',
      body,
      headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-echoed-method')).toBe('POST');
    expect(await response.text()).toBe(body);

    await gateway.stop();
    expect(gateway.receiver.spans).toHaveLength(1);
    expect(gateway.receiver.logs).toHaveLength(1);
    expect(gateway.receiver.metricPoints).toHaveLength(2);
    const [span] = gateway.receiver.spans;
    expect(span).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      parentSpanId: 'b7ad6b7169203331',
      resource: { 'service.name': 'plain-gateway' },
      attributes: { 'knoxcall.response.source': 'upstream' },
    });
    expect(gateway.arrived[0]?.url).toBe('/things?q=1');
    expect(gateway.arrived[0]?.headers['traceparent']).toBe(`00-${span?.traceId}-${span?.spanId}-01`);
  });

  it.each([
    ['chunked', { 'transfer-encoding': 'chunked' }],
    ['of a known length', { 'content-length': '6' }],
    ['of a length that Connection calls hop-by-hop', { 'content-length': '6', connection: 'content-length' }],
  ])('keeps the framing of a GET with a body, %s', async (_, headers) => {
    const url = await gateway.start('plain-http');
    const text = await new Promise<string>((resolve, reject) => {
      const call = request(url, { headers }, (response) => {
        let received = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
        response.on('end', () => resolve(received));
      });
      call.on('error', reject);
      call.end('a body');
    });
    expect(text).toBe('a body');
    expect(gateway.arrived).toHaveLength(1);
  });

  it('answers 502 with the reason in telemetry when the upstream refuses', async () => {
    const url = await gateway.start('plain-http', 'http://127.0.0.1:1');
    const response = await fetch(url, { method: 'POST', body: 'x'.repeat(300_000) });
    expect(response.status).toBe(502);
    expect(await response.text()).toBe('');
    await gateway.stop();
    expect(gateway.receiver.spans[0]?.attributes['error.type']).toBe('upstream_connect_error');
    expect(gateway.receiver.logs[0]).toMatchObject({
      severityNumber: 17,
      traceId: gateway.receiver.spans[0]?.traceId,
    });
  });
});
