/** Facts of policy, cost and quality as a host tells them of one request: checked, cut, bounded. */
import type { Attributes, MutableAttributes } from '../model/attributes.js';
import { exceptionText } from '../model/exception-text.js';
import type { GovernanceNames } from '../model/governance-names.js';
import { DEFAULT_CURRENCY } from '../model/governance.js';
import type {
  Attribution,
  BudgetFact,
  CostFact,
  EvaluationFact,
  GovernanceFacts,
  PolicyFact,
  PolicyResult,
} from '../model/governance.js';
import { redactText } from '../model/redact-text.js';
import { cleanName } from './limits.js';

/** Of policies, costs and evaluations each. A request that is asked more often has them counted only. */
const MAX_FACTS = 16;
const MAX_REASON_LENGTH = 1024;
const MAX_CURRENCY_LENGTH = 16;
/** Beyond it a sum of many would be no number any more, and stay so for every reading after it. */
const MAX_AMOUNT = 1e15;
const BADNESS: Readonly<Record<PolicyResult, number>> = { passed: 0, warning: 1, blocked: 2 };

/** A cost, checked and cut, with its currency. */
export type CleanCost = CostFact & { readonly currency: string };

/** What the span shows of one fact at once; `undefined`: it is beyond the bound. */
export type FactEvent = { readonly name: string; readonly attributes: Attributes } | undefined;

/** Every method throws for what makes no fact. */
export class Governance implements GovernanceFacts {
  readonly policies: PolicyFact[] = [];
  readonly costs: CostFact[] = [];
  readonly evaluations: EvaluationFact[] = [];
  worstPolicy: PolicyFact | undefined;
  worstEvaluation: EvaluationFact | undefined;
  totalCost: number | undefined;
  callCost = 0;
  currency: string | undefined;
  budget: BudgetFact | undefined;
  attribution: Attribution | undefined;
  dropped = 0;
  #dearest: CostFact | undefined;
  #attributes: Attributes | undefined;
  readonly #names: GovernanceNames;

  constructor(names: GovernanceNames) {
    this.#names = names;
  }

