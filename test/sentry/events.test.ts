/** What arrives at Sentry, field by field, with the real SDK in each version that is tested. */
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../delivery/support.js';
import { send } from '../support/http-client.js';
import { startSentry } from './sentry-server.js';
import { fail, loadSdk, SDKS, serveWith, startReporting } from './support.js';

const sdk = vi.hoisted(() => ({ name: '@sentry/node', loads: 0 }));
vi.mock('../../src/sentry/load-sentry.cjs', () => ({
  loadSentry: () => {
    sdk.loads++;
    return loadSdk(sdk.name);
  },
}));

const USER = '0b5a7e0c-9c1d-4d5e-8f00-0123456789ab';

function boom(): Error {
  const cause = Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:443'), {
    code: 'ECONNREFUSED',
    address: '10.1.2.3',
  });
  return new TypeError('boom', { cause });
}

describe.each(SDKS)('%s', (name) => {
  beforeEach(() => {
    sdk.name = name;
    sdk.loads = 0;
  });

  it('sends one event per error, whose id the client was answered', async () => {
    const sentry = await startSentry();
    const { telemetry, errors } = startReporting(
      { dsn: sentry.dsn(), release: 'edge@1.2.3', environment: 'prod' },
      { operator: null },
    );
    const url = await serveWith(telemetry, (_request, response, exchange) => {
      exchange.setUserId(USER);
      exchange.recordError(boom());
      response.writeHead(502).end(exchange.errorId);
    });
    const { body } = await send(`${url}/orders/7?secret=1`, { headers: { cookie: 'a=b' } });
    expect(await errors.flush()).toBe(true);
    expect(errors.status()).toEqual({
      enabled: true,
      reported: 1,
      sent: 1,
      dropped: {},
      waiting: 0,
      notices: [],
    });
    const [envelope] = sentry.envelopes;
    expect(sentry.envelopes).toHaveLength(1);
    expect(envelope?.path).toMatch(/^\/api\/42\/envelope\/\?sentry_version=7&sentry_key=publickey/);
    expect(envelope?.header).toEqual({
      event_id: body,
      sent_at: expect.any(String) as string,
      sdk: { name: 'sentry.javascript.node', version: expect.any(String) as string },
    });
    const frame = expect.objectContaining({
      filename: expect.stringContaining('events.test.ts') as string,
      function: 'boom',
      in_app: true,
      lineno: expect.any(Number) as number,
      colno: expect.any(Number) as number,
    }) as object;
    const [event] = sentry.events;
    expect(event).toEqual({
      event_id: body,
      timestamp: expect.closeTo(Date.now() / 1_000, -2) as number,
      platform: 'node',
      level: 'error',
      release: 'edge@1.2.3',
      environment: 'prod',
      transaction: 'GET orders',
      tags: {
        errorId: body,
        tenant_id: 'acme',
        request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        route: 'orders',
        'http.response.status_code': '502',
        'error.type': 'upstream_connect_error',
      },
      user: { id: USER },
      request: { method: 'GET', url: '/orders/7' },
      exception: {
        values: [
          {
            type: 'ECONNREFUSED',
            value: 'connect ECONNREFUSED 10.1.2.3:443',
            stacktrace: { frames: expect.arrayContaining([frame]) as object },
            mechanism: { type: 'chained', handled: true, exception_id: 1, parent_id: 0, source: 'cause' },
          },
          {
            type: 'TypeError',
            value: 'boom',
            stacktrace: { frames: expect.arrayContaining([frame]) as object },
            mechanism: { type: 'gateway-otel', handled: true, exception_id: 0 },
          },
        ],
      },
      sdk: expect.objectContaining({ name: 'sentry.javascript.node' }) as object,
    });
    // Local variables and lines of source have no place in a frame.
    const known = ['filename', 'function', 'module', 'lineno', 'colno', 'in_app'];
    const { values } = event?.['exception'] as { values: { stacktrace: { frames: object[] } }[] };
    for (const { stacktrace } of values)
      for (const fields of stacktrace.frames)
        for (const field of Object.keys(fields)) expect(known).toContain(field);
  });

  it('reports exceptions alone, and with `all` also a 5xx of its own without one', async () => {
    for (const report of ['exceptions', 'all'] as const) {
      const sentry = await startSentry();
      const reporting = startReporting({ dsn: sentry.dsn(), report });
      fail(reporting, boom());
      fail(reporting, undefined, 503);
      fail(reporting, 'upstream_timeout', 504);
      fail(reporting, boom(), 404);
      const upstream = reporting.telemetry.begin({ method: 'GET', url: '/', headers: {} });
      upstream.startUpstreamCall().end({ statusCode: 503 });
      upstream.end({ statusCode: 503 });
      expect(await reporting.errors.flush()).toBe(true);
      const told = sentry.events.map(({ message }) => message);
      expect(told).toEqual(
        report === 'all' ? [undefined, 'GET orders 503 503', 'GET orders 504 upstream_timeout'] : [undefined],
      );
      expect(reporting.errors.status().reported).toBe(told.length);
    }
  });

  it.each([
    ['a text', 'just a text', { type: 'Error', value: 'just a text' }],
    ['nothing', {}, { type: 'Error', value: '' }],
    [
      'a getter that throws',
      Object.defineProperty({}, 'message', { get: () => fail }),
      { type: 'Error', value: '' },
    ],
    ['a symbol', Symbol('s'), { type: 'Error', value: '' }],
  ])('takes whatever was thrown: %s', async (_, thrown, expected) => {
    const sentry = await startSentry();
    const reporting = startReporting({ dsn: sentry.dsn() });
    const exchange = reporting.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    exchange.recordError(thrown);
    exchange.end({ statusCode: 500 });
    await reporting.errors.flush();
    const { values } = sentry.events[0]?.['exception'] as { values: unknown[] };
    expect(values).toEqual([expect.objectContaining(expected)]);
  });

  it('compresses what is large, and bounds what is thrown', async () => {
    const sentry = await startSentry();
    const reporting = startReporting({ dsn: sentry.dsn() });
    let error: Error | undefined;
    for (let depth = 0; depth < 20; depth++)
      error = new Error(`${depth} ${'word '.repeat(100_000)}`, error === undefined ? {} : { cause: error });
    fail(reporting, error);
    await reporting.errors.flush();
    const { values } = sentry.events[0]?.['exception'] as { values: { value: string }[] };
    expect(values).toHaveLength(5);
    for (const { value } of values) expect(value.length).toBeLessThanOrEqual(1_024);
    expect(sentry.envelopes[0]?.text.length).toBeLessThan(100_000);
  });

  it('leaves no listener and no client behind, and sends nothing for others', async () => {
    const before = process.eventNames().map((event) => [event, process.listenerCount(event)]);
    const sentry = await startSentry();
    const reporting = startReporting({ dsn: sentry.dsn() });
    fail(reporting, boom());
    await reporting.errors.flush();
    expect(process.eventNames().map((event) => [event, process.listenerCount(event)])).toEqual(before);
    const { getClient, captureException } = loadSdk<{
      getClient(): unknown;
      captureException(error: unknown): void;
    }>(name);
    expect(getClient()).toBeUndefined();
    captureException(new Error('of the host'));
    await turn();
    await reporting.errors.close();
    expect(sentry.events).toHaveLength(1);
    fail(reporting, boom());
    await turn();
    expect(reporting.errors.status()).toMatchObject({ enabled: false, reported: 1, sent: 1 });
  });

  it("lets the host's redact have the last word", async () => {
    const sentry = await startSentry();
    const answers: (() => unknown)[] = [
      () => null,
      () => ({ tags: { mine: 'yes' }, event_id: 'other' }),
      () => 'text',
      () => Promise.reject(new Error('late')),
    ];
    const reporting = startReporting({
      dsn: sentry.dsn(),
      redact: (event) => {
        const answer = answers.shift();
        if (answer === undefined) throw new Error('no');
        event.message = 'seen';
        return answer() as null;
      },
    });
    const ids = Array.from({ length: 5 }, () => fail(reporting, boom()));
    await reporting.errors.flush();
    expect(sentry.events).toEqual([
      { event_id: ids[1], tags: { mine: 'yes' }, sdk: expect.anything() as object },
    ]);
    expect(reporting.errors.status()).toMatchObject({
      reported: 5,
      sent: 1,
      dropped: { redacted: 1, redaction_failed: 3 },
    });
    await eventually(() => expect(reporting.diagnostics).toHaveLength(2));
    expect(reporting.diagnostics[0]).toMatchObject({ code: 'dropped' });
  });

  it('names the source maps of bundled files', async () => {
    const sentry = await startSentry();
    const reporting = startReporting({ dsn: sentry.dsn() });
    const id = '0b5a7e0c-9c1d-4d5e-8f00-0123456789ab';
    vi.stubGlobal('_sentryDebugIds', {
      'Error\n    at Object.<anonymous> (/srv/bundle.js:1:1)\n    at f (node:internal/x:1:1)': id,
      'Error\n    at Object.<anonymous> (/srv/other.js:1:1)': id,
      'Error\n    at Object.<anonymous> (/srv/odd.js:1:1)': { not: 'an id' },
    });
    try {
      const stack = 'Error: boom\n    at f (/srv/bundle.js:7:1)\n    at g (/srv/odd.js:8:1)';
      fail(reporting, Object.assign(new Error('boom'), { stack }));
      await reporting.errors.flush();
    } finally {
      vi.unstubAllGlobals();
    }
    fail(reporting, boom());
    await reporting.errors.flush();
    expect(sentry.events[0]?.['debug_meta']).toEqual({
      images: [{ type: 'sourcemap', code_file: '/srv/bundle.js', debug_id: id }],
    });
    expect(sentry.events[1]).not.toHaveProperty('debug_meta');
  });

  it('loads nothing without a DSN', () => {
    startReporting({});
    expect(sdk.loads).toBe(0);
    startReporting({ dsn: 'http://k@127.0.0.1:9/1' });
    expect(sdk.loads).toBe(1);
  });
});
