/** `sampling` and `filter` of a destination: checked, and compiled into questions about a record. */
import { fault } from '../model/configuration-error.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { KeptRequest } from '../model/keep.js';
import type { Audience } from '../model/resolved-destination.js';
import type { RequestFilter, RequestSubject, ResolvedSelection } from '../model/selection.js';
import { askedOnce } from './asked-once.js';
import { asFunction, asObject, asWhole, checkFields } from './checks.js';
import { resolveKeep } from './keep.js';
import { asPatterns, asRuleList, asRuleText } from './patterns.js';
import { asRatio } from './ratio.js';

type Fields = Readonly<Record<string, unknown>>;

/** What only the operator may say: a tenant has no traces, and its configuration is data. */
function refuseToTenant(given: Fields, fields: readonly string[], option: string, why: string): void {
  for (const field of fields)
    if (given[field] !== undefined) throw fault(`${option}.${field}`, `is not possible: ${why}`);
}

function resolveSampling(value: unknown, option: string, owner: Audience): Partial<ResolvedSelection> {
  if (value === undefined) return {};
  const given = asObject(value, option);
  checkFields(given, option, ['traces', 'keep', 'logs']);
  if (owner === 'tenant') refuseToTenant(given, ['traces', 'keep'], option, 'a tenant never receives traces');
  return {
    tracesRatio: given['traces'] === undefined ? undefined : asRatio(given['traces'], `${option}.traces`),
    keep: resolveKeep(given['keep'], `${option}.keep`),
    logsRatio: given['logs'] === undefined ? undefined : asRatio(given['logs'], `${option}.logs`),
  };
}

function compileFilter(given: Fields, option: string): RequestFilter | undefined {
  const { excludePaths, excludeRoutes, excludeMethods, where } = given;
  const filters: RequestFilter[] = [];
  if (excludeMethods !== undefined) {
    const methods = new Set(asRuleList(excludeMethods, `${option}.excludeMethods`, asRuleText));
    filters.push(({ method }) => !methods.has(method));
  }
  if (excludePaths !== undefined) {
    const isExcluded = asPatterns(excludePaths, `${option}.excludePaths`);
    filters.push(({ path }) => !isExcluded(path));
  }
  if (excludeRoutes !== undefined) {
    const isExcluded = asPatterns(excludeRoutes, `${option}.excludeRoutes`);
    filters.push(({ routeName }) => routeName === undefined || !isExcluded(routeName));
  }
  if (where !== undefined) {
    const ask = askedOnce(asFunction<(request: KeptRequest) => unknown>(where, `${option}.where`), true);
    // The operator's only, and what comes to the operator comes whole.
    filters.push((request: RequestSubject, onFault) => ask(request as FinishedRequest, onFault));
  }
  if (filters.length === 0) return undefined;
  return (request, onFault) => filters.every((lets) => lets(request, onFault));
}

function resolveFilter(value: unknown, option: string, owner: Audience): Partial<ResolvedSelection> {
  if (value === undefined) return {};
  const given = asObject(value, option);
  checkFields(given, option, ['excludePaths', 'excludeRoutes', 'excludeMethods', 'minSeverity', 'where']);
  if (owner === 'tenant') refuseToTenant(given, ['where'], option, 'the filter of a tenant is data');
  return {
    filter: compileFilter(given, option),
    minSeverity:
      given['minSeverity'] === undefined
        ? undefined
        : asWhole(given['minSeverity'], `${option}.minSeverity`, 1, 24),
  };
}

/** `undefined`: all records are wanted. */
export function resolveSelection(
  destination: { readonly sampling?: unknown; readonly filter?: unknown },
  option: string,
  owner: Audience,
): ResolvedSelection | undefined {
  if (destination.sampling === undefined && destination.filter === undefined) return undefined;
  return {
    tracesRatio: undefined,
    keep: undefined,
    logsRatio: undefined,
    filter: undefined,
    minSeverity: undefined,
    ...resolveSampling(destination.sampling, `${option}.sampling`, owner),
    ...resolveFilter(destination.filter, `${option}.filter`, owner),
  };
}
