/**
 * The spans of a finished request as text, one numbered line each. Stands behind redaction and before delivery, so that
 * nothing is shown that nobody would be sent.
 */
import type { Intake, OutgoingRecord, Wanted } from '../model/delivery.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { AttributeRecord, SpanRecord } from '../model/records.js';
import { containRejection } from '../model/settle.js';
import { OutgoingSpan } from './outgoing.js';

/** Traces with spans whose request has not ended; of further ones the oldest is forgotten. */
const MAX_TRACES = 1_024;
/** Spans below one request; further ones are counted. */
const MAX_SPANS = 64;
const MAX_ATTRIBUTES_LENGTH = 1_024;

const KIND_SERVER = 1;
const KINDS = ['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUSES = ['UNSET', 'OK', 'ERROR'];

interface Waiting {
  readonly spans: SpanRecord[];
  dropped: number;
}

export type TreeListener = (text: string) => unknown;

/** Standard output has it only where the operator has asked for it. */
function print(text: string): void {
  // eslint-disable-next-line no-console -- OTEL_TRACES_EXPORTER=console
  console.log(text);
}

export function treeListeners(prints: boolean, own: TreeListener | undefined): readonly TreeListener[] {
  return [...(prints ? [print] : []), ...(own === undefined ? [] : [own])];
}

/** An intake that also tells the listeners. Spans are made for it where no destination wants any. */
export function treeIntake(
  intake: Intake,
  listeners: readonly TreeListener[],
  report: (diagnostic: Diagnostic) => void,
): Intake {
  const waiting = new Map<string, Waiting>();
  let seen: Wanted | undefined;
  let wanted: Wanted | undefined;

  const finished = (span: SpanRecord): void => {
    const { traceId } = span.spanContext();
    const known = waiting.get(traceId);
    const isRoot = span.parentSpanContext === undefined || span.parentSpanContext.isRemote === true;
    if (!isRoot && span.kind !== KIND_SERVER) {
      if (known === undefined) {
        waiting.set(traceId, { spans: [span], dropped: 0 });
        const [oldest] = waiting.keys();
        if (waiting.size > MAX_TRACES && oldest !== undefined) waiting.delete(oldest);
      } else if (known.spans.length < MAX_SPANS - 1) known.spans.push(span);
      else known.dropped++;
      return;
    }
    waiting.delete(traceId);
    // Work beside any request has no tree of its own.
    if (span.kind !== KIND_SERVER) return;
    const text = treeText(span, known?.spans ?? [], known?.dropped ?? 0);
    for (const listener of listeners) {
      try {
        containRejection(listener(text));
      } catch {
        report({ code: 'callback_failed', message: 'onRequestSpans() threw' });
      }
    }
  };

  const show = (record: OutgoingRecord): void => {
    if (!(record instanceof OutgoingSpan)) return;
    try {
      finished(record.record);
    } catch {
      report({ code: 'callback_failed', message: 'The spans of a request could not be shown' });
    }
  };

  return {
    get wanted() {
      const inner = intake.wanted;
      if (inner !== seen || wanted === undefined) {
        seen = inner;
        wanted = { ...inner, anything: true, operatorTraces: true };
      }
      return wanted;
    },
    operator(signal, record, request) {
      if (signal === 'traces') show(record);
      if (signal !== 'traces' || intake.wanted.operatorTraces) intake.operator(signal, record, request);
    },
    refuseOperator: (signal, reason, record, request) =>
      intake.refuseOperator(signal, reason, record, request),
    keeps: (request) => intake.keeps(request),
    late(record, request, refusal) {
      // What was refused was not redacted.
      if (refusal === undefined) show(record);
      intake.late(record, request, refusal);
    },
    tenant: (tenantId) => intake.tenant(tenantId),
  };
}

/** Depth first, brothers in the order of their beginning. A span whose parent has not come hangs on the root. */
function treeText(root: SpanRecord, others: readonly SpanRecord[], dropped: number): string {
  const ids = new Set(others.map((span) => span.spanContext().spanId));
  const rootId = root.spanContext().spanId;
  const below = new Map<string, SpanRecord[]>();
  for (const span of others) {
    const parent = span.parentSpanContext?.spanId;
    const key =
      parent !== undefined && ids.has(parent) && parent !== span.spanContext().spanId ? parent : rootId;
    const brothers = below.get(key);
    if (brothers === undefined) below.set(key, [span]);
    else brothers.push(span);
  }
  const lines: string[] = [];
  const add = (span: SpanRecord, depth: number): void => {
    lines.push(lineOf(span, lines.length + 1, depth));
    const children = below.get(span.spanContext().spanId) ?? [];
    // Taken once, so that ids that repeat make no cycle.
    below.delete(span.spanContext().spanId);
    for (const child of children.sort((a, b) => startMsOf(a) - startMsOf(b))) add(child, depth + 1);
  };
  add(root, 0);
  const { traceId } = root.spanContext();
  const more = dropped === 0 ? '' : `, ${dropped} more not shown`;
  return [`trace ${traceId}: ${lines.length} ${lines.length === 1 ? 'span' : 'spans'}${more}`, ...lines].join(
    '\n',
  );
}

function startMsOf({ startTimeMs, startTime: [seconds, nanos] }: SpanRecord): number {
  return startTimeMs ?? seconds * 1e3 + nanos / 1e6;
}

function endMsOf({ endTimeMs, endTime: [seconds, nanos] }: SpanRecord): number {
  return endTimeMs ?? seconds * 1e3 + nanos / 1e6;
}

function lineOf(span: SpanRecord, number: number, depth: number): string {
  const durationMs = Math.max(0, endMsOf(span) - startMsOf(span));
  const kind = KINDS[span.kind] ?? String(span.kind);
  const status = STATUSES[span.status.code] ?? 'UNSET';
  const id = span.spanContext().spanId.slice(0, 8);
  return `${'  '.repeat(depth)}Span #${number} name=${plain(span.name)} kind=${kind} duration=${durationMs.toFixed(3)}ms status=${status} id=${id} attributes=${attributesText(span)}`;
}

/** What a client has written must not steer a terminal, break a line, or turn its direction. */
function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '');
}

function attributesText({ attributes, endAttributes }: SpanRecord): string {
  const all: AttributeRecord = endAttributes === undefined ? attributes : { ...attributes, ...endAttributes };
  const text = JSON.stringify(all, (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return plain(text.length > MAX_ATTRIBUTES_LENGTH ? `${text.slice(0, MAX_ATTRIBUTES_LENGTH)}…` : text);
}
