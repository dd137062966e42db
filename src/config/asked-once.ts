/** A function of the host's about a finished request: contained, and asked once however many of its records go how far. */
import type { Attributes, AttributeValue, MutableAttributes } from '../model/attributes.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { GovernanceFacts } from '../model/governance.js';
import type { KeptRequest } from '../model/keep.js';
import type { OnRuleFault } from '../model/selection.js';
import { containRejection } from '../model/settle.js';

/** Lists are the only values that could be changed. */
function copyOf(attributes: Attributes | undefined): MutableAttributes {
  const copy: MutableAttributes = {};
  for (const [key, value] of Object.entries(attributes ?? {}))
    copy[key] = (Array.isArray(value) ? value.slice() : value) as AttributeValue;
  return copy;
}

function copyOfFacts(facts: GovernanceFacts): GovernanceFacts {
  const { worstPolicy, worstEvaluation, budget, attribution } = facts;
  return {
    policies: facts.policies.map((policy) => ({ ...policy })),
    worstPolicy: worstPolicy && { ...worstPolicy },
    costs: facts.costs.map((cost) => ({ ...cost })),
    totalCost: facts.totalCost,
    callCost: facts.callCost,
    currency: facts.currency,
    evaluations: facts.evaluations.map((evaluation) => ({ ...evaluation })),
    worstEvaluation: worstEvaluation && { ...worstEvaluation },
    budget: budget && { ...budget },
    attribution: attribution && { ...attribution },
    dropped: facts.dropped,
    attributes: copyOf(facts.attributes),
  };
}

function viewOf(request: FinishedRequest): KeptRequest {
  const { outcome } = request;
  return {
    method: request.method,
    path: request.path,
    routeName: request.routeName,
    tenantId: request.tenantId,
    environment: request.environment,
    requestId: request.requestId,
    traceId: request.traceId,
    isSampled: (request.traceFlags & 1) === 1,
    statusCode: outcome.statusCode,
    errorType: outcome.errorType,
    isError: outcome.isError,
    severityNumber: outcome.severityNumber,
    latencyMs: request.latencyMs,
    serverAddress: request.serverAddress,
    attributes: { ...copyOf(request.tenantAttributes), ...copyOf(request.operatorAttributes) },
    governance: request.governance && copyOfFacts(request.governance),
  };
}

/** `otherwise`: the answer of one that throws or gives no boolean. */
export function askedOnce(
  ask: (request: KeptRequest) => unknown,
  otherwise: boolean,
): (request: FinishedRequest, onFault: OnRuleFault) => boolean {
  const answers = new WeakMap<FinishedRequest, boolean>();
  const answer = (request: FinishedRequest, onFault: OnRuleFault): boolean => {
    try {
      const given = ask(viewOf(request));
      containRejection(given);
      if (typeof given === 'boolean') return given;
    } catch {
      // Told below.
    }
    onFault();
    return otherwise;
  };
  return (request, onFault) => {
    let known = answers.get(request);
    if (known === undefined) answers.set(request, (known = answer(request, onFault)));
    return known;
  };
}
