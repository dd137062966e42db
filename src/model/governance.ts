/** What a gateway has decided, spent and measured for a request: facts of policy, cost and quality. */

/** From harmless to worst. */
export type PolicyResult = 'passed' | 'warning' | 'blocked';

/** One policy that was asked. */
export interface PolicyFact {
  readonly name: string;
  readonly result: PolicyResult;
  readonly reason?: string | undefined;
}

/** What one operation has cost. */
export interface CostFact {
  /** In `currency`; not negative. */
  readonly amount: number;
  /** ISO 4217. Default `USD`. */
  readonly currency?: string | undefined;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
}

/** One measure of an answer's quality. */
export interface EvaluationFact {
  readonly name: string;
  readonly score: number;
  readonly threshold?: number | undefined;
  readonly passed?: boolean | undefined;
}

/** How much of a budget is used. */
export interface BudgetFact {
  readonly name: string;
  /** Percent. */
  readonly utilization: number;
}

/** Whose work it was, in the operator's own terms. */
export interface Attribution {
  readonly team?: string | undefined;
  readonly customerId?: string | undefined;
  readonly project?: string | undefined;
}

/** All of it for one request, in the order in which it was told. */
export interface GovernanceFacts {
  readonly policies: readonly PolicyFact[];
  /** The worst of them; `undefined` where none was asked. */
  readonly worstPolicy: PolicyFact | undefined;
  readonly costs: readonly CostFact[];
  /** The sum, whatever the currencies; `undefined` where nothing was told. */
  readonly totalCost: number | undefined;
  readonly evaluations: readonly EvaluationFact[];
  readonly budget: BudgetFact | undefined;
  readonly attribution: Attribution | undefined;
}
