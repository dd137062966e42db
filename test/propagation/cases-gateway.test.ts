/** Every case through an instance: configured by the environment, by options, and behind real sockets. */
import { describe, expect, it } from 'vitest';
import type { GatewayOptions } from '../../src/index.js';
import { collector, instance, rawGet, settle, startGateway } from '../config/support.js';
import { CASES } from './cases/index.js';
import type { PropagationCase } from './cases/index.js';
import { expectSent, nodeObject } from './cases/expectations.js';

const operator = { endpoint: 'http://127.0.0.1:9' };

function expectOwnIds(
  one: PropagationCase,
  ids: { readonly traceId: string; readonly spanId: string },
): void {
  const incoming = one.headers.map(([, value]) => value).join('\n');
  expect(ids.spanId).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
  expect(incoming).not.toContain(ids.spanId);
  if (one.found !== undefined) {
    expect(ids.traceId).toBe(one.found.traceId);
    return;
  }
  expect(ids.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  expect(incoming).not.toContain(ids.traceId);
}

describe.each(CASES)('$id: $title', ({ options, propagators, ...one }) => {
  it.each<[string, GatewayOptions]>([
    ['OTEL_PROPAGATORS', { env: { OTEL_PROPAGATORS: propagators } }],
    ['options', { propagation: options }],
  ])('with %s', (_how, configured) => {
    const telemetry = instance({ operator, ...configured });
    const exchange = telemetry.begin({ method: 'GET', url: '/', headers: nodeObject(one.headers) });
    const sent: Record<string, string> = nodeObject(one.headers);
    exchange.inject(sent);
    expectOwnIds(one, exchange);
    expectSent(one, propagators, sent, exchange);
  });

  it('on the wire', async () => {
    const receiver = await collector();
    const telemetry = instance({ operator: { endpoint: receiver.url }, propagation: options });
    const gateway = await startGateway(telemetry);
    expect(await rawGet(gateway.port, one.headers)).toContain('200');
    const [exchange] = gateway.exchanges;
    if (exchange === undefined) throw new Error('The request did not arrive.');
    const { traceId, spanId } = exchange;
    expectSent(one, propagators, gateway.arrived[0]?.headers ?? {}, { traceId, spanId });

    await settle(telemetry);
    const isSampled = one.sampled ?? true;
    expect(receiver.spans).toHaveLength(isSampled ? 1 : 0);
    const [span] = receiver.spans;
    if (isSampled) {
      expect(span).toMatchObject({ traceId, spanId });
      expect(span?.parentSpanId).toBe(one.found?.spanId);
      // Bits 0 and 1 as in `traceparent`: only a trace of our own, or one of which the caller said so, is random.
      expect((span?.flags ?? 0) & 0xff).toBe(one.found === undefined || one.random === true ? 3 : 1);
      if (propagators === 'tracecontext')
        expect(span?.traceState).toBe(gateway.arrived[0]?.headers['tracestate']);
    }
    expect(receiver.logs[0]).toMatchObject({ traceId, spanId });
  });
});
