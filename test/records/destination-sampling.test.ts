/** What each destination takes: its share of traces and logs, its filter, and what it keeps all the same. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Destination, GatewayOptions, GatewayTelemetry, TenantLookup } from '../../src/index.js';
import type { OtlpReceiver, ReceivedSpan } from '../../src/testing/index.js';
import { collector, instance, reportingInstance } from '../config/support.js';
import { assertLedgerLaw, startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { counters, total } from '../support/readings.js';

const PARENT_ID = 'b7ad6b7169203331';
const LATE_KEPT = 'knoxcall.sampling.late_kept';
const INFO = 9;
const WARN = 13;
const CLIENT = 3;

const idsOf = (spans: readonly ReceivedSpan[]): Set<string> => new Set(spans.map(({ traceId }) => traceId));

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly statusCode?: number;
  readonly tenantId?: string;
  readonly routeName?: string;
  readonly traceId?: string;
}

function ask(telemetry: GatewayTelemetry, asked: Asked = {}): string {
  const { path = '/', method = 'GET', statusCode = 200, traceId } = asked;
  const headers: Record<string, string> = traceId === undefined ? {} : { b3: `${traceId}-${PARENT_ID}` };
  const exchange = telemetry.begin({ method, url: path, headers });
  exchange.setTenant(asked.tenantId);
  exchange.setRoute(asked.routeName);
  exchange.end({ statusCode });
  return exchange.traceId;
}

/** An instance that sends each destination to a collector of its own. */
async function withPlaces<Name extends string>(
  destinations: Readonly<Record<Name, Partial<Destination>>>,
  options: Partial<GatewayOptions> = {},
): Promise<{
  telemetry: GatewayTelemetry;
  at: Readonly<Record<Name, OtlpReceiver>>;
  operator: readonly Destination[];
}> {
  const at = {} as Record<Name, OtlpReceiver>;
  const operator: Destination[] = [];
  for (const [name, destination] of Object.entries(destinations) as [Name, Partial<Destination>][]) {
    at[name] = await collector();
    operator.push({ name, endpoint: at[name].url, ...destination });
  }
  const telemetry = instance({ propagation: { extract: ['b3'] }, operator, ...options });
  return { telemetry, at, operator };
}

