/** Tenants' destinations: checked when they are new, and answered as they are when the same is said again. */
import { fault } from '../model/configuration-error.js';
import type { EgressPolicy } from '../model/egress.js';
import type { ResolvedDestination } from '../model/resolved-destination.js';
import { isTenantId } from '../model/tenant-id.js';
import { asRecord } from './checks.js';
import { comparableText } from './comparable.js';
import { resolveDestinations } from './destination.js';
import { createFoundGood } from './tls.js';

export interface ResolvedDestinations extends ReadonlyArray<ResolvedDestination> {
  /** What they were made from, where that can be compared. As secret as they are. */
  readonly said?: string;
}
export type TenantDestinations = ReadonlyMap<string, ResolvedDestinations>;

const NONE: ResolvedDestinations = Object.freeze([]);
const UNKNOWN = (): undefined => undefined;

export interface TenantResolver {
  /**
   * Checks what a tenant's destinations are to be; throws a sentence. `before`: what they are; where the same is said
   * again, that very list, so that a push or a lookup that repeats itself costs a comparison.
   */
  resolve(value: unknown, option: string, before?: ResolvedDestinations): ResolvedDestinations;
  /** A whole tenant record: all or nothing. */
  resolveAll(
    value: unknown,
    option: string,
    before?: (tenantId: string) => ResolvedDestinations | undefined,
  ): TenantDestinations;
}

/** One for each instance. */
export function createTenantResolver(egress: EgressPolicy): TenantResolver {
  const foundGood = createFoundGood();

  const resolve: TenantResolver['resolve'] = (value, option, before) => {
    if (value === undefined || value === null) return NONE;
    const text = comparableText(value);
    if (text !== undefined && before?.said === text) return before;
    const resolved = resolveDestinations(value, option, 'tenant', egress, foundGood);
    return text === undefined ? resolved : Object.assign(resolved, { said: text });
  };
  return {
    resolve,
    resolveAll(value, option, before = UNKNOWN) {
      const tenants = new Map<string, ResolvedDestinations>();
      if (value === undefined) return tenants;
      for (const [id, destinations] of Object.entries(asRecord(value, option))) {
        if (!isTenantId(id)) throw fault(option, 'has a tenant id that is not a string of 1 to 128 bytes');
        tenants.set(id, resolve(destinations, `${option}.${id}`, before(id)));
      }
      return tenants;
    },
  };
}
