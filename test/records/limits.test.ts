/** The option `limits` and its variables: what hosts put into records is bounded, and what does not fit is counted. */
import { describe, expect, it } from 'vitest';
import { createGatewayTelemetry, type GatewayOptions } from '../../src/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const LINK = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
const many = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'x'.repeat(5_000)]));

/** A SERVER span, a custom one, a request's log record and a runtime one, each with more of everything than fits. */
async function overfull(options: GatewayOptions): Promise<TestGateway> {
  const gateway = await startGateway({
    options,
    listener(_request, response, exchange) {
      exchange.setAttributes(many(200));
      for (let index = 0; index < 200; index++) {
        exchange.span.addEvent('e', many(200));
        exchange.span.addLink({ context: LINK, attributes: many(200) });
      }
      response.end();
    },
  });
  await send(gateway.url);
  await gateway.idle();
  gateway.telemetry.tracer.startSpan('custom', { attributes: many(200) }).end();
  gateway.telemetry.logger.emit({ eventName: 'runtime', attributes: many(200) });
  await gateway.flush();
  return gateway;
}

const custom = (attributes: object): string[] => Object.keys(attributes).filter((key) => /^k\d+$/.test(key));

describe.each<[string, GatewayOptions]>([
  [
    'in code',
    {
      limits: {
        attributes: 9,
        valueLength: 70,
        spanAttributes: 5,
        spanEvents: 3,
        spanLinks: 2,
        eventAttributes: 4,
        linkAttributes: 1,
        logValueLength: 50,
      },
    },
  ],
  [
    'in the environment',
    {
      limits: { attributes: 1, valueLength: 1, spanEvents: 1, logValueLength: 1 },
      env: {
        OTEL_ATTRIBUTE_COUNT_LIMIT: '9',
        OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '70',
        OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '5',
        OTEL_SPAN_EVENT_COUNT_LIMIT: '3',
        OTEL_SPAN_LINK_COUNT_LIMIT: '2',
        OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: '4',
        OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: '1',
        OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: '50',
      },
    },
  ],
])('limits %s', (_where, options) => {
  it('bound spans, events, links and log records', async () => {
    const gateway = await overfull(options);
    const server = gateway.operator.spans.find(({ kind }) => kind === 2);
    expect(custom(server?.attributes ?? {})).toHaveLength(5);
    // What is set on an exchange keeps to span and log.
    expect(server?.attributes['k0']).toBe('x'.repeat(50));
    expect(server?.droppedAttributesCount).toBe(195);
    expect(server?.events).toHaveLength(3);
    expect(server?.droppedEventsCount).toBe(197);
    expect(Object.keys(server?.events[0]?.attributes ?? {})).toHaveLength(4);
    expect(server?.events[0]?.droppedAttributesCount).toBe(196);
    expect(server?.events[0]?.attributes['k0']).toBe('x'.repeat(70));
    expect(server?.links).toHaveLength(2);
    expect(server?.droppedLinksCount).toBe(198);
    expect(Object.keys(server?.links[0]?.attributes ?? {})).toHaveLength(1);
    const span = gateway.operator.spans.find(({ name }) => name === 'custom');
    expect(custom(span?.attributes ?? {})).toHaveLength(5);
    expect(span?.attributes['k0']).toBe('x'.repeat(70));
    for (const log of gateway.operator.logs) {
      expect(custom(log.attributes)).toHaveLength(9);
      expect(log.attributes['k0']).toBe('x'.repeat(50));
      expect(log.droppedAttributesCount).toBe(191);
    }
    expect(gateway.operator.logs).toHaveLength(2);
  });
});

it('without them 128 of each, and 4,096 characters', async () => {
  const gateway = await overfull({});
  // Each of the records with 128 values of 4,096 characters is larger than a record may be: the ledger has them.
  const signals = gateway.telemetry.status().operator[0]?.signals;
  expect(signals?.traces?.ledger.dropped).toEqual({ too_large: 2 });
  expect(signals?.logs?.ledger.dropped).toEqual({ too_large: 2 });
});

describe('what is no limit', () => {
  it.each<[unknown, RegExp]>([
    [7, /^limits must be an object/],
    [{ events: 1 }, /^limits\.events is not a known option/],
    [{ attributes: 1_025 }, /^limits\.attributes must be a whole number from 0 to 1024$/],
    [{ valueLength: 0 }, /^limits\.valueLength must be a whole number from 1 to 65536$/],
    [{ logValueLength: '7' }, /^limits\.logValueLength must be a whole number/],
  ])('throws in code: %j', (limits, sentence) => {
    expect(() => createGatewayTelemetry({ env: false, limits: limits as never })).toThrow(sentence);
  });

  it.each(['x', '-1', '1.5', '99999'])('is reported in the environment: %s', async (value) => {
    const gateway = await startGateway({ options: { env: { OTEL_ATTRIBUTE_COUNT_LIMIT: value } } });
    expect(gateway.telemetry.status().notices).toContainEqual({
      code: 'environment_invalid',
      message: 'OTEL_ATTRIBUTE_COUNT_LIMIT must be a whole number from 0 to 1024; it counts as unset',
    });
  });
});
