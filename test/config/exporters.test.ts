/** Ready-made OpenTelemetry exporters in place of an endpoint, and the stock ones made by `standardExporters`. */
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { standardExporters } from '../../src/index.js';
import type { Destination, ReadyMadeExporter, ReadyMadeExportResult } from '../../src/index.js';
import { issueCa } from '../support/certificates.js';
import { collector, finishRequest, instance, settle } from './support.js';

class FakeExporter implements ReadyMadeExporter {
  readonly received: unknown[] = [];
  shutdowns = 0;
  readonly #answer: (callback: (result: ReadyMadeExportResult) => void) => void;

  constructor(
    answer: (callback: (result: ReadyMadeExportResult) => void) => void = (done) => done({ code: 0 }),
  ) {
    this.#answer = answer;
  }

  export(items: unknown, callback: (result: ReadyMadeExportResult) => void): void {
    this.received.push(items);
    this.#answer(callback);
  }

  async shutdown(): Promise<void> {
    this.shutdowns++;
  }
}

function fakes(): { traces: FakeExporter; logs: FakeExporter; metrics: FakeExporter } {
  return { traces: new FakeExporter(), logs: new FakeExporter(), metrics: new FakeExporter() };
}

afterEach(() => vi.unstubAllEnvs());

describe('ready-made exporters', () => {
  it('receive spans as the SDK has them', async () => {
    const exporters = fakes();
    const telemetry = instance({ operator: { exporters }, serviceName: 'edge' });
    finishRequest(telemetry);
    await settle(telemetry);
    const [batch] = exporters.traces.received as ReadableSpan[][];
    expect(batch).toHaveLength(1);
    const span = batch?.[0];
    expect(span).toMatchObject({
      name: 'GET orders',
      kind: 1,
      ended: true,
      status: { code: 0 },
      links: [],
      events: [],
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
      instrumentationScope: { name: 'gateway-otel' },
    });
    expect(span?.spanContext()).toMatchObject({ traceFlags: 3 });
    expect(span?.attributes['http.request.method']).toBe('GET');
    expect(span?.resource.attributes['service.name']).toBe('edge');
    for (const time of [span?.startTime, span?.endTime, span?.duration]) {
      expect(time).toEqual([expect.any(Number), expect.any(Number)]);
    }
  });

  it('receive log records as the SDK has them', async () => {
    const exporters = fakes();
    const telemetry = instance({ operator: { exporters }, serviceName: 'edge' });
    finishRequest(telemetry);
    await settle(telemetry);
    const [batch] = exporters.logs.received as ReadableLogRecord[][];
    expect(batch).toHaveLength(1);
    expect(batch?.[0]).toMatchObject({
      severityNumber: 9,
      severityText: 'INFO',
      eventName: 'knoxcall.proxy.request',
      instrumentationScope: { name: 'gateway-otel' },
      hrTime: [expect.any(Number), expect.any(Number)],
      hrTimeObserved: [expect.any(Number), expect.any(Number)],
      spanContext: { traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string, traceFlags: 3 },
    });
    expect(batch?.[0]?.resource.attributes['service.name']).toBe('edge');
  });

  it('receive metrics as the SDK has them', async () => {
    const exporters = fakes();
    const telemetry = instance({ operator: { exporters }, serviceName: 'edge' });
    finishRequest(telemetry);
    await settle(telemetry);
    const [batch] = exporters.metrics.received as ResourceMetrics[];
    expect(batch?.resource.attributes['service.name']).toBe('edge');
    const metrics = batch?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
    expect(metrics.map(({ descriptor }) => [descriptor.name, descriptor.unit])).toEqual([
      ['knoxcall.proxy.requests', '{request}'],
      ['knoxcall.proxy.request.duration', 'ms'],
    ]);
    expect(metrics.map(({ dataPointType }) => dataPointType)).toEqual([3, 0]);
    expect(metrics[0]?.dataPoints[0]).toMatchObject({
      value: 1,
      startTime: [expect.any(Number), expect.any(Number)],
    });
    expect(metrics[1]?.dataPoints[0]?.value).toMatchObject({ count: 1 });
  });

  it.each(['traces', 'logs', 'metrics'] as const)(
    'see the service name and resource attributes of their destination with %s',
    async (signal) => {
      const exporters = fakes();
      const telemetry = instance({
        serviceName: 'edge',
        operator: { exporters, serviceName: 'edge-there', resourceAttributes: { place: 'there' } },
      });
      finishRequest(telemetry);
      await settle(telemetry);
      const [first] = exporters[signal].received;
      const record = (Array.isArray(first) ? first[0] : first) as ReadableSpan;
      expect(record.resource.attributes).toMatchObject({ 'service.name': 'edge-there', place: 'there' });
    },
  );

  it.each(['traces', 'logs'] as const)('receive custom %s too', async (signal) => {
    const exporters = fakes();
    const telemetry = instance({ operator: { exporters } });
    telemetry.tracer.startSpan('work').end();
    telemetry.logger.emit({ body: 'line' });
    await settle(telemetry);
    expect(exporters[signal].received).toHaveLength(1);
  });

  it('win over an endpoint, signal by signal', async () => {
    const receiver = await collector();
    const { traces } = fakes();
    const telemetry = instance({ operator: { endpoint: receiver.url, exporters: { traces } } });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(traces.received).toHaveLength(1);
    expect([receiver.spans.length, receiver.logs.length]).toEqual([0, 1]);
  });

  it("serve a tenant with logs and metrics, without the operator's attributes", async () => {
    const { logs, metrics } = fakes();
    const telemetry = instance({
      resourceAttributes: { canary: 'operator' },
      tenants: { acme: { exporters: { logs, metrics } } },
    });
    finishRequest(telemetry, 'acme');
    await settle(telemetry);
    expect([logs.received.length, metrics.received.length]).toEqual([1, 1]);
    const [[log]] = logs.received as [[ReadableLogRecord]];
    const [metric] = metrics.received as [ResourceMetrics];
    for (const { attributes } of [log.resource, metric.resource]) {
      expect(Object.keys(attributes).sort()).toEqual([
        'service.instance.id',
        'service.name',
        'telemetry.sdk.language',
        'telemetry.sdk.name',
        'telemetry.sdk.version',
      ]);
    }
  });

  it('have delivered what they report as a success', async () => {
    const exporters = fakes();
    const telemetry = instance({ operator: { exporters } });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(telemetry.status().operator[0]?.signals.logs?.ledger).toMatchObject({
      accepted: 1,
      delivered: 1,
      buffered: 0,
    });
  });

  it.each<[string, (callback: (result: ReadyMadeExportResult) => void) => void]>([
    ['report a failure', (done) => done({ code: 1, error: new Error('canary-secret') })],
    [
      'throw',
      () => {
        throw new Error('canary-secret');
      },
    ],
    ['answer with nonsense', (done) => done(undefined as never)],
  ])('that %s lose their records under a name, and their words are not repeated', async (_what, answer) => {
    const told: unknown[] = [];
    const telemetry = instance({
      operator: { exporters: { logs: new FakeExporter(answer) } },
      onDiagnostic: (report) => told.push(report),
    });
    finishRequest(telemetry);
    await settle(telemetry);
    const status = telemetry.status();
    expect(status.operator[0]?.signals.logs?.ledger).toMatchObject({
      accepted: 1,
      dropped: { exporter_failed: 1 },
      buffered: 0,
    });
    expect(JSON.stringify([told, status])).not.toContain('canary-secret');
  });

  it('are shut down when their destination goes, once', async () => {
    const { logs } = fakes();
    const telemetry = instance({ operator: { exporters: { logs } } });
    telemetry.setOperator(null);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(logs.shutdowns).toBe(1);
    await telemetry.shutdown();
    expect(logs.shutdowns).toBe(1);
  });

  it('stay open when the same exporter is configured again', async () => {
    const { logs } = fakes();
    const telemetry = instance({ operator: { exporters: { logs } } });
    telemetry.setOperator({ exporters: { logs }, serviceName: 'other' });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(logs.shutdowns).toBe(0);
    expect(logs.received).toHaveLength(1);
  });
});

