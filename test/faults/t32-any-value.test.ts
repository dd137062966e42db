/**
 * T32: a hundred thousand attributes, values of 10 MB, cycles, throwing getters, BigInt, symbols, NaN in every public method
 * that takes values: nothing throws, and the record comes cut, or is counted as lost.
 */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readGenAiRequest } from '../../src/index.js';
import type { Exchange, GatewayTelemetry } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';
import { figure } from './support.js';

const cycle: Record<string, unknown> = { a: 1 };
cycle['self'] = cycle;
const list: unknown[] = [1];
list.push(list);
const trap = (): never => {
  throw new Error('secret text');
};

const VALUES: Readonly<Record<string, () => unknown>> = {
  'a text of 10 MB': () => 'x'.repeat(10_000_000),
  'a list of 10 MB': () => Array.from({ length: 1_000 }, () => 'x'.repeat(10_000)),
  'bytes of 10 MB': () => new Uint8Array(10_000_000),
  'a buffer of 10 MB': () => Buffer.alloc(10_000_000, 'x'),
  'a text object of 10 MB': () => Object('x'.repeat(10_000_000)) as unknown,
  'an object with 100,000 fields': () =>
    Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index])),
  'an object in a circle': () => cycle,
  'a list in a circle': () => list,
  'a throwing getter': () => Object.defineProperty({}, 'x', { enumerable: true, get: trap }),
  'a list with a throwing getter': () => Object.defineProperty([1], 0, { get: trap }),
  'a throwing proxy': () => new Proxy({}, { get: trap, ownKeys: trap, getPrototypeOf: trap, has: trap }),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'a throwing toString': () => ({ toString: trap, valueOf: trap, [Symbol.toPrimitive]: trap, toJSON: trap }),
  'a BigInt': () => 2n ** 80n,
  'a symbol': () => Symbol('s'),
  'a function': () => trap,
  NaN: () => Number.NaN,
  infinity: () => Number.NEGATIVE_INFINITY,
  'minus zero': () => -0,
  'half a character': () => 'a\ud800b',
  'a mixed list': () => [1, 'a', true, null, undefined, {}],
  'an invalid date': () => new Date(Number.NaN),
  'a deep object': () => {
    let deep: unknown = 1;
    for (let level = 0; level < 10_000; level++) deep = { deep };
    return deep;
  },
  'a map': () => new Map([['a', 1]]),
  null: () => null,
  undefined: () => undefined,
};

/** The same of calls to models. */
function genAiMethods(telemetry: GatewayTelemetry, value: never): (readonly [string, () => unknown])[] {
  const call = telemetry.genAi({ operation: 'chat', model: 'm', tenant: 'acme' });
  const attributes = { plain: 'kept', value } as never;
  const answer = (): Readable => Readable.from(['{"model":"m-1"}']).resume();
  const usage = { inputTokens: value, outputTokens: value, cacheReadInputTokens: value };
  const response = {
    id: value,
    model: value,
    finishReasons: value,
    serviceTier: value,
    systemFingerprint: value,
  };
  return [
    ['genAi', () => telemetry.genAi(value).end(value)],
    [
      'genAi fields',
      () =>
        telemetry
          .genAi({
            ...{ operation: value, provider: value, model: value, request: value, url: value },
            ...{ conversationId: value, dataSourceId: value, workflow: value, agent: value, tool: value },
            ...{ mcp: value, tenant: value, attribution: value, exchange: value, parent: value },
            ...{ startTimeMs: value, attributes: value },
          })
          .end({ statusCode: value, error: value, usage: value, ...response }),
    ],
    [
      'genAi inner fields',
      () =>
        telemetry
          .genAi({
            request: {
              ...{ maxTokens: value, temperature: value, topP: value, topK: value, seed: value },
              ...{ frequencyPenalty: value, presencePenalty: value, stopSequences: value },
              ...{ choiceCount: value, stream: value, outputType: value, encodingFormats: value },
              ...{ dimensionCount: value, serviceTier: value },
            },
            agent: { id: value, name: value, description: value, version: value },
            tool: { name: value, callId: value, type: value, description: value },
            mcp: {
              ...{ method: value, side: value, requestId: value, sessionId: value, protocolVersion: value },
              ...{ resourceUri: value, promptName: value, transport: value, jsonRpcVersion: value },
              ...{ networkProtocolName: value, networkProtocolVersion: value },
            },
            attribution: { team: value, customerId: value, project: value },
            attributes,
          })
          .end({ usage, error: { code: value, message: value } }),
    ],
    ['genAi.inject', () => call.inject(value)],
    ['genAi.watch', () => call.watch(value)],
    ['genAi.watch head', () => telemetry.genAi({}).watch(answer(), value)],
    [
      'genAi.watch head fields',
      () => telemetry.genAi({}).watch(answer(), { statusCode: value, status: value, headers: value }),
    ],
    [
      'genAi.watch headers',
      () => {
        const headers = { 'content-type': value, 'content-encoding': value, get: value };
        telemetry.genAi({}).watch(answer(), { headers });
      },
    ],
    ['readGenAiRequest', () => readGenAiRequest(value)],
    [
      'readGenAiRequest fields',
      () => readGenAiRequest({ model: value, stop: value, n: value, stream: value }),
    ],
    ['genAi.read', () => call.read(value)],
    ['genAi.setResponse', () => call.setResponse(value)],
    ['genAi.setResponse fields', () => call.setResponse({ ...response, usage })],
    ['genAi.recordCost', () => call.recordCost(value)],
    ['genAi.recordCost fields', () => call.recordCost({ amount: value, currency: value, model: value })],
    ['genAi.recordPolicy', () => call.recordPolicy(value)],
    ['genAi.recordEvaluation', () => call.recordEvaluation(value)],
    ['genAi.setBudget', () => call.setBudget(value)],
    ['genAi.setAttribution', () => call.setAttribution(value)],
    ['genAi.setAttribute', () => call.setAttribute('value', value)],
    ['genAi.setAttribute key', () => call.setAttribute(value, 'x')],
    ['genAi.end', () => call.end({ error: value })],
  ];
}