describe('traces', () => {
  it('of 10,000 ids nest: each ratio has a part of what the higher one has, and none more than was sampled', async () => {
    const { telemetry, at } = await withPlaces(
      {
        all: { signals: { logs: false, metrics: false } },
        half: { signals: { logs: false, metrics: false }, sampling: { traces: 0.5 } },
        few: { signals: { logs: false, metrics: false }, sampling: { traces: 0.05 } },
      },
      { sampling: { ratio: 0.7 } },
    );
    const expected = { all: new Set<string>(), half: new Set<string>(), few: new Set<string>() };
    for (let times = 0; times < 10_000; times++) {
      const traceId = randomBytes(16).toString('hex');
      ask(telemetry, { traceId });
      const share = 1 - Number.parseInt(traceId.slice(18), 16) / 2 ** 56;
      if (share <= 0.7) expected.all.add(traceId);
      if (share <= 0.5) expected.half.add(traceId);
      if (share <= 0.05) expected.few.add(traceId);
      if (times % 500 === 499) await telemetry.flush();
    }
    await telemetry.flush();
    for (const name of ['all', 'half', 'few'] as const) {
      const got = idsOf(at[name].spans);
      // What lies within rounding of the threshold may fall either way.
      const differing = [...got].filter((id) => !expected[name].has(id)).length;
      expect(differing + (expected[name].size + differing - got.size)).toBeLessThanOrEqual(1);
    }
    const [half, few] = [idsOf(at.half.spans), idsOf(at.few.spans)];
    expect([...few].every((id) => half.has(id))).toBe(true);
    expect(few.size).toBeGreaterThan(350);
    const ledgers = telemetry
      .status()
      .operator.map(({ name, signals }) => [name, signals.traces?.ledger.accepted]);
    expect(ledgers).toEqual([
      ['all', idsOf(at.all.spans).size],
      ['half', half.size],
      ['few', few.size],
    ]);
  });

  it('that a ratio leaves out are kept by rules of the destination, or else of the instance', async () => {
    const { telemetry, at } = await withPlaces(
      {
        plain: {},
        none: { sampling: { traces: 0 } },
        own: { sampling: { traces: 0, keep: { statusCodes: [404] } } },
        nothing: { sampling: { traces: 0, keep: [] } },
      },
      { sampling: { keep: { errors: true } } },
    );
    const ids = [200, 404, 500].map((statusCode) => ask(telemetry, { statusCode }));
    await telemetry.flush();
    expect(idsOf(at.plain.spans)).toEqual(new Set(ids));
    expect(idsOf(at.none.spans)).toEqual(new Set([ids[2]]));
    expect(idsOf(at.own.spans)).toEqual(new Set([ids[1]]));
    expect(at.nothing.spans).toEqual([]);
    // They were sampled: whoever recorded anything of these traces has done so.
    expect(at.own.spans.some(({ attributes }) => LATE_KEPT in attributes)).toBe(false);
  });

  it('that were not sampled go only to those that keep them', async () => {
    const { telemetry, at } = await withPlaces(
      {
        plain: {},
        keeps: { sampling: { keep: { errors: true } } },
        filters: { sampling: { keep: { errors: true } }, filter: { excludePaths: ['/health'] } },
      },
      { sampling: { ratio: 0 } },
    );
    ask(telemetry, { statusCode: 500 });
    ask(telemetry, { statusCode: 200 });
    ask(telemetry, { statusCode: 500, path: '/health' });
    await telemetry.flush();
    expect(at.plain.spans).toEqual([]);
    expect(at.keeps.spans).toHaveLength(2);
    expect(at.keeps.spans.every(({ attributes }) => attributes[LATE_KEPT] === true)).toBe(true);
    expect(at.filters.spans.map(({ attributes }) => attributes['url.path'])).toEqual(['/']);
    expect(at.plain.logs).toHaveLength(3);
  });

  it('have the mark of those kept late beside as many attributes as a span may have', async () => {
    const { telemetry, at } = await withPlaces(
      { keeps: {} },
      { sampling: { ratio: 0, keep: { errors: true } }, limits: { spanAttributes: 1 } },
    );
    const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
    exchange.setAttribute('app.one', 1);
    exchange.end({ statusCode: 500 });
    await telemetry.flush();
    expect(at.keeps.spans[0]?.attributes).toMatchObject({ 'app.one': 1, [LATE_KEPT]: true });
  });

  it('whose id an untrusted caller has chosen are not decided by that id', async () => {
    const { telemetry, at } = await withPlaces(
      { few: { sampling: { traces: 0.5, logs: 0.5 } } },
      { propagation: { extract: ['b3'], trust: 'continue-unsampled' } },
    );
    // The ratio would take each of them.
    const chosen = Array.from({ length: 400 }, () => randomBytes(9).toString('hex') + 'f'.repeat(14));
    for (const traceId of chosen) ask(telemetry, { traceId });
    await telemetry.flush();
    expect(at.few.spans.length).toBeGreaterThan(120);
    expect(at.few.spans.length).toBeLessThan(280);
    expect(new Set(at.few.logs.map(({ traceId }) => traceId))).toEqual(idsOf(at.few.spans));
  });

  it('have all their records in one place, also where an untrusted caller has chosen the id', async () => {
    const { telemetry, at } = await withPlaces(
      { few: { sampling: { traces: 0.25 } } },
      { propagation: { trust: 'continue-unsampled' }, spans: 'server+client' },
    );
    for (let count = 0; count < 40; count++) {
      // The ratio would take each of them.
      const traceId = randomBytes(9).toString('hex') + 'f'.repeat(14);
      const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
      const exchange = telemetry.begin({ method: 'GET', url: '/', headers });
      exchange.run(() => {
        telemetry.tracer.startSpan('job').end();
        telemetry.securityEvent({ name: 'key.rotated', outcome: 'success' });
        telemetry.webhook({ eventType: 'told', url: 'http://hooks.test/' }).end({ statusCode: 200 });
      });
      exchange.startUpstreamCall({ url: 'http://up.test/' }).end({ statusCode: 200 });
      exchange.end({ statusCode: 200 });
    }
    await telemetry.flush();
    const traces = idsOf(at.few.spans);
    expect(traces.size).toBeLessThan(30);
    expect(at.few.spans).toHaveLength(5 * traces.size);
  });

  it('of custom spans go by the same ratio', async () => {
    const { telemetry, at } = await withPlaces({ half: { sampling: { traces: 0.5 } }, all: {} });
    for (let times = 0; times < 200; times++) telemetry.tracer.startSpan('job').end();
    await telemetry.flush();
    const expected = at.all.spans.filter(({ traceId }) => Number.parseInt(traceId.slice(18, 20), 16) >= 128);
    expect(at.all.spans).toHaveLength(200);
    expect(idsOf(at.half.spans)).toEqual(idsOf(expected));
  });
});

