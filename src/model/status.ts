/** What `status`, `flush` and `shutdown` answer. Holds no header, no URL query and no secret. */
import type { Diagnostic } from './diagnostic.js';
import type { Ledger } from './ledger.js';
import type { Signal } from './signal.js';

/**
 * How a destination is.
 * - `resolving`: the tenant's configuration is being looked up; records wait.
 * - `pending`: nothing delivered yet.
 * - `receiving`: delivered, but not yet three times in a row.
 * - `active`: three deliveries in a row; it stays so until it is failing.
 * - `failing`: five failures in a row, of all its signals or of one. While nothing gets through at all, one request at a
 *   time probes it, after ever longer waits.
 * - `disabled`: switched off by configuration, or given up after 120 hours in which nothing got through. `setOperator`,
 *   `setTenant` and `refreshTenant` begin anew with a destination that was given up, also with an unchanged configuration.
 */
export type DestinationState = 'resolving' | 'pending' | 'receiving' | 'active' | 'failing' | 'disabled';

/** A destination has changed its state. */
export interface DestinationStateEvent {
  /** Whose it is; absent for the operator's. */
  readonly tenantId?: string;
  /** Its `name`. */
  readonly destination: string;
  readonly state: DestinationState | 'removed';
  readonly previousState: DestinationState;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

/**
 * Told of every change of a state, in a microtask of its own or a little later: it may call the instance. What it throws is reported as
 * `callback_failed`. A destination begins as `pending` without an event.
 */
export type DestinationStateListener = (event: DestinationStateEvent) => void;

/** One signal at one destination. */
export interface SignalStatus {
  readonly ledger: Ledger;
  /** Bytes waiting or in flight. */
  readonly bufferedBytes: number;
  /** Epoch milliseconds of the last delivery. */
  readonly lastDeliveryMs?: number;
  /** The class of the last failure: `connect`, `timeout`, `http_503` … Never a raw error. */
  readonly lastError?: string;
}

/** One destination. */
export interface DestinationStatus {
  readonly name: string;
  readonly state: DestinationState;
  readonly signals: Readonly<Partial<Record<Signal, SignalStatus>>>;
}

/** One tenant, in words safe to show that tenant. */
export interface TenantStatus {
  readonly tenantId: string;
  /** `none`: known to have no destination, or not known at all. */
  readonly state: DestinationState | 'none';
  readonly destinations: readonly DestinationStatus[];
  /**
   * Request log records that waited for the lookup and were discarded, because the tenant turned out to have no destination.
   * Those of requests that end while that is known are not counted.
   */
  readonly unrouted: number;
}

/** The whole instance. */
export interface TelemetryStatus {
  /** `false` when nothing is configured, or the SDK is disabled. */
  readonly enabled: boolean;
  readonly operator: readonly DestinationStatus[];
  readonly tenants: {
    /** Tenants with at least one destination, or being looked up. */
    readonly count: number;
    /** All tenants' accounts added up, those of removed destinations included. */
    readonly totals: Readonly<Partial<Record<Signal, Ledger>>>;
    /**
     * Exports to tenants under way, 64 at most, and those that stand in line for a place, a handshake, or their part of a
     * core (`delivery.cpuShareOfTenants`). While a line is long, tenants' records arrive later, in fewer and larger exports.
     */
    readonly exports: { readonly underWay: number; readonly waiting: number };
  };
  /** What the delivery may hold at most, and what its queues hold now. All of it is known when the instance is made. */
  readonly memory: {
    /** What the operator's queues hold. */
    readonly operatorBytes: number;
    /** The bounds of the operator's queues, added up. No tenant can take any of it. */
    readonly operatorMaxBytes: number;
    /** What all tenants' queues hold. */
    readonly tenantsBytes: number;
    /** `delivery.maxBytesOfAllTenants`, or 0 while there are no tenants. */
    readonly tenantsMaxBytes: number;
    /** The copies that requests under way are sent from: batches, times the requests that may be under way at once. */
    readonly sendingMaxBytes: number;
    /** The sum of the three bounds. */
    readonly maxBytes: number;
  };
  /** Requests that have begun and not yet ended. */
  readonly openExchanges: number;
  /** What was reported about the configuration and still holds, newest last; at most 100. */
  readonly notices: readonly Diagnostic[];
}

/** What `flush` and `shutdown` answer: the accounts at that moment. */
export interface FlushResult {
  /** `true` when nothing is left waiting or in flight. After `shutdown` always: what it cost is in `dropped.shutdown`. */
  readonly complete: boolean;
  readonly operator: Readonly<Partial<Record<Signal, Ledger>>>;
  readonly tenants: Readonly<Partial<Record<Signal, Ledger>>>;
}

/** How long `flush` and `shutdown` may take. */
export interface FlushOptions {
  /** The call resolves at this time at the latest. Default 5,000 ms. */
  readonly timeoutMs?: number;
}
