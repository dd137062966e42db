import { setTimeout as pause } from 'node:timers/promises';
import { context, trace } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import type { HttpTelemetryListener } from '../../src/adapters/http.js';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { startGateway } from '../support/gateway.js';
import type { GatewaySetup, TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const INTERNAL = 1;
const SERVER = 2;

type Work = (gateway: TestGateway, ...args: Parameters<HttpTelemetryListener>) => unknown;

/** A gateway whose listener does this work and then answers. */
async function working(work: Work, setup: GatewaySetup = {}): Promise<TestGateway> {
  const gateway: TestGateway = await startGateway({
    ...setup,
    async listener(request, response, exchange) {
      await work(gateway, request, response, exchange);
      response.end();
    },
  });
  return gateway;
}

function named(gateway: TestGateway, name: string): ReceivedSpan {
  const span = gateway.operator.spans.find((candidate) => candidate.name === name);
  expect(span, name).toBeDefined();
  return span as ReceivedSpan;
}

describe('telemetry.tracer inside an exchange', () => {
  it('nests under the SERVER span without any global, across await', async () => {
    const gateway = await working(async ({ telemetry }) => {
      await pause(1);
      await telemetry.tracer.startActiveSpan('outer', async (outer) => {
        await pause(1);
        telemetry.tracer.startActiveSpan('inner', { attributes: { depth: 2 } }, (inner) => inner.end());
        outer.end();
      });
      telemetry.tracer.startSpan('beside').end();
    });
    await send(gateway.url);
    await gateway.flush();
    const server = named(gateway, 'GET');
    const outer = named(gateway, 'outer');
    const inner = named(gateway, 'inner');
    expect(server.kind).toBe(SERVER);
    expect(outer).toMatchObject({ parentSpanId: server.spanId, traceId: server.traceId, kind: INTERNAL });
    expect(inner).toMatchObject({ parentSpanId: outer.spanId, traceId: server.traceId });
    expect(inner.attributes).toMatchObject({ depth: 2 });
    expect(named(gateway, 'beside')).toMatchObject({ parentSpanId: server.spanId });
    expect(outer.scope.name).toBe('gateway-otel/custom');
    expect(outer.resource).toEqual(server.resource);
    // No global: the API knows of nothing.
    expect(trace.getSpan(context.active())).toBeUndefined();
  });

  it('gives back what the function gives, and lets its error through', async () => {
    const gateway = await startGateway();
    const { tracer } = gateway.telemetry;
    expect(tracer.startActiveSpan('value', (span) => (span.end(), 42))).toBe(42);
    expect(() =>
      tracer.startActiveSpan('error', () => {
        throw new RangeError('through');
      }),
    ).toThrow('through');
  });

  it('begins a trace of its own outside of exchanges', async () => {
    const gateway = await startGateway();
    gateway.telemetry.tracer.startSpan('alone').end();
    await gateway.flush();
    expect(named(gateway, 'alone')).not.toHaveProperty('parentSpanId');
  });

  it('is not recorded under a caller that does not sample', async () => {
    const spans: Span[] = [];
    const gateway = await working(({ telemetry }) => {
      telemetry.tracer.startActiveSpan('unsampled', (span) => {
        spans.push(span);
        span.end();
      });
    });
    await send(gateway.url, { headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` } });
    await gateway.flush();
    expect(gateway.operator.spans).toEqual([]);
    expect(spans[0]?.isRecording()).toBe(false);
    expect(spans[0]?.spanContext().traceId).toBe(TRACE_ID);
  });

  it('passes the caller’s ids on and records nothing when traces are off', async () => {
    const seen: unknown[] = [];
    const gateway = await working(
      ({ telemetry }) => {
        telemetry.tracer.startActiveSpan('off', (span) => {
          const { traceId, spanId } = span.spanContext();
          seen.push([traceId, spanId, span.isRecording()]);
          span.setAttribute('a', 1).end();
        });
      },
      { operator: { signals: { traces: false } } },
    );
    await send(gateway.url, { headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` } });
    await send(gateway.url);
    await gateway.flush();
    expect(seen).toEqual([
      [TRACE_ID, PARENT_ID, false],
      ['0'.repeat(32), '0'.repeat(16), false],
    ]);
    expect(gateway.operator.spans).toEqual([]);
    expect(gateway.operator.requests.filter(({ signal }) => signal === 'traces')).toEqual([]);
  });
});

