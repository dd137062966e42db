/** The names of policy, cost and quality under one namespace, as GenOps collectors know them. */

export interface GovernanceNames {
  readonly costTotal: string;
  readonly costAmount: string;
  readonly costCurrency: string;
  readonly costProvider: string;
  readonly costModel: string;
  readonly policyName: string;
  readonly policyResult: string;
  readonly policyReason: string;
  readonly policyNames: string;
  readonly policyResults: string;
  readonly budgetName: string;
  readonly budgetUtilization: string;
  readonly evalMetricName: string;
  readonly evalScore: string;
  readonly evalThreshold: string;
  readonly evalPassed: string;
  readonly team: string;
  readonly customerId: string;
  readonly project: string;
  readonly policyEvent: string;
  readonly costEvent: string;
  readonly evaluationEvent: string;
  /** Of these, and of the request's own, doubles on the wire also when they are whole. */
  readonly doubleKeys: readonly string[];
}

export function governanceNames(namespace: string, requestDoubleKeys: readonly string[]): GovernanceNames {
  const costTotal = `${namespace}.cost.total`;
  const costAmount = `${namespace}.cost.amount`;
  const budgetUtilization = `${namespace}.budget.utilization`;
  const evalScore = `${namespace}.eval.score`;
  const evalThreshold = `${namespace}.eval.threshold`;
  return Object.freeze({
    costTotal,
    costAmount,
    costCurrency: `${namespace}.cost.currency`,
    costProvider: `${namespace}.cost.provider`,
    costModel: `${namespace}.cost.model`,
    policyName: `${namespace}.policy.name`,
    policyResult: `${namespace}.policy.result`,
    policyReason: `${namespace}.policy.reason`,
    policyNames: `${namespace}.policy.names`,
    policyResults: `${namespace}.policy.results`,
    budgetName: `${namespace}.budget.name`,
    budgetUtilization,
    evalMetricName: `${namespace}.eval.metric_name`,
    evalScore,
    evalThreshold,
    evalPassed: `${namespace}.eval.passed`,
    team: `${namespace}.team`,
    customerId: `${namespace}.customer_id`,
    project: `${namespace}.project`,
    policyEvent: `${namespace}.policy`,
    costEvent: `${namespace}.cost`,
    evaluationEvent: `${namespace}.evaluation`,
    doubleKeys: Object.freeze([
      ...requestDoubleKeys,
      costTotal,
      costAmount,
      budgetUtilization,
      evalScore,
      evalThreshold,
    ]),
  });
}
