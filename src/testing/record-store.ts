import type { ReceivedLog } from './log-records.js';
import type { ReceivedMetricPoint } from './metric-records.js';
import type { OtlpSignal } from './schema-types.js';
import type { ReceivedHeaders } from './record-origin.js';
import type { RequestRecords } from './records.js';
import type { ReceivedSpan } from './span-records.js';
import { createWaiters } from './waiters.js';

/** A POST that reached the receiver, whatever became of it. */
export interface ReceivedRequest {
  /** Undefined when the path is not one of the three. */
  readonly signal: OtlpSignal | undefined;
  /** The path with the query, as sent. */
  readonly path: string;
  readonly headers: ReceivedHeaders;
  /**
   * The decompressed body. The body as it came if it could not be decompressed or was refused unread by its
   * type; empty if it was too large or did not arrive.
   */
  readonly bytes: Uint8Array;
  /** The size of the body on the wire, before decompression. */
  readonly encodedBytes: number;
  /** When the headers had arrived, in milliseconds since the epoch. */
  readonly receivedAtMs: number;
  /**
   * The status of the answer. Undefined until it is sent, and for good when there was none: with `hang`, with
   * `hangUp`, and when the client had gone by then.
   */
  readonly answeredStatus: number | undefined;
  /**
   * Why the receiver refused the request, or why it is incomplete. Missing when nothing was wrong with it.
   */
  readonly error?: string;
}

/** How long to wait. */
export interface WaitOptions {
  /**
   * Milliseconds until the promise is rejected. Default 5000. Where the test runner's own limit is no longer
   * than that (vitest and jest: 5000), give less or raise it there, or the runner ends the test without this
   * promise's message.
   */
  readonly timeoutMs?: number;
}

/** Minimum numbers to wait for, counted since the start or the last `reset`. What is left out is 0. */
export interface WaitCounts {
  readonly spans?: number;
  readonly logs?: number;
  readonly metricPoints?: number;
  readonly requests?: number;
}

/** What was received since the start or the last `clear`. */
export interface Received extends RequestRecords {
  readonly requests: readonly ReceivedRequest[];
}

/** Keeps what was received and wakes those who wait for it. */
export interface RecordStore {
  readonly received: Received;
  add(what: Partial<Received>): void;
  clear(): void;
  close(): void;
  waitFor(counts: WaitCounts, options?: WaitOptions): Promise<void>;
  waitForMatch<K extends keyof Received>(
    kind: K,
    match: (record: Received[K][number]) => boolean,
    options?: WaitOptions,
  ): Promise<Received[K][number]>;
}

const DEFAULT_TIMEOUT_MS = 5000;

const LABELS: Readonly<Record<keyof Received, string>> = {
  spans: 'span',
  logs: 'log record',
  metricPoints: 'metric point',
  requests: 'request',
};

const KINDS = ['spans', 'logs', 'metricPoints', 'requests'] as const;

interface Lists extends Received {
  readonly spans: ReceivedSpan[];
  readonly logs: ReceivedLog[];
  readonly metricPoints: ReceivedMetricPoint[];
  readonly requests: ReceivedRequest[];
}

const emptyLists = (): Lists => ({ spans: [], logs: [], metricPoints: [], requests: [] });

/** An empty store. */
export function createRecordStore(): RecordStore {
  const waiters = createWaiters();
  let lists = emptyLists();

  return {
    get received() {
      return lists;
    },
    add(what) {
      // Not with spread arguments: a large request has more records than a call may have arguments.
      for (const span of what.spans ?? []) lists.spans.push(span);
      for (const log of what.logs ?? []) lists.logs.push(log);
      for (const point of what.metricPoints ?? []) lists.metricPoints.push(point);
      for (const request of what.requests ?? []) lists.requests.push(request);
      waiters.notify();
    },
    clear() {
      lists = emptyLists();
    },
    close() {
      waiters.failAll('The receiver is closed.');
    },
    async waitFor(counts, options) {
      const enough = () =>
        KINDS.every((kind) => lists[kind].length >= (counts[kind] ?? 0)) ? true : undefined;
      const wanted = KINDS.filter((kind) => counts[kind] !== undefined);
      const wantedText = wanted.map((kind) => countText(kind, counts[kind] ?? 0)).join(', ');
      const describe = () => `Expected at least ${wantedText}; received ${summaryOf(lists)}`;
      await waiters.wait(enough, describe, options?.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    },
    waitForMatch<K extends keyof Received>(
      kind: K,
      match: (record: Received[K][number]) => boolean,
      options?: WaitOptions,
    ) {
      let seen: Received[K] | undefined;
      let next = 0;
      // Looks at every record once; after `clear` there is a new list, which is read from its beginning.
      const poll = () => {
        const list: Received[K] = lists[kind];
        if (list !== seen) next = 0;
        seen = list;
        while (next < list.length) {
          const record = list[next];
          next += 1;
          if (record !== undefined && match(record)) return record;
        }
        return undefined;
      };
      const describe = () => `No ${LABELS[kind]} matched; received ${summaryOf(lists)}`;
      return waiters.wait<Received[K][number]>(poll, describe, options?.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    },
  };
}

function countText(kind: keyof Received, count: number): string {
  return `${String(count)} ${LABELS[kind]}${count === 1 ? '' : 's'}`;
}

function summaryOf(lists: Received): string {
  const counts = KINDS.map((kind) => countText(kind, lists[kind].length)).join(', ');
  const statuses = lists.requests.map((request) => String(request.answeredStatus ?? 'no answer'));
  const answers = statuses.length === 0 ? '' : ` (last answers: ${statuses.slice(-10).join(', ')})`;
  const error = lists.requests.filter((request) => request.error !== undefined).at(-1)?.error;
  return `${counts}${answers}.${error === undefined ? '' : ` Last error: ${error}`}`;
}
