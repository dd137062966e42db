/** A Sentry of the host's: untouched beside a private client, and as a client of the host's told no more than our list. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { NodeClient as NodeClient11 } from '@sentry/node';
import type { NodeClient as NodeClient10 } from 'sentry-10';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { SentryClient } from '../../src/sentry/index.js';
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

interface HostScope {
  setUser(user: object): void;
  setTag(name: string, value: string): void;
  setExtra(name: string, value: unknown): void;
  setContext(name: string, value: object): void;
  addBreadcrumb(crumb: object): void;
  addAttachment(attachment: object): void;
  setSDKProcessingMetadata(data: object): void;
  addEventProcessor(processor: (event: object) => object | null): void;
  getScopeData(): object;
}

interface HostSentry {
  init(options: object): HostClient;
  getClient(): HostClient | undefined;
  captureException(error: unknown): string;
  lastEventId(): string | undefined;
  withIsolationScope<T>(fn: (scope: HostScope) => T): T;
  getIsolationScope(): HostScope;
  getCurrentScope(): HostScope;
  getGlobalScope(): HostScope;
}

type HostClient = SentryClient & { close(timeoutMs: number): Promise<boolean> };

/** The types of both versions fit, or this does not compile. */
const asClient = (client: NodeClient10 | NodeClient11): SentryClient => client;

/** What the host's scopes hold, and must stay at home. */
const SECRETS = [
  'ada@host.example',
  '203.0.113.9',
  'crumb-secret',
  'extra-secret',
  'context-secret',
  'file-secret',
  'tag-secret',
];

function fill(scope: HostScope): void {
  scope.setUser({ email: 'ada@host.example', ip_address: '203.0.113.9', username: 'ada' });
  scope.setTag('own', 'tag-secret');
  scope.setExtra('own', 'extra-secret');
  scope.setContext('own', { key: 'context-secret' });
  scope.addBreadcrumb({ message: 'crumb-secret' });
  scope.addAttachment({ filename: 'a.txt', data: 'file-secret' });
  scope.setSDKProcessingMetadata({
    normalizedRequest: { headers: { cookie: 'crumb-secret' }, data: 'extra-secret' },
  });
}

const listeners = (): unknown =>
  process.eventNames().map((event) => [event, process.listeners(event as 'exit')]);