describe('the stock OTLP exporters as ready-made exporters', () => {
  it('deliver spans, logs and metrics that say what our own sender says', async () => {
    const [stock, own] = [await collector(), await collector()];
    const telemetry = instance({
      serviceName: 'edge',
      operator: [
        {
          name: 'stock',
          exporters: {
            traces: new OTLPTraceExporter({ url: `${stock.url}/v1/traces` }),
            logs: new OTLPLogExporter({ url: `${stock.url}/v1/logs` }),
            metrics: new OTLPMetricExporter({ url: `${stock.url}/v1/metrics` }),
          },
        },
        { name: 'own', endpoint: own.url },
      ],
    });
    const exchange = telemetry.begin({
      method: 'POST',
      url: '/orders/1?q=1',
      headers: {
        host: 'shop.example:8443',
        'user-agent': 'test',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'vendor=1',
      },
      remoteAddress: '192.0.2.1',
    });
    exchange.setRoute('orders');
    exchange.setAttributes({ text: 'a', flag: true, many: ['a', 'b'], number: 1.5 });
    exchange.setUpstream({ address: 'up.example', statusCode: 503, attempts: 2 });
    exchange.end({ statusCode: 503 });
    await settle(telemetry);

    const withoutHeaders = (records: readonly object[]): unknown[] =>
      records.map((record) => ({ ...record, requestHeaders: undefined }));
    expect(withoutHeaders(stock.spans)).toEqual(withoutHeaders(own.spans));
    expect(withoutHeaders(stock.logs)).toEqual(withoutHeaders(own.logs));
    const points = (records: readonly object[]): unknown[] =>
      records.map((record) => ({
        ...record,
        // The stock exporters do not know exemplars.
        exemplars: [],
        requestHeaders: undefined,
        startTimeUnixNano: 0n,
        timeUnixNano: 0n,
      }));
    expect(points(stock.metricPoints)).toEqual(points(own.metricPoints));
    expect(stock.spans).toHaveLength(1);
    expect(stock.metricPoints).toHaveLength(2);
  });

  it('deliver custom spans, logs and instruments', async () => {
    const stock = await collector();
    const telemetry = instance({
      operator: {
        exporters: {
          traces: new OTLPTraceExporter({ url: `${stock.url}/v1/traces` }),
          logs: new OTLPLogExporter({ url: `${stock.url}/v1/logs` }),
          metrics: new OTLPMetricExporter({ url: `${stock.url}/v1/metrics` }),
        },
      },
    });
    telemetry.tracer.startSpan('work').end();
    telemetry.logger.emit({ body: 'line' });
    telemetry.meter.createCounter('things').add(2);
    await settle(telemetry);
    expect(stock.spans.map(({ name }) => name)).toEqual(['work']);
    expect(stock.logs.map(({ body }) => body)).toEqual(['line']);
    expect(stock.metricPoints.map(({ name, value }) => [name, value])).toEqual([['things', 2]]);
  });

  it("deliver a tenant's logs and metrics", async () => {
    const stock = await collector();
    const telemetry = instance({
      tenants: {
        acme: {
          exporters: {
            logs: new OTLPLogExporter({ url: `${stock.url}/v1/logs` }),
            metrics: new OTLPMetricExporter({ url: `${stock.url}/v1/metrics` }),
          },
        },
      },
    });
    finishRequest(telemetry, 'acme');
    await settle(telemetry);
    expect([stock.logs.length, stock.metricPoints.length]).toEqual([1, 2]);
  });
});

