/** Options, variables, and the DSN that changes at run time. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import type { GatewayTelemetry } from '../../src/index.js';
import { sentryErrors } from '../../src/sentry/index.js';
import type { SentryErrorsOptions } from '../../src/sentry/index.js';
import { startSentry } from './sentry-server.js';
import { fail, loadSdk, startReporting } from './support.js';

const sdk = vi.hoisted(() => ({ isThere: true, other: undefined as object | undefined }));
vi.mock('../../src/sentry/load-sentry.cjs', () => ({
  loadSentry() {
    if (!sdk.isThere)
      throw Object.assign(new Error("Cannot find module '@sentry/node'"), { code: 'MODULE_NOT_FOUND' });
    return sdk.other ?? loadSdk('@sentry/node');
  },
}));
afterEach(() => {
  sdk.isThere = true;
  sdk.other = undefined;
});

const KEY = 'abcdef0123456789';
const DSN = `http://${KEY}@127.0.0.1:9/1`;
const OTHER_DSN = 'http://k@127.0.0.1:9/2';

const thrownBy = (work: () => unknown): Error => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

describe('faults in code', () => {
  const telemetry = createGatewayTelemetry({ env: false });
  it.each<[string, unknown, string]>([
    ['no text', { dsn: 7 }, 'dsn must be a string: a Sentry DSN'],
    ['an empty DSN', { dsn: '' }, 'dsn is not a Sentry DSN'],
    ['a DSN without a key', { dsn: 'https://o0.ingest.sentry.io/0' }, 'dsn is not a Sentry DSN'],
    ['a DSN without a project', { dsn: `https://${KEY}@host` }, 'dsn is not a Sentry DSN'],
    ['a DSN with a bad port', { dsn: `https://${KEY}@host:99999/1` }, 'dsn is not a Sentry DSN'],
    ['a DSN of another scheme', { dsn: `ftp://${KEY}@host/1` }, 'dsn is not a Sentry DSN'],
    ['a DSN with a query', { dsn: `https://${KEY}@host/1?a=b` }, 'dsn is not a Sentry DSN'],
    ['no client', { client: {} }, 'client must be a client of Sentry'],
    ['a release with a slash', { release: 'a/b' }, 'release must be a name that Sentry takes'],
    ['an environment with a space', { environment: 'a b' }, 'environment must be a name that Sentry takes'],
    ['an unknown kind of report', { report: 'some' }, 'report must be one of exceptions, all'],
    [
      'no whole number',
      { maxReportsPerMinute: 0.5 },
      'maxReportsPerMinute must be a whole number from 1 to 6000',
    ],
    ['no switch', { captureProcessErrors: 'yes' }, 'captureProcessErrors must be true or false'],
    ['no function', { redact: 'all' }, 'redact must be a function'],
    ['no environment', { env: 'all' }, 'env must be an object, or false'],
    ['an unknown option', { dns: DSN }, 'dns is not a known option'],
    ['no options', 'dsn', 'options must be an object'],
  ])('%s', (_, options, sentence) => {
    const error = thrownBy(() => sentryErrors(telemetry, options as SentryErrorsOptions));
    expect(error.name).toBe('ConfigurationError');
    expect(error.message).toContain(sentence);
    expect(error.message).not.toContain(KEY);
  });

  it('wants telemetry', () => {
    for (const value of [undefined, {}, 7])
      expect(() => sentryErrors(value as unknown as GatewayTelemetry)).toThrow('telemetry must be what');
  });

  it('prints nothing', () => {
    const print = vi.spyOn(console, 'error');
    expect(() => sentryErrors(telemetry, { dsn: 'nonsense' })).toThrow();
    expect(print).not.toHaveBeenCalled();
    print.mockRestore();
  });
});

describe('the environment', () => {
  it('wins over code, and says so', async () => {
    const sentry = await startSentry();
    const env = {
      SENTRY_DSN_BACKEND: ` ${sentry.dsn()} `,
      SENTRY_ENVIRONMENT: 'stage',
      SENTRY_RELEASE: 'of-env',
    };
    const reporting = startReporting({ dsn: OTHER_DSN, environment: 'prod', env });
    reporting.errors.setDsn(OTHER_DSN);
    reporting.errors.setDsn(null);
    fail(reporting, new Error('boom'));
    expect(await reporting.errors.flush()).toBe(true);
    expect(sentry.events).toEqual([expect.objectContaining({ environment: 'stage', release: 'of-env' })]);
    const overridden = expect.objectContaining({ code: 'overridden_by_environment' }) as object;
    expect(reporting.errors.status().notices).toEqual([overridden, overridden, overridden]);
    expect(reporting.diagnostics).toContainEqual(overridden);
    expect(() => reporting.errors.setDsn('nonsense')).toThrow('setDsn is not a Sentry DSN');
  });

  it('never makes it throw, and an empty variable counts as unset', () => {
    const bad = { SENTRY_DSN_BACKEND: `https://${KEY}@x`, SENTRY_ENVIRONMENT: 'a b', SENTRY_RELEASE: 'a/b' };
    const { errors } = startReporting({ env: bad });
    expect(errors.status()).toMatchObject({ enabled: false });
    expect(errors.status().notices.map(({ code }) => code)).toEqual(Array(3).fill('environment_invalid'));
    expect(JSON.stringify(errors.status())).not.toContain(KEY);
    const empty = startReporting({ env: { SENTRY_DSN_BACKEND: ' ', SENTRY_ENVIRONMENT: '' } });
    expect(empty.errors.status()).toMatchObject({ enabled: false, notices: [] });
  });

  it("leaves the browser's DSN and the SDK's own variables alone", async () => {
    const sentry = await startSentry();
    const own = { SENTRY_DSN: sentry.dsn('browser'), SENTRY_NAME: 'a-host', SENTRY_TRACES_SAMPLE_RATE: '1' };
    for (const [name, value] of Object.entries(own)) vi.stubEnv(name, value);
    vi.stubEnv('SENTRY_RELEASE', 'of-env');
    vi.stubEnv('SENTRY_ENVIRONMENT', 'of-env');
    try {
      const off = startReporting({ env: undefined as never });
      expect(off.errors.status().enabled).toBe(false);
      const reporting = startReporting({ dsn: sentry.dsn(), env: false, release: 'r1', environment: 'e1' });
      fail(reporting, new Error('boom'));
      const bare = startReporting({ dsn: sentry.dsn(), env: false });
      fail(bare, new Error('boom'));
      await Promise.all([reporting.errors.flush(), bare.errors.flush()]);
      expect(sentry.events).toHaveLength(2);
      expect(sentry.events[0]).toMatchObject({ release: 'r1', environment: 'e1' });
      for (const field of ['release', 'environment', 'server_name'])
        expect(sentry.events[1]).not.toHaveProperty(field);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('takes release and environment of the telemetry where nothing else is said', async () => {
    const sentry = await startSentry();
    const reporting = startReporting({ dsn: sentry.dsn() }, { serviceVersion: '1.4.2', environment: 'prod' });
    fail(reporting, new Error('boom'));
    const exchange = reporting.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    exchange.setEnvironment('canary');
    exchange.end({ statusCode: 500, error: new Error('boom') });
    await reporting.errors.flush();
    expect(sentry.events).toEqual([
      expect.objectContaining({ release: '1.4.2', environment: 'prod' }),
      expect.objectContaining({ release: '1.4.2', environment: 'canary' }),
    ]);
  });

  it('has its own environment over that of the request', async () => {
    const sentry = await startSentry();
    const reporting = startReporting({ dsn: sentry.dsn(), environment: 'ours' }, { environment: 'prod' });
    const exchange = reporting.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    exchange.setEnvironment('canary');
    exchange.end({ statusCode: 500, error: new Error('boom') });
    await reporting.errors.flush();
    expect(sentry.events).toEqual([expect.objectContaining({ environment: 'ours' })]);
  });
});

describe('setDsn', () => {
  it('sends to the new project, and lets the old one have what waits for it', async () => {
    const [first, second] = [await startSentry(), await startSentry()];
    const reporting = startReporting({ dsn: first.dsn() });
    const { errors } = reporting;
    fail(reporting, new Error('first'));
    errors.setDsn(first.dsn());
    errors.setDsn(second.dsn());
    fail(reporting, new Error('second'));
    expect(await errors.flush()).toBe(true);
    errors.setDsn(null);
    fail(reporting, new Error('nobody'));
    expect(errors.status()).toMatchObject({ enabled: false, reported: 2, sent: 2, waiting: 0 });
    errors.setDsn(second.dsn());
    fail(reporting, new Error('third'));
    expect(await errors.flush()).toBe(true);
    expect([first.events.length, second.events.length]).toEqual([1, 2]);
  });

  it('gives up on an old project that does not answer', async () => {
    const [dead, alive] = [await startSentry(), await startSentry()];
    dead.answer = 'hang';
    const reporting = startReporting({ dsn: dead.dsn() });
    fail(reporting, new Error('first'));
    await vi.waitFor(() => expect(dead.requests).toBe(1));
    reporting.errors.setDsn(alive.dsn());
    fail(reporting, new Error('second'));
    await vi.waitFor(() => expect(alive.events).toHaveLength(1));
    await vi.waitFor(() => expect(reporting.errors.status().dropped).toEqual({ dsn_changed: 1 }), 5_000);
    expect(reporting.errors.status()).toMatchObject({ reported: 2, sent: 1, waiting: 0 });
  });
});

describe('a missing package', () => {
  it('is a fault where code gave a DSN, and a report where it comes later or from the environment', async () => {
    sdk.isThere = false;
    const telemetry = createGatewayTelemetry({ env: false });
    expect(thrownBy(() => sentryErrors(telemetry, { dsn: DSN, env: false })).message).toMatch(
      /^dsn needs the package @sentry\/node, version 8 to 11/,
    );
    const unavailable = expect.objectContaining({ code: 'sentry_unavailable' }) as object;
    const ofEnvironment = startReporting({ env: { SENTRY_DSN_BACKEND: DSN } });
    const later = startReporting({});
    later.errors.setDsn(DSN);
    for (const reporting of [ofEnvironment, later]) {
      fail(reporting, new Error('boom'));
      expect(reporting.errors.status()).toMatchObject({
        enabled: false,
        reported: 0,
        notices: [unavailable],
      });
    }
    await telemetry.shutdown();
  });
});

describe('another package than the one that is known', () => {
  it('counts as missing where it has not what is needed', () => {
    sdk.other = { NodeClient: 7 };
    const { errors } = startReporting({ env: { SENTRY_DSN_BACKEND: DSN } });
    expect(errors.status()).toMatchObject({ enabled: false, notices: [{ code: 'sentry_unavailable' }] });
  });

  it('sends nothing of its own accord', async () => {
    const sentry = await startSentry();
    const real = loadSdk<{ NodeClient: new (options: object) => { sendEvent(event: object): void } }>(
      '@sentry/node',
    );
    class Talkative extends real.NodeClient {
      override sendEvent(event: object): void {
        super.sendEvent({ event_id: 'f'.repeat(32), message: 'an error of its own' });
        super.sendEvent(event);
      }
    }
    sdk.other = { ...real, NodeClient: Talkative };
    const reporting = startReporting({ dsn: sentry.dsn() });
    const errorId = fail(reporting, new Error('boom'));
    expect(await reporting.errors.flush()).toBe(true);
    expect(sentry.events.map((event) => event.event_id)).toEqual([errorId]);
  });
});