describe('logs', () => {
  it('below WARN are sampled with their trace, and WARN and worse always come', async () => {
    const { telemetry, at } = await withPlaces({
      all: {},
      half: { sampling: { logs: 0.5, traces: 0.5 } },
      none: { sampling: { logs: 0 } },
    });
    for (let times = 0; times < 300; times++)
      ask(telemetry, { statusCode: [200, 404, 500][times % 3] ?? 200 });
    await telemetry.flush();
    const isLow = ({ severityNumber = 0 }: { severityNumber?: number | undefined }): boolean =>
      severityNumber < WARN;
    expect(at.all.logs).toHaveLength(300);
    expect(at.half.logs.filter((log) => !isLow(log))).toHaveLength(200);
    expect(
      at.none.logs.map(({ severityNumber }) => severityNumber).filter((severity) => severity === INFO),
    ).toEqual([]);
    expect(at.none.logs).toHaveLength(200);
    const low = at.half.logs.filter(isLow);
    expect(low.length).toBeGreaterThan(25);
    expect(low.length).toBeLessThan(75);
    const traces = idsOf(at.half.spans);
    expect(low.every(({ traceId = '' }) => traces.has(traceId))).toBe(true);
    for (const receiver of Object.values(at)) expect(total(counters(receiver))).toBe(300);
  });

  it('without a trace go by the request id, alike at every destination', async () => {
    const sampling = { logs: 0.5 };
    const { telemetry, at } = await withPlaces({
      one: { signals: { traces: false }, sampling },
      other: { signals: { traces: false }, sampling },
    });
    for (let times = 0; times < 400; times++) ask(telemetry);
    await telemetry.flush();
    const requestIds = (receiver: OtlpReceiver): unknown[] =>
      receiver.logs.map(({ attributes }) => attributes['knoxcall.request_id']);
    expect(requestIds(at.one)).toEqual(requestIds(at.other));
    expect(at.one.logs.length).toBeGreaterThan(140);
    expect(at.one.logs.length).toBeLessThan(260);
  });

  it('of the runtime know the ratio and the least severity, and no filter', async () => {
    const { telemetry, at } = await withPlaces({
      errors: { filter: { minSeverity: 17, excludePaths: ['*'] } },
      sampled: { sampling: { logs: 0 } },
    });
    for (const severityNumber of [INFO, WARN, 17])
      telemetry.logger.emit({ body: `of ${severityNumber}`, severityNumber });
    telemetry.logger.emit({ body: 'of none' });
    await telemetry.flush();
    const bodies = (receiver: OtlpReceiver): unknown[] => receiver.logs.map(({ body }) => body);
    expect(bodies(at.errors)).toEqual(['of 17', 'of none']);
    expect(bodies(at.sampled)).toEqual(['of 13', 'of 17']);
  });

  it('of a tenant are its own affair', async () => {
    const gateway = await startGateway({
      adapter: { tenant: ({ headers }) => headers['x-tenant'] },
      acme: { sampling: { logs: 0 }, filter: { excludePaths: ['/health'] } },
      listener: (request, response) => void response.writeHead(request.url === '/ok' ? 200 : 503).end(),
    });
    for (const path of ['/ok', '/health', '/broken'])
      for (const tenant of ['acme', 'globex'])
        await send(gateway.url + path, { headers: { 'x-tenant': tenant } });
    await gateway.flush();
    expect(gateway.acme.logs.map(({ attributes }) => attributes['url.path'])).toEqual(['/broken']);
    expect(gateway.globex.logs).toHaveLength(3);
    expect(gateway.operator.logs).toHaveLength(6);
    expect(total(counters(gateway.acme))).toBe(3);
    expect(gateway.telemetry.status('acme').destinations[0]?.signals.logs?.ledger.accepted).toBe(1);
  });

  it('that wait for a lookup are chosen when it has answered', async () => {
    const acme = await collector();
    let answer: (destination: Destination) => void = () => undefined;
    const answered = new Promise<Destination>((resolve) => (answer = resolve));
    const tenants: TenantLookup = () => answered;
    const telemetry = instance({ tenants });
    for (const [path, statusCode] of [
      ['/health', 200],
      ['/ok', 200],
      ['/ok', 500],
    ] as const)
      ask(telemetry, { path, statusCode, tenantId: 'acme' });
    answer({ endpoint: acme.url, filter: { excludePaths: ['/health'], minSeverity: WARN } });
    await telemetry.flush();
    expect(acme.logs.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([500]);
    const ledger = telemetry.status('acme').destinations[0]?.signals.logs?.ledger;
    expect(ledger?.accepted).toBe(1);
    if (ledger !== undefined) assertLedgerLaw('acme', ledger);
  });
});

describe('a filter', () => {
  it.each<[NonNullable<Destination['filter']>, string[]]>([
    [{ excludePaths: ['/health'] }, ['/healthy', '/internal/a', '/v1/orders']],
    [{ excludePaths: ['/health*', '/internal/*'] }, ['/v1/orders']],
    [{ excludeRoutes: ['probe'] }, ['/v1/orders']],
    [{ excludeMethods: ['GET'] }, []],
    [{ excludeMethods: ['OPTIONS'] }, ['/health', '/healthy', '/internal/a', '/v1/orders']],
    [{ minSeverity: WARN }, ['/health', '/healthy', '/internal/a', '/v1/orders']],
    [{ where: ({ path }) => path === '/healthy' }, ['/healthy']],
    [{ excludePaths: ['/healthy'], where: ({ path }) => path.startsWith('/health') }, ['/health']],
  ])('%j leaves the spans of %j', async (filter, expected) => {
    const { telemetry, at } = await withPlaces({ all: {}, some: { filter } });
    for (const path of ['/health', '/healthy', '/internal/a', '/v1/orders'])
      ask(telemetry, { path, ...(path !== '/v1/orders' && { routeName: 'probe' }) });
    await telemetry.flush();
    const paths = (records: readonly { attributes: Readonly<Record<string, unknown>> }[]): unknown[] =>
      records.map(({ attributes }) => attributes['url.path']);
    expect(paths(at.some.spans)).toEqual(expected);
    // The log record goes the way of the spans, but for its severity.
    expect(paths(at.some.logs)).toEqual(filter.minSeverity === undefined ? expected : []);
    expect(at.all.spans).toHaveLength(4);
    expect(total(counters(at.some))).toBe(4);
  });

  it('takes CLIENT spans with the rest of their request', async () => {
    const { telemetry, at } = await withPlaces(
      { all: {}, some: { filter: { excludeRoutes: ['probe'] } } },
      { spans: 'server+client' },
    );
    for (const routeName of ['probe', 'orders']) {
      const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
      exchange.startUpstreamCall({ url: 'http://upstream.example/' }).end({ statusCode: 200 });
      exchange.startUpstreamCall({ url: 'http://upstream.example/' });
      exchange.setRoute(routeName);
      exchange.end({ statusCode: 200 });
    }
    await new Promise(setImmediate);
    await telemetry.flush();
    expect(at.all.spans.filter(({ kind }) => kind === CLIENT)).toHaveLength(4);
    expect(at.some.spans.map(({ kind }) => kind).sort()).toEqual([2, CLIENT, CLIENT]);
    expect(idsOf(at.some.spans).size).toBe(1);
  });

  it('takes what is told of an exception with its request', async () => {
    const { telemetry, at } = await withPlaces({ all: {}, some: { filter: { excludePaths: ['/health'] } } });
    for (const url of ['/health', '/orders']) {
      const exchange = telemetry.begin({ method: 'GET', url, headers: {} });
      exchange.recordError(new Error('no database'));
      exchange.end({ statusCode: 500 });
    }
    await telemetry.flush();
    const eventsAt = (receiver: OtlpReceiver): string[] => receiver.logs.map(({ eventName }) => eventName);
    const both = ['http.server.request.exception', 'knoxcall.proxy.request'];
    expect(eventsAt(at.all)).toEqual([...both, ...both]);
    expect(eventsAt(at.some)).toEqual(both);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('canary');
      },
    ],
    ['rejects', () => Promise.reject(new Error('canary'))],
    ['gives a text', () => 'false'],
  ])('whose function %s lets everything through and is reported', async (_, where) => {
    const receiver = await collector();
    const { telemetry, reports } = reportingInstance({
      operator: { name: 'mine', endpoint: receiver.url, filter: { where: where as () => boolean } },
    });
    ask(telemetry);
    await telemetry.flush();
    expect([receiver.spans.length, receiver.logs.length]).toEqual([1, 1]);
    expect(reports.map(({ code, destination }) => [code, destination])).toEqual([
      ['callback_failed', 'mine'],
    ]);
    expect(JSON.stringify(reports)).not.toContain('canary');
  });

  it('asks its function once for all records of a request', async () => {
    let asked = 0;
    const { telemetry } = await withPlaces(
      { one: { filter: { where: () => ++asked > 0 } } },
      { spans: 'server+client' },
    );
    const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
    exchange.startUpstreamCall({ url: 'http://upstream.example/' }).end({ statusCode: 200 });
    exchange.end({ statusCode: 200 });
    await telemetry.flush();
    expect(asked).toBe(1);
  });

  it('asks its function once also for a request that is kept late', async () => {
    let asked = 0;
    const { telemetry } = await withPlaces(
      { one: { filter: { where: () => ++asked > 0 } } },
      { sampling: { ratio: 0, keep: { errors: true } } },
    );
    ask(telemetry, { statusCode: 500 });
    await telemetry.flush();
    expect(asked).toBe(1);
  });
});

