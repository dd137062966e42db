import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAnswerScript } from './answers.js';
import type { OtlpAnswer } from './answers.js';
import type { ReceivedLog } from './log-records.js';
import type { ReceivedMetricPoint } from './metric-records.js';
import { createRecordStore } from './record-store.js';
import type { ReceivedRequest, WaitCounts, WaitOptions } from './record-store.js';
import type { OtlpSignal } from './schema-types.js';
import { serveRequest } from './serve-request.js';
import type { Desk } from './serve-request.js';
import type { ReceivedSpan } from './span-records.js';

/** How to start a receiver. */
export interface OtlpReceiverOptions {
  /** TCP port. Default 0: the system picks a free one, so that tests can run side by side. */
  readonly port?: number;
  /** Address to listen on. Default `127.0.0.1`: nobody outside can reach it. */
  readonly host?: string;
  /** Path expected before `/v1/...`, for example `/otlp`. Default none. */
  readonly basePath?: string;
  /** Largest body in bytes, before and after decompression; a larger one gets 413. Default 64 MiB. */
  readonly maxRequestBytes?: number;
}

/**
 * A running receiver. The lists grow in the order of arrival and are replaced by new ones on `reset`, so read
 * them from the receiver each time.
 */
export interface OtlpReceiver {
  /**
   * Base URL without a slash at the end, such as `http://127.0.0.1:4318`, with the base path if there is one.
   */
  readonly url: string;
  /**
   * Every POST, also refused ones, once its body has been read; with `hangUp: 'before'` once its headers are
   * there.
   */
  readonly requests: readonly ReceivedRequest[];
  /**
   * The spans of all requests that were answered with a 2xx status. They are there before the client sees it.
   */
  readonly spans: readonly ReceivedSpan[];
  /** The log records of all requests that were answered with a 2xx status. */
  readonly logs: readonly ReceivedLog[];
  /** The metric points of all requests that were answered with a 2xx status. */
  readonly metricPoints: readonly ReceivedMetricPoint[];
  /**
   * Resolves when there are at least so many in all. Rejects after the time-out, saying what there is
   * instead.
   */
  waitFor(counts: WaitCounts, options?: WaitOptions): Promise<void>;
  /**
   * Resolves with the first span that matches, now or later. Rejects after the time-out or if `match` throws.
   */
  waitForSpan(match: (span: ReceivedSpan) => boolean, options?: WaitOptions): Promise<ReceivedSpan>;
  /** Resolves with the first log record that matches, now or later. Rejects like `waitForSpan`. */
  waitForLog(match: (log: ReceivedLog) => boolean, options?: WaitOptions): Promise<ReceivedLog>;
  /** Resolves with the first metric point that matches, now or later. Rejects like `waitForSpan`. */
  waitForMetricPoint(
    match: (point: ReceivedMetricPoint) => boolean,
    options?: WaitOptions,
  ): Promise<ReceivedMetricPoint>;
  /**
   * Says how to answer from now on. Rules are used in the order in which they were given: one with `times`
   * ends after so many requests; one without stays until `reset` or until the next rule that is for one of
   * its signals. Without rules every valid request gets a 200.
   *
   * A rule is taken (and counted) when the headers of a POST to one of the three paths have arrived. What the
   * receiver refuses by itself (400, 413, 415) is refused whatever status the rule says, so that no script
   * hides a bad encoder.
   *
   * @throws TypeError when the rule contradicts itself or a number or header in it is invalid.
   */
  answerWith(answer: OtlpAnswer): void;
  /**
   * Forgets all records and rules. Requests still in flight are answered as planned but not recorded any
   * more; promises of `waitFor` stay and count anew.
   */
  reset(): void;
  /** Ends all connections at once, stops listening and rejects whoever waits. May be called again. */
  close(): Promise<void>;
}

const DEFAULT_MAX_REQUEST_BYTES = 64 * 1024 * 1024;

const SIGNALS: readonly OtlpSignal[] = ['traces', 'logs', 'metrics'];

/**
 * Starts an OTLP/HTTP receiver for tests: it takes binary protobuf (`application/x-protobuf`, plain or gzip)
 * on `/v1/traces`, `/v1/logs` and `/v1/metrics`, decodes it with its own decoder and keeps the records in
 * memory. It keeps the process alive until `close`.
 *
 * It refuses what a strict collector would: another path 404, another method 405, another content type or
 * encoding 415, too large 413, malformed 400.
 *
 * @throws Error (rejects) when the port cannot be listened on, such as `EADDRINUSE`; TypeError when
 * `maxRequestBytes` is not a positive integer.
 */
export async function startOtlpReceiver(options: OtlpReceiverOptions = {}): Promise<OtlpReceiver> {
  const maxBytes = options.maxRequestBytes ?? DEFAULT_MAX_REQUEST_BYTES;
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) {
    throw new TypeError(`maxRequestBytes must be an integer from 1, got ${String(maxBytes)}.`);
  }
  const basePath = normalBasePath(options.basePath ?? '');
  const store = createRecordStore();
  const script = createAnswerScript();
  let generation = 0;
  const desk: Desk = {
    maxBytes,
    signalOf: (path) => SIGNALS.find((signal) => path === `${basePath}/v1/${signal}`),
    nextPlan: (signal) => script.next(signal),
    openLedger() {
      const opened = generation;
      return (what) => {
        if (opened === generation) store.add(what);
      };
    },
  };
  const server = createServer((request, response) => {
    serveRequest(desk, request, response).catch(() => request.socket.destroy());
  });
  // Idle connections stay open: Node's 5 s default races with a client that reuses one, and shows as a random
  // reset.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  // A TCP server that listens has an address object; only pipes have a string.
  const url = `http://${authorityOf(server.address() as AddressInfo)}${basePath}`;

  let closing: Promise<void> | undefined;
  return {
    url,
    get requests() {
      return store.received.requests;
    },
    get spans() {
      return store.received.spans;
    },
    get logs() {
      return store.received.logs;
    },
    get metricPoints() {
      return store.received.metricPoints;
    },
    waitFor: (counts, waitOptions) => store.waitFor(counts, waitOptions),
    waitForSpan: (match, waitOptions) => store.waitForMatch('spans', match, waitOptions),
    waitForLog: (match, waitOptions) => store.waitForMatch('logs', match, waitOptions),
    waitForMetricPoint: (match, waitOptions) => store.waitForMatch('metricPoints', match, waitOptions),
    answerWith(answer) {
      script.add(answer);
    },
    reset() {
      generation += 1;
      script.clear();
      store.clear();
    },
    close() {
      closing ??= new Promise((resolve) => {
        store.close();
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
      return closing;
    },
  };
}

function normalBasePath(basePath: string): string {
  const trimmed = basePath.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? '' : `/${trimmed}`;
}

/** Host and port to reach a listener; the wildcard addresses are reached through loopback. */
function authorityOf({ address, family, port }: AddressInfo): string {
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return `${family === 'IPv6' ? `[${host}]` : host}:${String(port)}`;
}
