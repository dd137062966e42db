/** Resources as the SDK has them, for its providers, for host's span processors and for ready-made exporters. */
import type { Resource } from '@opentelemetry/resources';
import type { DestinationResource } from '../model/delivery.js';
import { loadResources } from './load-sdk.cjs';

/** One object per resource, however often it is asked for. */
export function createSdkResources(): (resource: DestinationResource) => Resource {
  const made = new WeakMap<DestinationResource, Resource>();
  return (resource) => {
    let object = made.get(resource);
    if (object === undefined) {
      type Attributes = Parameters<ReturnType<typeof loadResources>['resourceFromAttributes']>[0];
      object = loadResources().resourceFromAttributes({ ...resource.attributes } as Attributes);
      made.set(resource, object);
    }
    return object;
  };
}
