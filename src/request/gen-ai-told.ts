/** What a host tells of a call to a model while it runs: facts of policy, cost and quality, and attributes of its own. */
import type { Attributes as ApiAttributes, AttributeValue as ApiAttributeValue } from '@opentelemetry/api';
import type { Attribution, BudgetFact, CostFact, EvaluationFact, PolicyFact } from '../model/governance.js';
import { CustomAttributes } from './custom-attributes.js';
import type { ExchangeHome } from './exchange-home.js';
import type { ExchangeSpan } from './exchange-span.js';
import type { LiveExchange } from './exchange.js';
import { cleanCost, Governance, type CleanCost, type FactEvent } from './governance.js';

/** The foundation of a call. Its fields are private to it, because hosts log and inspect calls. */
export abstract class GenAiTold {
  #custom: CustomAttributes | undefined;
  #governance: Governance | undefined;
  #hasCost = false;
  readonly #home: ExchangeHome;
  /** Whose costs they are, too. */
  readonly #exchange: LiveExchange | undefined;

  constructor(home: ExchangeHome, exchange: LiveExchange | undefined, custom: CustomAttributes | undefined) {
    this.#home = home;
    this.#exchange = exchange;
    this.#custom = custom;
  }

  protected abstract get ended(): boolean;
  protected abstract get ownSpan(): ExchangeSpan | undefined;
  /** Who is paid, and for what, where a cost does not say it. */
  protected abstract get paidFor(): Pick<CostFact, 'provider' | 'model'>;

  protected get custom(): CustomAttributes | undefined {
    return this.#custom;
  }

  protected get governance(): Governance | undefined {
    return this.#governance;
  }

  protected get hasCost(): boolean {
    return this.#hasCost;
  }

  recordCost(cost: CostFact): void {
    this.#tell('recordCost', (governance) => this.#addCost(governance, cleanCost(cost)));
  }

  /** Also at the end, when nothing can be told any more. */
  protected addCost(cost: CleanCost): void {
    const governance = this.#governing();
    this.#show(this.#addCost(governance, cost));
  }

  #addCost(governance: Governance, cost: CleanCost): FactEvent {
    const { provider, model } = this.paidFor;
    const whole = { ...cost, provider: cost.provider ?? provider, model: cost.model ?? model };
    this.#hasCost = true;
    this.#exchange?.addCallCost(whole);
    return governance.addCost(whole);
  }

  recordPolicy(policy: PolicyFact): void {
    this.#tell('recordPolicy', (governance) => governance.addPolicy(policy));
  }

  recordEvaluation(evaluation: EvaluationFact): void {
    this.#tell('recordEvaluation', (governance) => governance.addEvaluation(evaluation));
  }

  setBudget(budget: BudgetFact): void {
    this.#set('setBudget', (governance) => governance.setBudget(budget));
  }

  setAttribution(attribution: Attribution): void {
    this.#set('setAttribution', (governance) => governance.setAttribution(attribution));
  }

  /** Where nothing was said, it is the exchange's. */
  protected completeAttribution(): void {
    const attribution = this.#exchange?.attribution;
    if (attribution !== undefined) this.#governing().completeAttribution(attribution);
  }

  #tell(method: string, add: (governance: Governance) => FactEvent): void {
    this.#set(method, (governance) => this.#show(add(governance)));
  }

  #show(event: FactEvent): void {
    const span = this.ownSpan;
    if (event !== undefined) span?.addEvent(event.name, event.attributes as ApiAttributes);
    else if (span !== undefined) span.droppedEventsCount++;
  }

  #set(method: string, set: (governance: Governance) => void): void {
    if (this.ended) return;
    try {
      set(this.#governing());
    } catch {
      this.unreadable(method);
    }
  }

  #governing(): Governance {
    return (this.#governance ??= new Governance(this.#home.names.governance));
  }

  setAttribute(key: string, value: unknown): void {
    if (this.ended) return;
    try {
      this.#custom ??= new CustomAttributes(this.#home.limits.log);
      const cleaned = this.#custom.set(key, value, false);
      if (cleaned !== undefined) this.ownSpan?.setAttribute(key, cleaned as ApiAttributeValue);
    } catch {
      this.unreadable('setAttribute');
    }
  }

  /** A getter or proxy of the host's that throws must not fail a call. */
  protected unreadable(method: string): void {
    const message = `${method}() was given something that cannot be read`;
    this.#home.report({ code: 'callback_failed', message });
  }
}