describe.each(SDKS)('%s', (name) => {
  beforeEach(() => {
    sdk.name = name;
    sdk.loads = 0;
  });
  const host = (): HostSentry => loadSdk<HostSentry>(name);

  /** The host's own Sentry, with all that `init` does, and everything in its scopes. */
  function start(dsn: string, more: object = {}): HostClient {
    const { init, getGlobalScope, getIsolationScope } = host();
    const client = init({
      dsn,
      sendDefaultPii: true,
      defaultIntegrations: false,
      skipOpenTelemetrySetup: true,
      registerEsmLoaderHooks: false,
      enableRuntimeChannelInjection: false,
      serverName: 'host-name',
      ...more,
    });
    fill(getGlobalScope());
    fill(getIsolationScope());
    onTestFinished(async () => {
      await client.close(10);
    });
    return client;
  }

  it('leaves it untouched beside a private client', async () => {
    const [theirs, ours] = [await startSentry(), await startSentry()];
    const client = start(theirs.dsn());
    const {
      captureException,
      getClient,
      getGlobalScope,
      getIsolationScope,
      lastEventId,
      withIsolationScope,
    } = host();
    captureException(new Error('of the host'));
    const before = {
      listeners: listeners(),
      globals: Object.getOwnPropertyNames(globalThis),
      lastEventId: lastEventId(),
      scopes: structuredClone(
        JSON.stringify([getGlobalScope().getScopeData(), getIsolationScope().getScopeData()]),
      ),
    };
    const reporting = startReporting({ dsn: ours.dsn() });
    const seen: unknown[] = [];
    getGlobalScope().addEventProcessor((event) => {
      seen.push(event);
      return event;
    });
    const url = await serveWith(reporting.telemetry, (_request, response, exchange) =>
      withIsolationScope((scope) => {
        fill(scope);
        exchange.recordError(new Error('boom'));
        response.writeHead(500).end();
      }),
    );
    await send(url);
    await reporting.errors.flush();
    expect(seen).toEqual([]);
    expect(getClient()).toBe(client);
    expect(client.getOptions()).not.toMatchObject({ enabled: false });
    expect(listeners()).toEqual(before.listeners);
    expect(Object.getOwnPropertyNames(globalThis)).toEqual(before.globals);
    expect(lastEventId()).toBe(before.lastEventId);
    captureException(new Error('of the host again'));
    await client.flush(1_000);
    expect(theirs.events).toHaveLength(2);
    expect(ours.events).toHaveLength(1);
    for (const secret of SECRETS) expect(ours.envelopes[0]?.text).not.toContain(secret);
    await reporting.errors.close();
    captureException(new Error('and after the end'));
    await client.flush(1_000);
    expect(theirs.events).toHaveLength(3);
    expect(listeners()).toEqual(before.listeners);
  });

  it("sends through the host's client no more than our list, and loads nothing", async () => {
    const theirs = await startSentry();
    const client = start(theirs.dsn());
    const { captureException, withIsolationScope } = host();
    const reporting = startReporting({
      client: asClient(client as unknown as NodeClient11),
      release: 'ours',
    });
    const url = await serveWith(reporting.telemetry, (_request, response, exchange) =>
      withIsolationScope((scope) => {
        fill(scope);
        exchange.recordError(new Error('boom'));
        response.writeHead(500).end(exchange.errorId);
      }),
    );
    const { body } = await send(url, { headers: { cookie: 'crumb-secret' } });
    expect(await reporting.errors.flush()).toBe(true);
    expect(sdk.loads).toBe(0);
    expect(reporting.errors.status()).toMatchObject({ enabled: true, reported: 1, sent: 1, waiting: 0 });
    expect(theirs.envelopes).toHaveLength(1);
    const { items, text } = theirs.envelopes[0] ?? { items: [], text: '' };
    expect(items).toHaveLength(1);
    for (const secret of [...SECRETS, 'host-name']) expect(text).not.toContain(secret);
    const known = [
      'event_id',
      'timestamp',
      'platform',
      'level',
      'release',
      'transaction',
      'tags',
      'request',
      'exception',
      // Of the SDK itself: its name, and random ids of a trace that nobody else has.
      'sdk',
      'contexts',
    ];
    for (const field of Object.keys(theirs.events[0] ?? {})) expect(known).toContain(field);
    expect(theirs.events[0]).toMatchObject({
      event_id: body,
      release: 'ours',
      tags: { errorId: body },
      request: { method: 'GET', url: '/' },
    });
    expect(Object.keys(theirs.events[0]?.['contexts'] ?? {})).toEqual(
      expect.not.arrayContaining(['own', 'runtime', 'os', 'device']),
    );
    // Never closed, and itself again.
    await reporting.errors.close();
    captureException(new Error('of the host'));
    await client.flush(1_000);
    expect(theirs.events).toHaveLength(2);
    expect(theirs.envelopes[1]?.text).toContain('ada@host.example');
  });

  it("counts what the host's client does not send", async () => {
    const theirs = await startSentry();
    const client = start(theirs.dsn(), { beforeSend: () => null });
    const reporting = startReporting({ client });
    fail(reporting, new Error('boom'));
    expect(await reporting.errors.flush({ timeoutMs: 200 })).toBe(false);
    expect(await reporting.errors.close({ timeoutMs: 100 })).toBe(false);
    expect(reporting.errors.status()).toMatchObject({
      enabled: false,
      reported: 1,
      waiting: 0,
      dropped: { closed: 1 },
    });
    expect(theirs.events).toEqual([]);
    expect(() => reporting.errors.setDsn(null)).toThrow('setDsn has no DSN to change');
    expect(() => startReporting({ client, dsn: theirs.dsn() })).toThrow('dsn cannot stand beside client');
  });

  it('takes what has had no answer for a minute as not sent', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const client: SentryClient = {
        captureEvent: () => '',
        getOptions: () => ({}),
        getDsn: () => undefined,
        on: () => undefined,
        flush: () => Promise.resolve(true),
      };
      const reporting = startReporting({ client });
      fail(reporting, new Error('boom'));
      await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
      expect(reporting.errors.status()).toMatchObject({ waiting: 1, dropped: {} });
      vi.advanceTimersByTime(60_000);
      expect(reporting.errors.status()).toMatchObject({ waiting: 0, dropped: { host_client: 1 } });
    } finally {
      vi.useRealTimers();
    }
  });

  it('carries no context of a request into its sockets and timers', async () => {
    const ours = await startSentry();
    const storage = new AsyncLocalStorage<string>();
    const contexts: unknown[] = [];
    const reporting = startReporting({
      dsn: ours.dsn(),
      redact: (event) => {
        contexts.push(storage.getStore());
        return event;
      },
    });
    storage.run('request', () => fail(reporting, new Error('boom')));
    await reporting.errors.flush();
    expect(contexts).toEqual([undefined]);
    expect(ours.events).toHaveLength(1);
  });
});
