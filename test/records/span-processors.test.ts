import { describe, expect, it } from 'vitest';
import type { HostSpanProcessor } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { counters, total } from '../support/readings.js';

interface SeenSpan {
  readonly name: string;
  readonly kind: number;
  readonly ended: boolean;
  readonly attributes: Record<string, unknown>;
  readonly resource: { readonly attributes: Record<string, unknown> };
  readonly instrumentationScope: { readonly name: string };
  readonly duration: readonly [number, number];
  readonly status: { readonly code: number };
  setAttribute(key: string, value: unknown): unknown;
  spanContext(): { readonly traceId: string; readonly spanId: string };
}

class Recorder implements HostSpanProcessor {
  readonly started: Omit<SeenSpan, 'setAttribute' | 'spanContext'>[] = [];
  readonly ended: SeenSpan[] = [];
  flushes = 0;
  shutdowns = 0;

  onStart(span: unknown): void {
    const { name, kind, ended, attributes, resource, instrumentationScope, duration, status } =
      span as SeenSpan;
    const seen = { name, kind, ended, resource, instrumentationScope, duration, status };
    this.started.push({ ...seen, attributes: { ...attributes } });
  }

  onEnd(span: unknown): void {
    this.ended.push(span as SeenSpan);
  }

  forceFlush(): Promise<void> {
    this.flushes++;
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    this.shutdowns++;
    return Promise.resolve();
  }
}

describe('a span processor of the host', () => {
  it('sees at the start what is known when the request arrives, and all at the end', async () => {
    const recorder = new Recorder();
    const gateway = await startGateway({
      options: { spanProcessors: [recorder], serviceName: 'edge' },
      adapter: { tenant: 'acme', route: 'orders' },
      listener: (_request, response) => response.writeHead(503).end(),
    });
    await send(`${gateway.url}/a?token=geheim&b=1`, { headers: { 'user-agent': 'test/1' } });
    await gateway.flush();
    expect(recorder.started).toHaveLength(1);
    expect(recorder.ended).toHaveLength(1);
    expect(recorder.started[0]).toMatchObject({
      name: 'GET',
      kind: 1,
      ended: false,
      instrumentationScope: { name: 'gateway-otel' },
      resource: { attributes: { 'service.name': 'edge', 'process.pid': process.pid } },
    });
    expect(recorder.started[0]?.attributes).toEqual({
      'http.request.method': 'GET',
      'url.path': '/a',
      'url.query': 'token=REDACTED&b=1',
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': gateway.port,
      'client.address': '127.0.0.1',
      'network.peer.address': '127.0.0.1',
      'network.peer.port': expect.any(Number),
      'network.protocol.version': '1.1',
      'user_agent.original': 'test/1',
    });
    const [ended] = recorder.ended;
    expect(ended).toMatchObject({ name: 'GET orders', ended: true, status: { code: 2 } });
    const [received] = gateway.operator.spans;
    expect(ended?.attributes).toEqual({ ...received?.attributes });
    expect(ended?.spanContext()).toMatchObject({ traceId: received?.traceId, spanId: received?.spanId });
    expect(ended?.duration[0]).toBeGreaterThanOrEqual(0);
  });

  it('sees an unknown method as HTTP in the span’s name, from the start', async () => {
    const recorder = new Recorder();
    const gateway = await startGateway({ options: { spanProcessors: [recorder] } });
    await send(gateway.url, { method: 'PROPFIND' });
    await gateway.flush();
    expect([recorder.started[0]?.name, recorder.ended[0]?.name]).toEqual(['HTTP', 'HTTP']);
  });

  it('sees custom spans, too', async () => {
    const recorder = new Recorder();
    const gateway = await startGateway({ options: { spanProcessors: [recorder] } });
    gateway.telemetry.tracer.startSpan('mine').end();
    expect(recorder.started.map(({ name }) => name)).toEqual(['mine']);
    expect(recorder.ended.map(({ name }) => name)).toEqual(['mine']);
  });

  it('is called for unsampled requests neither at the start nor at the end', async () => {
    const recorder = new Recorder();
    const gateway = await startGateway({ options: { spanProcessors: [recorder] } });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    await send(gateway.url, { headers: { traceparent } });
    await gateway.flush();
    expect([recorder.started.length, recorder.ended.length]).toEqual([0, 0]);
  });

  it('can add to the span at its start', async () => {
    const adding: HostSpanProcessor = {
      onStart: (span) => void (span as SeenSpan).setAttribute('added', 'at start'),
      onEnd: (span) => void (span as SeenSpan).setAttribute('added.late', 'at end'),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    const gateway = await startGateway({ options: { spanProcessors: [adding] } });
    await send(gateway.url);
    await gateway.flush();
    expect(gateway.operator.spans[0]?.attributes).toMatchObject({ added: 'at start' });
    expect(gateway.operator.spans[0]?.attributes).not.toHaveProperty('added.late');
  });

  it('does not change what the operator gets: a host’s attribute wins or loses alike without one', async () => {
    const attributesWith = async (spanProcessors: readonly HostSpanProcessor[]) => {
      const gateway = await startGateway({
        options: { spanProcessors },
        listener(_request, response, exchange) {
          exchange.setAttribute('client.address', '203.0.113.7');
          exchange.setAttribute('http.response.status_code', 999);
          response.end();
        },
      });
      await send(gateway.url);
      await gateway.flush();
      const { 'client.address': client, 'http.response.status_code': status } =
        gateway.operator.spans[0]?.attributes ?? {};
      return { client, status };
    };
    expect(await attributesWith([new Recorder()])).toEqual(await attributesWith([]));
  });

  it('that throws harms neither request, record, nor the next processor', async () => {
    const fail = (): never => {
      throw new Error('secret text');
    };
    const throwing: HostSpanProcessor = {
      onStart: fail,
      onEnd: fail,
      forceFlush: () => Promise.reject(new Error('secret text')),
      shutdown: fail,
    };
    const recorder = new Recorder();
    const gateway = await startGateway({
      options: { spanProcessors: [throwing, recorder] },
      adapter: { tenant: 'acme' },
    });
    expect(await send(gateway.url)).toMatchObject({ status: 200, body: 'ok' });
    await gateway.flush();
    expect([recorder.started.length, recorder.ended.length]).toEqual([1, 1]);
    expect(gateway.operator.spans).toHaveLength(1);
    expect(gateway.acme.logs).toHaveLength(1);
    expect(total(counters(gateway.operator))).toBe(1);
    expect(gateway.diagnostics.map(({ code }) => code)).toContain('callback_failed');
    expect(JSON.stringify(gateway.diagnostics)).not.toContain('secret text');
  });

  it('is flushed and shut down with the instance', async () => {
    const recorder = new Recorder();
    const gateway = await startGateway({ options: { spanProcessors: [recorder] } });
    await gateway.flush();
    expect([recorder.flushes, recorder.shutdowns]).toEqual([1, 0]);
    await gateway.close();
    expect(recorder.shutdowns).toBe(1);
  });

  it('gets spans also when nobody else wants any', async () => {
    const recorder = new Recorder();
    const gateway = await startGateway({
      options: { spanProcessors: [recorder] },
      operator: null,
      acme: null,
      globex: null,
    });
    await send(gateway.url);
    await gateway.idle();
    expect(recorder.ended).toHaveLength(1);
    expect(gateway.operator.requests).toEqual([]);
  });
});
