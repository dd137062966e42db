/** The operator's resource at one destination: what it says may grow once, when the detectors are done. */
import type { Attributes } from '../model/attributes.js';
import type { DestinationResource } from '../model/delivery.js';

export class OperatorResource implements DestinationResource {
  readonly #pending: () => Promise<void> | undefined;
  readonly #make: () => Attributes;
  readonly #encode: (attributes: Attributes) => Uint8Array;
  #attributes: Attributes | undefined;
  #bytes: Uint8Array | undefined;

  constructor(
    make: () => Attributes,
    encode: (attributes: Attributes) => Uint8Array,
    pending: () => Promise<void> | undefined,
  ) {
    this.#make = make;
    this.#encode = encode;
    this.#pending = pending;
  }

  get pending(): Promise<void> | undefined {
    return this.#pending();
  }

  get attributes(): Attributes {
    if (this.pending !== undefined) return this.#make();
    return (this.#attributes ??= this.#make());
  }

  get bytes(): Uint8Array {
    if (this.pending !== undefined) return this.#encode(this.attributes);
    return (this.#bytes ??= this.#encode(this.attributes));
  }
}
