/** The attributes that a host sets on an exchange: some for the operator alone, some for the tenant too. */
import type { AttributeValue, MutableAttributes } from '../model/attributes.js';
import type { AttributeLimits } from '../model/record-limits.js';
import { cleanValue, isUsableKey } from './limits.js';

/** Both kinds together keep to the limits; further ones are counted. */
export class CustomAttributes {
  operatorOnly: MutableAttributes | undefined;
  shared: MutableAttributes | undefined;
  /** How many did not fit, of those that the tenant would have seen, and of all. */
  droppedShared = 0;
  dropped = 0;
  #count = 0;
  readonly #limits: AttributeLimits;

  constructor(limits: AttributeLimits) {
    this.#limits = limits;
  }

  /** The cleaned value, also of one that does not fit; `undefined` for what OpenTelemetry cannot hold. */
  set(key: string, value: unknown, isShared: boolean): AttributeValue | undefined {
    if (!isUsableKey(key)) return undefined;
    const cleaned = cleanValue(value, this.#limits.maxValueLength);
    if (cleaned === undefined) return undefined;
    const isNew = !this.has(key);
    if (isNew && this.#count >= this.#limits.maxAttributes) {
      this.dropped++;
      if (isShared) this.droppedShared++;
      return cleaned;
    }
    if (isNew) this.#count++;
    if (isShared) {
      (this.shared ??= {})[key] = cleaned;
      // The later word holds for the operator too.
      if (this.operatorOnly !== undefined) delete this.operatorOnly[key];
    } else {
      (this.operatorOnly ??= {})[key] = cleaned;
    }
    return cleaned;
  }

  has(key: string): boolean {
    return (
      (this.operatorOnly !== undefined && Object.hasOwn(this.operatorOnly, key)) ||
      (this.shared !== undefined && Object.hasOwn(this.shared, key))
    );
  }
}
