import { describe, expect, it } from 'vitest';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { startUpstream, forward } from '../support/upstream.js';
import { counters, total } from '../support/readings.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

describe('a trace', () => {
  it('is continued: same id, parent, flags, tracestate, and the parent is called remote', async () => {
    const gateway = await startGateway();
    await send(gateway.url, {
      headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, tracestate: 'a=1,b=2' },
    });
    await gateway.flush();
    const [span] = gateway.operator.spans;
    expect(span).toMatchObject({
      traceId: TRACE_ID,
      parentSpanId: PARENT_ID,
      traceState: 'a=1,b=2',
      flags: 0x01 | HAS_IS_REMOTE | IS_REMOTE,
    });
    expect(span?.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(span?.spanId).not.toBe(PARENT_ID);
    expect(gateway.operator.logs[0]).toMatchObject({ traceId: TRACE_ID, spanId: span?.spanId, flags: 1 });
  });

  it('keeps the random flag of its caller', async () => {
    const gateway = await startGateway();
    await send(gateway.url, { headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-03` } });
    await gateway.flush();
    expect(gateway.operator.spans[0]?.flags).toBe(0x03 | HAS_IS_REMOTE | IS_REMOTE);
    expect(gateway.operator.logs[0]?.flags).toBe(0x03);
  });

  it('is begun where none came: random, sampled, without a parent', async () => {
    const gateway = await startGateway();
    await send(gateway.url);
    await send(gateway.url, { headers: { traceparent: 'garbage', tracestate: 'a=1' } });
    await gateway.flush();
    const { spans, logs } = gateway.operator;
    expect(spans).toHaveLength(2);
    for (const span of spans) {
      expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(span.flags).toBe(0x03 | HAS_IS_REMOTE);
      expect(span).not.toHaveProperty('parentSpanId');
      expect(span).not.toHaveProperty('traceState');
    }
    expect(spans[0]?.traceId).not.toBe(spans[1]?.traceId);
    expect(logs.map(({ flags }) => flags)).toEqual([0x03, 0x03]);
  });

  it.each([
    ['00', 0],
    ['02', 2],
  ])(
    'that is not sampled (flags %s) gives no span, but a log record with ids, and metrics',
    async (hex, flags) => {
      const gateway = await startGateway({ adapter: { tenant: 'acme' } });
      await send(gateway.url, { headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-${hex}` } });
      await gateway.flush();
      expect(gateway.operator.requests.filter(({ signal }) => signal === 'traces')).toEqual([]);
      for (const receiver of [gateway.operator, gateway.acme]) {
        expect(receiver.logs).toHaveLength(1);
        expect(receiver.logs[0]).toMatchObject({ traceId: TRACE_ID, flags });
        expect(receiver.logs[0]?.spanId).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
        expect(receiver.logs[0]?.spanId).not.toBe(PARENT_ID);
        expect(total(counters(receiver))).toBe(1);
      }
    },
  );

  it('goes on to the upstream under the id of the SERVER span', async () => {
    const seen: unknown[] = [];
    const upstream = await startUpstream((request, response) => {
      seen.push(request.headers['traceparent'], request.headers['tracestate']);
      response.end();
    });
    const gateway = await startGateway({
      listener: (request, response, exchange) => forward(request, response, exchange, upstream.url),
    });
    await send(gateway.url, {
      headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, tracestate: 'a=1' },
    });
    await gateway.flush();
    expect(seen).toEqual([`00-${TRACE_ID}-${gateway.operator.spans[0]?.spanId}-01`, 'a=1']);
  });

  it('has the ids that the exchange and its span show', async () => {
    const shown: unknown[] = [];
    const gateway = await startGateway({
      listener(_request, response, exchange) {
        const { traceId, spanId, traceFlags } = exchange.span.spanContext();
        shown.push([exchange.traceId, exchange.spanId], [traceId, spanId], traceFlags, exchange.traceIds());
        response.end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    const { traceId, spanId } = gateway.operator.spans[0] ?? {};
    expect(shown).toEqual([[traceId, spanId], [traceId, spanId], 3, { w3c: traceId }]);
  });

  it('is only passed on when traces are off: the caller’s ids are on the log record', async () => {
    const seen: unknown[] = [];
    const upstream = await startUpstream((request, response) => {
      seen.push(request.headers['traceparent']);
      response.end();
    });
    const gateway = await startGateway({
      operator: { signals: { traces: false } },
      listener: (request, response, exchange) => forward(request, response, exchange, upstream.url),
    });
    await send(gateway.url, { headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` } });
    await send(gateway.url);
    await gateway.flush();
    expect(seen).toEqual([`00-${TRACE_ID}-${PARENT_ID}-01`, undefined]);
    expect(gateway.operator.spans).toEqual([]);
    expect(gateway.operator.logs).toMatchObject([
      { traceId: TRACE_ID, spanId: PARENT_ID, flags: 1 },
      { traceId: '', spanId: '', flags: 0 },
    ]);
  });
});
