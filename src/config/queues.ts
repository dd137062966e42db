/** Completes the options of the queues. */
import { fault } from '../model/configuration-error.js';
import type { DeliveryBounds, DeliveryOptions, QueueBounds, QueueOptions } from '../model/queue-options.js';
import { asObject, asWhole, checkFields } from './checks.js';
import { QUEUE_DEFAULTS } from './defaults.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Smallest and largest value of each option. */
const LIMITS: Readonly<Record<keyof QueueOptions, readonly [min: number, max: number]>> = {
  maxBatchItems: [1, 10_000],
  maxBatchBytes: [16 * KIB, 16 * MIB],
  flushIntervalMs: [50, 60_000],
  maxItems: [1, 1_000_000],
  maxBytes: [64 * KIB, 1024 * MIB],
  maxAgeMs: [1_000, 86_400_000],
  initialRetryDelayMs: [10, 60_000],
  maxRetryDelayMs: [10, 3_600_000],
  maxInFlight: [1, 64],
};
const FIELDS = Object.keys(LIMITS) as (keyof QueueOptions)[];

function resolveQueue(value: QueueOptions | undefined, option: string, defaults: QueueBounds): QueueBounds {
  const given: QueueOptions = value === undefined ? {} : asObject(value, option);
  checkFields(given as Readonly<Record<string, unknown>>, option, FIELDS);
  const bounds = { ...defaults };
  for (const field of FIELDS) {
    if (given[field] !== undefined)
      bounds[field] = asWhole(given[field], `${option}.${field}`, ...LIMITS[field]);
  }
  if (bounds.maxRetryDelayMs < bounds.initialRetryDelayMs) {
    throw fault(
      `${option}.maxRetryDelayMs`,
      `must not be less than initialRetryDelayMs, which is ${bounds.initialRetryDelayMs}`,
    );
  }
  // Else a batch would be too old before it is tried at all.
  if (bounds.maxAgeMs < 2 * bounds.flushIntervalMs) {
    throw fault(
      `${option}.maxAgeMs`,
      `must be at least twice flushIntervalMs, which is ${bounds.flushIntervalMs}`,
    );
  }
  return Object.freeze(bounds);
}

export function resolveDelivery(value: DeliveryOptions | undefined): DeliveryBounds {
  const given: DeliveryOptions = value === undefined ? {} : asObject(value, 'delivery');
  checkFields(given as Readonly<Record<string, unknown>>, 'delivery', [
    'operator',
    'tenants',
    'maxBytesOfAllTenants',
    'cpuShareOfTenants',
  ]);
  const { maxBytesOfAllTenants: all, cpuShareOfTenants = QUEUE_DEFAULTS.cpuShareOfTenants } = given;
  if (typeof cpuShareOfTenants !== 'number' || !(cpuShareOfTenants >= 0.01 && cpuShareOfTenants <= 1))
    throw fault('delivery.cpuShareOfTenants', 'must be a number from 0.01 to 1');
  return {
    operator: resolveQueue(given.operator, 'delivery.operator', QUEUE_DEFAULTS.operator),
    tenants: resolveQueue(given.tenants, 'delivery.tenants', QUEUE_DEFAULTS.tenants),
    maxBytesOfAllTenants:
      all === undefined
        ? QUEUE_DEFAULTS.maxBytesOfAllTenants
        : asWhole(all, 'delivery.maxBytesOfAllTenants', MIB, 64 * 1024 * MIB),
    cpuShareOfTenants,
  };
}