/** Every public method that takes values; `value` stands wherever one can stand. */
function everyMethod(
  telemetry: GatewayTelemetry,
  exchange: Exchange,
  value: never,
): (readonly [string, () => unknown])[] {
  const attributes = { plain: 'kept', value } as never;
  const { span } = exchange;
  return [
    ['setTenant', () => exchange.setTenant(value)],
    ['setRoute', () => exchange.setRoute(value)],
    ['setHttpRoute', () => exchange.setHttpRoute(value)],
    ['setEnvironment', () => exchange.setEnvironment(value)],
    ['setUpstream', () => exchange.setUpstream(value)],
    [
      'setUpstream fields',
      () => exchange.setUpstream({ address: value, statusCode: value, latencyMs: value, attempts: value }),
    ],
    ['setAttribute', () => exchange.setAttribute('value', value)],
    ['setAttribute key', () => exchange.setAttribute(value, 'x')],
    ['setAttributes', () => exchange.setAttributes(value)],
    ['setAttributes fields', () => exchange.setAttributes(attributes)],
    ['setTenantAttribute', () => exchange.setTenantAttribute('shared', value)],
    ['recordError', () => exchange.recordError(value)],
    ['recordPolicy', () => exchange.recordPolicy(value)],
    ['recordPolicy fields', () => exchange.recordPolicy({ name: value, result: value, reason: value })],
    ['recordCost', () => exchange.recordCost(value)],
    [
      'recordCost fields',
      () => exchange.recordCost({ amount: value, currency: value, provider: value, model: value }),
    ],
    [
      'recordEvaluation',
      () => exchange.recordEvaluation({ name: value, score: value, threshold: value, passed: value }),
    ],
    ['setBudget', () => exchange.setBudget({ name: value, utilization: value })],
    ['setAttribution', () => exchange.setAttribution({ team: value, customerId: value, project: value })],
    ['inject', () => exchange.inject(value)],
    ['span.setAttribute', () => span.setAttribute('own', value)],
    ['span.setAttributes', () => span.setAttributes(attributes)],
    ['span.addEvent', () => span.addEvent(value, attributes, value)],
    ['span.addLink', () => span.addLink({ context: value, attributes })],
    ['span.addLinks', () => span.addLinks(value)],
    ['span.recordException', () => span.recordException(value, value)],
    ['span.setStatus', () => span.setStatus({ code: value, message: value })],
    ['span.updateName', () => span.updateName(value)],
    [
      'startUpstreamCall',
      () => {
        const call = exchange.startUpstreamCall({
          method: value,
          url: value,
          address: value,
          port: value,
          resendCount: value,
        });
        call.setUrl(value);
        call.inject(value);
        call.setConnection(value, value);
        call.responded(value, value);
        call.end({ statusCode: value, error: value, headers: value });
      },
    ],
    ['startUpstreamCall options', () => exchange.startUpstreamCall(value).end(value)],
    [
      'begin',
      () => telemetry.begin({ method: value, url: value, headers: value, remoteAddress: value }).end(value),
    ],
    ['begin options', () => telemetry.begin(value).end()],
    [
      'begin headers',
      () =>
        telemetry
          .begin({
            method: 'GET',
            url: '/',
            headers: { host: value, 'user-agent': value, traceparent: value },
          })
          .end({ statusCode: 200 }),
    ],
    [
      'webhook',
      () =>
        telemetry
          .webhook({
            eventType: value,
            url: value,
            method: value,
            tenant: value,
            requestId: value,
            attributes,
          })
          .end({ statusCode: value, error: value, retryCount: value }),
    ],
    ['logger.emit', () => telemetry.logger.emit({ body: value, attributes: { value } })],
    [
      'logger.emit fields',
      () =>
        telemetry.logger.emit({
          severityNumber: value,
          severityText: value,
          eventName: value,
          timestamp: value,
          attributes: value,
        }),
    ],
    ['logger.emit options', () => telemetry.logger.emit(value)],
    ['logger.info', () => telemetry.logger.info(value, value, value)],
    [
      'securityEvent',
      () => telemetry.securityEvent({ name: value, outcome: value, attributes: value, reason: value }),
    ],
    ['securityEvent options', () => telemetry.securityEvent(value)],
    ['webhook options', () => telemetry.webhook(value).end(value)],
    [
      'webhook.inject',
      () => telemetry.webhook({ eventType: 'e', url: 'http://x.test', attributes: value }).inject(value),
    ],
    ['span.setAttributes whole', () => span.setAttributes(value)],
    ['span.addEvent whole', () => span.addEvent('event', value)],
    ['tracer.startSpan', () => telemetry.tracer.startSpan('custom', { attributes }).end()],
    ['tracer.startSpan whole', () => telemetry.tracer.startSpan('custom', { attributes: value }).end()],
    ['tracer.startSpan options', () => telemetry.tracer.startSpan('custom', value).end()],
    ...genAiMethods(telemetry, value),
    ['status', () => telemetry.status(value)],
    ['of', () => telemetry.of(value)],
  ];
}

