import { createServer, request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
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
    response.setHeader('x-echoed-method', incoming.method ?? '');
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

async function start(upstreamUrl: string): Promise<string> {
  gateway = startExample('plain-http/gateway.mjs', [], {
    UPSTREAM: upstreamUrl,
    PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  });
  const [url] = await gateway.waitForLine(/^http:\S+$/);
  return url;
}

describe('the plain http example', { timeout: 60_000 }, () => {
  it('proxies both ways, passes the trace on, and sends everything on SIGTERM', async () => {
    const url = await start(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`);
    const body = 'x'.repeat(300_000);
    const response = await fetch(`${url}/things?q=1`, {
      method: 'POST',
      body,
      headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-echoed-method')).toBe('POST');
    expect(await response.text()).toBe(body);

    gateway.signal('SIGTERM');
    expect(await gateway.ended).toBe(0);
    expect(gateway.errors()).toBe('');
    expect(receiver.spans).toHaveLength(1);
    expect(receiver.logs).toHaveLength(1);
    expect(receiver.metricPoints).toHaveLength(2);
    const [span] = receiver.spans;
    expect(span).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      parentSpanId: 'b7ad6b7169203331',
      resource: { 'service.name': 'plain-gateway' },
      attributes: { 'knoxcall.response.source': 'upstream' },
    });
    expect(arrived[0]?.url).toBe('/things?q=1');
    expect(arrived[0]?.headers['traceparent']).toBe(`00-${span?.traceId}-${span?.spanId}-01`);
  });

  it.each([
    ['chunked', { 'transfer-encoding': 'chunked' }],
    ['of a known length', { 'content-length': '6' }],
    ['of a length that Connection calls hop-by-hop', { 'content-length': '6', connection: 'content-length' }],
  ])('keeps the framing of a GET with a body, %s', async (_, headers) => {
    const url = await start(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`);
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
    expect(arrived).toHaveLength(1);
  });

  it('answers 502 with the reason in telemetry when the upstream refuses', async () => {
    const url = await start('http://127.0.0.1:1');
    const response = await fetch(url, { method: 'POST', body: 'x'.repeat(300_000) });
    expect(response.status).toBe(502);
    expect(await response.text()).toBe('');
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toBe(0);
    expect(receiver.spans[0]?.attributes['error.type']).toBe('upstream_connect_error');
    expect(receiver.logs[0]).toMatchObject({ severityNumber: 17, traceId: receiver.spans[0]?.traceId });
  });
});
