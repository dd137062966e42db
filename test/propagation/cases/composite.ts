/** W3C and Datadog in one request. */
import { keys } from './case.js';
import type { CaseGroup } from './case.js';

const TRACE = '12345678901234567890123456789012';
const PARENT = '1234567890123456';

export const W3C_THEN_BOTH: CaseGroup = {
  propagators: 'tracecontext,datadog',
  options: { extract: ['w3c'], inject: ['w3c', 'datadog'] },
  cases: [
    {
      id: 'comp-005',
      title: "unsampled keeps Datadog's -1",
      headers: [
        ['traceparent', `00-${TRACE}-${PARENT}-00`],
        ['tracestate', 'foo=1,dd=s:-1'],
      ],
      found: { traceId: TRACE, spanId: PARENT },
      sampled: false,
      datadog: { priority: -1 },
      out: {
        'x-datadog-trace-id': '8687463697196027922',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '-1',
      },
      contains: { tracestate: ['s:-1'] },
    },
    {
      id: 'comp-006',
      title: "unsampled beats Datadog's 1",
      headers: [
        ['traceparent', `00-${TRACE}-${PARENT}-00`],
        ['tracestate', 'foo=1,dd=s:1'],
      ],
      found: { traceId: TRACE, spanId: PARENT },
      sampled: false,
      datadog: { priority: 0 },
      out: {
        'x-datadog-trace-id': '8687463697196027922',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '0',
      },
    },
    {
      id: 'comp-009',
      title: 'a dropped trace loses its decision maker',
      headers: [
        ['traceparent', `00-${TRACE}-${PARENT}-00`],
        ['tracestate', 'foo=1,dd=s:1;t.dm:-0;t.usr.id:baz64~~;t.url:http://localhost'],
      ],
      found: { traceId: TRACE, spanId: PARENT },
      sampled: false,
      datadog: { priority: 0, tags: { '_dd.p.usr.id': 'baz64==', '_dd.p.url': 'http://localhost' } },
      out: {
        'x-datadog-trace-id': '8687463697196027922',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '0',
      },
      contains: { 'x-datadog-tags': ['_dd.p.usr.id=baz64==', '_dd.p.url=http://localhost'] },
      lacks: { 'x-datadog-tags': ['_dd.p.dm'], tracestate: ['t.dm:'] },
    },
    {
      id: 'comp-012',
      title: "32 members: Datadog's own makes the last one go",
      headers: [
        ['traceparent', `00-${TRACE}-${PARENT}-01`],
        ['tracestate', keys(1, 32)],
      ],
      found: { traceId: TRACE, spanId: PARENT },
      sampled: true,
      out: { traceparent: `00-${TRACE}-{span}-01` },
      contains: { tracestate: ['key31=value31'] },
      lacks: { tracestate: ['key32=value32'] },
    },
  ],
};

export const W3C_BEFORE_DATADOG: CaseGroup = {
  propagators: 'tracecontext,datadog',
  options: { extract: ['w3c', 'datadog'], inject: ['w3c', 'datadog'] },
  cases: [
    {
      id: 'comp-015',
      title: 'two traces: the first format wins',
      headers: [
        ['traceparent', `00-${TRACE}-${PARENT}-01`],
        ['tracestate', 'foo=1'],
        ['x-datadog-trace-id', '123456789'],
        ['x-datadog-parent-id', '987654321'],
        ['x-datadog-sampling-priority', '-2'],
      ],
      found: { traceId: TRACE, spanId: PARENT },
      sampled: true,
      out: { traceparent: `00-${TRACE}-{span}-01` },
      contains: { tracestate: ['foo=1'] },
    },
    {
      id: 'comp-016',
      title: 'an invalid first format gives way, and its tracestate goes',
      headers: [
        ['traceparent', `00-${TRACE}-0000000000000000-01`],
        ['tracestate', 'foo=1'],
        ['x-datadog-trace-id', '123456789'],
        ['x-datadog-parent-id', '987654321'],
        ['x-datadog-sampling-priority', '-2'],
      ],
      found: { traceId: '000000000000000000000000075bcd15', spanId: '000000003ade68b1' },
      sampled: false,
      datadog: { priority: -2, origin: undefined, tags: {} },
      out: {
        'x-datadog-trace-id': '123456789',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '-2',
      },
      lacks: { tracestate: ['foo=1'] },
    },
  ],
};

export const DATADOG_BEFORE_W3C: CaseGroup = {
  propagators: 'datadog,tracecontext',
  options: { extract: ['datadog', 'w3c'], inject: ['datadog', 'w3c'] },
  cases: [
    {
      id: 'comp-014',
      title: 'two traces: the first format wins',
      headers: [
        ['traceparent', '00-11111111111111110000000000000002-000000003ade68b1-01'],
        ['tracestate', 'dd=s:2;p:000000000000000a,foo=1'],
        ['x-datadog-trace-id', '2'],
        ['x-datadog-tags', '_dd.p.tid=2222222222222222'],
        ['x-datadog-parent-id', '10'],
      ],
      found: { traceId: '22222222222222220000000000000002', spanId: '000000000000000a' },
    },
  ],
};
