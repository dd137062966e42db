import { describe, expect, it } from 'vitest';
import { disagreements } from '../../examples/demo/check.mjs';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentSpanId = '00f067aa0ba902b7';
const sent = { total: 2, byTenant: { acme: 1, globex: 0 }, errorTypes: ['500'] };
const upstream = [{ traceparent: `00-${traceId}-000000000000000a-01` }];

const log = (tenant?: string) => ({
  eventName: 'knoxcall.proxy.request',
  attributes: { 'knoxcall.tenant_id': tenant },
});
const counted = (value: number) => ({ type: 'sum', attributes: {}, value });

/** What the receivers have after one request of acme in a trace, and one of nobody that failed. */
function arrivals() {
  const nothing = { spans: [], logs: [], metricPoints: [], requests: [] };
  return {
    operator: {
      ...nothing,
      spans: [
        { spanId: '000000000000000a', traceId, parentSpanId, attributes: {} },
        { spanId: '000000000000000b', traceId: 'b', attributes: { 'error.type': '500' } },
      ],
      logs: [log('acme'), log()],
      // Cumulative: the last point of a series counts.
      metricPoints: [counted(1), counted(2)],
      requests: [{ answeredStatus: 200 }],
    },
    tenants: {
      acme: { ...nothing, logs: [log('acme')], metricPoints: [counted(1)] },
      globex: { ...nothing },
    },
  };
}

describe("the demo's check of itself", () => {
  it('has nothing to say when everything agrees', () => {
    expect(disagreements(sent, arrivals(), upstream)).toEqual([]);
  });

  it('finds what is missing', () => {
    const { operator, tenants } = arrivals();
    const lossy = { operator: { ...operator, spans: operator.spans.slice(0, 1) }, tenants };
    expect(disagreements(sent, lossy, upstream)).toEqual([
      'Spans at the operator: expected 2, got 1.',
      'Different spans at the operator: expected 2, got 1.',
      'Failures at the operator: expected 500, got none.',
    ]);
  });

  it('finds what is foreign', () => {
    const { operator, tenants } = arrivals();
    const leaking = { operator, tenants: { ...tenants, globex: { ...tenants.globex, logs: [log('acme')] } } };
    expect(disagreements(sent, leaking, upstream)).toEqual(['Foreign logs at globex: expected 0, got 1.']);
  });

  it('finds a trace that did not reach the upstream', () => {
    expect(disagreements(sent, arrivals(), [])).toEqual([
      `The traceparent at the upstream: expected ${upstream[0]?.traceparent}, got undefined.`,
    ]);
  });
});
