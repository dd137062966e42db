/** One security event: read, put into the trace that it belongs to, handed over. */
import { ATTR_CLIENT_ADDRESS, ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import type { FinishedSecurityEvent, SecurityEventSink } from '../model/finished-security-event.js';
import { redactText } from '../model/redact-text.js';
import type { SecurityOutcome, SecuritySeverity } from '../model/security-event.js';
import type { ExchangeHome } from './exchange-home.js';
import { ExchangeSpan, KIND_INTERNAL, SPAN_ERROR } from './exchange-span.js';
import type { ExchangeTrace } from './exchange-trace.js';
import type { Around, Given } from './given.js';
import { cleanName, MAX_VALUE_LENGTH } from './limits.js';
import { parentContext } from './related-trace.js';
import type { SecurityNames } from './security-names.js';
import { ageAt } from './start-time.js';

const SEVERITY_NUMBERS: Readonly<Record<SecuritySeverity, number>> = {
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
};

const USUAL_SEVERITIES: Readonly<Record<SecurityOutcome, SecuritySeverity>> = {
  success: 'info',
  failure: 'warn',
  denied: 'warn',
  unknown: 'info',
};

function outcomeOf(given: Given): SecurityOutcome {
  const outcome = given.read('outcome');
  if (typeof outcome === 'string' && Object.hasOwn(USUAL_SEVERITIES, outcome))
    return outcome as SecurityOutcome;
  given.report('was given an outcome that is not success, failure, denied or unknown; it counts as unknown');
  return 'unknown';
}

function severityOf(given: Given, outcome: SecurityOutcome): number {
  const severity = given.read('severity');
  if (typeof severity === 'string' && Object.hasOwn(SEVERITY_NUMBERS, severity))
    return SEVERITY_NUMBERS[severity as SecuritySeverity];
  if (severity !== undefined)
    given.report('was given a severity that is not info, warn, error or fatal; the usual one stays');
  return SEVERITY_NUMBERS[USUAL_SEVERITIES[outcome]];
}

function durationOf(given: Given, nowMs: number): number {
  const durationMs = given.read('durationMs');
  return Number.isFinite(durationMs) ? ageAt(nowMs, nowMs - (durationMs as number)) : 0;
}

export interface SecurityHome {
  readonly home: ExchangeHome;
  readonly names: SecurityNames;
  readonly sink: SecurityEventSink;
}

export function recordSecurityEvent(
  { home, names: known, sink }: SecurityHome,
  given: Given,
  around: Around,
  trace: ExchangeTrace,
): void {
  const { names } = home;
  const name = known.of(given);
  const outcome = outcomeOf(given);
  const { kept, dropped } = given.operatorAttributes();
  const own: MutableAttributes = {};
  // Redacted whole and cut then: half of a secret is a secret.
  const whole = cleanName(given.read('reason'), MAX_VALUE_LENGTH);
  const reason = whole === undefined ? undefined : cleanName(redactText(whole, home.arrivals.secretKeys));
  if (reason !== undefined) own[names.securityReason] = reason;
  if (around.requestId !== undefined) own[names.requestId] = around.requestId;
  const clientAddress = around.exchange?.clientAddress;
  if (clientAddress !== undefined) own[ATTR_CLIENT_ADDRESS] = clientAddress;
  const operatorAttributes = { ...kept, ...own };
  const timeMs = home.nowEpochMs();
  const isSpan = trace.isOwn && trace.sampled === true;
  const event: Omit<FinishedSecurityEvent, 'span'> = {
    timeMs,
    name,
    eventName: names.securityEvent(name),
    outcome,
    severityNumber: severityOf(given, outcome),
    tenantId: given.tenantId(around),
    operatorAttributes: Object.keys(operatorAttributes).length === 0 ? undefined : operatorAttributes,
    droppedAttributes: dropped,
    traceId: trace.traceId,
    // Without a span of its own it stands at its parent's.
    spanId: isSpan ? trace.spanId : (trace.parent?.spanId ?? trace.spanId),
    traceFlags: trace.traceFlags,
  };
  const span = isSpan ? spanOf(home, event, trace, timeMs - durationOf(given, timeMs)) : undefined;
  sink.securityEventFinished({ ...event, span });
}

function spanOf(
  home: ExchangeHome,
  event: Omit<FinishedSecurityEvent, 'span'>,
  trace: ExchangeTrace,
  startMs: number,
): ExchangeSpan {
  const { names, processors } = home;
  const span = new ExchangeSpan(
    home,
    KIND_INTERNAL,
    event.eventName,
    trace.spanContext,
    trace.parent,
    startMs,
  );
  const attributes = { ...event.operatorAttributes } as MutableAttributes;
  attributes[names.securityOutcome] = event.outcome;
  if (event.tenantId !== undefined) attributes[names.tenantId] = event.tenantId;
  if (event.severityNumber >= SEVERITY_NUMBERS.error) {
    attributes[ATTR_ERROR_TYPE] = event.name;
    span.status = SPAN_ERROR;
  }
  span.complete(attributes);
  span.droppedAttributesCount = event.droppedAttributes;
  if (processors.any) processors.onStart(span, parentContext(home, trace));
  span.finish(event.eventName, event.timeMs);
  if (processors.any) processors.onEnd(span);
  return span;
}