describe('standardExporters()', () => {
  it('makes an exporter for each signal that has an endpoint', () => {
    const signals = (destination: Destination): string[] => Object.keys(standardExporters(destination));
    expect(signals({ endpoint: 'http://127.0.0.1:9' })).toEqual(['traces', 'logs', 'metrics']);
    expect(signals({ logs: { endpoint: 'http://127.0.0.1:9/x' } })).toEqual(['logs']);
    expect(signals({ endpoint: 'http://127.0.0.1:9', signals: { traces: false } })).toEqual([
      'logs',
      'metrics',
    ]);
  });

  it('works end to end for the operator, with the headers and paths of the destination', async () => {
    const receiver = await collector({ basePath: '/otlp' });
    const telemetry = instance({
      operator: {
        exporters: standardExporters({
          endpoint: receiver.url,
          headers: { authorization: 'Bearer t' },
          logs: { headers: async () => ({ 'x-log': '1' }) },
        }),
      },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect([receiver.spans.length, receiver.logs.length, receiver.metricPoints.length]).toEqual([1, 1, 2]);
    expect(receiver.spans[0]?.requestHeaders['authorization']).toBe('Bearer t');
    expect(receiver.spans[0]?.requestHeaders['x-log']).toBeUndefined();
    expect(receiver.logs[0]?.requestHeaders).toMatchObject({ authorization: 'Bearer t', 'x-log': '1' });
    expect(telemetry.status().operator[0]?.signals.traces?.ledger).toMatchObject({ delivered: 1 });
  });

  it('uses the endpoint of a signal as it is', async () => {
    const receiver = await collector();
    const telemetry = instance({
      operator: { exporters: standardExporters({ logs: { endpoint: `${receiver.url}/v1/logs?key=1` } }) },
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/v1/logs?key=1']);
  });

  it('counts a refusal as lost by the exporter', async () => {
    const receiver = await collector();
    receiver.answerWith({ status: 400 });
    const telemetry = instance({ operator: { exporters: standardExporters({ endpoint: receiver.url }) } });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(telemetry.status().operator[0]?.signals.logs?.ledger).toMatchObject({
      dropped: { exporter_failed: 1 },
    });
  });

  it('counts a failing header function as lost, and rejects nothing', async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown): unknown => rejections.push(reason);
    process.on('unhandledRejection', note);
    try {
      const receiver = await collector();
      const headers = async (): Promise<never> => Promise.reject(new Error('canary'));
      const telemetry = instance({
        operator: { exporters: standardExporters({ logs: { endpoint: receiver.url }, headers }) },
      });
      finishRequest(telemetry);
      await settle(telemetry);
      expect(telemetry.status().operator[0]?.signals.logs?.ledger).toMatchObject({
        dropped: { exporter_failed: 1 },
      });
      expect(receiver.requests).toHaveLength(0);
      expect(rejections).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('is refused on a tenant, by name, in options and by setTenant', () => {
    const exporters = standardExporters({ logs: { endpoint: 'http://127.0.0.1:9' } });
    const sentence = /^tenants\.acme\.exporters\.logs is made by standardExporters\(\)/;
    expect(() => instance({ tenants: { acme: { exporters } } })).toThrow(sentence);
    expect(() => instance().setTenant('acme', { exporters })).toThrow(sentence);
    expect(() => instance().setTenants({ acme: [{ exporters }] })).toThrow('tenants.acme[0].exporters.logs');
  });

  it('is refused in the answer of a lookup, which then counts as a failed lookup', async () => {
    const receiver = await collector();
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-canary=1');
    const told: { code: string }[] = [];
    const telemetry = instance({
      tenants: async () => ({
        exporters: standardExporters({ endpoint: receiver.url, signals: { traces: false } }),
      }),
      onDiagnostic: (report) => told.push(report),
    });
    finishRequest(telemetry, 'acme');
    await telemetry.refreshTenant('acme');
    await settle(telemetry);
    expect(receiver.requests).toHaveLength(0);
    expect(told.map(({ code }) => code)).toContain('tenant_lookup_failed');
  });

  it('checks its destination like any other', () => {
    expect(() => standardExporters({ endpoint: 'host:4318' })).toThrow(
      'destination.endpoint has no scheme: use http://host:4318',
    );
    expect(() => standardExporters({})).toThrow('destination needs an endpoint');
  });

  it('refuses certificates, which the stock exporters would not use', () => {
    const { cert: ca } = issueCa();
    expect(() => standardExporters({ endpoint: 'https://collector', tls: { ca } })).toThrow(
      'destination.tls has no effect on the stock exporters',
    );
    const exporters = standardExporters({ endpoint: 'https://collector' });
    expect(() => instance({ operator: { exporters, tls: { ca } } })).toThrow(
      'operator.tls has no effect: ready-made exporters have certificates of their own',
    );
    // Where an endpoint takes the other signals, it has an effect.
    const some = standardExporters({ traces: { endpoint: 'https://collector/v1/traces' } });
    expect(() =>
      instance({ operator: { endpoint: 'https://collector', exporters: some, tls: { ca } } }),
    ).not.toThrow();
  });
});
