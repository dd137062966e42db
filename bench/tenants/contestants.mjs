/**
 * The contestants. Each is opened with `{ count, endpointOf(index), tenantEgress }`, the last one for ours alone, and gives `record(index, path)`, one finished request of a
 * tenant's. Times are each side's defaults.
 */
export const CONTESTANTS = {
  ours: { title: 'gateway-otel', open: openOurs },
  stock: { title: 'stock SDK', open: openStock },
};

/** Of one fixed length, with its number and the moment. */
export function requestPath(number) {
  return `/r/${String(number).padStart(9, '0')}/${Date.now()}`;
}

async function openOurs({ count, endpointOf, tenantEgress = 'open' }) {
  const { createGatewayTelemetry } = await import('gateway-otel');
  const ids = Array.from({ length: count }, (_, index) => `t${index}`);
  const telemetry = createGatewayTelemetry({
    env: false,
    operator: null,
    tenantEgress,
    tenants: Object.fromEntries(ids.map((id, index) => [id, { endpoint: endpointOf(index) }])),
  });
  return {
    record(index, path) {
      const exchange = telemetry.begin({ method: 'GET', url: path, headers: { host: 'gateway.example' } });
      exchange.setTenant(ids[index]);
      exchange.setRoute('orders');
      exchange.end({ statusCode: 200 });
    },
  };
}

/** A logger provider and a meter provider for each tenant: what the SDK's documentation has for several destinations. */
async function openStock({ count, endpointOf }) {
  const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-proto');
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const { BatchLogRecordProcessor, LoggerProvider } = await import('@opentelemetry/sdk-logs');
  const { MeterProvider, PeriodicExportingMetricReader } = await import('@opentelemetry/sdk-metrics');
  const resource = resourceFromAttributes({ 'service.name': 'bench' });
  const tenants = Array.from({ length: count }, (_, index) => {
    const url = endpointOf(index);
    const exporter = new OTLPLogExporter({ url: `${url}/v1/logs` });
    const logs = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter })] });
    const reader = new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }),
    });
    const meter = new MeterProvider({ resource, readers: [reader] }).getMeter('bench');
    return {
      logger: logs.getLogger('bench'),
      requests: meter.createCounter('knoxcall.proxy.requests'),
      duration: meter.createHistogram('knoxcall.proxy.request.duration', { unit: 'ms' }),
    };
  });
  const series = {
    'http.response.status_code': 200,
    'http.response.status_class': '2xx',
    'knoxcall.route_name': 'orders',
    error: false,
  };
  return {
    record(index, path) {
      const { logger, requests, duration } = tenants[index];
      logger.emit({
        eventName: 'knoxcall.proxy.request',
        severityNumber: 9,
        severityText: 'INFO',
        body: `GET ${path} 200 1ms`,
        attributes: {
          'http.request.method': 'GET',
          'url.path': path,
          'http.response.status_code': 200,
          'server.address': 'gateway.example',
          'knoxcall.request_id': path,
          'knoxcall.tenant_id': `t${index}`,
          'knoxcall.route_name': 'orders',
          'knoxcall.latency_ms': 1,
        },
      });
      requests.add(1, series);
      duration.record(1, series);
    },
  };
}
