/** What `testDestination` takes and answers. Holds no address, no raw error, and nothing that the endpoint has said. */
import type { Signal } from './signal.js';

/** How one signal's test came out. */
export type DestinationTestOutcome =
  /** Accepted; from a ready-made exporter: it reported success. */
  | 'ok'
  /** `tenantEgress` does not let tenants send there. */
  | 'blocked'
  /** The host name has no address, or nobody could tell within `connectTimeoutMs`. */
  | 'dns'
  /** No connection within `connectTimeoutMs`, or none through the proxy of `tenantEgress`. */
  | 'connect'
  /** A certificate that is not trusted, no common version, or no TLS at all. */
  | 'tls'
  /** 401, 403, 407. */
  | 'unauthorized'
  /** 404, 405, 410: the path is wrong; the sentence says how, where that can be seen. */
  | 'not_found'
  /** 429. */
  | 'rate_limited'
  /** 413, or over `maxRequestBytes`. */
  | 'too_large'
  /** Any other 4xx, or a partial success that leaves the record out. */
  | 'rejected'
  /** No HTTP (OTLP/gRPC, for example), 415, 426, 464, 501, 505, or a success as OTLP does not answer (a web page, for example). */
  | 'wrong_protocol'
  /** No answer within `timeoutMs`. */
  | 'timeout'
  /** A redirect, which is never followed. */
  | 'redirect'
  /** Another 5xx: the endpoint is there and has trouble of its own. */
  | 'unavailable'
  /** The connection broke before the answer. */
  | 'reset'
  /** The function that gives the headers threw, took over 5 s, or gave what is not valid. */
  | 'headers'
  /** A ready-made exporter reported a failure. */
  | 'exporter'
  /** Nothing was sent: the destination, or the whole SDK, is switched off. */
  | 'disabled'
  /**
   * Nothing was sent: four other tests are running, there were thirty within the last minute, or so many exports to the same place
   * are under way that its turn did not come.
   */
  | 'rate_limited_here'
  /** The instance is shut down, or was while the test ran. */
  | 'shut_down'
  /** The gateway itself could not: it has no sockets left, for example. */
  | 'internal';

/** One signal's test. */
export interface SignalTestResult {
  /** What became of its record. */
  readonly outcome: DestinationTestOutcome;
  /** Whole milliseconds from the beginning to the answer; 0 where nothing was sent. */
  readonly durationMs: number;
  /** What it means and what to do about it, in words for whoever administers the destination. */
  readonly message: string;
}

/** What `testDestination` answers. */
export interface DestinationTestResult {
  /** There is at least one signal, and all of them are `ok`. */
  readonly ok: boolean;
  /** The signals that the destination takes; those that it switches off are absent. */
  readonly signals: Readonly<Partial<Record<Signal, SignalTestResult>>>;
}

/** How a destination is tested. */
export interface DestinationTestOptions {
  /**
   * Whose destination it would be. `tenant` (default): its rules, `tenantEgress` and no traces, and a resource without
   * anything of the gateway's. `operator`: all three signals, with the operator's resource.
   */
  readonly as?: 'tenant' | 'operator';
}
