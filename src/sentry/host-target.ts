/**
 * The host's client. It merges what its scopes hold into every event, so ours takes its own form back last of all event processors,
 * on a scope of its own; what the host's `beforeSend` does after that is the host's affair.
 */
import { outcomeOfStatus } from './account.js';
import { dsnOfClient } from './dsn.js';
import type { SentryEvent } from './event.js';
import type { SentryLoss } from './options.js';
import { outside } from './outside.js';
import type { SendAnswer, SentryClient, StackParser } from './sdk.js';
import { inTime, Pending, type Settled, type Target } from './target.js';

/** Nothing says that an event was filtered out: after this time it was. */
const ANSWER_DEADLINE_MS = 60_000;

/** A scope of Sentry's, as far as we need one. */
interface Scope {
  addEventProcessor(processor: (event: object, hint: Hint) => object): Scope;
}

interface Hint {
  attachments?: readonly unknown[];
  captureContext?: (scope: Scope) => Scope;
}

export function createHostTarget(client: SentryClient, settled: Settled): Target {
  const pending = new Pending(settled);
  const timers = new Map<string, NodeJS.Timeout>();
  let closedFor: SentryLoss | undefined;
  const settle = (id: string, outcome: Parameters<Settled>[0]): void => {
    clearTimeout(timers.get(id));
    timers.delete(id);
    pending.settle(id, outcome);
  };
  const stop = client.on('afterSendEvent', (event, answer) => {
    const { event_id: id } = event as Partial<SentryEvent>;
    const { statusCode } = (answer ?? {}) as SendAnswer;
    if (id !== undefined) settle(id, statusCode === undefined ? 'host_client' : outcomeOfStatus(statusCode));
  });
  const capture = (event: SentryEvent): void => {
    const takeBack = (_merged: object, hint: Hint): object => {
      hint.attachments = [];
      return structuredClone(event);
    };
    // Given a copy of the current scope, for this event alone.
    const captureContext = (scope: Scope): Scope => scope.addEventProcessor(takeBack);
    outside(() => client.captureEvent(structuredClone(event), { event_id: event.event_id, captureContext }));
  };
  return {
    parse: (stack) => parserOf(client)(stack),
    get dsn() {
      return dsnOfClient(client.getDsn());
    },
    send(event) {
      if (closedFor !== undefined) return settled(closedFor);
      const id = event.event_id;
      pending.add(id);
      timers.set(id, setTimeout(() => settle(id, 'host_client'), ANSWER_DEADLINE_MS).unref());
      try {
        capture(event);
      } catch {
        settle(id, 'host_client');
      }
    },
    flush: async (timeoutMs) => {
      const isSent = await inTime(timeoutMs, client.flush(Math.max(1, timeoutMs)), false);
      // Its hook comes a moment after its transport has the answer.
      await new Promise((resolve) => setImmediate(resolve));
      return isSent && pending.size === 0;
    },
    /** Never closed: it is the host's. */
    async close(timeoutMs, reason) {
      const isAll = await this.flush(timeoutMs);
      closedFor = reason;
      if (typeof stop === 'function') (stop as () => void)();
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      pending.settleAll(reason);
      return isAll;
    },
  };
}

const NO_FRAMES: StackParser = () => [];

function parserOf(client: SentryClient): StackParser {
  const { stackParser } = client.getOptions() as { readonly stackParser?: unknown };
  return typeof stackParser === 'function' ? (stackParser as StackParser) : NO_FRAMES;
}
