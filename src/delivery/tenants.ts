/** The live registry of tenants: from code, from the lookup, bounded, changed while requests run. */
import { fault } from '../model/configuration-error.js';
import type { Destinations, TenantLookup } from '../model/destination.js';
import type { ResolvedDestination } from '../model/resolved-destination.js';
import type { TenantStatus } from '../model/status.js';
import {
  MAX_ASKED_AGAIN_PER_TICK,
  MAX_KNOWN_WITHOUT_DESTINATION,
  MAX_LOOKUP_FAILURES,
  MAX_TENANTS,
  NEW_TENANTS_PER_SECOND,
} from './bounds.js';
import { Bucket } from './bucket.js';
import { createLookups, type Lookups } from './lookups.js';
import type { OutboxHome } from './outbox.js';
import { Tenant } from './tenant.js';

export interface TenantsOptions {
  readonly home: OutboxHome;
  readonly lookup: TenantLookup | undefined;
  readonly ttlMs: number;
  resolve(
    answer: Destinations | undefined,
    before: readonly ResolvedDestination[],
  ): readonly ResolvedDestination[];
}

export class Tenants {
  readonly #options: TenantsOptions;
  readonly #lookups: Lookups | undefined;
  /**
   * With destinations, overridden, or being looked up. At most `MAX_TENANTS`, and those of `#without` that a lookup has found
   * destinations for since.
   */
  readonly #tenants = new Map<string, Tenant>();
  /** Looked up and known to have none, oldest first. At most `MAX_KNOWN_WITHOUT_DESTINATION`. */
  readonly #without = new Map<string, Tenant>();
  /** Those of `#tenants` that were never looked up successfully. */
  readonly #resolving = new Set<Tenant>();
  /** Of these, those for which the lookup has failed, the first to fail first. */
  readonly #failed = new Set<Tenant>();
  /** Those of `#tenants` that code says have none. */
  readonly #switchedOff = new Set<Tenant>();
  /** Invented ids cost the host a lookup each, however quickly that answers. */
  readonly #newTenants: Bucket;
  #isClosed = false;

