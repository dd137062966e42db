/** A Sentry that is slow, dead, full or mad: no request waits for it, memory is bounded, and every loss is counted. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { MAX_PAUSE_SECONDS } from '../../src/sentry/careful-http.js';
import type { SentryErrors } from '../../src/sentry/index.js';
import { send } from '../support/http-client.js';
import { startSentry } from './sentry-server.js';
import { fail, loadSdk, SDKS, serveWith, startReporting } from './support.js';

const sdk = vi.hoisted(() => ({ name: '@sentry/node' }));
vi.mock('../../src/sentry/load-sentry.cjs', () => ({ loadSentry: () => loadSdk(sdk.name) }));

const boom = (): Error => new Error('boom');

/** `reported` = `sent` + what was lost + `waiting`. */
function expectLaw(errors: SentryErrors): void {
  const { reported, sent, dropped, waiting } = errors.status();
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  expect(reported).toBe(sent + lost + waiting);
}

describe.each(SDKS)('%s', (name) => {
  beforeEach(() => {
    sdk.name = name;
  });

  it.each([
    ['429', { status: 429 }],
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '30' } }],
    [
      'a rate limit beside 200',
      { status: 200, headers: { 'x-sentry-rate-limits': '30:error:organization' } },
    ],
    [
      'a rate limit for everything',
      { status: 429, headers: { 'x-sentry-rate-limits': '30::key, 1:session:key' } },
    ],
  ])('keeps the pause that Sentry asks for: %s', async (_, answer) => {
    const sentry = await startSentry();
    sentry.answer = answer;
    const reporting = startReporting({ dsn: sentry.dsn() });
    fail(reporting, boom());
    await reporting.errors.flush();
    sentry.answer = { status: 200 };
    for (let count = 0; count < 5; count++) fail(reporting, boom());
    await reporting.errors.flush();
    expect(sentry.requests).toBe(1);
    const isTaken = answer.status === 200;
    expect(reporting.errors.status()).toMatchObject({
      reported: 6,
      sent: isTaken ? 1 : 0,
      dropped: { backoff: isTaken ? 5 : 6 },
      waiting: 0,
    });
  });

  it.each([
    ['of 3,000 years', 'retry-after', '99999999999'],
    ['until a date in 3,000 years', 'retry-after', 'Mon, 01 Jan 5000 00:00:00 GMT'],
    ['beyond all numbers', 'retry-after', '9'.repeat(400)],
    ['in the other header', 'x-sentry-rate-limits', '99999999999:error:organization:reason'],
  ])('lets no server stop it for ever: a pause %s', async (_, header, value) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const sentry = await startSentry();
      sentry.answer = { status: 429, headers: { [header]: value } };
      const reporting = startReporting({ dsn: sentry.dsn() });
      fail(reporting, boom());
      await reporting.errors.flush();
      sentry.answer = { status: 200 };
      vi.setSystemTime(Date.now() + (MAX_PAUSE_SECONDS - 60) * 1_000);
      fail(reporting, boom());
      await reporting.errors.flush();
      expect(sentry.requests).toBe(1);
      vi.setSystemTime(Date.now() + 120_000);
      fail(reporting, boom());
      await reporting.errors.flush();
      expect(reporting.errors.status()).toMatchObject({ sent: 1, dropped: { backoff: 2 } });
    } finally {
      vi.useRealTimers();
    }
  });

  it.each(['soon', '-5', '', '1e99', '30, 60', 'Infinity'])('survives the pause %j', async (value) => {
    const sentry = await startSentry();
    sentry.answer = { status: 429, headers: { 'retry-after': value, 'x-sentry-rate-limits': value } };
    const reporting = startReporting({ dsn: sentry.dsn() });
    fail(reporting, boom());
    await reporting.errors.flush();
    fail(reporting, boom());
    await reporting.errors.flush();
    expect(sentry.requests).toBeLessThanOrEqual(2);
    expect(reporting.errors.status()).toMatchObject({ reported: 2, dropped: { backoff: 2 }, waiting: 0 });
  });

  it('counts what is refused, and what does not get there', async () => {
    const sentry = await startSentry();
    const reporting = startReporting({ dsn: sentry.dsn() });
    for (const status of [400, 403, 413, 500, 302]) {
      sentry.answer = { status };
      fail(reporting, boom());
      await reporting.errors.flush();
    }
    expect(reporting.errors.status().dropped).toEqual({ refused: 5 });
    const nobody = startReporting({ dsn: 'http://k@127.0.0.1:9/1' });
    fail(nobody, boom());
    expect(await nobody.errors.flush()).toBe(true);
    expect(nobody.errors.status().dropped).toEqual({ network: 1 });
    await vi.waitFor(() => expect(nobody.diagnostics).toMatchObject([{ code: 'dropped' }]));
  });

  it('lets no request wait for a Sentry that does not answer, and bounds what waits', async () => {
    const sentry = await startSentry();
    sentry.answer = 'hang';
    const reporting = startReporting({ dsn: sentry.dsn(), maxReportsPerMinute: 6_000 });
    const url = await serveWith(reporting.telemetry, (_request, response, exchange) => {
      exchange.recordError(boom());
      response.writeHead(502).end();
    });
    for (let count = 0; count < 20; count++) expect((await send(url)).status).toBe(502);
    const before = performance.now();
    expect(await reporting.errors.flush({ timeoutMs: 50 })).toBe(false);
    expect(await reporting.errors.close({ timeoutMs: 50 })).toBe(false);
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(reporting.errors.status()).toMatchObject({ reported: 20, waiting: 0 });
    expect(reporting.errors.status().dropped['closed']).toBeGreaterThan(0);
    expectLaw(reporting.errors);
  });

  it('stays small in an outage: 20,000 errors', async () => {
    const sentry = await startSentry();
    const reporting = startReporting({ dsn: sentry.dsn() });
    const { telemetry, errors } = reporting;
    const one = (): void => {
      const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
      // What an error may hold on to.
      exchange.end({ statusCode: 502, error: Object.assign(boom(), { held: Buffer.alloc(100_000) }) });
    };
    for (let count = 0; count < 20_000; count++) {
      one();
      if (count % 1_000 === 0) await pause(0);
    }
    expect(await errors.flush()).toBe(true);
    const { reported, sent, dropped } = errors.status();
    expect(reported).toBe(20_000);
    expect(sent).toBe(sentry.events.length);
    // A burst of ten, and one more for each second that the loop took.
    expect(sent).toBeGreaterThanOrEqual(10);
    expect(sent).toBeLessThan(100);
    expect(dropped).toEqual({ rate_limited: 20_000 - sent });
    // 2 GB went by.
    const { arrayBuffers } = process.memoryUsage();
    expect(arrayBuffers).toBeLessThan(1e9);
  });

  it('keeps two instances apart', async () => {
    const [one, two] = [await startSentry(), await startSentry()];
    const first = startReporting({ dsn: one.dsn(), release: 'one' });
    const second = startReporting({ dsn: two.dsn(), release: 'two' });
    fail(first, boom());
    fail(second, boom());
    fail(second, boom());
    await Promise.all([first.errors.flush(), second.errors.flush()]);
    await first.errors.close();
    fail(second, boom());
    await second.errors.flush();
    expect(one.events.map(({ release }) => release)).toEqual(['one']);
    expect(two.events.map(({ release }) => release)).toEqual(['two', 'two', 'two']);
  });
});

