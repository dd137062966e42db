/** All cases, by configuration. */
import { BAGGAGE } from './baggage.js';
import { B3_MULTI, B3_SINGLE } from './b3.js';
import { AWS, GCP } from './clouds.js';
import { DATADOG_BEFORE_W3C, W3C_BEFORE_DATADOG, W3C_THEN_BOTH } from './composite.js';
import type { CaseGroup } from './case.js';
import { DATADOG } from './datadog.js';
import { JAEGER, OT } from './jaeger-and-ot.js';
import { TRACEPARENT } from './traceparent.js';
import { TRACESTATE } from './tracestate.js';

export type { CaseGroup, Pairs, PropagationCase } from './case.js';

export const GROUPS: readonly CaseGroup[] = [
  TRACEPARENT,
  TRACESTATE,
  B3_SINGLE,
  B3_MULTI,
  JAEGER,
  DATADOG,
  OT,
  AWS,
  GCP,
  BAGGAGE,
  W3C_THEN_BOTH,
  W3C_BEFORE_DATADOG,
  DATADOG_BEFORE_W3C,
];

/** Every case with its configuration. */
export const CASES = GROUPS.flatMap(({ propagators, options, cases }) =>
  cases.map((one) => ({ ...one, propagators, options })),
);