  constructor(options: TenantsOptions) {
    this.#options = options;
    const { home, lookup, ttlMs } = options;
    this.#newTenants = new Bucket(MAX_TENANTS, NEW_TENANTS_PER_SECOND, home.monotonicMs());
    if (lookup === undefined) return;
    this.#lookups = createLookups({
      lookup,
      ttlMs,
      scheduler: home.scheduler,
      resolve: (answer, before) => options.resolve(answer, before),
      monotonicMs: () => home.monotonicMs(),
      report: (diagnostic) => home.report(diagnostic),
      onAnswer: (tenant) => this.#place(tenant),
      onFailure: (tenant) => {
        if (!tenant.isKnown) this.#failed.add(tenant);
      },
    });
  }

  /** Whether any tenant can have a destination. */
  get any(): boolean {
    return this.#lookups !== undefined || this.#tenants.size > 0;
  }

  /** Called once per finished request; may start a lookup. */
  intake(id: string): Tenant | undefined {
    let tenant = this.#tenants.get(id);
    if (tenant === undefined) {
      if (this.#lookups === undefined || this.#isClosed) return undefined;
      tenant = this.#without.get(id) ?? this.#begin(id);
      if (tenant === undefined) return undefined;
    }
    // After the end its requests are still counted, as lost.
    if (tenant.isGone) return tenant;
    this.#askIfDue(tenant);
    if (!tenant.isKnown) this.#options.home.scheduler.tick();
    if (tenant.isKnown && !tenant.hasDestinations) return undefined;
    // Before the request is counted: its readings begin here.
    tenant.owner.open();
    return tenant;
  }

  #begin(id: string): Tenant | undefined {
    const isSlowEnough = this.#newTenants.hasAny(this.#options.home.monotonicMs());
    if (!isSlowEnough || !this.#hasRoom(false)) {
      const limit = isSlowEnough
        ? `${MAX_TENANTS} tenants`
        : `${NEW_TENANTS_PER_SECOND} new tenants a second`;
      this.#countUnrouted(limit);
      return undefined;
    }
    this.#newTenants.spend(1);
    const tenant = new Tenant(this.#options.home, id);
    tenant.resolve();
    this.#tenants.set(id, tenant);
    this.#resolving.add(tenant);
    return tenant;
  }

  /**
   * Whoever only fills the registry with ids that the lookup fails for must not keep out those that it knows, and no id that
   * nobody knows those that code names.
   */
  #hasRoom(forCode: boolean): boolean {
    if (this.#tenants.size < MAX_TENANTS) return true;
    const leaving = firstOf(this.#failed) ?? (forCode ? firstOf(this.#resolving) : undefined);
    if (leaving !== undefined) this.#giveUp(leaving);
    return leaving !== undefined;
  }

  #giveUp(tenant: Tenant): void {
    tenant.close('unrouted');
    this.#forget(tenant);
  }

  /** The request reaches the operator alone. */
  #countUnrouted(limit: string): void {
    this.#options.home.totals.of('logs').account.refuse('unrouted', 1);
    const message = `More than ${limit}: log records of further ones are lost`;
    this.#options.home.report({ code: 'dropped', message, signal: 'logs' });
  }

  #askIfDue(tenant: Tenant): void {
    if (this.#lookups === undefined || tenant.overridden || tenant.isAsking) return;
    if (this.#options.home.monotonicMs() >= tenant.askAgainAtMs) this.#lookups.ask(tenant, false);
  }

  /** After an answer: in which of the two maps it belongs. */
  #place(tenant: Tenant): void {
    const belongs = tenant.hasDestinations || tenant.overridden;
    this.#resolving.delete(tenant);
    this.#failed.delete(tenant);
    if (tenant.hasDestinations || !belongs) this.#switchedOff.delete(tenant);
    else this.#switchedOff.add(tenant);
    if (belongs) {
      this.#without.delete(tenant.id);
      this.#tenants.set(tenant.id, tenant);
      return;
    }
    this.#tenants.delete(tenant.id);
    this.#without.set(tenant.id, tenant);
    if (this.#without.size <= MAX_KNOWN_WITHOUT_DESTINATION) return;
    for (const oldest of this.#without.values()) {
      this.#forget(oldest);
      return;
    }
  }

  /** Those that a lookup keeps waiting are asked about again when it is time. Called with each tick; `true`: some still wait. */
  askForWaiting(): boolean {
    if (this.#lookups === undefined) return false;
    const nowMs = this.#options.home.monotonicMs();
    let left = MAX_ASKED_AGAIN_PER_TICK;
    for (const tenant of this.#failed) {
      if (tenant.isAsking) continue;
      const isGivenUp = tenant.failedLookups >= MAX_LOOKUP_FAILURES;
      if (!isGivenUp && nowMs < tenant.askAgainAtMs) continue;
      // A lookup that fails at once lets the next one begin before anything else.
      if (left-- === 0) break;
      if (isGivenUp) this.#giveUp(tenant);
      else this.#askIfDue(tenant);
    }
    return this.#resolving.size > 0;
  }

  configured(id: string): readonly ResolvedDestination[] | undefined {
    return (this.#tenants.get(id) ?? this.#without.get(id))?.configured;
  }

  set(id: string, destinations: readonly ResolvedDestination[], byHand = true): void {
    const known = this.#tenants.get(id) ?? this.#without.get(id);
    if (known === undefined && destinations.length === 0 && this.#lookups === undefined) return;
    if (!this.#tenants.has(id) && !this.#hasRoom(true))
      throw fault('setTenant', `knows ${MAX_TENANTS} tenants already, which is the limit`);
    const tenant = known ?? new Tenant(this.#options.home, id);
    // Most of a push of all tenants.
    const isSame = tenant.overridden && tenant.isKnown && destinations === tenant.configured;
    if (isSame && !byHand) return;
    tenant.overridden = true;
    tenant.set(destinations, byHand);
    if (destinations.length === 0 && this.#lookups === undefined) this.#remove(tenant);
    else this.#place(tenant);
  }

  #remove(tenant: Tenant): void {
    // Each destination goes by itself first, so that its listeners hear of it.
    tenant.owner.set({ destinations: [], byHand: true });
    tenant.close('destination_changed');
    this.#forget(tenant);
  }

  /** All or nothing: checked before anything changes. */
  replace(next: ReadonlyMap<string, readonly ResolvedDestination[]>, force: boolean): void {
    const had = [...this.#tenants.values()].filter((tenant) => tenant.hasDestinations);
    const lost = had.filter((tenant) => (next.get(tenant.id)?.length ?? 0) === 0);
    if (!force && lost.length * 2 > had.length) {
      throw fault(
        'setTenants',
        `would take the destinations of ${lost.length} of ${had.length} tenants away; pass { force: true } if that is meant`,
      );
    }
    if (next.size > MAX_TENANTS)
      throw fault('setTenants', `has more than ${MAX_TENANTS} tenants, which is the limit`);
    for (const tenant of [...this.#tenants.values()]) if (!next.has(tenant.id)) this.#remove(tenant);
    // A push of the whole set repeats most of it.
    for (const [id, destinations] of next) this.set(id, destinations, false);
  }

  /** Resolves when the lookup has answered. */
  async refresh(id: string): Promise<void> {
    if (this.#lookups === undefined) return;
    const tenant = this.#tenants.get(id) ?? this.#without.get(id) ?? this.#begin(id);
    if (tenant === undefined) return;
    // An answer that is under way may be from before the change that the caller knows of.
    if (tenant.isAsking) await this.#lookups.settled(tenant);
    if (tenant.isGone) return;
    tenant.overridden = false;
    this.#lookups.ask(tenant, true);
    await this.#lookups.settled(tenant);
  }

  *takeReadings(): Generator<void> {
    for (const tenant of this.#tenants.values()) {
      yield* tenant.owner.takeReadings();
      yield;
    }
  }

  /** Where records wait for a lookup's answer, it is waited for. */
  async flush(): Promise<void> {
    const begun: Promise<void>[] = [];
    await this.#options.home.scheduler.inSlices(this.#beginFlush(begun));
    await Promise.all(begun);
  }

  *#beginFlush(begun: Promise<void>[]): Generator<void> {
    for (const tenant of this.#tenants.values()) {
      if (tenant.isWaiting || tenant.owner.outboxes.length > 0) begun.push(this.#flush(tenant));
      yield;
    }
  }

  async #flush(tenant: Tenant): Promise<void> {
    if (tenant.isWaiting && tenant.isAsking) {
      await this.#lookups?.settled(tenant);
      await this.#options.home.scheduler.inSlices(tenant.owner.takeReadings());
    }
    await tenant.owner.flush();
  }

  /** Those who had a destination stay known, so that what comes later is counted as lost. */
  close(): void {
    this.#isClosed = true;
    for (const tenant of [...this.#tenants.values()]) {
      const hadDestinations = tenant.hasDestinations;
      tenant.close('shutdown');
      this.#lookups?.leave(tenant);
      if (!hadDestinations) this.#forget(tenant);
    }
    for (const tenant of [...this.#without.values()]) this.#forget(tenant);
  }

  #forget(tenant: Tenant): void {
    // A late answer must neither bring it back nor take the place of another one of the same id.
    tenant.isGone = true;
    this.#tenants.delete(tenant.id);
    this.#without.delete(tenant.id);
    this.#resolving.delete(tenant);
    this.#failed.delete(tenant);
    this.#switchedOff.delete(tenant);
    this.#lookups?.leave(tenant);
  }

  /** Tenants with a destination, or being looked up. */
  get count(): number {
    return this.#isClosed ? 0 : this.#tenants.size - this.#switchedOff.size;
  }

  status(id: string): TenantStatus {
    const tenant = this.#tenants.get(id) ?? this.#without.get(id);
    return tenant?.status() ?? { tenantId: id, state: 'none', destinations: [], unrouted: 0 };
  }
}

function firstOf(tenants: ReadonlySet<Tenant>): Tenant | undefined {
  for (const tenant of tenants) return tenant;
  return undefined;
}
