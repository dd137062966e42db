/** `sampling.keep`: traces that were not sampled, and are kept at their end all the same. */
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { resolveKeep } from '../../src/config/keep.js';
import { createGatewayTelemetry } from '../../src/index.js';
import type { GatewayOptions, Keep, KeptRequest } from '../../src/index.js';
import type { FinishedRequest } from '../../src/model/finished-request.js';
import type { GovernanceFacts } from '../../src/model/governance.js';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { instance } from '../config/support.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { counters, total } from '../support/readings.js';

const SLOW_MS = 60;
const LATE_KEPT = 'knoxcall.sampling.late_kept';
const DROPPED = 'knoxcall.upstream.dropped_spans';
const CLIENT = 3;

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?')[0] ?? '/';

/** Nothing is sampled; each request makes one upstream call. */
async function startKeeping(keep: Keep, options: Partial<GatewayOptions> = {}): Promise<TestGateway> {
  const sent: Record<string, unknown>[] = [];
  return startGateway({
    options: { spans: 'server+client', sampling: { ratio: 0, keep }, ...options },
    adapter: {
      tenant: ({ headers }) => headers['x-tenant'],
      route: (request) => (pathOf(request).startsWith('/orders/') ? 'orders' : undefined),
    },
    listener: (request, response, exchange) => {
      const path = pathOf(request);
      const statusCode = path === '/broken' ? 500 : path === '/missing' ? 404 : 200;
      const call = exchange.startUpstreamCall({ url: `http://upstream.example${path}` });
      const headers: Record<string, string> = {};
      call.inject(headers);
      sent.push(headers);
      call.end({ statusCode });
      const answer = (): void =>
        void response.writeHead(statusCode, { 'x-sent': headers['traceparent'] }).end();
      if (path === '/slow') setTimeout(answer, SLOW_MS);
      else answer();
    },
  });
}

const PATHS = ['/ok', '/orders/7', '/missing', '/broken', '/slow'];

async function askAll(gateway: TestGateway): Promise<void> {
  for (const path of PATHS)
    await send(gateway.url + path, { headers: path === '/ok' ? { 'x-tenant': 'acme' } : {} });
  await gateway.flush();
}

const serverSpans = ({ operator }: TestGateway): readonly ReceivedSpan[] =>
  operator.spans.filter(({ kind }) => kind !== CLIENT);
const clientSpans = ({ operator }: TestGateway): readonly ReceivedSpan[] =>
  operator.spans.filter(({ kind }) => kind === CLIENT);
const keptPaths = (gateway: TestGateway): unknown[] =>
  serverSpans(gateway).map(({ attributes }) => attributes['url.path']);

