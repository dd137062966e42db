/** Bounds and times of the queues, as hosts set them. */

/** Of one queue: one destination, one signal. Every queue has all of these bounds at once. */
export interface QueueOptions {
  /** Spans or log records in one request, 1 to 10,000. Default 512, as the SDKs' batch processors have it. */
  readonly maxBatchItems?: number;
  /** Bytes of records in one request, 16 KiB to 16 MiB. Default 507,904: with its envelope 512 KiB, far below the usual 4 MiB. */
  readonly maxBatchBytes?: number;
  /** How long a record waits for company, 50 to 60,000; jittered by a fifth. Default 1,000: fresh, and few requests. */
  readonly flushIntervalMs?: number;
  /** Records waiting and in flight, 1 to 1,000,000; over it the oldest waiting batch goes. Default 65,536; tenants 4,096. */
  readonly maxItems?: number;
  /** Bytes waiting and in flight, 64 KiB to 1 GiB; over it the oldest waiting batch goes. Default 16 MiB; tenants 1 MiB. */
  readonly maxBytes?: number;
  /** A batch that has waited longer is dropped instead of tried again, 1,000 to 86,400,000. Default 300,000 (5 min). */
  readonly maxAgeMs?: number;
  /** The wait after a first failed attempt, 10 to 60,000; it doubles with each further one, jittered. Default 1,000. */
  readonly initialRetryDelayMs?: number;
  /** The longest such wait, up to 3,600,000. Default 64,000. A destination's own `Retry-After` counts from 1 s to 300 s. */
  readonly maxRetryDelayMs?: number;
  /** Requests under way at once, 1 to 64. Default 4; tenants 1, so that a slow tenant holds few sockets. */
  readonly maxInFlight?: number;
}

/** Queues of the operator, and of each tenant. */
export interface DeliveryOptions {
  readonly operator?: QueueOptions;
  readonly tenants?: QueueOptions;
  /**
   * Bytes of all tenants' queues together, 1 MiB to 64 GiB. Over it, whoever holds most loses its oldest first. The
   * operator's queues are not part of it. Default 64 MiB.
   */
  readonly maxBytesOfAllTenants?: number;
  /**
   * Share of one core that the exports of all tenants may take, 0.01 to 1. Where it binds, batches grow and tenants are served
   * in turn: with 0.1, the default, about 250 exports a second on open sockets.
   */
  readonly cpuShareOfTenants?: number;
}

/** The same, complete. */
export type QueueBounds = Readonly<Required<QueueOptions>>;

export interface DeliveryBounds {
  readonly operator: QueueBounds;
  readonly tenants: QueueBounds;
  readonly maxBytesOfAllTenants: number;
  readonly cpuShareOfTenants: number;
}