  addPolicy(policy: PolicyFact): FactEvent {
    const { result } = policy;
    if (typeof result !== 'string' || !Object.hasOwn(BADNESS, result)) throw new TypeError('result');
    const fact = {
      name: named(policy.name),
      result,
      reason: reasonOf(policy.reason),
    };
    if (this.worstPolicy === undefined || BADNESS[result] > BADNESS[this.worstPolicy.result])
      this.worstPolicy = fact;
    if (!this.#keep(this.policies, fact)) return undefined;
    const attributes: MutableAttributes = {};
    putPolicy(attributes, this.#names, fact);
    return { name: this.#names.policyEvent, attributes };
  }

  addCost(cost: CostFact): FactEvent {
    const fact = cleanCost(cost);
    this.#total(fact);
    if (!this.#keep(this.costs, fact)) return undefined;
    const names = this.#names;
    const attributes: MutableAttributes = {
      [names.costAmount]: fact.amount,
      [names.costCurrency]: fact.currency,
    };
    putSource(attributes, names, fact);
    return { name: names.costEvent, attributes };
  }

  /** What a call to a model has cost that belongs to this request, cleaned: for the sums alone, as the call tells of it itself. */
  addCallCost(fact: CleanCost): void {
    this.#total(fact);
    if (fact.currency === this.currency) this.callCost += fact.amount;
  }

  addEvaluation(evaluation: EvaluationFact): FactEvent {
    const { threshold, passed } = evaluation;
    const score = finite(evaluation.score);
    const known = typeof threshold === 'number' && Number.isFinite(threshold) ? threshold : undefined;
    const fact = {
      name: named(evaluation.name),
      score,
      threshold: known,
      passed: typeof passed === 'boolean' ? passed : known === undefined ? undefined : score >= known,
    };
    if (this.worstEvaluation?.passed !== false) this.worstEvaluation = fact;
    if (!this.#keep(this.evaluations, fact)) return undefined;
    const attributes: MutableAttributes = {};
    putEvaluation(attributes, this.#names, fact);
    return { name: this.#names.evaluationEvent, attributes };
  }

  setBudget(budget: BudgetFact): void {
    this.budget = { name: named(budget.name), utilization: amountOf(budget.utilization) };
  }

  /** What is unset is as there. */
  completeAttribution({ team, customerId, project }: Attribution): void {
    const own = this.attribution;
    this.attribution = {
      team: own?.team ?? team,
      customerId: own?.customerId ?? customerId,
      project: own?.project ?? project,
    };
  }

  /** Later words add to earlier ones. */
  setAttribution(attribution: Attribution): void {
    const { team, customerId, project } = attribution;
    const before = this.attribution;
    this.attribution = {
      team: plainName(team) ?? before?.team,
      customerId: plainName(customerId) ?? before?.customerId,
      project: plainName(project) ?? before?.project,
    };
  }

  /** Read when the exchange has ended, and made once. */
  get attributes(): Attributes {
    return (this.#attributes ??= this.#flat());
  }

  #total(fact: CleanCost): void {
    this.currency ??= fact.currency;
    if (fact.currency !== this.currency) return;
    this.totalCost = (this.totalCost ?? 0) + fact.amount;
    if (this.#dearest === undefined || fact.amount > this.#dearest.amount) this.#dearest = fact;
  }

  #keep<Fact>(facts: Fact[], fact: Fact): boolean {
    if (facts.length >= MAX_FACTS) {
      this.dropped++;
      return false;
    }
    facts.push(fact);
    return true;
  }

  #flat(): Attributes {
    const names = this.#names;
    const { attribution, budget, policies, totalCost } = this;
    const flat: MutableAttributes = {};
    if (this.worstPolicy !== undefined) putPolicy(flat, names, this.worstPolicy);
    if (policies.length > 1) {
      flat[names.policyNames] = policies.map(({ name }) => name);
      flat[names.policyResults] = policies.map(({ result }) => result);
    }
    if (totalCost !== undefined) {
      flat[names.costTotal] = totalCost;
      flat[names.costCurrency] = this.currency ?? DEFAULT_CURRENCY;
    }
    if (this.#dearest !== undefined) putSource(flat, names, this.#dearest);
    if (this.worstEvaluation !== undefined) putEvaluation(flat, names, this.worstEvaluation);
    if (budget !== undefined) {
      flat[names.budgetName] = budget.name;
      flat[names.budgetUtilization] = budget.utilization;
    }
    if (attribution?.team !== undefined) flat[names.team] = attribution.team;
    if (attribution?.customerId !== undefined) flat[names.customerId] = attribution.customerId;
    if (attribution?.project !== undefined) flat[names.project] = attribution.project;
    return flat;
  }
}

/** Throws for what is none. */
export function cleanCost(cost: CostFact): CleanCost {
  return {
    amount: amountOf(cost.amount),
    currency: cleanName(cost.currency, MAX_CURRENCY_LENGTH) ?? DEFAULT_CURRENCY,
    provider: plainName(cost.provider),
    model: plainName(cost.model),
  };
}

function named(name: unknown): string {
  const cleaned = plainName(name);
  if (cleaned === undefined) throw new TypeError('name');
  return cleaned;
}

/** A name is often a client's word, such as a model's, and a key in the wrong field looks like one. */
function plainName(name: unknown): string | undefined {
  const cleaned = cleanName(name);
  return cleaned && redactText(cleaned);
}

/** Often the words of whatever refused. */
function reasonOf(reason: unknown): string | undefined {
  return typeof reason === 'string'
    ? cleanName(exceptionText(reason, MAX_REASON_LENGTH), MAX_REASON_LENGTH)
    : undefined;
}

function finite(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError('number');
  return value;
}

function amountOf(value: unknown): number {
  const amount = finite(value);
  if (amount < 0 || amount > MAX_AMOUNT) throw new TypeError('amount');
  return amount;
}

function putPolicy(attributes: MutableAttributes, names: GovernanceNames, policy: PolicyFact): void {
  attributes[names.policyName] = policy.name;
  attributes[names.policyResult] = policy.result;
  if (policy.reason !== undefined) attributes[names.policyReason] = policy.reason;
}

function putSource(attributes: MutableAttributes, names: GovernanceNames, cost: CostFact): void {
  if (cost.provider !== undefined) attributes[names.costProvider] = cost.provider;
  if (cost.model !== undefined) attributes[names.costModel] = cost.model;
}

function putEvaluation(attributes: MutableAttributes, names: GovernanceNames, fact: EvaluationFact): void {
  attributes[names.evalMetricName] = fact.name;
  attributes[names.evalScore] = fact.score;
  if (fact.threshold !== undefined) attributes[names.evalThreshold] = fact.threshold;
  if (fact.passed !== undefined) attributes[names.evalPassed] = fact.passed;
}
