/** Errors of the gateway: who is told of them, what they are told, and the id that ties an error page to the log. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpTelemetry } from '../../src/adapters/http.js';
import type { HttpTelemetryListener } from '../../src/adapters/http.js';
import { createGatewayTelemetry } from '../../src/index.js';
import type { Diagnostic, GatewayOptions, GatewayTelemetry, ServerError } from '../../src/index.js';
import { eventually } from '../delivery/support.js';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const USER = 'B5A7E0C2-9C1D-4D5E-8F00-0123456789AB';
const boom = new TypeError('boom');

/** Nothing is exported. */
async function serve(
  listener: HttpTelemetryListener,
  options: GatewayOptions = {},
): Promise<{ url: string; telemetry: GatewayTelemetry; told: ServerError[]; diagnostics: Diagnostic[] }> {
  const diagnostics: Diagnostic[] = [];
  const telemetry = createGatewayTelemetry({
    env: false,
    onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
    ...options,
  });
  const told: ServerError[] = [];
  telemetry.onServerError((error) => told.push(error));
  const server = createServer(httpTelemetry(telemetry, listener, { tenant: 'acme' }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await telemetry.shutdown({ timeoutMs: 100 });
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, telemetry, told, diagnostics };
}

describe('onServerError', () => {
  it('is told once, with the raw error and every fact', async () => {
    const gateway = await startGateway({
      options: { environment: 'prod' },
      adapter: { tenant: 'acme', route: 'orders' },
      listener: (_request, response, exchange) => {
        exchange.setUserId(USER);
        exchange.recordError(boom);
        response.writeHead(502).end(exchange.errorId);
      },
    });
    const told: ServerError[] = [];
    gateway.telemetry.onServerError((error) => told.push(error));
    const { body } = await send(`${gateway.url}/orders/7;token=s3cret?secret=1`);
    await gateway.flush();
    const log = gateway.operator.logs[0];
    expect(told).toEqual([
      {
        error: boom,
        errorId: body,
        statusCode: 502,
        responseSource: 'gateway',
        errorType: 'TypeError',
        tenantId: 'acme',
        userId: USER.toLowerCase(),
        requestId: log?.attributes['knoxcall.request_id'],
        method: 'GET',
        path: '/orders/7;token=REDACTED',
        routeName: 'orders',
        timeMs: expect.closeTo(Date.now(), -4) as number,
        environment: 'prod',
      },
    ]);
    expect(told[0]?.error).toBe(boom);
    expect(body).toMatch(/^[0-9a-f]{32}$/);
    expect(log?.attributes['knoxcall.error_id']).toBe(body);
    // The operator's alone, and on the log record alone.
    expect(gateway.acme.logs[0]?.attributes).not.toHaveProperty(['knoxcall.error_id']);
    for (const { attributes } of gateway.operator.spans)
      expect(Object.values(attributes)).not.toContain(body);
    for (const receiver of [gateway.operator, gateway.acme])
      for (const { bytes } of receiver.requests)
        expect(Buffer.from(bytes).toString('latin1').toLowerCase()).not.toContain(USER.toLowerCase());
  });

  it('is not told of what the gateway does not answer for', async () => {
    const { url, telemetry, told } = await serve((request, response, exchange) => {
      if (request.url === '/gone') return void request.socket.destroy();
      if (request.url === '/hang') return;
      exchange.recordError(boom);
      response.writeHead(Number(request.url?.slice(1))).end();
    });
    for (const status of [200, 302, 404, 499]) await send(`${url}/${status}`);
    const hanging = new AbortController();
    const left = fetch(`${url}/hang`, { signal: hanging.signal }).catch(() => undefined);
    await eventually(() => expect(telemetry.status().openExchanges).toBe(1));
    hanging.abort();
    await left;
    await eventually(() => expect(telemetry.status().openExchanges).toBe(0));
    void fetch(`${url}/hang`).catch(() => undefined);
    await eventually(() => expect(telemetry.status().openExchanges).toBe(1));
    expect(told).toEqual([]);
    await telemetry.shutdown({ timeoutMs: 100 });
    expect(told).toEqual([]);
  });

  it('is told of a request without any answer', async () => {
    const { told, telemetry } = await serve((_request, response) => void response.end());
    telemetry.begin({ method: 'GET', url: '/a', headers: {} }).end({ error: boom });
    expect(told).toEqual([expect.objectContaining({ error: boom, errorType: 'TypeError', path: '/a' })]);
    expect(told[0]).not.toHaveProperty('statusCode');
  });

  it("has the last upstream call's error, and none where another call was answered", async () => {
    const { url, told } = await serve((request, response, exchange) => {
      exchange.startUpstreamCall().end({ error: new Error('first') });
      exchange.startUpstreamCall().end({ error: boom });
      if (request.url === '/answered') exchange.startUpstreamCall().end({ statusCode: 503 });
      response.writeHead(503).end();
    });
    await send(url);
    await send(`${url}/answered`);
    await eventually(() => expect(told).toHaveLength(2));
    expect(told[0]).toMatchObject({ error: boom, responseSource: 'gateway' });
    expect(told[1]).toMatchObject({ error: undefined, errorType: '503', responseSource: 'upstream' });
  });

  it('contains listeners that throw, hang and reject', async () => {
    const { url, telemetry, told, diagnostics } = await serve((_request, response) =>
      response.writeHead(500).end(),
    );
    telemetry.onServerError(() => {
      throw boom;
    });
    const rejecting: (error: ServerError) => unknown = () => Promise.reject(boom);
    const hanging: (error: ServerError) => unknown = () => new Promise(() => undefined);
    telemetry.onServerError(rejecting);
    telemetry.onServerError(hanging);
    expect((await send(url)).status).toBe(500);
    await eventually(() => expect(diagnostics).toHaveLength(1));
    expect(diagnostics[0]).toMatchObject({ code: 'callback_failed' });
    expect(told).toHaveLength(1);
    expect(() => telemetry.onServerError(1 as never)).toThrow('onServerError must be a function');
  });

  it.each([
    ['nothing is configured', {}],
    [
      'the SDK is disabled',
      { env: { OTEL_SDK_DISABLED: 'true' }, operator: { endpoint: 'http://127.0.0.1:9' } },
    ],
  ] satisfies [string, GatewayOptions][])(
    'works where %s, and touches no header of its own accord',
    async (_, options) => {
      const seen: unknown[] = [];
      const { url, telemetry, told } = await serve((request, response, exchange) => {
        const headers = { traceparent: 'as it was' };
        if (Object.keys(options).length === 0) exchange.inject(headers);
        seen.push(headers.traceparent, exchange.traceId, request.headers['traceparent']);
        response.writeHead(500).end(exchange.errorId);
      }, options);
      const { body } = await send(url);
      await eventually(() => expect(told).toHaveLength(1));
      expect(told[0]?.errorId).toBe(body);
      expect(seen[0]).toBe('as it was');
      expect(telemetry.status().operator).toEqual([]);
    },
  );

  it('is told once by one that takes itself away and adds itself again', async () => {
    const { telemetry } = await startGateway();
    let told = 0;
    let stop: () => void;
    const listener = (): void => {
      stop();
      // Or it would be told for ever.
      if (++told < 5) stop = telemetry.onServerError(listener);
    };
    stop = telemetry.onServerError(listener);
    telemetry.begin({ method: 'GET', url: '/', headers: {} }).end({ statusCode: 500 });
    expect(told).toBe(1);
    stop();
  });

  it("leaves the host's own trace in force where nothing else is recorded", async () => {
    const manager = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(manager);
    onTestFinished(() => context.disable());
    const span = trace.wrapSpanContext({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 });
    const { telemetry } = await serve((_request, response) => void response.end());
    context.with(trace.setSpan(context.active(), span), () => {
      const exchange = telemetry.begin({ method: 'GET', url: '/', headers: { 'x-loop': '1' } });
      exchange.run(() => {
        expect(trace.getActiveSpan()).toBe(span);
        expect(telemetry.current()).toBe(exchange);
      });
      expect(exchange.responseHeaders()).toEqual({});
      expect(exchange.traceIds()).toEqual({});
      exchange.end({ statusCode: 200 });
    });
  });

  it('leaves the hot path as it was when nobody listens any more', async () => {
    const telemetry = createGatewayTelemetry({ env: false });
    const begin = (): boolean => telemetry.begin({ method: 'GET', url: '/', headers: {} }).recording;
    expect(begin()).toBe(false);
    const stop = telemetry.onServerError(() => undefined);
    const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
    expect(exchange.recording).toBe(true);
    exchange.end({ statusCode: 200 });
    stop();
    expect(begin()).toBe(false);
    telemetry.onServerError(() => undefined);
    await telemetry.shutdown();
    expect(begin()).toBe(false);
  });
});

describe('errorId', () => {
  it('is one for a request, and on the log record where it was asked for', async () => {
    const ids: string[] = [];
    const gateway = await startGateway({
      listener: (request, response, exchange) => {
        if (request.url === '/asked') ids.push(exchange.errorId, exchange.errorId);
        response.end();
      },
    });
    await send(`${gateway.url}/asked`);
    await send(gateway.url);
    await gateway.flush();
    expect(ids[0]).toBe(ids[1]);
    const logged = gateway.operator.logs.map(({ attributes }) => attributes['knoxcall.error_id']);
    expect(logged).toEqual([ids[0], undefined]);
    expect(gateway.telemetry.current().errorId).toBe('');
  });
});

describe('setUserId', () => {
  it('takes a UUID and nothing else, and shows nothing of what it was', async () => {
    const { telemetry, told, diagnostics } = await serve((_request, response) => void response.end());
    const hostile = new Proxy(
      {},
      {
        get() {
          throw new Error('no');
        },
      },
    );
    for (const user of ['ada@example.com', '', 7, {}, hostile, `${USER}x`, undefined, null]) {
      const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
      exchange.setUserId(USER);
      exchange.setUserId(user as never);
      exchange.end({ statusCode: 500 });
    }
    expect(told).toHaveLength(8);
    for (const error of told) expect(error).not.toHaveProperty('userId');
    await eventually(() => expect(diagnostics.length).toBeGreaterThan(0));
    expect(diagnostics[0]).toMatchObject({ code: 'argument_invalid' });
    expect(JSON.stringify(diagnostics)).not.toContain('ada');
  });
});