it('a change of what is taken keeps the queue and the state', async () => {
  const { telemetry, at, operator } = await withPlaces({ mine: {} });
  at.mine.answerWith({ status: 503 });
  ask(telemetry, { path: '/before' });
  await telemetry.flush({ timeoutMs: 100 });
  const waiting = telemetry.status().operator[0]?.signals.traces?.ledger.buffered;
  telemetry.setOperator(
    operator.map((one) => ({ ...one, filter: { excludePaths: ['/health'] }, sampling: { logs: 0 } })),
  );
  ask(telemetry, { path: '/health' });
  ask(telemetry, { path: '/after' });
  expect(waiting).toBe(1);
  expect(telemetry.status().operator[0]?.signals.traces?.ledger).toMatchObject({
    accepted: 2,
    buffered: 2,
    dropped: {},
  });
  at.mine.answerWith({});
  telemetry.setOperator(operator.map((one) => ({ ...one, headers: { 'x-new': '1' } })));
  const deadline = Date.now() + 10_000;
  while (idsOf(at.mine.spans).size < 2 && Date.now() < deadline) await telemetry.flush();
  expect(at.mine.spans.map(({ attributes }) => attributes['url.path']).sort()).toEqual(['/after', '/before']);
  expect(at.mine.logs.map(({ attributes }) => attributes['url.path'])).toEqual(['/before']);
});