/** As if a second passed between any two looks at the clock, so that the rate lets everything through. */
function withoutRate(work: () => void): void {
  const clock = vi.spyOn(performance, 'now');
  let nowMs = performance.now();
  clock.mockImplementation(() => (nowMs += 1_000));
  try {
    work();
  } finally {
    clock.mockRestore();
  }
}

describe('bounds', () => {
  beforeEach(() => {
    sdk.name = '@sentry/node';
  });

  it('counts what has no room', async () => {
    const sentry = await startSentry();
    const reporting = startReporting({ dsn: sentry.dsn(), maxReportsPerMinute: 6_000 });
    const { errors } = reporting;
    withoutRate(() => {
      for (let count = 0; count < 150; count++) fail(reporting, boom());
    });
    expect(errors.status()).toMatchObject({ reported: 150, dropped: { queue_full: 50 }, waiting: 100 });
    await errors.flush();
    expectLaw(errors);
    expect(errors.status().waiting).toBe(0);
  });

  it('has 64 events under way at most', async () => {
    const sentry = await startSentry();
    sentry.answer = 'hang';
    const reporting = startReporting({ dsn: sentry.dsn(), maxReportsPerMinute: 6_000 });
    withoutRate(() => {
      for (let count = 0; count < 100; count++) fail(reporting, boom());
    });
    await vi.waitFor(() => expect(reporting.errors.status()).toMatchObject({ dropped: { queue_full: 36 } }));
    expect(reporting.errors.status().waiting).toBe(64);
  });

  it.each(['no answer', 'an answer without end'])('gives up after ten seconds: %s', async (what) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      let answers = 0;
      let closed = 0;
      const server = createServer((request, response) => {
        request.resume();
        response.on('close', () => closed++);
        answers++;
        if (what !== 'no answer') response.write('x');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const reporting = startReporting({ dsn: `http://k@127.0.0.1:${port}/1` });
      fail(reporting, boom());
      const until = async (check: () => boolean): Promise<void> => {
        for (let turns = 0; turns < 2_000 && !check(); turns++)
          await new Promise((done) => setImmediate(done));
        expect(check()).toBe(true);
      };
      await until(() => answers === 1);
      // The head of an answer is one.
      if (what !== 'no answer') await until(() => reporting.errors.status().sent === 1);
      vi.advanceTimersByTime(9_000);
      expect(closed).toBe(0);
      vi.advanceTimersByTime(2_000);
      await until(() => closed === 1);
      await until(() => reporting.errors.status().waiting === 0);
      expect(reporting.errors.status()).toMatchObject(
        what === 'no answer' ? { dropped: { network: 1 } } : { sent: 1 },
      );
    } finally {
      vi.useRealTimers();
    }
  });
});
