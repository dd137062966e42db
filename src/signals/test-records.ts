/** The records of a destination's test: one per signal, marked, so that whoever finds them knows that no traffic made them. */
import type { DestinationResource, OutgoingRecord, Scope, TakenReading } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import { hrTimeOf } from '../model/hr-time.js';
import { CUMULATIVE, GAUGE, VALUE_INT } from '../model/metric-record.js';
import { ATTR_EVENT_NAME, type Names } from '../model/names.js';
import { takenMetrics } from './integer-sums.js';
import { OutgoingLog, OutgoingSpan } from './outgoing.js';
import { severityText } from './severity-text.js';

export interface TestRecordOptions {
  readonly names: Names;
  /** The event name also as attribute `event.name`. */
  readonly eventNameAttribute: boolean;
  readonly scope: Scope;
  readonly encoders: Encoders;
  readonly ids: { traceId(): string; spanId(): string };
  nowMs(): number;
  resourceObject(resource: DestinationResource): object;
}

/** Made anew for each test. */
export interface TestRecords {
  traces(): OutgoingRecord;
  logs(): OutgoingRecord;
  metrics(): TakenReading;
}

const KIND_INTERNAL = 0;
const STATUS_UNSET = 0;
const SAMPLED = 1;
const INFO = 9;
const BODY = 'Test of this destination; no request has made this record';

export function createTestRecords(options: TestRecordOptions): TestRecords {
  const { names, scope, encoders, ids, nowMs, resourceObject } = options;
  const name = names.destinationTest;
  const attributes = { [names.test]: true };
  return {
    traces() {
      const startTimeMs = nowMs();
      const startTime = hrTimeOf(startTimeMs);
      const context = { traceId: ids.traceId(), spanId: ids.spanId(), traceFlags: SAMPLED };
      const span = {
        name,
        kind: KIND_INTERNAL,
        spanContext: () => context,
        startTime,
        endTime: startTime,
        startTimeMs,
        endTimeMs: startTimeMs,
        attributes,
        droppedAttributesCount: 0,
        events: [],
        droppedEventsCount: 0,
        links: [],
        droppedLinksCount: 0,
        status: { code: STATUS_UNSET },
      };
      return new OutgoingSpan(span, scope, encoders, resourceObject);
    },
    logs() {
      const timeMs = nowMs();
      const log = {
        timeMs,
        observedTimeMs: timeMs,
        severityNumber: INFO,
        severityText: severityText(INFO),
        body: BODY,
        eventName: name,
        attributes: options.eventNameAttribute ? { ...attributes, [ATTR_EVENT_NAME]: name } : attributes,
      };
      return new OutgoingLog(log, scope, encoders, resourceObject);
    },
    metrics() {
      const time = hrTimeOf(nowMs());
      // A gauge: a sum of either temporality is refused by some backend or other.
      const metric = {
        descriptor: { name, description: BODY, unit: '1', valueType: VALUE_INT },
        aggregationTemporality: CUMULATIVE,
        dataPointType: GAUGE,
        dataPoints: [{ startTime: time, endTime: time, attributes, value: 1 }],
      } as const;
      return takenMetrics({ scope, encoders }, [metric], () => undefined);
    },
  };
}
