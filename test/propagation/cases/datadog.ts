/** Datadog's headers. */
import type { CaseGroup } from './case.js';

const TRACE = '000000000000000000000000075bcd15';
const SPAN = '000000003ade68b1';

export const DATADOG: CaseGroup = {
  propagators: 'datadog',
  options: { extract: ['datadog'], inject: ['datadog'] },
  cases: [
    {
      id: 'dd-001',
      title: 'all five headers',
      headers: [
        ['x-datadog-trace-id', '123456789'],
        ['x-datadog-parent-id', '987654321'],
        ['x-datadog-sampling-priority', '2'],
        ['x-datadog-origin', 'synthetics'],
        ['x-datadog-tags', '_dd.p.dm=-4'],
      ],
      found: { traceId: TRACE, spanId: SPAN },
      sampled: true,
      datadog: { priority: 2, origin: 'synthetics', tags: { '_dd.p.dm': '-4' } },
      out: {
        'x-datadog-trace-id': '123456789',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '2',
        'x-datadog-origin': 'synthetics',
      },
      contains: { 'x-datadog-tags': ['_dd.p.dm=-4'] },
    },
    {
      id: 'dd-002',
      title: 'an origin with a comma',
      headers: [
        ['x-datadog-trace-id', '123456789'],
        ['x-datadog-parent-id', '987654321'],
        ['x-datadog-sampling-priority', '2'],
        ['x-datadog-origin', 'synthetics;=web,z'],
        ['x-datadog-tags', '_dd.p.dm=-4'],
      ],
      found: { traceId: TRACE, spanId: SPAN },
      sampled: true,
      datadog: { priority: 2, origin: 'synthetics;=web,z', tags: { '_dd.p.dm': '-4' } },
      out: {
        'x-datadog-trace-id': '123456789',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '2',
      },
    },
    {
      id: 'dd-003',
      title: 'zero ids',
      headers: [
        ['x-datadog-trace-id', '0'],
        ['x-datadog-parent-id', '0'],
        ['x-datadog-sampling-priority', '2'],
        ['x-datadog-origin', 'synthetics'],
        ['x-datadog-tags', '_dd.p.dm=-4'],
      ],
      out: {
        'x-datadog-trace-id': '{newtrace_low_dec}',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '1',
      },
      lacks: { 'x-datadog-tags': ['_dd.p.dm=-4'] },
    },
    {
      id: 'dd-004',
      title: 'nothing',
      headers: [],
      out: {
        'x-datadog-trace-id': '{newtrace_low_dec}',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '1',
      },
    },
    {
      id: 'dd-005',
      title: 'priority -1',
      headers: [
        ['x-datadog-trace-id', '123456789'],
        ['x-datadog-parent-id', '987654321'],
        ['x-datadog-sampling-priority', '-1'],
      ],
      found: { traceId: TRACE, spanId: SPAN },
      sampled: false,
      datadog: { priority: -1, origin: undefined, tags: {} },
      out: {
        'x-datadog-trace-id': '123456789',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '-1',
      },
    },
    {
      id: 'dd-008',
      title: 'priority 2',
      headers: [
        ['x-datadog-trace-id', '123456789'],
        ['x-datadog-parent-id', '987654321'],
        ['x-datadog-sampling-priority', '2'],
      ],
      found: { traceId: TRACE, spanId: SPAN },
      sampled: true,
      datadog: { priority: 2, origin: undefined, tags: {} },
      out: {
        'x-datadog-trace-id': '123456789',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '2',
      },
    },
    {
      id: 'dd-010',
      title: 'no priority',
      headers: [
        ['x-datadog-trace-id', '123456789'],
        ['x-datadog-parent-id', '987654321'],
      ],
      found: { traceId: TRACE, spanId: SPAN },
      datadog: { priority: undefined, origin: undefined, tags: {} },
      out: {
        'x-datadog-trace-id': '123456789',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '1',
      },
    },
    {
      id: 'dd-011',
      title: 'a priority that is no number',
      headers: [
        ['x-datadog-trace-id', '123456789'],
        ['x-datadog-parent-id', '987654321'],
        ['x-datadog-sampling-priority', 'abc'],
      ],
      found: { traceId: TRACE, spanId: SPAN },
      datadog: { priority: undefined, origin: undefined, tags: {} },
      out: {
        'x-datadog-trace-id': '123456789',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '1',
      },
    },
    {
      id: 'dd-012',
      title: 'a 128-bit id',
      headers: [
        ['x-datadog-trace-id', '1234567890123456789'],
        ['x-datadog-parent-id', '987654321'],
        ['x-datadog-tags', '_dd.p.tid=640cfd8d00000000'],
      ],
      found: { traceId: '640cfd8d00000000112210f47de98115', spanId: SPAN },
      datadog: { priority: undefined, origin: undefined, tags: {} },
      out: { 'x-datadog-trace-id': '1234567890123456789', 'x-datadog-parent-id': '{span_dec}' },
      contains: { 'x-datadog-tags': ['_dd.p.tid=640cfd8d00000000'] },
    },
    {
      id: 'dd-018',
      title: 'tags without a value and with a second =',
      headers: [
        ['x-datadog-trace-id', '123456789'],
        ['x-datadog-parent-id', '987654321'],
        ['x-datadog-sampling-priority', '1'],
        ['x-datadog-tags', '_dd.p.empty,_dd.p.also_empty,_dd.p.foo=bar=baz'],
      ],
      found: { traceId: TRACE, spanId: SPAN },
      sampled: true,
      datadog: {
        priority: 1,
        origin: undefined,
        tags: { '_dd.p.empty': '', '_dd.p.also_empty': '', '_dd.p.foo': 'bar=baz' },
      },
      out: {
        'x-datadog-trace-id': '123456789',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '1',
      },
    },
    {
      id: 'dd-019',
      title: 'a comma at the end of the tags',
      headers: [
        ['x-datadog-trace-id', '123456789'],
        ['x-datadog-parent-id', '987654321'],
        ['x-datadog-sampling-priority', '1'],
        ['x-datadog-tags', '_dd.p.foo=bar,'],
      ],
      found: { traceId: TRACE, spanId: SPAN },
      sampled: true,
      datadog: { priority: 1, origin: undefined, tags: {} },
      out: {
        'x-datadog-trace-id': '123456789',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '1',
      },
    },
    {
      id: 'dd-021',
      title: 'tags of more than 512 characters',
      headers: [
        ['x-datadog-trace-id', '123456789'],
        ['x-datadog-parent-id', '987654321'],
        ['x-datadog-sampling-priority', '1'],
        ['x-datadog-tags', `_dd.p.foo=${'a'.repeat(512)}`],
      ],
      found: { traceId: TRACE, spanId: SPAN },
      sampled: true,
      datadog: { priority: 1, origin: undefined, tags: {} },
      out: {
        'x-datadog-trace-id': '123456789',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '1',
      },
    },
    {
      id: 'dd-023',
      title: 'negative ids',
      headers: [
        ['x-datadog-trace-id', '-123'],
        ['x-datadog-parent-id', '-456'],
        ['x-datadog-sampling-priority', '1'],
      ],
      out: {
        'x-datadog-trace-id': '{newtrace_low_dec}',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '1',
      },
    },
    {
      id: 'dd-024',
      title: 'the greatest ids',
      headers: [
        ['x-datadog-trace-id', '18446744073709551615'],
        ['x-datadog-parent-id', '18446744073709551615'],
        ['x-datadog-sampling-priority', '1'],
      ],
      found: { traceId: '0000000000000000ffffffffffffffff', spanId: 'ffffffffffffffff' },
      sampled: true,
      datadog: { priority: 1, origin: undefined, tags: {} },
      out: {
        'x-datadog-trace-id': '18446744073709551615',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '1',
      },
    },
    {
      id: 'dd-026',
      title: 'repeated ids: the last',
      headers: [
        ['x-datadog-trace-id', '123'],
        ['x-datadog-trace-id', '456'],
        ['x-datadog-parent-id', '1'],
        ['x-datadog-parent-id', '2'],
      ],
      found: { traceId: '000000000000000000000000000001c8', spanId: '0000000000000002' },
      datadog: { priority: undefined, origin: undefined, tags: {} },
      out: {
        'x-datadog-trace-id': '456',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '1',
      },
    },
    {
      id: 'dd-027',
      title: 'repeated tags: all',
      headers: [
        ['x-datadog-trace-id', '123456789'],
        ['x-datadog-parent-id', '987654321'],
        ['x-datadog-sampling-priority', '1'],
        ['x-datadog-tags', '_dd.p.foo=bar'],
        ['x-datadog-tags', '_dd.p.baz=qux'],
      ],
      found: { traceId: TRACE, spanId: SPAN },
      sampled: true,
      datadog: { priority: 1, origin: undefined, tags: { '_dd.p.foo': 'bar', '_dd.p.baz': 'qux' } },
      out: {
        'x-datadog-trace-id': '123456789',
        'x-datadog-parent-id': '{span_dec}',
        'x-datadog-sampling-priority': '1',
      },
      contains: { 'x-datadog-tags': ['_dd.p.foo=bar', '_dd.p.baz=qux'] },
    },
  ],
};
