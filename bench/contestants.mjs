/**
 * The contestants. Each is a function that sets its telemetry up and gives `handle(request, response)` for the server
 * and `drain()`, which sends what still waits. `expects` says what must have arrived at the collector per request.
 *
 * Every owner (the operator, each tenant) posts to a path of its own: `{collector}/{owner}/v1/{signal}`.
 */
const SERVICE = 'bench';
const METRIC_INTERVAL_MS = 5_000;

export const CONTESTANTS = {
  bare: {
    // The proxy alone
    expects: undefined,
    create: ({ forward }) => ({
      handle: (request, response) => forward(request, response, request.headers),
      drain: async () => {},
    }),
  },
  ours: {
    // `gateway-otel`, operator plus 1 of 100 tenants
    expects: { spans: 1, tenants: true },
    create: createOurs,
  },
  'stock-all': {
    // `instrumentation-http` + SDK, three signals, operator only
    expects: { spans: 2, tenants: false },
    create: (setup) => createStock({ ...setup, tenantCount: 0 }),
  },
  naive: {
    // The same, plus one provider set for each of 100 tenants
    expects: { spans: 2, tenants: true },
    create: createStock,
  },
  spin20: {
    // The proxy and a loop of 20 µs: what the measurement makes of a cost that is known
    onlyWhenNamed: true,
    expects: undefined,
    create: ({ forward }) => ({ handle: spinning(forward, 20), drain: async () => {} }),
  },
};

function spinning(forward, microseconds) {
  return (request, response) => {
    response.on('finish', () => {
      const end = performance.now() + microseconds / 1e3;
      while (performance.now() < end);
    });
    forward(request, response, request.headers);
  };
}

async function createOurs({ collector, tenantCount, forward }) {
  const { createGatewayTelemetry } = await import('gateway-otel');
  const { httpTelemetry } = await import('gateway-otel/http');
  const telemetry = createGatewayTelemetry({
    serviceName: SERVICE,
    env: false,
    environment: 'prod',
    operator: { endpoint: `${collector}/operator` },
    tenants: Object.fromEntries(
      Array.from({ length: tenantCount }, (_, index) => [
        `t${index}`,
        { endpoint: `${collector}/t${index}` },
      ]),
    ),
    tenantEgress: {
      allowHosts: ['127.0.0.1'],
      allowCidrs: ['127.0.0.0/8'],
      allowHttp: ['127.0.0.1'],
      ports: [Number(new URL(collector).port)],
    },
    metrics: { intervalMs: METRIC_INTERVAL_MS },
  });
  let served = 0;
  const handle = httpTelemetry(
    telemetry,
    (request, response, exchange) => {
      const headers = { ...request.headers };
      exchange.inject(headers);
      exchange.setUpstream({ address: '127.0.0.1' });
      forward(request, response, headers);
    },
    { tenant: () => `t${served++ % tenantCount}`, route: 'orders' },
  );
  const drain = async () => {
    const { complete } = await telemetry.flush({ timeoutMs: 10_000 });
    if (!complete) throw new Error('telemetry.flush() left records waiting');
  };
  return { handle, drain };
}

/** What the conventions and the SDK's documentation suggest, with the operator's and the tenants' providers apart. */
async function createStock({ collector, tenantCount, stockDelayMs, forward }) {
  const { context, metrics, propagation, trace } = await import('@opentelemetry/api');
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
  const { W3CTraceContextPropagator } = await import('@opentelemetry/core');
  const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-proto');
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  const { HttpInstrumentation } = await import('@opentelemetry/instrumentation-http');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const { BatchLogRecordProcessor, LoggerProvider } = await import('@opentelemetry/sdk-logs');
  const { MeterProvider, PeriodicExportingMetricReader } = await import('@opentelemetry/sdk-metrics');
  const { BasicTracerProvider, BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-base');

  const resource = resourceFromAttributes({ 'service.name': SERVICE });
  const batching = { maxQueueSize: 20_000, maxExportBatchSize: 512, scheduledDelayMillis: stockDelayMs };
  const providers = [];
  const keep = (provider) => {
    providers.push(provider);
    return provider;
  };
  const meterProvider = (owner) => {
    const exporter = new OTLPMetricExporter({ url: `${collector}/${owner}/v1/metrics` });
    const reader = new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: METRIC_INTERVAL_MS,
      exportTimeoutMillis: METRIC_INTERVAL_MS - 1_000,
    });
    return keep(new MeterProvider({ resource, readers: [reader] }));
  };
  const providerSet = (owner) => {
    const exporter = new OTLPLogExporter({ url: `${collector}/${owner}/v1/logs` });
    const logs = keep(
      new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter, ...batching })] }),
    );
    const meter = meterProvider(owner).getMeter(SERVICE);
    return {
      logger: logs.getLogger(SERVICE),
      requests: meter.createCounter('knoxcall.proxy.requests'),
      duration: meter.createHistogram('knoxcall.proxy.request.duration', { unit: 'ms' }),
    };
  };

  const spans = new OTLPTraceExporter({ url: `${collector}/operator/v1/traces` });
  const tracing = keep(
    new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(spans, batching)] }),
  );
  const httpMetrics = meterProvider('operator');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(tracing);
  metrics.setGlobalMeterProvider(httpMetrics);
  const collectorPort = Number(new URL(collector).port);
  const instrumentation = new HttpInstrumentation({
    ignoreOutgoingRequestHook: (options) => Number(options.port) === collectorPort,
  });
  instrumentation.setTracerProvider(tracing);
  instrumentation.setMeterProvider(httpMetrics);
  instrumentation.enable();
  await patchHttp();

  const operator = providerSet('operator');
  const tenants = Array.from({ length: tenantCount }, (_, index) => providerSet(`t${index}`));
  let served = 0;
  const record = (request, response, latencyMs) => {
    const tenantIndex = served++ % Math.max(1, tenantCount);
    const tenantId = `t${tenantIndex}`;
    const tenant = tenants[tenantIndex];
    const status = response.statusCode;
    const series = {
      'http.response.status_code': status,
      'http.response.status_class': '2xx',
      'knoxcall.route_name': 'orders',
      'knoxcall.environment': 'prod',
      error: false,
    };
    const log = {
      eventName: 'knoxcall.proxy.request',
      severityNumber: 9,
      severityText: 'INFO',
      attributes: {
        'http.request.method': request.method,
        'url.path': request.url,
        'http.response.status_code': status,
        'server.address': '127.0.0.1',
        'knoxcall.request_id': `r${served}`,
        'knoxcall.tenant_id': tenantId,
        'knoxcall.route_name': 'orders',
        'knoxcall.latency_ms': latencyMs,
      },
    };
    const operatorSeries = { ...series, 'knoxcall.tenant_id': tenantId };
    operator.logger.emit(log);
    operator.requests.add(1, operatorSeries);
    operator.duration.record(latencyMs, operatorSeries);
    if (tenant === undefined) return;
    tenant.logger.emit(log);
    tenant.requests.add(1, series);
    tenant.duration.record(latencyMs, series);
  };
  return {
    handle(request, response) {
      const start = performance.now();
      response.on('finish', () => record(request, response, performance.now() - start));
      forward(request, response, request.headers);
    },
    async drain() {
      await Promise.all(providers.map((provider) => provider.forceFlush()));
    },
  };
}

/** The instrumentation patches the module object in place when it is next required. */
async function patchHttp() {
  const { createRequire } = await import('node:module');
  createRequire(import.meta.url)('http');
}
