/** Where an attempt at a webhook stands in a trace: in the running exchange's, where a stored text says, or in one of its own. */
import { context as apiContext, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import type {
  Exchange,
  GatewayOptions,
  StoredParent,
  WebhookDelivery,
  WebhookOptions,
} from '../../src/index.js';
import type { ReceivedLog, ReceivedSpan } from '../../src/testing/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { deliver, startWebhookReceiver } from '../support/webhooks.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const STORED = `00-${TRACE_ID}-${PARENT_ID}-01`;
const UNSAMPLED = `00-${TRACE_ID}-${PARENT_ID}-00`;
const SERVER = 2;
const CLIENT = 3;

const target = { eventType: 'order.created', url: 'http://hooks.example/' };

interface Begun {
  readonly delivery: WebhookDelivery;
  readonly headers: Record<string, string>;
}

/** Begun, injected and ended at once. */
function attempt({ telemetry }: TestGateway, options: Partial<WebhookOptions> = {}): Begun {
  const delivery = telemetry.webhook({ ...target, ...options });
  const headers: Record<string, string> = {};
  delivery.inject(headers);
  delivery.end({ statusCode: 200 });
  return { delivery, headers };
}

const clientSpans = ({ operator }: TestGateway): ReceivedSpan[] =>
  operator.spans.filter(({ kind }) => kind === CLIENT);

const webhookLog = ({ operator }: TestGateway): ReceivedLog | undefined =>
  operator.logs.find(({ eventName }) => eventName === 'knoxcall.webhook.delivery');

/** One request with these headers, inside of which the work is done. */
async function inside(
  work: (exchange: Exchange, gateway: TestGateway) => unknown,
  options: GatewayOptions = {},
  headers: Record<string, string> = {},
): Promise<TestGateway> {
  const gateway: TestGateway = await startGateway({
    options,
    async listener(_request, response, exchange) {
      await work(exchange, gateway);
      response.end();
    },
  });
  await send(gateway.url, { headers });
  await gateway.flush();
  return gateway;
}

describe('inside an exchange', () => {
  it.each(['server', 'server+client'] as const)(
    'it is a child of the SERVER span in the caller’s trace, over a real call (spans: %s)',
    async (spans) => {
      const receiver = await startWebhookReceiver();
      const gateway = await inside(
        (_exchange, { telemetry }) => deliver(telemetry, receiver.url),
        { spans },
        { traceparent: STORED, tracestate: 'a=1' },
      );
      const server = gateway.operator.spans.find(({ kind }) => kind === SERVER);
      const [span, ...more] = clientSpans(gateway);
      expect(more).toEqual([]);
      expect(span).toMatchObject({ traceId: TRACE_ID, parentSpanId: server?.spanId, traceState: 'a=1' });
      expect(webhookLog(gateway)).toMatchObject({ traceId: TRACE_ID, spanId: span?.spanId, flags: 1 });
      expect(webhookLog(gateway)?.attributes['knoxcall.request_id']).toBe(
        server?.attributes['knoxcall.request_id'],
      );
      expect(receiver.arrived[0]).toMatchObject({
        traceparent: `00-${TRACE_ID}-${span?.spanId}-01`,
        tracestate: 'a=1',
      });
    },
  );

  it('it is a child of the custom span that is active within it', async () => {
    const gateway = await inside((_exchange, running) =>
      running.telemetry.tracer.startActiveSpan('deliver', (span) => {
        attempt(running);
        span.end();
      }),
    );
    const custom = gateway.operator.spans.find(({ name }) => name === 'deliver');
    expect(clientSpans(gateway)[0]).toMatchObject({ traceId: custom?.traceId, parentSpanId: custom?.spanId });
  });

  it('it answers in the format that came, and clears what is to be cleared', async () => {
    let headers: Record<string, string> = { 'x-debug': '1', b3: 'old' };
    const gateway = await inside(
      (_exchange, { telemetry }) => {
        const delivery = telemetry.webhook(target);
        delivery.inject(headers);
        headers = { ...headers };
        delivery.end({ statusCode: 200 });
      },
      { propagation: { extract: ['b3'], clear: ['x-debug'] } },
      { b3: `${TRACE_ID}-${PARENT_ID}-1` },
    );
    expect(headers).toEqual({ b3: `${TRACE_ID}-${clientSpans(gateway)[0]?.spanId}-1` });
  });

  it('it is as unsampled as the exchange, and still recorded', async () => {
    let begun: Begun | undefined;
    const gateway = await inside(
      (_exchange, running) => (begun = attempt(running)),
      {},
      { traceparent: UNSAMPLED },
    );
    expect(gateway.operator.spans).toEqual([]);
    expect(webhookLog(gateway)).toMatchObject({
      traceId: TRACE_ID,
      spanId: begun?.delivery.spanId,
      flags: 0,
    });
    expect(begun?.headers['traceparent']).toBe(`00-${TRACE_ID}-${begun?.delivery.spanId}-00`);
  });

  it('of an ignored request it has a span in the caller’s trace all the same', async () => {
    const gateway = await startGateway({
      adapter: { ignore: () => true },
      listener(_request, response) {
        attempt(gateway);
        response.end();
      },
    });
    await send(gateway.url, { headers: { traceparent: STORED } });
    await gateway.flush();
    expect(gateway.operator.spans).toHaveLength(1);
    expect(clientSpans(gateway)[0]).toMatchObject({ traceId: TRACE_ID, parentSpanId: PARENT_ID });
  });

  it('`exchange` names one from outside of its context, also after its end', async () => {
    let exchange: Exchange | undefined;
    const gateway = await inside((running) => void (exchange = running));
    expect(gateway.telemetry.current().recording).toBe(false);
    attempt(gateway, { exchange });
    await gateway.flush();
    expect(clientSpans(gateway)[0]).toMatchObject({
      traceId: exchange?.traceId,
      parentSpanId: exchange?.spanId,
    });
  });
});

describe('`exchange.traceparent`', () => {
  it('is what a delivery in another process takes as its parent', async () => {
    let stored = '';
    const first = await inside((exchange) => void (stored = exchange.traceparent));
    const server = first.operator.spans[0];
    expect(stored).toBe(`00-${server?.traceId}-${server?.spanId}-03`);
    const second = await startGateway();
    const { headers } = attempt(second, { parent: stored });
    await second.flush();
    const [span] = second.operator.spans;
    expect(span).toMatchObject({ traceId: server?.traceId, parentSpanId: server?.spanId, links: [] });
    // Bit 9 says that the parent is another process's.
    expect((span?.flags ?? 0) & 0x200).toBe(0x200);
    expect(headers['traceparent']).toBe(`00-${server?.traceId}-${span?.spanId}-03`);
  });

  it('tells an unsampled exchange, the caller’s ids without traces, and nothing where there are none', async () => {
    const seen: string[] = [];
    const see = (exchange: Exchange): void => void seen.push(exchange.traceparent);
    await inside(see, { propagation: { extract: ['b3'] } }, { b3: `${TRACE_ID}-${PARENT_ID}-0` });
    expect(seen[0]).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
    const gateway = await startGateway({
      operator: { signals: { traces: false } },
      listener(_request, response, exchange) {
        see(exchange);
        response.end();
      },
    });
    await send(gateway.url, { headers: { traceparent: STORED } });
    await send(gateway.url);
    see(gateway.telemetry.current());
    expect(seen.slice(1)).toEqual([STORED, '', '']);
  });
});

describe('a stored parent', () => {
  it.each<[string, string | StoredParent]>([
    ['as text', STORED],
    ['as an object', { traceparent: STORED }],
    ['that says parent', { traceparent: STORED, as: 'parent' }],
  ])('%s, is the parent', async (_what, parent) => {
    const gateway = await startGateway();
    attempt(gateway, { parent });
    await gateway.flush();
    expect(gateway.operator.spans[0]).toMatchObject({
      traceId: TRACE_ID,
      parentSpanId: PARENT_ID,
      links: [],
    });
  });

  it('brings its tracestate, whatever formats the instance reads, and is written in those that it writes', async () => {
    const gateway = await startGateway({
      options: { propagation: { extract: ['b3'], inject: ['w3c', 'b3-single'] } },
    });
    const { headers, delivery } = attempt(gateway, {
      parent: { traceparent: STORED, tracestate: 'a=1,b=2' },
    });
    await gateway.flush();
    expect(gateway.operator.spans[0]).toMatchObject({ traceId: TRACE_ID, traceState: 'a=1,b=2' });
    expect(headers).toEqual({
      traceparent: `00-${TRACE_ID}-${delivery.spanId}-01`,
      tracestate: 'a=1,b=2',
      b3: `${TRACE_ID}-${delivery.spanId}-1`,
    });
  });

  it.each<[string, string, GatewayOptions, number]>([
    ['sampled, whatever the ratio', STORED, { sampling: { ratio: 0 } }, 1],
    ['sampled, whatever is thought of callers', STORED, { sampling: { ratio: 0, parent: 'ignore' } }, 1],
    ['unsampled', UNSAMPLED, {}, 0],
  ])('has decided already: %s', async (_what, parent, options, spans) => {
    const gateway = await startGateway({ options });
    const { headers } = attempt(gateway, { parent });
    await gateway.flush();
    expect(gateway.operator.spans).toHaveLength(spans);
    expect(headers['traceparent']?.slice(-2)).toBe(spans === 1 ? '01' : '00');
    expect(webhookLog(gateway)?.traceId).toBe(TRACE_ID);
  });

  it('as a link begins a trace, and nothing of the old one goes out', async () => {
    const gateway = await startGateway();
    const parent = { traceparent: STORED, tracestate: 'a=1', as: 'link' } as const;
    const { headers } = attempt(gateway, { parent });
    await gateway.flush();
    const [span] = gateway.operator.spans;
    expect(span?.traceId).not.toBe(TRACE_ID);
    expect(span?.parentSpanId ?? '').toBe('');
    expect(span?.links).toMatchObject([{ traceId: TRACE_ID, spanId: PARENT_ID, traceState: 'a=1' }]);
    expect(headers).toEqual({ traceparent: `00-${span?.traceId}-${span?.spanId}-03` });
  });

  it('as a link leaves the decision to the instance’s sampler', async () => {
    const gateway = await startGateway({ options: { sampling: { ratio: 0 } } });
    attempt(gateway, { parent: { traceparent: STORED, as: 'link' } });
    await gateway.flush();
    expect(gateway.operator.spans).toEqual([]);
    expect(webhookLog(gateway)?.traceId).not.toBe(TRACE_ID);
  });

  it('wins over the exchange that runs, whose request and tenant it has nothing to do with', async () => {
    const gateway = await inside((exchange, running) => {
      exchange.setTenant('globex');
      attempt(running, { parent: STORED });
    });
    expect(clientSpans(gateway)[0]).toMatchObject({ traceId: TRACE_ID, parentSpanId: PARENT_ID });
    expect(webhookLog(gateway)?.attributes).not.toHaveProperty('knoxcall.request_id');
    expect(webhookLog(gateway)?.attributes).not.toHaveProperty('knoxcall.tenant_id');
  });

  it.each<[string, unknown]>([
    ['no traceparent', 'order-17'],
    ['empty', ''],
    ['of zeros', `00-${'0'.repeat(32)}-${PARENT_ID}-01`],
    ['in capitals', STORED.toUpperCase()],
    ['a number', 17],
    ['an array', [STORED]],
    ['an object without one', { tracestate: 'a=1' }],
    ['endless', `${STORED}${'-'.repeat(1e6)}`],
    [
      'a throwing getter',
      Object.defineProperty({}, 'traceparent', {
        get() {
          throw new Error('secret text');
        },
      }),
    ],
  ])('that is %s is left out and reported, and its text is nowhere', async (_what, parent) => {
    const gateway = await inside((_exchange, running) => void attempt(running, { parent: parent as string }));
    const server = gateway.operator.spans.find(({ kind }) => kind === SERVER);
    expect(clientSpans(gateway)[0]).toMatchObject({ traceId: server?.traceId, parentSpanId: server?.spanId });
    expect(gateway.diagnostics).toEqual([
      {
        code: 'argument_invalid',
        message: 'webhook() was given a parent that is no traceparent; it was left out',
      },
    ]);
  });

  it('that says neither parent nor link is the parent, and that is reported', async () => {
    const gateway = await startGateway();
    attempt(gateway, { parent: { traceparent: STORED, as: 'sibling' as 'link', tracestate: 'not valid' } });
    await gateway.flush();
    expect(gateway.operator.spans[0]).toMatchObject({ traceId: TRACE_ID });
    expect(gateway.operator.spans[0]).not.toHaveProperty('traceState');
    expect(gateway.diagnostics.map(({ code }) => code)).toEqual(['argument_invalid']);
  });
});

describe('outside of everything', () => {
  it('it is a child of the active custom span, else a trace of its own', async () => {
    const gateway = await startGateway();
    gateway.telemetry.tracer.startActiveSpan('worker', (span) => {
      attempt(gateway);
      span.end();
    });
    attempt(gateway);
    await gateway.flush();
    const worker = gateway.operator.spans.find(({ name }) => name === 'worker');
    const [first, second] = clientSpans(gateway);
    expect(first).toMatchObject({ traceId: worker?.traceId, parentSpanId: worker?.spanId });
    expect(second?.traceId).not.toBe(worker?.traceId);
    expect(second?.parentSpanId ?? '').toBe('');
  });

  it('it touches no global of the OpenTelemetry API', async () => {
    const gateway = await startGateway();
    attempt(gateway);
    expect(apiContext.active()).toBe(ROOT_CONTEXT);
    expect(trace.getSpan(apiContext.active())).toBeUndefined();
    expect(propagation.fields()).toEqual([]);
    await gateway.flush();
  });
});

describe('without traces', () => {
  const off = { operator: { signals: { traces: false } } } as const;

  it.each(['parent', 'link'] as const)('what a stored %s gave goes on, and is on the record', async (as) => {
    const gateway = await startGateway(off);
    const { headers, delivery } = attempt(gateway, {
      parent: { traceparent: STORED, tracestate: 'a=1', as },
    });
    await gateway.flush();
    expect(headers).toEqual({ traceparent: STORED, tracestate: 'a=1' });
    expect([delivery.traceId, delivery.spanId]).toEqual([TRACE_ID, PARENT_ID]);
    expect(webhookLog(gateway)).toMatchObject({ traceId: TRACE_ID, spanId: PARENT_ID, flags: 1 });
  });

  it('what the exchange’s caller gave goes on', async () => {
    let begun: Begun | undefined;
    const gateway = await startGateway({
      ...off,
      listener(_request, response) {
        begun = attempt(gateway);
        response.end();
      },
    });
    await send(gateway.url, { headers: { traceparent: STORED } });
    await gateway.flush();
    expect(begun?.headers).toEqual({ traceparent: STORED });
    expect(webhookLog(gateway)).toMatchObject({ traceId: TRACE_ID, spanId: PARENT_ID });
  });

  it('after shutdown, the parent still goes on', async () => {
    const gateway = await startGateway();
    await gateway.telemetry.shutdown();
    expect(attempt(gateway, { parent: STORED }).headers).toEqual({ traceparent: STORED });
    expect(gateway.operator.requests).toEqual([]);
  });

  it('without anything configured, no header is touched', async () => {
    const gateway = await startGateway({ operator: null, acme: null, globex: null });
    expect(attempt(gateway, { parent: STORED }).headers).toEqual({});
    expect(gateway.diagnostics).toEqual([]);
  });
});