describe('T32: any value in any method', () => {
  let methods = 0;
  for (const [what, make] of Object.entries(VALUES)) {
    // Listing the keys of 10 MB takes 7 to 30 s: whoever does it is found by the time limit.
    it(what, async () => {
      const gateway = await startGateway({
        options: {
          spans: 'server+client',
          genAi: { events: true, price: () => 1 },
          tenantRecords: { genAi: true },
          spanAttributes: {
            server: { requestHeaders: ['host'], responseHeaders: ['x'], network: true, syntheticType: true },
            client: { requestHeaders: ['host'], responseHeaders: ['x'], network: true, userAgent: true },
          },
        },
      });
      const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
      const thrown: string[] = [];
      const calls = everyMethod(gateway.telemetry, exchange, make() as never);
      methods = calls.length;
      for (const [method, call] of calls) {
        try {
          call();
        } catch (error) {
          thrown.push(`${method}: ${String(error)}`);
        }
      }
      exchange.end({ statusCode: 200 });
      expect(thrown).toEqual([]);
      await gateway.flush();
      // What it was set on beside good values has come, or is counted: closing the gateway checks every ledger.
      const { operator } = gateway;
      const signals = gateway.telemetry.status().operator[0]?.signals;
      const lost = Object.values(signals?.traces?.ledger.dropped ?? {}).reduce(
        (sum, count) => sum + count,
        0,
      );
      expect(operator.spans.length + lost).toBeGreaterThanOrEqual(4);
      expect(JSON.stringify(gateway.diagnostics)).not.toContain('secret text');
      for (const { bytes } of operator.requests) expect(bytes.byteLength).toBeLessThan(2_000_000);
    });
  }

  it('configuration that has no fields is refused before it is listed', async () => {
    const { telemetry } = await startGateway();
    for (const value of [Buffer.alloc(10_000_000), Object('x'.repeat(10_000_000)), 'x', 1n])
      for (const call of [
        () => telemetry.setOperator(value as never),
        () => telemetry.setTenant('acme', value as never),
        () => telemetry.setTenants(value as never),
      ])
        expect(call).toThrow(/must be an object/);
  });

  it('a hundred thousand attributes are cut to the limit, in little time', async () => {
    const gateway = await startGateway({ adapter: { tenant: 'acme' } });
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index]));
    const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    exchange.setTenant('acme');
    const before = performance.now();
    exchange.setAttributes(many);
    for (const key of Object.keys(many)) exchange.setTenantAttribute(`t${key}`, 1);
    exchange.span.setAttributes(many).addEvent('e', many);
    exchange.end({ statusCode: 200 });
    gateway.telemetry.tracer.startSpan('custom', { attributes: many }).end();
    gateway.telemetry.logger.emit({ attributes: many });
    const tookMs = performance.now() - before;
    await gateway.flush();
    expect(gateway.operator.spans).toHaveLength(2);
    expect(gateway.operator.logs).toHaveLength(2);
    const [log] = gateway.acme.logs;
    expect(Object.keys(log?.attributes ?? {}).length).toBeLessThan(160);
    expect(gateway.operator.logs[0]?.droppedAttributesCount).toBe(200_000 - 128);
    for (const { bytes } of gateway.operator.requests) expect(bytes.byteLength).toBeLessThan(64_000);
    figure(
      'T32',
      `${Object.keys(VALUES).length} values in ${methods} calls, throws 0; 5 × 100,000 attributes in ${tookMs.toFixed(0)} ms`,
    );
  });
});
