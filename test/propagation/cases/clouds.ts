/** AWS X-Ray, and Google Cloud. */
import type { CaseGroup } from './case.js';

const ROOT = '1-5759e988-bd862e3fe1be46a994272793';
const AWS_TRACE = '5759e988bd862e3fe1be46a994272793';
const PARENT = '53995c3f42cd8ad8';
const GCP_TRACE = '105445aa7843bc8bf206b12000100000';

export const AWS: CaseGroup = {
  propagators: 'xray',
  options: { extract: ['aws'], inject: ['aws'] },
  cases: [
    {
      id: 'xray-003',
      title: 'fields in any order, with spaces',
      headers: [['x-amzn-trace-id', `Parent=${PARENT}; Sampled=1 ; Root=${ROOT}`]],
      found: { traceId: AWS_TRACE, spanId: PARENT },
      sampled: true,
      out: { 'x-amzn-trace-id': `Root=${ROOT};Parent={span};Sampled=1` },
    },
    {
      id: 'xray-005',
      title: 'Lineage is not read',
      headers: [
        [
          'x-amzn-trace-id',
          `Root=${ROOT};Parent=${PARENT};Sampled=1;Lineage=a87bd80c:0|68fd508a:5|c512fbe3:2`,
        ],
      ],
      found: { traceId: AWS_TRACE, spanId: PARENT },
      sampled: true,
      out: { 'x-amzn-trace-id': `Root=${ROOT};Parent={span};Sampled=1` },
    },
    {
      id: 'xray-006',
      title: 'Root alone, as load balancers send it',
      headers: [['x-amzn-trace-id', `Root=${ROOT}`]],
      found: { traceId: AWS_TRACE },
      out: { 'x-amzn-trace-id': `Root=${ROOT};Parent={span};Sampled=1` },
    },
    {
      id: 'xray-007',
      title: 'Self and Root, as load balancers send them',
      headers: [
        [
          'x-amzn-trace-id',
          'Self=1-67891234-12456789abcdef0123456789;Root=1-67891233-abcdef012345678912345678',
        ],
      ],
      found: { traceId: '67891233abcdef012345678912345678' },
      out: { 'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678;Parent={span};Sampled=1' },
    },
    {
      id: 'xray-009',
      title: 'undecided',
      headers: [['x-amzn-trace-id', `Root=${ROOT};Parent=${PARENT}`]],
      found: { traceId: AWS_TRACE, spanId: PARENT },
      out: { 'x-amzn-trace-id': `Root=${ROOT};Parent={span};Sampled=1` },
    },
    {
      id: 'xray-011',
      title: 'a trace id that is too short',
      headers: [['x-amzn-trace-id', `Root=1-5759e988-bd862e3fe1be46a99427279;Parent=${PARENT};Sampled=1`]],
      out: { 'x-amzn-trace-id': 'Root=1-{newtrace_0_8}-{newtrace_8_32};Parent={span};Sampled=1' },
    },
    {
      id: 'xray-012',
      title: 'a trace id that is not hexadecimal',
      headers: [['x-amzn-trace-id', `Root=1-5759e988-zd862e3fe1be46a994272793;Parent=${PARENT};Sampled=1`]],
      out: { 'x-amzn-trace-id': 'Root=1-{newtrace_0_8}-{newtrace_8_32};Parent={span};Sampled=1' },
    },
    {
      id: 'xray-013',
      title: 'a zero parent',
      headers: [['x-amzn-trace-id', `Root=${ROOT};Parent=0000000000000000;Sampled=1`]],
      out: { 'x-amzn-trace-id': 'Root=1-{newtrace_0_8}-{newtrace_8_32};Parent={span};Sampled=1' },
    },
  ],
};

export const GCP: CaseGroup = {
  propagators: 'gcp',
  options: { extract: ['gcp'], inject: ['gcp'] },
  cases: [
    {
      id: 'gcp-005',
      title: 'a span id of more than 64 bits',
      headers: [['x-cloud-trace-context', `${GCP_TRACE}/18446744073709551616;o=1`]],
      out: { 'x-cloud-trace-context': '{newtrace}/{span_dec};o=1' },
    },
    {
      id: 'gcp-006',
      title: 'undecided',
      headers: [['x-cloud-trace-context', `${GCP_TRACE}/789`]],
      found: { traceId: GCP_TRACE, spanId: '0000000000000315' },
      out: { 'x-cloud-trace-context': `${GCP_TRACE}/{span_dec};o=1` },
    },
    {
      id: 'gcp-009',
      title: 'an empty span id',
      headers: [['x-cloud-trace-context', `${GCP_TRACE}/;o=1`]],
      found: { traceId: GCP_TRACE },
      sampled: true,
      out: { 'x-cloud-trace-context': `${GCP_TRACE}/{span_dec};o=1` },
    },
    {
      id: 'gcp-011',
      title: 'a trace id in capitals',
      headers: [['x-cloud-trace-context', '105445AA7843BC8BF206B12000100000/1;o=1']],
      found: { traceId: GCP_TRACE, spanId: '0000000000000001' },
      sampled: true,
      out: { 'x-cloud-trace-context': `${GCP_TRACE}/{span_dec};o=1` },
    },
    {
      id: 'gcp-013',
      title: 'a hexadecimal span id',
      headers: [['x-cloud-trace-context', `${GCP_TRACE}/00f067aa0ba902b7;o=1`]],
      out: { 'x-cloud-trace-context': '{newtrace}/{span_dec};o=1' },
    },
    {
      id: 'gcp-014',
      title: 'a zero trace id',
      headers: [['x-cloud-trace-context', '00000000000000000000000000000000/1;o=1']],
      out: { 'x-cloud-trace-context': '{newtrace}/{span_dec};o=1' },
    },
  ],
};
