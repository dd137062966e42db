/** The live registry of tenants: from code, from the lookup, bounded, changed while requests run. */
import { fault } from '../model/configuration-error.js';
import type { Destinations, TenantLookup } from '../model/destination.js';
import type { Ledger } from '../model/ledger.js';
import type { ResolvedDestination } from '../model/resolved-destination.js';
import { SIGNALS, type Signal } from '../model/signal.js';
import type { TenantStatus } from '../model/status.js';
import { Account, sumLedgers } from './account.js';
import { MAX_KNOWN_WITHOUT_DESTINATION, MAX_TENANTS } from './bounds.js';
import { createLookups, type Lookups } from './lookups.js';
import type { OutboxHome } from './outbox.js';
import { Tenant } from './tenant.js';

export interface TenantsOptions {
  readonly home: OutboxHome;
  readonly lookup: TenantLookup | undefined;
  readonly ttlMs: number;
  resolve(tenantId: string, answer: Destinations | undefined): readonly ResolvedDestination[];
}

export class Tenants {
  readonly #options: TenantsOptions;
  readonly #lookups: Lookups | undefined;
  /** With destinations, overridden, or being looked up. At most `MAX_TENANTS`. */
  readonly #tenants = new Map<string, Tenant>();
  /** Looked up and known to have none, oldest first. At most `MAX_KNOWN_WITHOUT_DESTINATION`. */
  readonly #without = new Map<string, Tenant>();
  readonly #retired = new Map<Signal, Account>();

  constructor(options: TenantsOptions) {
    this.#options = options;
    const { home, lookup, ttlMs } = options;
    if (lookup === undefined) return;
    this.#lookups = createLookups({
      lookup,
      ttlMs,
      scheduler: home.scheduler,
      resolve: (id, answer) => options.resolve(id, answer),
      monotonicMs: () => home.monotonicMs(),
      report: (diagnostic) => home.report(diagnostic),
      onAnswer: (tenant) => this.#place(tenant),
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
      if (this.#lookups === undefined) return undefined;
      tenant = this.#without.get(id) ?? this.#begin(id);
      if (tenant === undefined) return undefined;
    }
    this.#askIfDue(tenant);
    return tenant.isKnown && !tenant.hasDestinations ? undefined : tenant;
  }

  #begin(id: string): Tenant | undefined {
    // Full: further tenants have no destination until others go. Their requests reach the operator.
    if (this.#tenants.size >= MAX_TENANTS) return undefined;
    const tenant = new Tenant(this.#options.home, id);
    tenant.resolve();
    this.#tenants.set(id, tenant);
    return tenant;
  }

  #askIfDue(tenant: Tenant): void {
    if (this.#lookups === undefined || tenant.overridden || tenant.isAsking) return;
    if (this.#options.home.monotonicMs() >= tenant.askAgainAtMs) void this.#lookups.ask(tenant);
  }

  /** After an answer: in which of the two maps it belongs. */
  #place(tenant: Tenant): void {
    const belongs = tenant.hasDestinations || tenant.overridden;
    if (belongs) {
      this.#without.delete(tenant.id);
      this.#tenants.set(tenant.id, tenant);
      return;
    }
    this.#tenants.delete(tenant.id);
    this.#without.set(tenant.id, tenant);
    if (this.#without.size <= MAX_KNOWN_WITHOUT_DESTINATION) return;
    for (const [oldestId, oldest] of this.#without) {
      this.#without.delete(oldestId);
      this.#absorb(oldest);
      return;
    }
  }

  /** A forgotten tenant's account goes into the totals. */
  #absorb(tenant: Tenant): void {
    for (const [signal, account] of tenant.owner.retiredAccounts()) this.retired(signal).absorb(account);
  }

  retired(signal: Signal): Account {
    let account = this.#retired.get(signal);
    if (account === undefined) this.#retired.set(signal, (account = new Account()));
    return account;
  }

  /** Those that a lookup keeps waiting are asked about again when it is time. Called with each tick. */
  askForWaiting(): void {
    if (this.#lookups === undefined) return;
    for (const tenant of this.#tenants.values()) if (!tenant.isKnown) this.#askIfDue(tenant);
  }

  set(id: string, destinations: readonly ResolvedDestination[]): void {
    let tenant = this.#tenants.get(id) ?? this.#without.get(id);
    if (tenant === undefined) {
      if (destinations.length === 0 && this.#lookups === undefined) return;
      if (this.#tenants.size >= MAX_TENANTS)
        throw fault('setTenant', `knows ${MAX_TENANTS} tenants already, which is the limit`);
      tenant = new Tenant(this.#options.home, id);
    }
    tenant.overridden = true;
    tenant.set(destinations);
    if (destinations.length === 0 && this.#lookups === undefined) this.#remove(tenant);
    else this.#place(tenant);
  }

  #remove(tenant: Tenant): void {
    tenant.close('destination_changed');
    this.#tenants.delete(tenant.id);
    this.#without.delete(tenant.id);
    this.#absorb(tenant);
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
    for (const [id, destinations] of next) this.set(id, destinations);
  }

  /** Resolves when the lookup has answered. */
  async refresh(id: string): Promise<void> {
    if (this.#lookups === undefined) return;
    const tenant = this.#tenants.get(id) ?? this.#without.get(id) ?? this.#begin(id);
    if (tenant === undefined) return;
    // An answer that is under way may be from before the change that the caller knows of.
    if (tenant.isAsking) await this.#lookups.ask(tenant);
    tenant.overridden = false;
    await this.#lookups.ask(tenant);
  }

  takeReadings(): void {
    for (const tenant of this.#tenants.values()) tenant.owner.takeReadings();
  }

  async flush(): Promise<void> {
    await Promise.all([...this.#tenants.values()].map((tenant) => tenant.owner.flush()));
  }

  close(): void {
    for (const tenant of [...this.#tenants.values()]) {
      tenant.close('shutdown');
      this.#absorb(tenant);
    }
    this.#tenants.clear();
    this.#without.clear();
  }

  get size(): number {
    return this.#tenants.size;
  }

  status(id: string): TenantStatus {
    const tenant = this.#tenants.get(id) ?? this.#without.get(id);
    return tenant?.status() ?? { tenantId: id, state: 'none', destinations: [], unrouted: 0 };
  }

  totals(): Readonly<Partial<Record<Signal, Ledger>>> {
    const all = [...this.#tenants.values(), ...this.#without.values()].map((tenant) => tenant.totals());
    const totals: Partial<Record<Signal, Ledger>> = {};
    for (const signal of SIGNALS) {
      const ledgers = all.flatMap((one) => one[signal] ?? []);
      const retired = this.#retired.get(signal);
      if (retired !== undefined) ledgers.push(retired.ledger(0));
      if (ledgers.length > 0) totals[signal] = sumLedgers(ledgers);
    }
    return totals;
  }
}
