/** What a host tells of a request while it runs: checked when it is told, and without effect after the end. */
import { randomUUID } from 'node:crypto';
import type { Attributes, AttributeValue } from '../model/attributes.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { UpstreamFacts } from '../model/exchange.js';
import { hasFields } from '../model/fields.js';
import type { AttributeLimits } from '../model/record-limits.js';
import type { GovernanceNames } from '../model/governance-names.js';
import type { Attribution, BudgetFact, CostFact, EvaluationFact, PolicyFact } from '../model/governance.js';
import { isTenantId } from '../model/tenant-id.js';
import { cleanUpstream } from './clean-upstream.js';
import { CustomAttributes } from './custom-attributes.js';
import { errorTypeOf } from './error-type.js';
import { isException } from './exceptions.js';
import { Governance, type CleanCost, type FactEvent } from './governance.js';
import { cleanName } from './limits.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The foundation of an exchange. Its fields are private to it, because hosts log and inspect exchanges. */
export abstract class ExchangeFacts {
  recording: boolean;
  /** Set by the host; adapter options fill what is still unset at the end. */
  tenantId: string | undefined;
  tenantIsSet = false;
  routeName: string | undefined;
  environment: string | undefined;
  #httpRoute: string | undefined;
  #upstream: UpstreamFacts | undefined;
  #recordedError: string | undefined;
  #thrown: unknown;
  #custom: CustomAttributes | undefined;
  #governance: Governance | undefined;
  #errorId: string | undefined;
  #userId: string | undefined;
  #ended = false;
  readonly #report: (diagnostic: Diagnostic) => void;
  readonly #limits: AttributeLimits;

  constructor(recording: boolean, report: (diagnostic: Diagnostic) => void, limits: AttributeLimits) {
    this.#limits = limits;
    this.recording = recording;
    this.#report = report;
  }

  protected get ended(): boolean {
    return this.#ended;
  }

  protected get upstream(): UpstreamFacts | undefined {
    return this.#upstream;
  }

  /** `error.type` of what the gateway recorded as its own trouble. */
  protected get recordedError(): string | undefined {
    return this.#recordedError;
  }

  protected get custom(): CustomAttributes | undefined {
    return this.#custom;
  }

  protected get governance(): Governance | undefined {
    return this.#governance;
  }

  /** Nothing that is told from now on has an effect. */
  protected close(): void {
    this.#ended = true;
  }

  /** For the span, which shows it at once. */
  protected abstract onCustomAttribute(key: string, value: AttributeValue): void;

  protected abstract onFact(event: FactEvent): void;

  protected abstract get governanceNames(): GovernanceNames;

