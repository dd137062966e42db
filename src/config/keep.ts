/** `keep` of the instance and of a destination: checked, and compiled into one question. */
import { fault } from '../model/configuration-error.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { GovernanceFacts } from '../model/governance.js';
import type { KeepRule, KeptRequest } from '../model/keep.js';
import type { KeepDecision } from '../model/selection.js';
import { askedOnce } from './asked-once.js';
import { asObject, asOneOf, checkFields } from './checks.js';
import { asPatterns, asRuleList, asRuleText } from './patterns.js';

/** Each is looked at for every request that was not sampled. */
const MAX_RULES = 64;

type Condition = (request: FinishedRequest) => boolean;

function asLimit(value: unknown, option: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value < Infinity))
    throw fault(option, 'must be a number from 0 on');
  return value;
}

function asStatus(value: unknown, option: string): number | string {
  const isCode = Number.isInteger(value) && (value as number) >= 100 && (value as number) <= 599;
  const isClass = typeof value === 'string' && /^[1-5]xx$/.test(value);
  if (!isCode && !isClass) throw fault(option, 'must be a status from 100 to 599, or a class such as 5xx');
  return value as number | string;
}

function statusCondition(value: unknown, option: string): Condition {
  const wanted = new Set(asRuleList(value, option, asStatus));
  return ({ outcome: { statusCode } }) =>
    statusCode !== undefined && (wanted.has(statusCode) || wanted.has(`${Math.floor(statusCode / 100)}xx`));
}

function policyCondition(value: unknown, option: string): Condition {
  const asResult = (item: unknown, path: string): string => asOneOf(item, path, ['blocked', 'warning']);
  const wanted = new Set(asRuleList(value, option, asResult));
  // The worst one may be beyond the bound of those that are kept.
  return ({ governance }) =>
    governance !== undefined &&
    (wanted.has(governance.worstPolicy?.result ?? '') ||
      governance.policies.some(({ result }) => wanted.has(result)));
}

/** As numbers, whatever their currencies: the sum of the first one, and what was told in others. */
function costOf({ totalCost = 0, costs, currency }: GovernanceFacts): number {
  return costs.reduce((sum, cost) => (cost.currency === currency ? sum : sum + cost.amount), totalCost);
}

/** By field, in the order of their cost. */
const CONDITIONS: Readonly<Record<keyof KeepRule, (value: unknown, option: string) => Condition>> = {
  errors(value, option) {
    if (value !== true) throw fault(option, 'must be true');
    return ({ outcome }) => outcome.isError;
  },
  slowerThanMs(value, option) {
    const limitMs = asLimit(value, option);
    return ({ latencyMs }) => latencyMs > limitMs;
  },
  statusCodes: statusCondition,
  tenants(value, option) {
    const wanted = new Set(asRuleList(value, option, asRuleText));
    return ({ tenantId }) => tenantId !== undefined && wanted.has(tenantId);
  },
  routes(value, option) {
    const isWanted = asPatterns(value, option);
    return ({ routeName }) => routeName !== undefined && isWanted(routeName);
  },
  costAbove(value, option) {
    const limit = asLimit(value, option);
    return ({ governance }) => governance !== undefined && costOf(governance) > limit;
  },
  policy: policyCondition,
};
const FIELDS = Object.keys(CONDITIONS) as (keyof KeepRule)[];

function compileRule(value: unknown, option: string): Condition {
  const rule = asObject(value, option);
  checkFields(rule, option, FIELDS);
  const conditions = FIELDS.filter((field) => rule[field] !== undefined).map((field) =>
    CONDITIONS[field](rule[field], `${option}.${field}`),
  );
  // It would keep everything, which is more than anybody means who writes a rule.
  if (conditions.length === 0) throw fault(option, `needs one of ${FIELDS.join(', ')}`);
  return (request) => conditions.every((holds) => holds(request));
}

/** `undefined`: nothing was said. */
export function resolveKeep(value: unknown, option: string): KeepDecision | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'function') return askedOnce(value as (request: KeptRequest) => unknown, false);
  if (!Array.isArray(value)) return compileRule(value, option);
  if (value.length > MAX_RULES) throw fault(option, `must have at most ${MAX_RULES} rules`);
  const rules = value.map((rule: unknown, index) => compileRule(rule, `${option}[${index}]`));
  return (request) => rules.some((holds) => holds(request));
}