describe('a rule', () => {
  it.each<[Keep, string[]]>([
    [{ errors: true }, ['/broken']],
    [{ slowerThanMs: SLOW_MS - 10 }, ['/slow']],
    [{ statusCodes: [404] }, ['/missing']],
    [{ statusCodes: ['4xx', '5xx'] }, ['/missing', '/broken']],
    [{ routes: ['orders'] }, ['/orders/7']],
    [{ routes: ['ord*'] }, ['/orders/7']],
    [{ routes: ['order'] }, []],
    [{ tenants: ['acme'] }, ['/ok']],
    [{ tenants: ['globex'] }, []],
    [{ errors: true, slowerThanMs: 3_600_000 }, []],
    [{ tenants: ['acme'], statusCodes: [200] }, ['/ok']],
    [
      [{ errors: true }, { routes: ['orders'] }],
      ['/orders/7', '/broken'],
    ],
    [[], []],
    [({ path }) => path === '/missing', ['/missing']],
    [({ isError, statusCode }) => !isError && statusCode === 404, ['/missing']],
  ])('%j keeps %j', async (keep, expected) => {
    const gateway = await startKeeping(keep);
    await askAll(gateway);
    expect(keptPaths(gateway)).toEqual(expected);
    expect(
      clientSpans(gateway).map(({ attributes }) => new URL(String(attributes['url.full'])).pathname),
    ).toEqual(expected);
    // Everything else is as it is for any request that was not sampled.
    expect(gateway.operator.logs).toHaveLength(PATHS.length);
    expect(total(counters(gateway.operator))).toBe(PATHS.length);
    expect(gateway.acme.logs).toHaveLength(1);
    expect(gateway.acme.spans).toEqual([]);
  });

  const facts = (governance: Partial<GovernanceFacts>): FinishedRequest =>
    ({ governance: { policies: [], costs: [], ...governance } }) as unknown as FinishedRequest;
  const keeps = (keep: Keep, request: FinishedRequest): boolean | undefined =>
    resolveKeep(keep, 'keep')?.(request, () => expect.unreachable());

  it('of costs looks at their sum', () => {
    expect(keeps({ costAbove: 1 }, facts({ totalCost: 1.01 }))).toBe(true);
    expect(keeps({ costAbove: 1 }, facts({ totalCost: 1 }))).toBe(false);
    expect(keeps({ costAbove: 0 }, facts({}))).toBe(false);
    expect(keeps({ costAbove: 0 }, { governance: undefined } as FinishedRequest)).toBe(false);
  });

  it('of costs adds up all currencies', async () => {
    const gateway = await startGateway({
      options: { sampling: { ratio: 0, keep: { costAbove: 50 } } },
    });
    for (const inDollars of [40, 46]) {
      const exchange = gateway.telemetry.begin({ method: 'GET', url: `/${inDollars}`, headers: {} });
      exchange.recordCost({ amount: 5, currency: 'EUR' });
      exchange.recordCost({ amount: inDollars, currency: 'USD' });
      exchange.end({ statusCode: 200 });
    }
    await gateway.flush();
    expect(keptPaths(gateway)).toEqual(['/46']);
  });

  it('of policies looks at every result', () => {
    const told = (...results: ('passed' | 'warning' | 'blocked')[]): FinishedRequest =>
      facts({ policies: results.map((result) => ({ name: 'p', result })) });
    expect(keeps({ policy: ['blocked'] }, told('passed', 'blocked'))).toBe(true);
    expect(keeps({ policy: ['blocked'] }, told('warning'))).toBe(false);
    expect(keeps({ policy: ['warning', 'blocked'] }, told('blocked', 'warning', 'passed'))).toBe(true);
    expect(keeps({ policy: ['warning'] }, told('passed'))).toBe(false);
    expect(keeps({ policy: ['warning'] }, { governance: undefined } as FinishedRequest)).toBe(false);
  });

  it.each<[unknown, string]>([
    [{}, 'sampling.keep needs one of'],
    [[{}], 'sampling.keep[0] needs one of'],
    [null, 'sampling.keep must be an object'],
    ['errors', 'sampling.keep must be an object'],
    [{ error: true }, 'sampling.keep.error is not a known option'],
    [{ errors: false }, 'sampling.keep.errors must be true'],
    [{ slowerThanMs: -1 }, 'sampling.keep.slowerThanMs must be a number from 0 on'],
    [{ slowerThanMs: Infinity }, 'sampling.keep.slowerThanMs must be'],
    [{ costAbove: '1' }, 'sampling.keep.costAbove must be'],
    [{ statusCodes: [99] }, 'sampling.keep.statusCodes[0] must be a status'],
    [{ statusCodes: ['6xx'] }, 'sampling.keep.statusCodes[0] must be a status'],
    [{ statusCodes: 500 }, 'sampling.keep.statusCodes must be an array'],
    [{ routes: [] }, 'sampling.keep.routes must have 1 to 256 items'],
    [{ tenants: [7] }, 'sampling.keep.tenants[0] must be a string'],
    [{ policy: ['passed'] }, 'sampling.keep.policy[0] must be one of blocked, warning'],
    [Array.from({ length: 65 }, () => ({ errors: true })), 'sampling.keep must have at most 64 rules'],
  ])('%j is refused in one sentence', (keep, sentence) => {
    expect(() => createGatewayTelemetry({ env: false, sampling: { keep: keep as Keep } })).toThrow(sentence);
  });
});

