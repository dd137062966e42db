/** What a request may carry of policy, cost and quality; names of the GenOps seed, and what stands beside them. */
import type { Uses } from './facts.js';

export const GOVERNANCE: Uses = {
  '{g}.policy.name': 'conditional',
  '{g}.policy.result': 'conditional',
  '{g}.policy.reason': 'conditional',
  '{g}.policy.names': 'conditional',
  '{g}.policy.results': 'conditional',
  '{g}.cost.total': 'conditional',
  '{g}.cost.currency': 'conditional',
  '{g}.cost.provider': 'conditional',
  '{g}.cost.model': 'conditional',
  '{g}.eval.metric_name': 'conditional',
  '{g}.eval.score': 'conditional',
  '{g}.eval.threshold': 'conditional',
  '{g}.eval.passed': 'conditional',
  '{g}.budget.name': 'conditional',
  '{g}.budget.utilization': 'conditional',
  '{g}.team': 'conditional',
  '{g}.customer_id': 'conditional',
  '{g}.project': 'conditional',
};
