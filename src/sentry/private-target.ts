/**
 * A client of our own: the SDK's, without its `init`, without integrations, and in nobody's scope. An event goes straight to its
 * transport, so that no processor, scope or attachment of the host's has a part in it, and none of them learns of it.
 */
import { outcomeOfStatus, type Outcome } from './account.js';
import { createCarefulHttp } from './careful-http.js';
import type { Dsn } from './dsn.js';
import type { SentryEvent } from './event.js';
import type { SentryLoss } from './options.js';
import type { PrivateClient, SentrySdk, Transport, TransportOptions } from './sdk.js';
import { outside } from './outside.js';
import { inTime, Pending, type Settled, type Target } from './target.js';

export function createPrivateTarget(sdk: SentrySdk, dsn: Dsn, settled: Settled): Target {
  const pending = new Pending(settled);
  const http = createCarefulHttp(dsn.url.startsWith('https:'));
  const transport = (options: TransportOptions): Transport => {
    let lostBy: string | undefined;
    const { send, flush } = sdk.makeNodeTransport({
      ...options,
      httpModule: http,
      recordDroppedEvent: (reason: string) => (lostBy = reason),
    });
    return {
      flush,
      async send(envelope) {
        const id = envelope[0].event_id ?? '';
        // Of its own accord the SDK would send errors of its own, which nobody has redacted.
        if (!pending.has(id)) return {};
        lostBy = undefined;
        const sending = send(envelope);
        // Told before `send` has come back, and only then sure to be about this one.
        const pausedBy: string | undefined = lostBy;
        try {
          const answer = await sending;
          pending.settle(id, outcomeOf(answer.statusCode, pausedBy));
          return answer;
        } catch {
          pending.settle(id, 'network');
          return {};
        }
      },
    };
  };
  const client = outside(() => makeClient(sdk, dsn, transport));
  let closedFor: SentryLoss | undefined;
  return {
    parse: sdk.defaultStackParser,
    dsn,
    send(event: SentryEvent) {
      if (closedFor !== undefined) return settled(closedFor);
      pending.add(event.event_id);
      try {
        outside(() => client.sendEvent(event));
      } catch {
        pending.settle(event.event_id, 'internal_error');
      }
    },
    flush: async (timeoutMs) => {
      const isSent = await inTime(timeoutMs, client.flush(Math.max(1, timeoutMs)), false);
      return isSent && pending.size === 0;
    },
    async close(timeoutMs, reason) {
      const isSent = await inTime(timeoutMs, client.close(Math.max(1, timeoutMs)), false);
      const isAll = isSent && pending.size === 0;
      closedFor = reason;
      pending.settleAll(reason);
      http.abort();
      return isAll;
    },
  };
}

/** Without a status nothing was sent: by a pause that Sentry has asked for, or because too much is under way. */
function outcomeOf(statusCode: number | undefined, pausedBy: string | undefined): Outcome {
  if (statusCode !== undefined) return outcomeOfStatus(statusCode);
  return pausedBy === 'ratelimit_backoff' ? 'backoff' : 'queue_full';
}

function makeClient(
  sdk: SentrySdk,
  dsn: Dsn,
  transport: (options: TransportOptions) => Transport,
): PrivateClient {
  const before = new Set(process.listeners('beforeExit'));
  const client = new sdk.NodeClient({
    dsn: dsn.text,
    integrations: [],
    transport,
    stackParser: sdk.defaultStackParser,
    sendDefaultPii: false,
    // Told to every version by the name that it knows: traces are OpenTelemetry's.
    skipOpenTelemetrySetup: true,
    enableRuntimeChannelInjection: false,
    traceLifecycle: 'static',
    enableLogs: false,
    enableMetrics: false,
    // The host's name, and `SENTRY_NAME`.
    includeServerName: false,
    sendClientReports: false,
    attachStacktrace: false,
    maxBreadcrumbs: 0,
  });
  // It listens for the end of the process, for logs and metrics that it never has.
  for (const listener of process.listeners('beforeExit'))
    if (!before.has(listener)) process.off('beforeExit', listener);
  return client;
}
