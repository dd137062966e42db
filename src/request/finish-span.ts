/** What goes on the SERVER span when its request ends: on ours, which is finished so, or on a host's. */
import type { ReadableHeaders, UpstreamFacts } from '../model/exchange.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { Attributes, MutableAttributes } from '../model/attributes.js';
import type { Arrival } from './arrival.js';
import type { ExchangeHome } from './exchange-home.js';
import { SPAN_ERROR, type ExchangeSpan } from './exchange-span.js';
import { putHeaders } from './header-attributes.js';
import type { HostSpan } from './host-span.js';
import { spanMethod } from './methods.js';
import { arrivalAttributes, putGatewayFacts, putOutcome, type GatewayFacts } from './span-attributes.js';

/** A path never names a span. */
function routedName({ method }: Arrival, target: string | undefined): string | undefined {
  return target === undefined ? undefined : `${spanMethod(method)} ${target}`;
}

export function finishSpan(
  { names, processors, arrivals }: ExchangeHome,
  arrival: Arrival,
  span: ExchangeSpan,
  finished: FinishedRequest,
  httpRoute: string | undefined,
  upstream: UpstreamFacts | undefined,
  headers: ReadableHeaders | undefined,
  marks: Attributes | undefined,
): void {
  // They saw its start, when it had these already.
  const isSeen = processors.any && span.isSampled;
  if (!isSeen) span.complete(arrivalAttributes(arrival));
  const end: MutableAttributes = {};
  putGatewayFacts(end, names, finished, httpRoute, upstream);
  putOutcome(end, names, finished);
  if (headers !== undefined)
    putHeaders(end, 'response', arrivals.spanAttributes?.response ?? [], headers, arrival.secretKeys);
  if (marks !== undefined) Object.assign(end, marks);
  const { governance } = finished;
  if (governance !== undefined) {
    Object.assign(end, governance.attributes);
    span.useDoubleKeys(names.governance.doubleKeys);
  }
  span.completeAtEnd(end, isSeen);
  if (finished.outcome.isError) span.status = SPAN_ERROR;
  const name = routedName(arrival, httpRoute ?? finished.routeName) ?? spanMethod(arrival.method);
  span.finish(name, finished.endMs);
  if (isSeen) processors.onEnd(span);
}

/** `finished` is absent where the host's span ends before it is known how the exchange did. */
export function tellHostSpan(
  { names }: ExchangeHome,
  arrival: Arrival,
  hostSpan: HostSpan,
  facts: GatewayFacts,
  httpRoute: string | undefined,
  upstream: UpstreamFacts | undefined,
  finished?: FinishedRequest,
): void {
  const attributes: MutableAttributes = {};
  putGatewayFacts(attributes, names, facts, httpRoute, upstream);
  if (finished !== undefined) {
    putOutcome(attributes, names, finished);
    Object.assign(attributes, finished.governance?.attributes);
  }
  hostSpan.tell(attributes, routedName(arrival, httpRoute ?? facts.routeName), httpRoute);
}
