/** What a gateway has decided, spent and measured for a request: facts of policy, cost and quality. */
import type { Attributes } from './attributes.js';

/** From harmless to worst. */
export type PolicyResult = 'passed' | 'warning' | 'blocked';

/** One policy that was asked. */
export interface PolicyFact {
  /** Cut to 256 characters. */
  readonly name: string;
  readonly result: PolicyResult;
  /** Why, for a person. Cut to 1,024 characters; what looks like a secret in it is `REDACTED`. */
  readonly reason?: string | undefined;
}

/** Where a cost says no currency. */
export const DEFAULT_CURRENCY = 'USD';

/** What one operation has cost. */
export interface CostFact {
  /** In `currency`; from 0 to 10^15. */
  readonly amount: number;
  /** ISO 4217. Default `USD`. */
  readonly currency?: string | undefined;
  /** Who is paid, such as `openai`. */
  readonly provider?: string | undefined;
  /** What was used of it, such as `gpt-4`. */
  readonly model?: string | undefined;
}

/** One measure of an answer's quality. */
export interface EvaluationFact {
  readonly name: string;
  readonly score: number;
  /** The score that it takes to pass. */
  readonly threshold?: number | undefined;
  /** Default: whether `score` reaches `threshold`, if there is one. Say it where less is better. */
  readonly passed?: boolean | undefined;
}

/** How much of a budget is used. */
export interface BudgetFact {
  readonly name: string;
  /** Percent; over 100 where it is exceeded. */
  readonly utilization: number;
}

/** Whose work it was, in the operator's own terms. */
export interface Attribution {
  readonly team?: string | undefined;
  readonly customerId?: string | undefined;
  readonly project?: string | undefined;
}

/** All of it for one request, cleaned, in the order in which it was told. */
export interface GovernanceFacts {
  /** The first 16; further ones count for `worstPolicy` and `dropped`. */
  readonly policies: readonly PolicyFact[];
  /** The worst of them, the first of its kind; `undefined` where none was asked. */
  readonly worstPolicy: PolicyFact | undefined;
  /** The first 16, each with its currency; further ones count for `totalCost` and `dropped`. */
  readonly costs: readonly CostFact[];
  /** The sum of what was told in `currency`, that of calls to models included; `undefined` where nothing was told. */
  readonly totalCost: number | undefined;
  /** The part of it that calls to models have cost, which are counted by themselves and are not among `costs`. */
  readonly callCost: number;
  /** That of the first cost. Costs in another one are not added, because no rate is known here. */
  readonly currency: string | undefined;
  /** The first 16, `passed` filled in where it is known. */
  readonly evaluations: readonly EvaluationFact[];
  /** The first that did not pass, else the last. */
  readonly worstEvaluation: EvaluationFact | undefined;
  readonly budget: BudgetFact | undefined;
  readonly attribution: Attribution | undefined;
  /** Policies, costs and evaluations beyond the bound of each kind. */
  readonly dropped: number;
  /** What the operator's span and log record say of it. */
  readonly attributes: Attributes;
}
