/** Resources as the SDK has them, for its providers, for host's span processors and for ready-made exporters. */
import type { Resource } from '@opentelemetry/resources';
import type { DestinationResource } from '../model/delivery.js';
import { loadResources } from './load-sdk.cjs';

type SdkAttributes = Parameters<ReturnType<typeof loadResources>['resourceFromAttributes']>[0];

function settledResource({ attributes }: DestinationResource): Resource {
  return loadResources().resourceFromAttributes({ ...attributes } as SdkAttributes);
}

/** For whoever asks while detectors are at work: says what is known at that moment, and that there is more to come. */
class PendingResource implements Resource {
  readonly #resource: DestinationResource;

  constructor(resource: DestinationResource) {
    this.#resource = resource;
  }

  get asyncAttributesPending(): boolean {
    return this.#resource.pending !== undefined;
  }

  get attributes(): Resource['attributes'] {
    return { ...this.#resource.attributes } as Resource['attributes'];
  }

  async waitForAsyncAttributes(): Promise<void> {
    await this.#resource.pending;
  }

  merge(other: Resource | null): Resource {
    return settledResource(this.#resource).merge(other);
  }

  getRawAttributes(): ReturnType<Resource['getRawAttributes']> {
    return settledResource(this.#resource).getRawAttributes();
  }
}

/** One object per resource, however often it is asked for. */
export function createSdkResources(): (resource: DestinationResource) => Resource {
  const made = new WeakMap<DestinationResource, Resource>();
  return (resource) => {
    let object = made.get(resource);
    if (object === undefined) {
      object = resource.pending === undefined ? settledResource(resource) : new PendingResource(resource);
      made.set(resource, object);
    }
    return object;
  };
}
