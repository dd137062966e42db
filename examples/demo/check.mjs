/** Compares what was sent with what arrived. */
import { exceptionsIn, requestLogs, requestsCounted } from './report.mjs';
import { INBOUND } from './traffic.mjs';

const TENANT_ID = 'knoxcall.tenant_id';

/** One sentence per disagreement. `sent` is what `sendTraffic` gave back. */
export function disagreements({ total, byTenant, errorTypes }, { operator, tenants }, upstreamSeen) {
  const found = [];
  const expectEqual = (what, actual, expected) => {
    if (actual !== expected) found.push(`${what}: expected ${String(expected)}, got ${String(actual)}.`);
  };

  expectEqual('Spans at the operator', operator.spans.length, total);
  expectEqual('Different spans at the operator', countDistinct(operator.spans, 'spanId'), total);
  expectEqual('Logs of requests at the operator', requestLogs(operator).length, total);
  expectEqual("Requests in the operator's metrics", requestsCounted(operator), total);
  expectEqual('Failures at the operator', errorTypesOf(operator.spans), listOf(errorTypes));

  for (const [id, receiver] of Object.entries(tenants)) {
    const own = receiver.logs.filter(({ attributes }) => attributes[TENANT_ID] === id);
    const atOperator = requestLogs(operator).filter(({ attributes }) => attributes[TENANT_ID] === id);
    expectEqual(`Logs of ${id} at the operator`, atOperator.length, byTenant[id]);
    expectEqual(`Logs of ${id} at ${id}`, own.length, byTenant[id]);
    expectEqual(`Foreign logs at ${id}`, receiver.logs.length - own.length, 0);
    expectEqual(`Exceptions at ${id}`, exceptionsIn(receiver).length, 0);
    expectEqual(`Spans at ${id}`, receiver.spans.length, 0);
    expectEqual(`Requests in ${id}'s metrics`, requestsCounted(receiver), byTenant[id]);
  }

  const span = operator.spans.find(({ traceId }) => traceId === INBOUND.traceId);
  const expected = `00-${INBOUND.traceId}-${span?.spanId ?? '(no span)'}-01`;
  const { traceparent } =
    upstreamSeen.find((request) => request.traceparent?.includes(INBOUND.traceId)) ?? {};
  expectEqual("The parent of the client's trace", span?.parentSpanId, INBOUND.spanId);
  expectEqual('The traceparent at the upstream', traceparent, expected);

  for (const [name, receiver] of Object.entries({ operator, ...tenants })) {
    const refused = receiver.requests.filter(({ answeredStatus }) => answeredStatus !== 200);
    expectEqual(`Exports that ${name} refused`, refused.length, 0);
  }
  return found;
}

function countDistinct(records, field) {
  return new Set(records.map((record) => record[field])).size;
}

function errorTypesOf(spans) {
  return listOf(spans.map(({ attributes }) => attributes['error.type']).filter((type) => type !== undefined));
}

function listOf(words) {
  return words.length === 0 ? 'none' : [...words].sort().join(', ');
}
