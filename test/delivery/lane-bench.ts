/** A lane with its queue and its destination's health, without sockets: made as an outbox makes it. */
import { QUEUE_DEFAULTS } from '../../src/config/defaults.js';
import type { AdmissionHome } from '../../src/delivery/admission.js';
import { Health, type HealthOptions } from '../../src/delivery/health.js';
import { Lane } from '../../src/delivery/lane.js';
import { Queue } from '../../src/delivery/queue.js';
import { Origins } from '../../src/delivery/origins.js';
import { Places } from '../../src/delivery/places.js';
import { TenantPlaces } from '../../src/delivery/tenant-places.js';
import { UnderWay } from '../../src/delivery/under-way.js';
import type { QueueOptions, Signal } from '../../src/index.js';
import type { DestinationResource, OutgoingRecord, Sender } from '../../src/model/delivery.js';
import { createEnvelopes } from '../../src/otlp/encoders.js';

const scope = { name: 'test', version: '1', bytes: new Uint8Array() };
export const RESOURCE: DestinationResource = { attributes: {}, bytes: new Uint8Array() };

export const recordOf = (size = 10): OutgoingRecord => ({
  scope,
  isError: false,
  bytes: () => new Uint8Array(size),
  readable: () => ({}),
});

export interface LaneParts {
  readonly sender: Sender;
  monotonicMs(): number;
  readonly signal?: Signal;
  readonly bounds?: QueueOptions;
  /** Of a destination with several lanes. */
  readonly health?: Health;
  /** Of all tenants, whose lane it is then. */
  readonly places?: Places;
  readonly requestsPerMinute?: number;
  readonly onChange?: HealthOptions['onChange'];
}

export function makeHealth(parts: Omit<LaneParts, 'sender' | 'health'>): Health {
  return new Health({
    bounds: { ...QUEUE_DEFAULTS.tenants, ...parts.bounds },
    requestsPerMinute: parts.requestsPerMinute,
    monotonicMs: parts.monotonicMs,
    onChange: parts.onChange ?? (() => undefined),
  });
}

export function makeLane(parts: LaneParts): { readonly lane: Lane; readonly health: Health } {
  const bounds = { ...QUEUE_DEFAULTS.tenants, ...parts.bounds };
  const health = parts.health ?? makeHealth(parts);
  const queue = new Queue(
    {
      signal: parts.signal ?? 'logs',
      envelopes: createEnvelopes(),
      asObjects: false,
      bounds,
      share: undefined,
      monotonicMs: parts.monotonicMs,
      onDropped: () => undefined,
    },
    RESOURCE,
  );
  const nothing = (): void => undefined;
  const home = { wake: nothing, wakeAt: nothing, forget: nothing, onResult: nothing };
  const admission = parts.places && {
    home: admissionOf(parts.places, parts.monotonicMs),
    destined: { tenantId: 'acme', origin: 'https://collector.test', isTrustedOrigin: false },
  };
  return { health, lane: new Lane(home, health, queue, parts.sender, bounds.maxInFlight, admission) };
}

export const admissionOf = (places: Places, monotonicMs: () => number): AdmissionHome => ({
  places,
  origins: new Origins(monotonicMs),
  tenants: new TenantPlaces(monotonicMs),
  underWay: new UnderWay(monotonicMs),
});

/** With all the time and the core in the world. */
export const placesOf = (max: number, monotonicMs = (): number => 0): Places =>
  new Places({ max, maxNew: max, maxSlow: max, rates: [], monotonicMs });