describe('a trace that is kept late', () => {
  it('has its SERVER and CLIENT spans whole, unsampled and marked', async () => {
    const gateway = await startKeeping({ errors: true });
    const { headers } = await send(`${gateway.url}/broken?token=canary`, {
      headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' },
    });
    await gateway.flush();
    const [server] = serverSpans(gateway);
    const [client] = clientSpans(gateway);
    expect(gateway.operator.spans).toHaveLength(2);
    expect(server).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      parentSpanId: 'b7ad6b7169203331',
      name: 'GET',
      status: { code: 2 },
    });
    expect(client).toMatchObject({
      traceId: server?.traceId,
      parentSpanId: server?.spanId,
      status: { code: 2 },
    });
    expect(headers['x-sent']).toBe(`00-${server?.traceId}-${client?.spanId}-00`);
    for (const span of [server, client]) {
      expect((span?.flags ?? 1) & 1).toBe(0);
      expect(span?.attributes[LATE_KEPT]).toBe(true);
      expect(span?.attributes['http.response.status_code']).toBe(500);
      expect(span?.attributes['http.request.method']).toBe('GET');
    }
    expect(server?.attributes['knoxcall.request_id']).toBe(
      gateway.operator.logs[0]?.attributes['knoxcall.request_id'],
    );
  });

  it('is not marked, nor decided again, where it was sampled', async () => {
    const asked: KeptRequest[] = [];
    const keep = (request: KeptRequest): boolean => asked.push(request) > 0;
    const gateway = await startKeeping(keep, { sampling: { ratio: 1, keep } });
    await askAll(gateway);
    expect(gateway.operator.spans).toHaveLength(2 * PATHS.length);
    expect(gateway.operator.spans.some(({ attributes }) => LATE_KEPT in attributes)).toBe(false);
    expect(gateway.operator.spans.every(({ flags }) => (flags & 1) === 1)).toBe(true);
    expect(asked).toEqual([]);
  });

  it('records what the host writes on its span, and no span of telemetry.tracer', async () => {
    const recording: boolean[] = [];
    const gateway = await startGateway({
      options: { sampling: { ratio: 0, keep: { errors: true } } },
      listener: (_request, response, exchange) => {
        recording.push(exchange.span.isRecording());
        exchange.span.setAttribute('mine', 1).addEvent('seen');
        exchange.setAttribute('plan', 'gold');
        exchange.run(() => gateway.telemetry.tracer.startSpan('inside').end());
        response.writeHead(500).end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    expect(recording).toEqual([true]);
    expect(gateway.operator.spans.map(({ name }) => name)).toEqual(['GET']);
    expect(gateway.operator.spans[0]?.attributes).toMatchObject({ mine: 1, plan: 'gold' });
    expect(gateway.operator.spans[0]?.events.map(({ name }) => name)).toEqual(['seen']);
  });

  it('is not shown to the span processors of the host', async () => {
    const seen: string[] = [];
    const gateway = await startKeeping(
      { errors: true },
      { spanProcessors: [{ onStart: () => seen.push('start'), onEnd: () => seen.push('end') }] },
    );
    await askAll(gateway);
    expect(keptPaths(gateway)).toEqual(['/broken']);
    expect(seen).toEqual([]);
  });

  it('has the CLIENT span of a call that ends after the exchange', async () => {
    const gateway = await startGateway({
      options: { spans: 'server+client', sampling: { ratio: 0, keep: { errors: true } } },
      listener: (request, response, exchange) => {
        exchange.startUpstreamCall({ url: 'http://upstream.example/' });
        response.writeHead(request.url === '/broken' ? 500 : 200).end();
      },
    });
    await send(`${gateway.url}/ok`);
    await send(`${gateway.url}/broken`);
    await gateway.flush();
    await gateway.telemetry.flush();
    expect(gateway.operator.spans.map(({ kind }) => kind).sort()).toEqual([2, 3]);
    expect(gateway.operator.spans.every(({ attributes }) => attributes[LATE_KEPT] === true)).toBe(true);
  });

  it('holds 64 CLIENT spans, and counts and reports the rest', async () => {
    const gateway = await startGateway({
      options: { spans: 'server+client', sampling: { ratio: 0, keep: { errors: true } } },
      listener: (_request, response, exchange) => {
        for (let times = 0; times < 70; times++)
          exchange.startUpstreamCall({ url: 'http://upstream.example/' }).end({ statusCode: 503 });
        response.writeHead(500).end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    expect(clientSpans(gateway)).toHaveLength(64);
    expect(serverSpans(gateway)[0]?.attributes[DROPPED]).toBe(6);
    expect(gateway.diagnostics.filter(({ code }) => code === 'dropped').map(({ signal }) => signal)).toEqual([
      'traces',
    ]);
  });

  it('is marked as such, however many attributes the host has set', async () => {
    const gateway = await startGateway({
      options: {
        spans: 'server+client',
        sampling: { ratio: 0, keep: { errors: true } },
        limits: { spanAttributes: 2 },
      },
      listener: (_request, response, exchange) => {
        exchange.setAttributes({ a: 1, b: 2 });
        for (let times = 0; times < 70; times++)
          exchange.startUpstreamCall({ url: 'http://upstream.example/' }).end({ statusCode: 503 });
        response.writeHead(500).end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    expect(serverSpans(gateway)).toMatchObject([
      { attributes: { a: 1, b: 2, [LATE_KEPT]: true, [DROPPED]: 6 }, droppedAttributesCount: 0 },
    ]);
  });

  it('may be one that the shutdown has ended', async () => {
    const gateway = await startGateway({
      options: { sampling: { ratio: 0, keep: ({ errorType }) => errorType === 'shutdown' } },
      operator: { name: 'only' },
    });
    const open = gateway.telemetry.begin({ method: 'GET', url: '/open', headers: {} });
    await gateway.telemetry.shutdown();
    expect(open.span.isRecording()).toBe(false);
    expect(keptPaths(gateway)).toEqual(['/open']);
  });
});

describe('a keep function', () => {
  it('is told of the finished request', async () => {
    const asked: KeptRequest[] = [];
    const gateway = await startKeeping((request) => asked.push(request) > 0);
    await send(`${gateway.url}/orders/7?token=canary`, { headers: { 'x-tenant': 'acme' } });
    await gateway.flush();
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      method: 'GET',
      path: '/orders/7',
      routeName: 'orders',
      tenantId: 'acme',
      isSampled: false,
      statusCode: 200,
      errorType: undefined,
      isError: false,
      severityNumber: 9,
      attributes: {},
      governance: undefined,
      traceId: gateway.operator.spans[0]?.traceId,
      requestId: gateway.operator.logs[0]?.attributes['knoxcall.request_id'],
    });
    expect(JSON.stringify(asked)).not.toContain('canary');
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('canary');
      },
    ],
    ['rejects', () => Promise.reject(new Error('canary'))],
    ['never answers', () => pause(3_600_000, undefined, { ref: false })],
    ['gives 1', () => 1],
    ['gives nothing', () => undefined],
  ])('that %s keeps nothing and is reported', async (_, keep) => {
    const gateway = await startKeeping(keep as () => boolean);
    await send(`${gateway.url}/broken`);
    await gateway.flush();
    expect(gateway.operator.spans).toEqual([]);
    expect(gateway.operator.logs).toHaveLength(1);
    expect(gateway.diagnostics.map(({ code }) => code)).toEqual(['callback_failed']);
    expect(JSON.stringify(gateway.diagnostics)).not.toContain('canary');
  });
});

it('without keep an unsampled request has a span that records nothing', () => {
  const telemetry = instance({ operator: { endpoint: 'http://127.0.0.1:9' }, sampling: { ratio: 0 } });
  expect(telemetry.begin({ method: 'GET', url: '/', headers: {} }).span.isRecording()).toBe(false);
});

it('rules change while requests run', async () => {
  const gateway = await startGateway({
    options: { sampling: { ratio: 0 } },
    listener: (_request, response) => void response.writeHead(500).end(),
  });
  const operator = { endpoint: gateway.operator.url };
  const isRecording = (): boolean =>
    gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} }).span.isRecording();
  await send(`${gateway.url}/1`);
  gateway.telemetry.setOperator({ ...operator, sampling: { keep: { errors: true } } });
  await send(`${gateway.url}/2`);
  expect(isRecording()).toBe(true);
  gateway.telemetry.setOperator({ ...operator, sampling: { keep: [] } });
  await send(`${gateway.url}/3`);
  gateway.telemetry.setOperator(operator);
  expect(isRecording()).toBe(false);
  await gateway.telemetry.flush();
  expect(keptPaths(gateway)).toEqual(['/2']);
  await gateway.telemetry.shutdown();
});

