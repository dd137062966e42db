/** Nobody wins by sending nothing: what arrived at the collector is set against the requests that were served. */
import { decodeOtlpRequest } from 'gateway-otel/testing';

/** Requests that the load generator cuts off at the end of a round may go unrecorded. */
const TOLERANCE = 0.02;
const REQUEST_COUNTER = 'knoxcall.proxy.requests';

/** What one contestant exported per request; throws a sentence when that is less than it owes. */
export function verify(name, expects, requests, tenantCount, arrivals) {
  const own = arrivals.filter(({ contestant }) => contestant === name);
  const sum = (list, field) => list.reduce((total, arrival) => total + arrival[field], 0);
  const of = (signal, isTenant) =>
    own.filter((arrival) => arrival.signal === signal && (arrival.owner !== 'operator') === isTenant);
  const exported = {
    bytes: sum(own, 'bytes') / requests,
    posts: sum(own, 'posts') / requests,
    spans: sum(of('traces', false), 'records') / requests,
    logs: sum(of('logs', false), 'records') / requests,
    tenantLogs: sum(of('logs', true), 'records') / requests,
    counted: sum(of('metrics', false).map(countedRequests), 'value') / requests,
    tenantCounted: sum(of('metrics', true).map(countedRequests), 'value') / requests,
  };
  if (expects === undefined) return exported;

  const owed = [
    ['spans', expects.spans, 'spans at the operator'],
    ['logs', 1, 'log records at the operator'],
    ['counted', 1, 'counted requests in the operator’s metrics'],
  ];
  if (expects.tenants) {
    owed.push(['tenantLogs', 1, 'log records at the tenants']);
    owed.push(['tenantCounted', 1, 'counted requests in the tenants’ metrics']);
    for (const signal of ['logs', 'metrics']) {
      const reached = of(signal, true).filter(({ posts, bytes }) => posts > 0 && bytes > 0).length;
      if (reached < tenantCount) {
        throw new Error(`${name}: only ${reached} of ${tenantCount} tenants received ${signal}.`);
      }
    }
  }
  for (const [field, count, words] of owed) {
    const off = exported[field] / count - 1;
    if (Math.abs(off) > TOLERANCE) {
      const found = exported[field].toFixed(3);
      throw new Error(`${name}: ${found} ${words} arrived per request; it should be ${count}.`);
    }
  }
  // A sample of each kind must be readable from the first byte to the last and say what it is about.
  for (const { signal, first } of own) decodeOtlpRequest(signal, Buffer.from(first, 'base64'));
  const [sample] = of('logs', expects.tenants);
  if (!Buffer.from(sample.first, 'base64').includes('knoxcall.tenant_id')) {
    throw new Error(`${name}: its log records do not name the tenant.`);
  }
  return exported;
}

/** The request counter's sum in the last reading that holds it; counters are cumulative. */
function countedRequests({ counter }) {
  if (counter === undefined) return { value: 0 };
  const { resourceMetrics } = decodeOtlpRequest('metrics', Buffer.from(counter, 'base64'));
  const points = resourceMetrics
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics)
    .filter(({ name }) => name === REQUEST_COUNTER)
    .flatMap(({ sum }) => sum.dataPoints);
  return { value: points.reduce((total, { asInt, asDouble }) => total + Number(asInt ?? asDouble), 0) };
}
