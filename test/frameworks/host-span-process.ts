/** A process of a host that runs the OpenTelemetry SDK with instrumentation-http, and the library beside it. */
import { runChild } from '../config/child.js';

export interface HostSpanSeen {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId?: string;
  readonly status: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface LogSeen {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface HostReport {
  /** What the host's SDK has exported. */
  readonly host: readonly HostSpanSeen[];
  /** What the library has. */
  readonly own: readonly HostSpanSeen[];
  readonly logs: readonly LogSeen[];
  /** Routes of the points of the instrumentation's own metric. */
  readonly routes: readonly unknown[];
  /** Whatever the script has put there. */
  readonly seen: readonly Readonly<Record<string, unknown>>[];
}

const PRELUDE = `
  import { createRequire } from 'node:module';
  const require = createRequire(import.meta.url);
  const api = require('@opentelemetry/api');
  const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
  const { W3CTraceContextPropagator } = require('@opentelemetry/core');
  const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
  const { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
  const { BasicTracerProvider, InMemorySpanExporter, ParentBasedSampler, AlwaysOnSampler, SimpleSpanProcessor } =
    require('@opentelemetry/sdk-trace-base');

  const hostExporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [new SimpleSpanProcessor(hostExporter)],
  });
  api.trace.setGlobalTracerProvider(provider);
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  api.propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const metricExporter = new InMemoryMetricExporter(1);
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const instrumentation = new HttpInstrumentation(INSTRUMENTATION);
  instrumentation.setTracerProvider(provider);
  instrumentation.setMeterProvider(meterProvider);
  const http = require('node:http');

  const { createGatewayTelemetry } = await import('./src/index.js');
  const kept = () => {
    const records = [];
    return { records, export: (items, done) => { records.push(...items); done({ code: 0 }); }, shutdown: async () => {} };
  };
  const [traces, logs] = [kept(), kept()];
  const telemetry = createGatewayTelemetry({
    env: false, operator: { exporters: { traces, logs } }, metrics: { intervalMs: 86_400_000 }, ...OPTIONS,
  });
  const seen = [];
  const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
  const listen = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)));
  // A plain socket: the instrumented client would send a trace of its own.
  const ask = (port, path, headers = {}) => new Promise((done, failed) => {
    const lines = Object.entries({ Host: 'a.example', Connection: 'close', ...headers }).map((pair) => pair.join(': '));
    let answer = '';
    const socket = require('node:net').connect(port, '127.0.0.1', () =>
      socket.write(['GET ' + path + ' HTTP/1.1', ...lines, '', ''].join('\\r\\n')));
    socket.on('data', (part) => (answer += part)).on('error', failed).on('close', () => done(answer));
  });
  const leave = (port, path) => new Promise((done) => {
    const socket = require('node:net').connect(port, '127.0.0.1', () => {
      socket.write('GET ' + path + ' HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n');
      setTimeout(() => socket.destroy(), 50);
    });
    socket.on('close', done);
  });
  const finish = async () => {
    while (telemetry.status().openExchanges > 0) await new Promise((done) => setTimeout(done, 5));
    // The instrumentation's own listeners come after the library's.
    await new Promise((done) => setImmediate(done));
    await telemetry.shutdown();
    await meterProvider.forceFlush();
    const ids = (span) => ({ traceId: span.spanContext().traceId, spanId: span.spanContext().spanId });
    const plain = (span) => ({ ...ids(span), name: span.name, kind: span.kind, attributes: span.attributes,
      status: span.status.code, parentId: span.parentSpanContext?.spanId });
    const points = metricExporter.getMetrics().flatMap((all) => all.scopeMetrics.flatMap((scope) => scope.metrics))
      .filter((metric) => metric.descriptor.name === 'http.server.request.duration').flatMap((metric) => metric.dataPoints);
    report({
      host: hostExporter.getFinishedSpans().map(plain), own: traces.records.map(plain),
      logs: logs.records.map((log) => ({ ...log.spanContext, attributes: log.attributes })),
      routes: points.map((point) => point.attributes['http.route'] ?? null).sort(), seen,
    });
    process.disconnect();
  };
`;

export interface HostSetup {
  /** Of the instrumentation and of the instance, as JavaScript. */
  readonly instrumentation?: string;
  readonly options?: string;
}

/** The script has `telemetry`, `listen`, `ask`, `leave`, `seen`, `TRACE`, `api`, `http`, `require`; at its end `await finish()`. */
export async function runHost(script: string, setup: HostSetup = {}): Promise<HostReport> {
  const prelude = PRELUDE.replace('INSTRUMENTATION', setup.instrumentation ?? '{}').replace(
    'OPTIONS',
    setup.options ?? '{}',
  );
  const result = await runChild(`${prelude}\n${script}\nawait finish();`);
  if (result.code !== 0) throw new Error(result.stderr || `ended with ${result.code}`);
  return result.report as HostReport;
}
