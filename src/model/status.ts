/** What `status`, `flush` and `shutdown` answer. Holds no header, no URL query and no secret. */
import type { Diagnostic } from './diagnostic.js';
import type { Ledger } from './ledger.js';
import type { Signal } from './signal.js';

/**
 * How a destination is; of several signals, the one that is worst off.
 * - `resolving`: the tenant's configuration is being looked up; records wait.
 * - `pending`: nothing delivered yet.
 * - `receiving`: delivered, but not three times in a row.
 * - `active`: three deliveries in a row.
 * - `failing`: five failures in a row.
 * - `disabled`: switched off by configuration.
 */
export type DestinationState = 'resolving' | 'pending' | 'receiving' | 'active' | 'failing' | 'disabled';

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
  /** Request log records that were discarded because the tenant has no destination. */
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
  };
  /** What waits and is in flight at most: the sum is the memory that records can take. */
  readonly memory: {
    /** The bounds of the operator's queues, added up. */
    readonly operatorMaxBytes: number;
    /** What all tenants' queues hold now. */
    readonly tenantsBytes: number;
    /** `delivery.maxBytesOfAllTenants`. Batches in flight that cannot be dropped may exceed it for as long as they last. */
    readonly tenantsMaxBytes: number;
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
