/**
 * The contestants. Each opens a pipeline for one signal to one endpoint and gives
 * `record()`: one span or log record;
 * `drain()`: sends what waits;
 * `account()`: what its user can learn about the records, as `{ delivered, rejected }`.
 * It calls `onReport` for each partial success that it puts into words.
 *
 * What `setup` leaves out is the contestant's own default:
 * `timeoutMs`: of one export; `stockExportTimeoutMs`: of one batch, where the stock processor has a second time-out;
 * `batchDelayMs`: how long a record waits for company;
 * `longestWaitMs`: between two attempts; for the stock exporter it is fixed at 5 s.
 */
export const CONTESTANTS = {
  ours: { title: 'gateway-otel', open: openOurs },
  stock: { title: 'stock SDK', open: openStock },
};

async function openOurs({ endpoint, signal, timeoutMs, batchDelayMs, longestWaitMs, onReport }) {
  const { createGatewayTelemetry } = await import('gateway-otel');
  const telemetry = createGatewayTelemetry({
    env: false,
    operator: {
      endpoint,
      signals: { traces: signal === 'traces', logs: signal === 'logs', metrics: false },
      timeoutMs,
    },
    delivery: { operator: { flushIntervalMs: batchDelayMs, maxRetryDelayMs: longestWaitMs } },
    onDiagnostic: ({ code }) => code === 'partial_success' && onReport(),
  });
  return {
    record: () => telemetry.begin({ method: 'GET', url: '/', headers: {} }).end({ statusCode: 200 }),
    drain: () => telemetry.flush(),
    account() {
      const { delivered, rejected } = telemetry.status().operator[0].signals[signal].ledger;
      return { delivered, rejected };
    },
  };
}

async function openStock({ endpoint, signal, timeoutMs, stockExportTimeoutMs, batchDelayMs, onReport }) {
  const { diag, DiagLogLevel } = await import('@opentelemetry/api');
  const open = signal === 'traces' ? openStockSpans : openStockLogs;
  const account = { delivered: 0, rejected: 0 };
  const reporting = (exporter) => {
    const send = exporter.export.bind(exporter);
    // Nobody but the processor sees the result, and it keeps it to itself.
    exporter.export = (items, done) =>
      send(items, (result) => {
        if (result.code === 0) account.delivered += items.length;
        else account.rejected += items.length;
        done(result);
      });
    return exporter;
  };
  const warn = (...words) => words.join(' ').includes('Partial Success') && onReport();
  const silent = () => {};
  diag.setLogger(
    { warn, error: silent, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const processing = { scheduledDelayMillis: batchDelayMs, exportTimeoutMillis: stockExportTimeoutMs };
  const { record, provider } = await open({
    exporting: { url: `${endpoint}/v1/${signal}`, timeoutMillis: timeoutMs },
    processing,
    reporting,
  });
  return { record, drain: () => provider.forceFlush(), account: () => ({ ...account }) };
}

async function openStockLogs({ exporting, processing, reporting }) {
  const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-proto');
  const { BatchLogRecordProcessor, LoggerProvider } = await import('@opentelemetry/sdk-logs');
  const exporter = reporting(new OTLPLogExporter(exporting));
  const provider = new LoggerProvider({
    processors: [new BatchLogRecordProcessor({ exporter, ...processing })],
  });
  const logger = provider.getLogger('bench');
  return { provider, record: () => logger.emit({ severityNumber: 9, body: 'GET /' }) };
}

async function openStockSpans({ exporting, processing, reporting }) {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  const { BasicTracerProvider, BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-base');
  const exporter = reporting(new OTLPTraceExporter(exporting));
  const provider = new BasicTracerProvider({
    spanProcessors: [new BatchSpanProcessor(exporter, processing)],
  });
  const tracer = provider.getTracer('bench');
  return { provider, record: () => tracer.startSpan('GET /').end() };
}
