/** Links under `restart`, and upstream calls beside their exchange's end: what is recorded when several things come together. */
import { SpanStatusCode } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import type { Exchange, GatewayOptions } from '../../src/index.js';
import type { OtlpReceiver, ReceivedSpan } from '../../src/testing/index.js';
import { collector, instance, settle } from '../config/support.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SECOND = '4bf92f3577b34da6a3ce929d0e0e4736';
const THIRD = 'deadbeefdeadbeefdeadbeefdeadbeef';
const PARENT = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`;
const SERVER = 2;
const CLIENT = 3;

/** One request, told by hand; what arrived when everything was sent. */
async function recorded(
  options: GatewayOptions,
  headers: Record<string, string>,
  handle: (exchange: Exchange) => void = (exchange) => exchange.end({ statusCode: 200 }),
): Promise<OtlpReceiver> {
  const receiver = await collector();
  const telemetry = instance({ operator: { endpoint: receiver.url }, ...options });
  handle(telemetry.begin({ method: 'GET', url: '/', headers: { host: 'shop.example', ...headers } }));
  await settle(telemetry);
  return receiver;
}

function spanOf({ spans }: OtlpReceiver, kind: number): ReceivedSpan {
  const [span, ...more] = spans.filter((one) => one.kind === kind);
  if (span === undefined || more.length > 0) throw new Error('There should be one span of the kind.');
  return span;
}

describe('under restart', () => {
  const propagation: GatewayOptions['propagation'] = {
    extract: ['w3c', 'b3', 'jaeger', 'gcp'],
    trust: 'restart',
  };
  const others = { b3: `${SECOND}-${PARENT}-0`, 'uber-trace-id': `${THIRD}:${PARENT}:0:1` };

  it("links of further traces are kept beside the caller's, which comes first", async () => {
    const span = spanOf(await recorded({ propagation }, { traceparent: TRACEPARENT, ...others }), SERVER);
    expect(span.links.map(({ traceId }) => traceId)).toEqual([TRACE, SECOND, THIRD]);
    expect([TRACE, SECOND, THIRD]).not.toContain(span.traceId);
  });

  it('links of further traces are kept where the first has no span to link', async () => {
    const headers = { 'x-cloud-trace-context': TRACE, ...others };
    const receiver = await recorded({ propagation: { ...propagation, extract: ['gcp', 'b3'] } }, headers);
    expect(spanOf(receiver, SERVER).links.map(({ traceId }) => traceId)).toEqual([SECOND]);
  });
});

describe('an upstream call', () => {
  const both: GatewayOptions = { spans: 'server+client' };

  it('that ends after its exchange changes nothing of the exchange', async () => {
    const { spans, logs } = await recorded(both, {}, (exchange) => {
      const call = exchange.startUpstreamCall({ address: 'a.example' });
      exchange.end({ statusCode: 502 });
      call.responded(503);
      call.end({ statusCode: 504, error: 'upstream_reset' });
      exchange.end({ statusCode: 200 });
    });
    const { attributes } = spans.find(({ kind }) => kind === SERVER) ?? {};
    expect(attributes).toMatchObject({
      'http.response.status_code': 502,
      'knoxcall.upstream.address': 'a.example',
      'knoxcall.upstream.attempts': 1,
    });
    for (const told of [attributes, ...logs.map((log) => log.attributes)]) {
      expect(told).not.toHaveProperty('knoxcall.upstream.status_code');
      expect(told).not.toHaveProperty('knoxcall.upstream.latency_ms');
      expect(told?.['error.type']).not.toBe('upstream_reset');
    }
    expect(logs).toHaveLength(1);
  });

  it('that is still open tells its exchange the answer that it has had', async () => {
    const receiver = await recorded(both, {}, (exchange) => {
      exchange.startUpstreamCall({ address: 'a.example' }).responded(404);
      exchange.end({ statusCode: 200 });
    });
    expect(spanOf(receiver, SERVER).attributes).toMatchObject({ 'knoxcall.upstream.status_code': 404 });
  });

  it.each([
    ['ok', { code: SpanStatusCode.OK }, { code: 1 }],
    ['an error', { code: SpanStatusCode.ERROR, message: 'my word' }, { code: 2, message: 'my word' }],
  ])('keeps the status that the host has set on its CLIENT span: %s', async (_what, set, expected) => {
    const receiver = await recorded(both, {}, (exchange) => {
      const call = exchange.startUpstreamCall({ address: 'a.example' });
      call.span.setStatus(set);
      call.end({ statusCode: 503 });
      exchange.end({ statusCode: 200 });
    });
    const span = spanOf(receiver, CLIENT);
    expect(span.status).toEqual(expected);
    expect(span.attributes).toMatchObject({ 'http.response.status_code': 503, 'error.type': '503' });
  });

  it('without a word of the host has the status of its answer', async () => {
    const receiver = await recorded(both, {}, (exchange) => {
      exchange.startUpstreamCall({ address: 'a.example' }).end({ statusCode: 503 });
      exchange.end({ statusCode: 200 });
    });
    expect(spanOf(receiver, CLIENT).status.code).toBe(2);
  });
});