it('a policy beyond those that are kept counts as well', async () => {
  const gateway = await startGateway({
    options: { sampling: { ratio: 0, keep: { policy: ['blocked'] } } },
    listener(_request, response, exchange) {
      for (let count = 0; count < 16; count++) exchange.recordPolicy({ name: 'filter', result: 'passed' });
      exchange.recordPolicy({ name: 'last', result: 'blocked' });
      response.end();
    },
  });
  await send(gateway.url);
  await gateway.flush();
  expect(gateway.operator.spans).toHaveLength(1);
});

it('a function of a filter is asked once of a request that is kept', async () => {
  let asked = 0;
  const gateway = await startGateway({
    options: { sampling: { ratio: 0, keep: { errors: true } } },
    operator: { filter: { where: () => ++asked > 0 } },
    listener: (_request, response) => void response.writeHead(500).end(),
  });
  await send(gateway.url);
  await gateway.flush();
  expect([gateway.operator.spans.length, gateway.operator.logs.length, asked]).toEqual([1, 1, 1]);
});

it('what a function is given are copies, however deep', async () => {
  const keep = ({ attributes, governance }: KeptRequest): boolean => {
    (attributes['list'] as string[])[0] = 'changed';
    (governance?.policies as unknown[])[0] = { name: 'changed' };
    (governance?.costs as unknown[]).push({ amount: 1, currency: 'changed' });
    (governance?.attributes as Record<string, unknown>)['knoxcall.policy.name'] = 'changed';
    return true;
  };
  const gateway = await startGateway({
    options: { sampling: { ratio: 0, keep } },
    listener(_request, response, exchange) {
      exchange.setAttribute('list', ['as set']);
      exchange.recordPolicy({ name: 'filter', result: 'blocked' });
      response.end();
    },
  });
  await send(gateway.url);
  await gateway.flush();
  const { spans, logs, metricPoints } = gateway.operator;
  expect(spans).toHaveLength(1);
  for (const record of [...spans, ...logs, ...metricPoints])
    expect(JSON.stringify(record.attributes)).not.toContain('changed');
  expect(metricPoints.filter(({ name }) => name === 'knoxcall.policy.evaluations')).toHaveLength(1);
});
