import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startOtlpReceiver } from '../../src/testing/index.js';
import { createChildRunner, type ChildRunner } from './child.js';
import {
  canaryOf,
  expectNoForeignCanaries,
  expectOfficialPayloads,
  marksAt,
  requestsCounted,
  startHttp,
} from './support.js';

vi.setConfig({ maxConcurrency: 40, testTimeout: 30_000 });

let children: ChildRunner;
beforeAll(() => {
  children = createChildRunner();
});
afterAll(() => children.close());

/** Makes an instance and ends one request of tenant acme's. */
const oneRequest = `
const telemetry = gateway.createGatewayTelemetry({ env: false, tenantEgress: 'open', ...argument.options });
const exchange = telemetry.begin({ method: 'GET', url: '/r/1', headers: {} });
exchange.setTenant('acme');
exchange.end({ statusCode: 200 });
`;

describe.concurrent('a process', () => {
  it('ends by itself after shutdown with a collector that hangs', async () => {
    const hanging = await startHttp((request) => request.resume());
    try {
      const { url } = hanging;
      const program = `${oneRequest}
        telemetry.shutdown({ timeoutMs: 300 }).then((result) => console.log(JSON.stringify(result)));`;
      const options = { operator: { endpoint: url }, tenants: { acme: { endpoint: url } } };
      const result = await children.run(program, { options });
      expect(result).toMatchObject({ code: 0, errors: '' });
      expect(result.ms).toBeLessThan(5_000);
      expect(JSON.parse(result.output)).toMatchObject({
        complete: true,
        operator: { logs: { accepted: 1, dropped: { shutdown: 1 } } },
        tenants: { logs: { accepted: 1, dropped: { shutdown: 1 } } },
      });
    } finally {
      await hanging.close();
    }
  });

  it('ends by itself without shutdown', async () => {
    const receiver = await startOtlpReceiver();
    try {
      const options = {
        operator: { endpoint: receiver.url },
        tenants: { acme: { endpoint: receiver.url } },
      };
      const program = `${oneRequest}
        telemetry.flush().then(() => console.log('flushed'));`;
      const result = await children.run(program, { options });
      expect(result).toMatchObject({ code: 0, errors: '', output: 'flushed\n' });
      expect(result.ms).toBeLessThan(5_000);
      expect(receiver.logs).toHaveLength(2);
    } finally {
      await receiver.close();
    }
  });

  it('ends by itself with records that wait, without flush or shutdown', async () => {
    const options = { operator: { endpoint: 'http://127.0.0.1:9' } };
    const result = await children.run(oneRequest, { options });
    expect(result).toMatchObject({ code: 0, errors: '', output: '' });
    expect(result.ms).toBeLessThan(8_000);
  });

  it('ends by itself while a lookup hangs', async () => {
    const program = `
      argument.options.tenants = () => new Promise(() => {});
      ${oneRequest}
      telemetry.shutdown({ timeoutMs: 200 }).then((result) => console.log(JSON.stringify(result.tenants)));`;
    const result = await children.run(program, { options: {} });
    expect(result).toMatchObject({ code: 0, errors: '' });
    expect(JSON.parse(result.output)).toMatchObject({ logs: { accepted: 1, dropped: { shutdown: 1 } } });
    expect(result.ms).toBeLessThan(8_000);
  });

  it('does not trace its exports, whatever tracer the host has registered', async () => {
    const receiver = await startOtlpReceiver();
    try {
      const program = `// no prelude
        const argument = JSON.parse(process.argv[2]);
        const { context, trace } = require('@opentelemetry/api');
        const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
        const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
        const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base');
        const names = [];
        const provider = new BasicTracerProvider({
          spanProcessors: [{
            onStart(span) { names.push(String(span.attributes['url.full'] ?? span.attributes['http.url'] ?? span.name)); },
            onEnd() {}, forceFlush: async () => {}, shutdown: async () => {},
          }],
        });
        trace.setGlobalTracerProvider(provider);
        context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
        const instrumentation = new HttpInstrumentation();
        instrumentation.setTracerProvider(provider);
        instrumentation.enable();
        const http = require('node:http');
        const gateway = require('./index.js');
        ${oneRequest}
        trace.getTracer('host').startActiveSpan('a request of the host', async (span) => {
          await telemetry.flush();
          await new Promise((resolve) => http.get(argument.probe, (response) => response.resume().on('end', resolve)));
          span.end();
          await telemetry.shutdown();
          console.log(JSON.stringify(names));
        });`;
      const options = {
        operator: { endpoint: receiver.url },
        tenants: { acme: { endpoint: receiver.url } },
      };
      const result = await children.run(program, { options, probe: `${receiver.url}/probe` });
      expect(result).toMatchObject({ code: 0, errors: '' });
      const names = JSON.parse(result.output) as string[];
      // The probe proves that the instrumentation works.
      expect(names.filter((name) => name.includes('/probe')).length).toBe(1);
      expect(names.filter((name) => name.includes('/v1/'))).toEqual([]);
      expect(receiver.logs).toHaveLength(2);
      for (const { headers } of receiver.requests) expect(headers).not.toHaveProperty('traceparent');
    } finally {
      await receiver.close();
    }
  });

  it('is one of two for the same tenant: their cumulative series do not collide', async () => {
    const acme = await startOtlpReceiver();
    const globex = await startOtlpReceiver();
    try {
      const program = `
        const telemetry = gateway.createGatewayTelemetry({
          env: false, tenantEgress: 'open',
          tenants: { acme: { endpoint: argument.acme }, globex: { endpoint: argument.globex } },
        });
        for (let index = 0; index < argument.count; index++) {
          for (const tenant of ['acme', 'globex']) {
            const exchange = telemetry.begin({ method: 'GET', url: '/r/' + argument.name + index, headers: {} });
            exchange.setTenant(tenant);
            exchange.setTenantAttribute('canary', 'canary<' + tenant + '>');
            exchange.end({ statusCode: 200 });
          }
        }
        telemetry.shutdown().then((result) => console.log(JSON.stringify(result)));`;
      const urls = { acme: acme.url, globex: globex.url };
      const results = await Promise.all([
        children.run(program, { ...urls, name: 'a', count: 3 }),
        children.run(program, { ...urls, name: 'b', count: 4 }),
      ]);
      for (const result of results) {
        expect(result).toMatchObject({ code: 0, errors: '' });
        expect(JSON.parse(result.output)).toMatchObject({ complete: true });
      }
      expect(marksAt(acme).sort()).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'b2', 'b3']);
      expect(requestsCounted(acme)).toBe(7);
      const instances = (receiver: typeof acme) =>
        new Set(receiver.metricPoints.map((point) => point.resource['service.instance.id']));
      expect(instances(acme).size).toBe(2);
      const shared = [...instances(acme)].filter((id) => instances(globex).has(id));
      expect(shared, 'two tenants cannot match their gateways').toEqual([]);
      expectNoForeignCanaries(
        new Map([
          ['acme', [acme]],
          ['globex', [globex]],
        ]),
      );
      expectOfficialPayloads([acme, globex]);
      expect(JSON.stringify(acme.logs.map((log) => log.attributes))).toContain(canaryOf('acme'));
    } finally {
      await Promise.all([acme.close(), globex.close()]);
    }
  });
});
