/** A tenant's resource: its bytes go with every request, its attributes only where a ready-made exporter asks for them. */
import type { Attributes } from '../model/attributes.js';
import type { DestinationResource } from '../model/delivery.js';
import type { ResolvedDestination } from '../model/resolved-destination.js';
import type { Resources } from './resource.js';

/** Attributes that are kept would be more than half a kilobyte for each active tenant. */
export class TenantResource implements DestinationResource {
  readonly bytes: Uint8Array;
  readonly #resources: Resources;
  readonly #tenantId: string;
  readonly #destination: ResolvedDestination;

  constructor(
    resources: Resources,
    tenantId: string,
    destination: ResolvedDestination,
    encode: (attributes: Attributes) => Uint8Array,
  ) {
    this.#resources = resources;
    this.#tenantId = tenantId;
    this.#destination = destination;
    this.bytes = encode(this.attributes);
  }

  get attributes(): Attributes {
    return this.#resources.attributesFor(this.#tenantId, this.#destination);
  }
}
