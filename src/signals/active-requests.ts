/** `http.server.active_requests`: how many requests are open, counted when it is read, so that it costs a request nothing. */
import { ATTR_HTTP_REQUEST_METHOD, ATTR_URL_SCHEME } from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import type { MetricReading, Scope, TakenReading } from '../model/delivery.js';
import type { Encoders } from '../model/encoding.js';
import { hrTimeOf } from '../model/hr-time.js';
import { CUMULATIVE } from '../model/metric-record.js';
import { METRIC_HTTP_SERVER_ACTIVE_REQUESTS } from '../model/metric-names.js';
import { integerSum, takenMetrics } from './integer-sums.js';

/** What an open request counts by: a known method and one of two schemes, so there are few series. */
export interface OpenRequest {
  readonly method: string;
  readonly scheme: string;
}

export interface ActiveRequestsSource {
  readonly scope: Scope;
  readonly encoders: Encoders;
  openRequests(): Iterable<OpenRequest>;
  /** When the instance was made. */
  readonly bornMs: number;
}

interface Level {
  readonly attributes: MutableAttributes;
  value: number;
}

/** A level: cumulative for every destination, as the OTLP exporters' delta preference has it too. */
export class ActiveRequestsReading implements MetricReading {
  readonly #source: ActiveRequestsSource;
  /** Every series that was ever told: one that has become empty is told as 0. */
  readonly #levels = new Map<string, Level>();
  #startMs: number;
  #isAccepted = true;
  #isClosed = false;

  constructor(source: ActiveRequestsSource) {
    this.#source = source;
    this.#startMs = source.bornMs;
  }

  /** Something is open, or was when it was told last. */
  hasNews(): boolean {
    if (this.#isClosed) return false;
    if (!this.#isAccepted) return true;
    for (const { value } of this.#levels.values()) if (value > 0) return true;
    for (const _open of this.#source.openRequests()) return true;
    return false;
  }

  take(nowMs: number): readonly TakenReading[] {
    // After a step back of the clock: once, and then it stays, or every reading would look like a reset.
    this.#startMs = Math.min(this.#startMs, nowMs);
    this.#count();
    const startTime = hrTimeOf(this.#startMs);
    const endTime = hrTimeOf(nowMs);
    const points = [...this.#levels.values()].map(({ attributes, value }) => ({
      startTime,
      endTime,
      attributes,
      value,
    }));
    if (points.length === 0) return [];
    const metric = integerSum(
      {
        name: METRIC_HTTP_SERVER_ACTIVE_REQUESTS,
        description: 'Number of active HTTP server requests.',
        unit: '{request}',
        isMonotonic: false,
      },
      CUMULATIVE,
      points,
    );
    return [takenMetrics(this.#source, [metric], (result) => (this.#isAccepted = result === 'accepted'))];
  }

  #count(): void {
    for (const level of this.#levels.values()) level.value = 0;
    for (const { method, scheme } of this.#source.openRequests()) {
      const key = `${method}\n${scheme}`;
      const level = this.#levels.get(key);
      if (level !== undefined) level.value++;
      else {
        const attributes = { [ATTR_HTTP_REQUEST_METHOD]: method, [ATTR_URL_SCHEME]: scheme };
        this.#levels.set(key, { attributes, value: 1 });
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#levels.clear();
  }
}