describe('telemetry.logger inside an exchange', () => {
  it('carries the ids of the running span, across await', async () => {
    const gateway = await working(async ({ telemetry }) => {
      telemetry.logger.emit({ severityNumber: 9, body: 'first' });
      await pause(1);
      telemetry.tracer.startActiveSpan('inner', (span) => {
        telemetry.logger.emit({
          severityNumber: 17,
          body: { nested: ['value', 1] },
          eventName: 'my.event',
          attributes: { a: 1, deep: { b: true } },
        });
        span.end();
      });
    });
    await send(gateway.url);
    await gateway.flush();
    const server = named(gateway, 'GET');
    const inner = named(gateway, 'inner');
    const runtime = gateway.operator.logs.filter(({ scope }) => scope.name === 'gateway-otel/runtime');
    expect(runtime).toMatchObject([
      {
        body: 'first',
        severityNumber: 9,
        severityText: 'INFO',
        traceId: server.traceId,
        spanId: server.spanId,
        flags: 3,
      },
      {
        body: { nested: ['value', 1] },
        severityNumber: 17,
        severityText: 'ERROR',
        eventName: 'my.event',
        attributes: { a: 1, deep: { b: true } },
        traceId: server.traceId,
        spanId: inner.spanId,
      },
    ]);
    expect(runtime[0]?.timeUnixNano).toBeGreaterThan(0n);
  });

  it('carries ids also where the request is not sampled, and none outside', async () => {
    const gateway = await working(({ telemetry }) => {
      telemetry.logger.emit({ body: 'inside' });
    });
    gateway.telemetry.logger.emit({ body: 'outside' });
    await send(gateway.url, { headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` } });
    await gateway.flush();
    const byBody = (body: string) => gateway.operator.logs.find((log) => log.body === body);
    expect(byBody('inside')).toMatchObject({ traceId: TRACE_ID, flags: 0 });
    expect(byBody('outside')).toMatchObject({ traceId: '', spanId: '' });
  });

  it('takes times as numbers and dates, and the text of the caller for a severity', async () => {
    const gateway = await startGateway();
    const at = 1_700_000_000_123;
    gateway.telemetry.logger.emit({
      body: 'number',
      timestamp: at,
      severityNumber: 13,
      severityText: 'warnung',
    });
    gateway.telemetry.logger.emit({ body: 'date', timestamp: new Date(at) });
    await gateway.flush();
    expect(gateway.operator.logs).toMatchObject([
      { timeUnixNano: BigInt(at) * 1_000_000n, severityText: 'warnung' },
      { timeUnixNano: BigInt(at) * 1_000_000n },
    ]);
  });

  it('never throws, whatever it is given', async () => {
    const gateway = await startGateway();
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const hostile = {
      get a(): never {
        throw new Error('getter');
      },
    };
    const { logger } = gateway.telemetry;
    expect(() => {
      logger.emit({ body: circular, attributes: circular });
      logger.emit({ body: 'hostile', attributes: hostile });
      logger.emit({ body: 1n, attributes: { f: () => 1 } });
      logger.emit({});
      logger.emit(undefined as never);
    }).not.toThrow();
    await send(gateway.url);
    await gateway.flush();
    expect(gateway.operator.logs.map(({ eventName }) => eventName)).toContain('knoxcall.proxy.request');
  });
});

describe('telemetry.meter', () => {
  it('has its instruments exported to the operator, beside the request metrics', async () => {
    const gateway = await working(({ telemetry }) => {
      telemetry.meter.createCounter('jobs', { unit: '{job}', description: 'Jobs' }).add(2, { kind: 'a' });
      telemetry.meter.createHistogram('size', { unit: 'By' }).record(300);
      telemetry.meter.createUpDownCounter('open').add(-1);
    });
    gateway.telemetry.meter
      .createObservableGauge('load')
      .addCallback((result) => result.observe(0.5, { cpu: 1 }));
    await send(gateway.url);
    await send(gateway.url);
    await gateway.flush();
    const point = (name: string) =>
      gateway.operator.metricPoints.find((candidate) => candidate.name === name);
    expect(point('jobs')).toMatchObject({
      type: 'sum',
      isMonotonic: true,
      value: 4,
      unit: '{job}',
      description: 'Jobs',
      attributes: { kind: 'a' },
      temporality: 'cumulative',
      scope: { name: 'gateway-otel/custom' },
    });
    expect(point('size')).toMatchObject({ type: 'histogram', count: 2, sum: 600 });
    expect(point('open')).toMatchObject({ type: 'sum', isMonotonic: false, value: -2 });
    expect(point('load')).toMatchObject({ type: 'gauge', value: 0.5, attributes: { cpu: 1 } });
    expect(point('knoxcall.proxy.requests')).toMatchObject({ value: 2 });
  });

  it('survives an observable callback that throws', async () => {
    const gateway = await startGateway();
    gateway.telemetry.meter.createObservableGauge('bad').addCallback(() => {
      throw new Error('callback');
    });
    await send(gateway.url);
    await gateway.flush();
    expect(gateway.operator.metricPoints.map(({ name }) => name)).toContain('knoxcall.proxy.requests');
  });
});

describe('concurrent exchanges', () => {
  it('do not mix their traces, logs and current exchange', async () => {
    const mixed: string[] = [];
    const gateway = await working(async ({ telemetry }, request, _response, exchange) => {
      const name = request.url?.slice(1) ?? '';
      for (let round = 0; round < 5; round++) {
        await pause(Math.random() * 3);
        if (telemetry.current() !== exchange || telemetry.of(request) !== exchange) mixed.push(name);
        await telemetry.tracer.startActiveSpan(`span ${name}`, async (span) => {
          await pause(Math.random() * 3);
          telemetry.logger.emit({ body: `log ${name}` });
          span.end();
        });
      }
    });
    const names = Array.from({ length: 20 }, (_unused, index) => `r${index}`);
    await Promise.all(names.map((name) => send(`${gateway.url}/${name}`)));
    await gateway.flush();
    expect(mixed).toEqual([]);
    for (const name of names) {
      const server = gateway.operator.spans.find(({ attributes }) => attributes['url.path'] === `/${name}`);
      const children = gateway.operator.spans.filter((span) => span.name === `span ${name}`);
      const logs = gateway.operator.logs.filter(({ body }) => body === `log ${name}`);
      expect([children.length, logs.length]).toEqual([5, 5]);
      expect(new Set(children.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([server?.spanId]));
      expect(new Set(logs.map(({ spanId }) => spanId))).toEqual(
        new Set(children.map(({ spanId }) => spanId)),
      );
    }
  });

  it('of two instances in one process do not see each other', async () => {
    const other = await startGateway();
    const seen: boolean[] = [];
    const gateway = await working(() => {
      seen.push(other.telemetry.current().recording);
      other.telemetry.tracer.startSpan('of the other').end();
    });
    await send(gateway.url);
    await Promise.all([gateway.flush(), other.flush()]);
    expect(seen).toEqual([false]);
    expect(named(other, 'of the other')).not.toHaveProperty('parentSpanId');
    expect(gateway.operator.spans.map(({ name }) => name)).toEqual(['GET']);
  });
});
