/** Jaeger, and OT. */
import type { CaseGroup } from './case.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

export const JAEGER: CaseGroup = {
  propagators: 'jaeger',
  options: { extract: ['jaeger'], inject: ['jaeger'] },
  cases: [
    {
      id: 'jgr-002',
      title: 'unsampled',
      headers: [['uber-trace-id', `${TRACE}:${SPAN}:0:0`]],
      found: { traceId: TRACE, spanId: SPAN },
      sampled: false,
      out: { 'uber-trace-id': [`${TRACE}:{span}:0:0`, `${TRACE}:{span}:0:00`] },
    },
    {
      id: 'jgr-007',
      title: 'debug',
      headers: [['uber-trace-id', `${TRACE}:${SPAN}:0:3`]],
      found: { traceId: TRACE, spanId: SPAN },
      sampled: true,
      debug: true,
      out: { 'uber-trace-id': [`${TRACE}:{span}:0:3`, `${TRACE}:{span}:0:03`] },
    },
    {
      id: 'jgr-012',
      title: 'a zero trace id',
      headers: [['uber-trace-id', `0:${SPAN}:0:1`]],
      out: { 'uber-trace-id': ['{newtrace}:{span}:0:1', '{newtrace}:{span}:0:01'] },
    },
    {
      id: 'jgr-015',
      title: 'a trace id that is not hexadecimal',
      headers: [['uber-trace-id', `0af7651916cd43dd8448eb211c80319z:${SPAN}:0:1`]],
      out: { 'uber-trace-id': ['{newtrace}:{span}:0:1', '{newtrace}:{span}:0:01'] },
    },
  ],
};

export const OT: CaseGroup = {
  propagators: 'ottrace',
  options: { extract: ['ot'], inject: ['ot'] },
  cases: [
    {
      id: 'ot-002',
      title: 'a 64-bit id, unsampled',
      headers: [
        ['ot-tracer-traceid', '8448eb211c80319c'],
        ['ot-tracer-spanid', SPAN],
        ['ot-tracer-sampled', 'false'],
      ],
      found: { traceId: '00000000000000008448eb211c80319c', spanId: SPAN },
      sampled: false,
      out: {
        'ot-tracer-traceid': '8448eb211c80319c',
        'ot-tracer-spanid': '{span}',
        'ot-tracer-sampled': 'false',
      },
    },
    {
      id: 'ot-004',
      title: 'undecided',
      headers: [
        ['ot-tracer-traceid', '8448eb211c80319c'],
        ['ot-tracer-spanid', SPAN],
      ],
      found: { traceId: '00000000000000008448eb211c80319c', spanId: SPAN },
      out: {
        'ot-tracer-traceid': '8448eb211c80319c',
        'ot-tracer-spanid': '{span}',
        'ot-tracer-sampled': 'true',
      },
    },
    {
      id: 'ot-005',
      title: 'sampled as a digit',
      headers: [
        ['ot-tracer-traceid', '8448eb211c80319c'],
        ['ot-tracer-spanid', SPAN],
        ['ot-tracer-sampled', '1'],
      ],
      found: { traceId: '00000000000000008448eb211c80319c', spanId: SPAN },
      sampled: true,
      out: {
        'ot-tracer-traceid': '8448eb211c80319c',
        'ot-tracer-spanid': '{span}',
        'ot-tracer-sampled': 'true',
      },
    },
    {
      id: 'ot-009',
      title: 'baggage alone',
      headers: [['ot-baggage-user', 'alice']],
      out: {
        'ot-tracer-traceid': '{newtrace_low}',
        'ot-tracer-spanid': '{span}',
        'ot-tracer-sampled': 'true',
      },
      absent: ['ot-baggage-user'],
    },
  ],
};
