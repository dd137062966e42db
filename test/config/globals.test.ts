/** No global is touched, unless `registerGlobals` says so; two instances do not see each other. */
import { context, diag, metrics, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { collector, finishRequest, get, instance, settle, startGateway } from './support.js';
import { runChild } from './child.js';

/** Everything of the process that a library could have changed. */
function processState(): Record<string, unknown> {
  const api = Object.getOwnPropertySymbols(globalThis)
    .filter((symbol) => /opentelemetry|gateway/.test(String(symbol)))
    .map((symbol) => {
      const value = (globalThis as Record<symbol, unknown>)[symbol];
      return [String(symbol), typeof value === 'object' && value !== null ? { ...value } : value];
    });
  return {
    api,
    contextManager: context['_getContextManager'](),
    tracerProvider: (trace as unknown as { _proxyTracerProvider: { _delegate: unknown } })
      ._proxyTracerProvider._delegate,
    meterProvider: metrics.getMeterProvider(),
    loggerProvider: logs.getLoggerProvider(),
    fields: propagation.fields(),
    diag: { ...diag },
    globals: Object.getOwnPropertyNames(globalThis),
    listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
    title: process.title,
    prepareStackTrace: Error.prepareStackTrace,
    stackTraceLimit: Error.stackTraceLimit,
    fetch: globalThis.fetch,
  };
}

afterEach(() => vi.restoreAllMocks());

describe('an instance without registerGlobals', () => {
  it('changes no global and no process handler by being made and used', async () => {
    const operator = await collector();
    const acme = await collector();
    const warm = instance();
    const gatewayOff = await startGateway(warm);
    await get(gatewayOff.url);
    const before = processState();
    const telemetry = instance({
      operator: { endpoint: operator.url },
      tenants: { acme: { endpoint: acme.url } },
      env: { OTEL_SERVICE_NAME: 'x' },
      onDiagnostic: () => {},
    });
    const gateway = await startGateway(telemetry, {
      adapter: { tenant: 'acme' },
      handle: () =>
        telemetry.tracer.startActiveSpan('work', (span) => {
          telemetry.logger.emit({ body: 'line' });
          telemetry.meter.createCounter('things').add(1);
          span.end();
        }),
    });
    await get(gateway.url);
    await settle(telemetry);
    telemetry.setOperator(null);
    telemetry.setTenants({}, { force: true });
    expect([operator.spans.length, acme.logs.length]).toEqual([2, 1]);
    expect(processState()).toEqual(before);
    await telemetry.shutdown();
    expect(processState()).toEqual(before);
  });

  it('writes nothing to the console, whatever goes wrong', async () => {
    const spies = (['log', 'info', 'warn', 'error', 'debug', 'trace'] as const).map((method) =>
      vi.spyOn(console, method).mockImplementation(() => {}),
    );
    const written = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write'));
    const receiver = await collector();
    receiver.answerWith({ status: 500 });
    const fail = (): never => {
      throw new Error('callback');
    };
    const telemetry = instance({
      operator: [
        { name: 'refusing', endpoint: receiver.url },
        { name: 'gone', endpoint: 'http://127.0.0.1:9' },
      ],
      tenants: fail,
      severity: fail,
      env: { OTEL_SDK_DISABLED: 'garbage', OTEL_EXPORTER_OTLP_HEADERS: 'a' },
    });
    const gateway = await startGateway(telemetry, { adapter: { tenant: fail, route: fail, ignore: fail } });
    await get(gateway.url);
    finishRequest(telemetry, 'acme');
    finishRequest(telemetry, 5 as never);
    await settle(telemetry);
    await telemetry.shutdown({ timeoutMs: 50 });
    const calls = [...spies, ...written].flatMap((spy) => spy.mock.calls as unknown[]);
    expect(calls).toEqual([]);
  });

  it('leaves the active context of the API empty inside a handler', async () => {
    const telemetry = instance({ operator: { endpoint: 'http://127.0.0.1:9' } });
    const seen: unknown[] = [];
    const gateway = await startGateway(telemetry, {
      handle: async () => {
        seen.push(context.active() === ROOT_CONTEXT);
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(trace.getActiveSpan());
      },
    });
    await get(gateway.url);
    expect(seen).toEqual([true, undefined]);
  });
});

describe('registerGlobals', () => {
  const imports = `
    import { context, metrics, trace } from '@opentelemetry/api';
    import { createGatewayTelemetry } from './src/index.js';
    const reports = [];
    const options = { env: false, operator: { endpoint: process.env.COLLECTOR }, onDiagnostic: (r) => reports.push(r) };
  `;

  it('makes the instance the global tracer and meter provider and context manager', async () => {
    const operator = await collector();
    const { report, code, stderr, stdout } = await runChild(
      `${imports}
       const telemetry = createGatewayTelemetry({ ...options, registerGlobals: true });
       const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
       const inside = await exchange.run(async () => {
         await new Promise((resolve) => setImmediate(resolve));
         trace.getTracer('a-library', '1.0.0').startActiveSpan('library work', (span) => span.end());
         metrics.getMeter('a-library').createCounter('library.things').add(3);
         return trace.getActiveSpan()?.spanContext().spanId;
       });
       exchange.end({ statusCode: 200 });
       await telemetry.flush();
       await telemetry.shutdown();
       report({ inside, spanId: exchange.spanId, reports, outside: trace.getActiveSpan() ?? null });`,
      { COLLECTOR: operator.url },
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    const { inside, spanId, reports, outside } = report as Record<string, unknown>;
    expect(inside).toBe(spanId);
    expect(outside).toBeNull();
    expect(reports).toEqual([]);
    const library = operator.spans.find(({ name }) => name === 'library work');
    expect(library?.parentSpanId).toBe(spanId);
    expect(operator.metricPoints.find(({ name }) => name === 'library.things')?.value).toBe(3);
  });

  it('gives spans and instruments of other libraries the scope that they asked for', async () => {
    const operator = await collector();
    await runChild(
      `${imports}
       const telemetry = createGatewayTelemetry({ ...options, registerGlobals: true });
       trace.getTracer('a-library', '1.2.3').startSpan('library work').end();
       metrics.getMeter('a-library', '1.2.3').createCounter('library.things').add(3);
       await telemetry.flush();
       await telemetry.shutdown();`,
      { COLLECTOR: operator.url },
    );
    expect(operator.spans[0]?.scope).toMatchObject({ name: 'a-library', version: '1.2.3' });
    expect(operator.metricPoints[0]?.scope).toMatchObject({ name: 'a-library', version: '1.2.3' });
  });

  it('reports each global that is taken, and leaves it to its owner', async () => {
    const operator = await collector();
    const { report, code, stderr, stdout } = await runChild(
      `${imports}
       import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
       const manager = new AsyncLocalStorageContextManager().enable();
       const theirs = { getTracer: () => 'their tracer' };
       const meters = { getMeter: () => 'their meter' };
       context.setGlobalContextManager(manager);
       trace.setGlobalTracerProvider(theirs);
       metrics.setGlobalMeterProvider(meters);
       const telemetry = createGatewayTelemetry({ ...options, registerGlobals: true });
       const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
       exchange.run(() => telemetry.tracer.startActiveSpan('own work', (span) => span.end()));
       exchange.end({ statusCode: 200 });
       await telemetry.flush();
       report({
         reports,
         notices: telemetry.status().notices,
         tracer: trace.getTracer('x'),
         meter: metrics.getMeter('x'),
         manager: context._getContextManager() === manager,
         spanId: exchange.spanId,
       });
       await telemetry.shutdown();`,
      { COLLECTOR: operator.url },
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    const found = report as Record<string, unknown> & { reports: { code: string; message: string }[] };
    expect(found).toMatchObject({ tracer: 'their tracer', meter: 'their meter', manager: true });
    expect(found.notices).toEqual(found.reports);
    expect(found.reports.map(({ code: reported }) => reported)).toEqual(
      Array(3).fill('global_already_registered'),
    );
    const text = found.reports.map(({ message }) => message).join('\n');
    for (const what of ['context manager', 'tracer provider', 'meter provider']) expect(text).toContain(what);
    expect(operator.spans.find(({ name }) => name === 'own work')?.parentSpanId).toBe(found['spanId']);
  });

  it('of a second instance is reported, and the first stays global', async () => {
    const operator = await collector();
    const { report } = await runChild(
      `${imports}
       const first = createGatewayTelemetry({ ...options, registerGlobals: true });
       const second = createGatewayTelemetry({ ...options, operator: null, registerGlobals: true });
       trace.getTracer('x').startSpan('work').end();
       await first.flush();
       report(reports.map(({ code }) => code));
       await Promise.all([first.shutdown(), second.shutdown()]);`,
      { COLLECTOR: operator.url },
    );
    expect(report).toEqual(Array(3).fill('global_already_registered'));
    expect(operator.spans.map(({ name }) => name)).toEqual(['work']);
  });

  it('has no effect on a disabled SDK but the context', async () => {
    const operator = await collector();
    const { code } = await runChild(
      `${imports}
       const telemetry = createGatewayTelemetry({ ...options, env: { OTEL_SDK_DISABLED: 'true' }, registerGlobals: true });
       trace.getTracer('x').startActiveSpan('work', (span) => span.end());
       metrics.getMeter('x').createCounter('things').add(1);
       await telemetry.flush();
       await telemetry.shutdown();`,
      { COLLECTOR: operator.url },
    );
    expect(code).toBe(0);
    expect(operator.requests).toHaveLength(0);
  });
});

describe("a host's own OpenTelemetry set-up", () => {
  it('sees the SERVER span as the active one through its context manager', async () => {
    const { report } = await runChild(
      `import { context, trace } from '@opentelemetry/api';
       import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
       import { createGatewayTelemetry } from './src/index.js';
       context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
       const telemetry = createGatewayTelemetry({ env: false, operator: { endpoint: 'http://127.0.0.1:9' } });
       const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
       const seen = await exchange.run(async () => {
         await null;
         return trace.getActiveSpan()?.spanContext().spanId;
       });
       report({ same: seen === exchange.spanId, after: trace.getActiveSpan() === undefined });
       process.exitCode = 0;
       await telemetry.shutdown({ timeoutMs: 50 });`,
    );
    expect(report).toEqual({ same: true, after: true });
  });
});

describe('two instances in one process', () => {
  it("do not see each other's exchanges, spans, logs and metrics", async () => {
    const [one, two] = [await collector(), await collector()];
    const first = instance({ namespace: 'one', serviceName: 'one', operator: { endpoint: one.url } });
    const second = instance({ namespace: 'two', serviceName: 'two', operator: { endpoint: two.url } });
    const request = {};
    const exchange = first.begin({ method: 'GET', url: '/one', headers: {}, request });
    const none = second.current();
    await exchange.run(async () => {
      await Promise.resolve();
      expect(first.current()).toBe(exchange);
      expect(second.current()).toBe(none);
      expect(none.recording).toBe(false);
      expect(first.of(request)).toBe(exchange);
      expect(second.of(request)).toBe(none);
      second.tracer.startActiveSpan('in two', (span) => {
        first.tracer.startSpan('in one').end();
        second.logger.emit({ body: 'of two' });
        first.logger.emit({ body: 'of one' });
        span.end();
      });
      second.meter.createCounter('things').add(1);
    });
    exchange.end({ statusCode: 200 });
    await settle(first);
    await settle(second);

    expect(one.spans.map(({ name }) => name).sort()).toEqual(['GET', 'in one']);
    expect(one.spans.find(({ name }) => name === 'in one')?.parentSpanId).toBe(exchange.spanId);
    expect(two.spans.map(({ name }) => name)).toEqual(['in two']);
    expect(two.spans[0]?.parentSpanId).toBeUndefined();
    expect(two.spans[0]?.traceId).not.toBe(exchange.traceId);
    expect(one.logs.map(({ body }) => body)).toEqual(['of one', expect.stringMatching(/^GET \/one 200/)]);
    expect(two.logs.map(({ body }) => body)).toEqual(['of two']);
    expect(two.logs[0]?.traceId).toBe(two.spans[0]?.traceId);
    expect(new Set(one.metricPoints.map(({ name }) => name.split('.')[0]))).toEqual(new Set(['one']));
    expect(two.metricPoints.map(({ name }) => name)).toEqual(['things']);
    for (const record of [...one.spans, ...one.logs]) expect(record.resource['service.name']).toBe('one');
    for (const record of [...two.spans, ...two.logs]) expect(record.resource['service.name']).toBe('two');
  });

  it('may serve one request, one inside the other', async () => {
    const [one, two] = [await collector(), await collector()];
    const first = instance({ operator: { endpoint: one.url } });
    const second = instance({ operator: { endpoint: two.url } });
    const headers = {};
    const outer = first.begin({ method: 'GET', url: '/', headers });
    outer.run(() => {
      const inner = second.begin({ method: 'GET', url: '/', headers });
      inner.run(() => {
        expect(first.current()).toBe(outer);
        expect(second.current()).toBe(inner);
      });
      expect(second.current().recording).toBe(false);
      inner.end({ statusCode: 200 });
    });
    outer.end({ statusCode: 200 });
    await settle(first);
    await settle(second);
    expect(one.spans).toHaveLength(1);
    expect(two.spans).toHaveLength(1);
    expect(one.spans[0]?.traceId).not.toBe(two.spans[0]?.traceId);
    expect(two.spans[0]?.parentSpanId).toBeUndefined();
  });

  it('have tenants, changes, status and ends of their own', async () => {
    const [acmeOfOne, acmeOfTwo] = [await collector(), await collector()];
    const first = instance({ tenants: { acme: { endpoint: acmeOfOne.url } } });
    const second = instance({ tenants: { acme: { endpoint: acmeOfTwo.url } } });
    first.setTenant('globex', { endpoint: acmeOfOne.url });
    expect(second.status('globex').state).toBe('none');
    const open = first.begin({ method: 'GET', url: '/', headers: {} });
    expect([first.status().openExchanges, second.status().openExchanges]).toEqual([1, 0]);
    open.end({ statusCode: 200 });
    await first.shutdown();
    finishRequest(second, 'acme');
    await settle(second);
    expect([acmeOfOne.requests.length, acmeOfTwo.logs.length]).toEqual([0, 1]);
  });

  it('have instance ids of their own', async () => {
    const receiver = await collector();
    for (const telemetry of [
      instance({ operator: { endpoint: receiver.url } }),
      instance({ operator: { endpoint: receiver.url } }),
    ]) {
      finishRequest(telemetry);
      await settle(telemetry);
    }
    expect(new Set(receiver.spans.map(({ resource }) => resource['service.instance.id'])).size).toBe(2);
  });
});