  setTenant(tenantId: string | undefined): void {
    if (this.#ended) return;
    this.tenantIsSet = true;
    this.tenantId = this.checkedTenant(tenantId);
  }

  /** A tenant id, or `undefined` with a report. */
  checkedTenant(tenantId: unknown): string | undefined {
    if (tenantId === undefined || tenantId === null) return undefined;
    if (isTenantId(tenantId)) return tenantId;
    this.#report({
      code: 'tenant_id_invalid',
      message: 'A tenant id must be a string of 1 to 128 bytes; the request went to the operator alone',
    });
    return undefined;
  }

  get errorId(): string {
    if (!this.recording) return '';
    // A tracker's event may have it as its own id, so it has the form of Sentry's.
    return (this.#errorId ??= randomUUID().replaceAll('-', ''));
  }

  /** `undefined`: nobody has asked. */
  protected get knownErrorId(): string | undefined {
    return this.#errorId;
  }

  protected get userId(): string | undefined {
    return this.#userId;
  }

  setUserId(userId: string | undefined): void {
    if (this.#ended) return;
    const isNone = userId === undefined || userId === null;
    if (isNone || (typeof userId === 'string' && UUID.test(userId))) {
      this.#userId = isNone ? undefined : userId.toLowerCase();
      return;
    }
    this.#userId = undefined;
    // What it was is not told: most probably a name or an e-mail address.
    this.#report({
      code: 'argument_invalid',
      message: 'setUserId() takes a UUID only; the user was left out',
    });
  }

  setRoute(routeName: string | undefined): void {
    if (!this.#ended) this.routeName = cleanName(routeName);
  }

  get httpRoute(): string | undefined {
    return this.#httpRoute;
  }

  setHttpRoute(template: string | undefined): void {
    if (!this.#ended) this.#httpRoute = cleanName(template);
  }

  setEnvironment(environment: string | undefined): void {
    if (!this.#ended) this.environment = cleanName(environment);
  }

  setUpstream(upstream: UpstreamFacts): void {
    if (this.#ended || typeof upstream !== 'object' || upstream === null) return;
    try {
      const facts = cleanUpstream(upstream);
      this.#upstream = this.#upstream === undefined ? facts : { ...this.#upstream, ...facts };
    } catch {
      this.unreadable('setUpstream');
    }
  }

  /** A getter or proxy of the host's that throws must not fail a request. */
  protected unreadable(method: string): void {
    this.#report({
      code: 'callback_failed',
      message: `${method}() was given something that cannot be read`,
    });
  }

  setAttribute(key: string, value: AttributeValue): void {
    this.#setCustom(key, value, false);
  }

  setAttributes(attributes: Attributes): void {
    if (!this.#mayList(attributes, 'setAttributes')) return;
    try {
      for (const key in attributes) this.#setCustom(key, attributes[key], false);
    } catch {
      this.unreadable('setAttributes');
    }
  }

  /** As `setAttributes`, except that what is set already stays. */
  setAttributesIfUnset(attributes: Attributes): void {
    if (!this.#mayList(attributes, 'attributes')) return;
    try {
      for (const key in attributes) {
        if (this.#custom?.has(key) !== true) this.#setCustom(key, attributes[key], false);
      }
    } catch {
      this.unreadable('attributes');
    }
  }

  /** Nothing at all is no fault; anything else without fields is. */
  #mayList(attributes: unknown, method: string): boolean {
    if (!this.#listens || attributes === undefined || attributes === null) return false;
    if (hasFields(attributes)) return true;
    this.unreadable(method);
    return false;
  }

  setTenantAttribute(key: string, value: AttributeValue): void {
    this.#setCustom(key, value, true);
  }

  #setCustom(key: string, value: unknown, isShared: boolean): void {
    if (this.#ended || !this.recording) return;
    try {
      const cleaned = (this.#custom ??= new CustomAttributes(this.#limits)).set(key, value, isShared);
      if (cleaned === undefined) return;
      this.onCustomAttribute(key, cleaned);
    } catch {
      this.unreadable('setAttribute');
    }
  }

  recordError(error: unknown): void {
    if (this.#ended) return;
    const errorType = errorTypeOf(error);
    this.#recordedError = errorType;
    this.#thrown = isException(error, errorType) ? error : undefined;
  }

  /** What was recorded last, if it was no mere name. */
  protected get thrown(): unknown {
    return this.#thrown;
  }

  /** Errors hold on to whatever their makers put into them. */
  protected forgetThrown(): void {
    this.#thrown = undefined;
  }

  recordPolicy(policy: PolicyFact): void {
    if (!this.#listens) return;
    try {
      this.onFact(this.#governing().addPolicy(policy));
    } catch {
      this.unreadable('recordPolicy');
    }
  }

  recordCost(cost: CostFact): void {
    if (!this.#listens) return;
    try {
      this.onFact(this.#governing().addCost(cost));
    } catch {
      this.unreadable('recordCost');
    }
  }

  /** Of a call to a model that belongs to this exchange. */
  addCallCost(fact: CleanCost): void {
    if (this.#listens) this.#governing().addCallCost(fact);
  }

  /** As it was told so far. */
  get attribution(): Attribution | undefined {
    return this.#governance?.attribution;
  }

  recordEvaluation(evaluation: EvaluationFact): void {
    if (!this.#listens) return;
    try {
      this.onFact(this.#governing().addEvaluation(evaluation));
    } catch {
      this.unreadable('recordEvaluation');
    }
  }

  setBudget(budget: BudgetFact): void {
    if (!this.#listens) return;
    try {
      this.#governing().setBudget(budget);
    } catch {
      this.unreadable('setBudget');
    }
  }

  setAttribution(attribution: Attribution): void {
    if (!this.#listens) return;
    try {
      this.#governing().setAttribution(attribution);
    } catch {
      this.unreadable('setAttribution');
    }
  }

  get #listens(): boolean {
    return !this.#ended && this.recording;
  }

  #governing(): Governance {
    return (this.#governance ??= new Governance(this.governanceNames));
  }
}
