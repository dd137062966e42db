/** T44's subjects: lanes of several destinations as outboxes make them, a scheduler's turns, and senders that the test answers for. */
import { QUEUE_DEFAULTS } from '../../src/config/defaults.js';
import { Budget, Share } from '../../src/delivery/budget.js';
import { Health } from '../../src/delivery/health.js';
import { Lane } from '../../src/delivery/lane.js';
import { Queue } from '../../src/delivery/queue.js';
import type { DropReason, Signal } from '../../src/index.js';
import type { OutgoingBatch, ReadingResult, SendResult, TakenReading } from '../../src/model/delivery.js';
import { createEncoders, createEnvelopes } from '../../src/otlp/encoders.js';
import { CUMULATIVE } from '../../src/model/metric-record.js';
import { integerSum, takenMetrics } from '../../src/signals/integer-sums.js';
import { admissionOf, placesOf, RESOURCE } from '../delivery/lane-bench.js';
import { check, HealthModel, LaneModel } from './t44-model.js';

export const BOUNDS = {
  ...QUEUE_DEFAULTS.tenants,
  maxBatchItems: 4,
  maxBatchBytes: 600,
  maxItems: 14,
  maxBytes: 3_000,
  maxInFlight: 3,
};
export const BUDGET_BYTES = 5_000;
export const PLACES = 3;
/** The largest record, and the largest part of a reading, with its frame. */
export const LARGEST_BYTES = 1_100;
const PACE = 6;

const encoders = createEncoders();
const envelopes = createEnvelopes();
const scope = { name: 'test', version: '1', bytes: new Uint8Array() };

/** An id can be found again in any request, as eight bytes: its own three, then these. */
const MARK = Buffer.from([0xfe, 0xfe, 0xfe, 0x00, 0x00]);
const numberOf = (id: number): number => 0xfe_fe_fe * 2 ** 24 + id;

function idsIn(batch: OutgoingBatch): readonly number[] {
  const bytes = Buffer.from(batch.request());
  const ids: number[] = [];
  for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, at + 5))
    ids.push(bytes.readUIntLE(at - 3, 3));
  check(ids.length === batch.items, `${batch.items} items, ${ids.length} in the request`);
  return ids;
}

/** A request under way. Answered within the call: what follows from it is attributed to it. */
export interface UnderWay {
  readonly subject: Subject;
  readonly ids: readonly number[];
  answer(result: SendResult): void;
}

/** A lane and what the model knows of it. */
export interface Subject {
  readonly place: Place;
  readonly lane: Lane;
  readonly model: LaneModel;
  maxBytes: number;
}

/** A part of a reading, and what it was told. */
export interface Part {
  readonly subject: Subject;
  readonly ids: readonly number[];
  readonly results: ReadingResult[];
}

export interface Flush {
  readonly subject: Subject;
  /** Ids below are what it waits for. */
  readonly upTo: number;
  isResolved: boolean;
}

/** A destination. */
export interface Place {
  readonly isTenant: boolean;
  readonly health: Health;
  readonly healthModel: HealthModel;
  readonly subjects: Subject[];
  readonly beganMs: number[];
  readonly pace: number | undefined;
}

export class World {
  nowMs = 1_000;
  readonly budget = new Budget(BUDGET_BYTES);
  readonly tenantsPlaces = placesOf(PLACES, () => this.nowMs);
  readonly #admission = admissionOf(this.tenantsPlaces, () => this.nowMs);
  readonly places: Place[] = [];
  readonly underWay: UnderWay[] = [];
  flushes: Flush[] = [];
  readonly parts: Part[] = [];
  /** Reasons that the command under way may have; `undefined`: those that may come at any time. */
  reasons: readonly DropReason[] | undefined;
  /** What is just being added and needs room. */
  #addingBytes = 0;
  budgetBytes = BUDGET_BYTES;
  readonly #busy = new Set<Lane>();
  readonly #urgent = new Set<Lane>();
  #nextId = 1;

  constructor() {
    this.#addPlace('operator', false, undefined);
    this.#addPlace('acme', true, undefined);
    this.#addPlace('globex', true, undefined);
    this.#addPlace('slow', true, PACE);
  }

  get subjects(): readonly Subject[] {
    return this.places.flatMap(({ subjects }) => subjects);
  }

  #addPlace(name: string, isTenant: boolean, pace: number | undefined): void {
    const healthModel = new HealthModel();
    const health = new Health({
      bounds: BOUNDS,
      requestsPerMinute: pace,
      monotonicMs: () => this.nowMs,
      onChange: (from, to) => healthModel.become(from, to),
    });
    const place: Place = { isTenant, health, healthModel, subjects: [], beganMs: [], pace };
    const share = isTenant ? new Share(this.budget) : undefined;
    for (const signal of ['logs', 'metrics'] as const) this.#addLane(place, name, signal, share);
    this.places.push(place);
  }

  #addLane(place: Place, name: string, signal: Signal, share: Share | undefined): void {
    const model = new LaneModel(`${name}/${signal}`);
    const queue = new Queue(
      {
        signal,
        envelopes,
        asObjects: false,
        bounds: BOUNDS,
        share,
        monotonicMs: () => this.nowMs,
        onDropped: (reason, items) => this.#dropped(subject, reason, items),
      },
      RESOURCE,
    );
    const sender = {
      update: () => undefined,
      close: () => undefined,
      send: (batch: OutgoingBatch, signal: AbortSignal) => this.#send(subject, batch, signal),
    };
    const home = {
      wake: (lane: Lane) => {
        this.#busy.add(lane);
        this.#urgent.add(lane);
      },
      wakeAt: (lane: Lane) => void this.#busy.add(lane),
      forget: () => undefined,
      onResult: () => {
        for (const { lane } of place.subjects) if (lane.isWaiting) home.wake(lane);
      },
    };
    const admission = place.isTenant
      ? {
          home: this.#admission,
          destined: { tenantId: name, origin: name, isTrustedOrigin: true },
        }
      : undefined;
    const lane = new Lane(home, place.health, queue, sender, BOUNDS.maxInFlight, admission);
    const subject: Subject = { place, model, lane, maxBytes: BOUNDS.maxBytes };
    place.subjects.push(subject);
  }

  /** Whatever is lost must be so for a reason that holds at this moment. */
  #dropped({ lane, model, maxBytes }: Subject, reason: DropReason, items: number): void {
    const oldestMs = model.bornMs.get(model.waiting[0] ?? -1) ?? this.nowMs;
    // What was one metric has its name twice when it has been split.
    const bytes = model.bytesOf(items) + (model.name.endsWith('metrics') ? LARGEST_BYTES : 0);
    const isFull = model.left > BOUNDS.maxItems || lane.queue.bytes + bytes + this.#addingBytes > maxBytes;
    const isRight =
      this.reasons?.includes(reason) === true ||
      (reason === 'expired' && this.nowMs - oldestMs > BOUNDS.maxAgeMs) ||
      (reason === 'queue_full' && isFull) ||
      (reason === (this.budgetBytes < BUDGET_BYTES ? 'memory_pressure' : 'budget_full') &&
        this.budget.bytes + bytes > this.budgetBytes);
    check(isRight, `${model.name} has lost ${items}: ${reason}`);
    model.drop(reason, items);
  }

  /** Answers within the call of `answer`, which no promise can; a lane asks for nothing but `catch` and `then`. */
  #send(subject: Subject, batch: OutgoingBatch, signal: AbortSignal): Promise<SendResult> {
    const { place, model } = subject;
    const { healthModel } = place;
    const ids = idsIn(batch);
    model.send(ids);
    place.beganMs.push(this.nowMs);
    check(ids.length <= BOUNDS.maxBatchItems || model.name.endsWith('metrics'), `a batch of ${ids.length}`);
    check(healthModel.state !== 'disabled', `${model.name} sends though it is disabled`);
    check(this.nowMs >= healthModel.notBeforeMs, `${model.name} sends in the destination's pause`);
    check(this.nowMs >= model.notBeforeMs, `${model.name} sends in its pause`);
    const ofPlace = place.subjects.reduce((sum, { model: { inFlight } }) => sum + inFlight.size, 0);
    check(!healthModel.isOpen || ofPlace === 1, `${model.name}: ${ofPlace} requests through an open circuit`);
    const most = model.failuresInRow > 0 ? 1 : BOUNDS.maxInFlight;
    check(model.inFlight.size <= most, `${model.name} has ${model.inFlight.size} requests under way`);
    const lastMinute = place.beganMs.filter((atMs) => atMs > this.nowMs - 60_000).length;
    check(lastMinute <= (place.pace ?? Infinity), `${model.name}: ${lastMinute} requests in a minute`);
    const bornMs = model.bornMs.get(ids[0] ?? 0) ?? 0;
    check(this.nowMs - bornMs <= BOUNDS.maxAgeMs, `${model.name} sends what is too old`);
    let settle: (result: SendResult) => void = () => undefined;
    const one: UnderWay = {
      subject,
      ids,
      answer: (result) => {
        this.underWay.splice(this.underWay.indexOf(one), 1);
        settle(result);
      },
    };
    this.underWay.push(one);
    signal.addEventListener('abort', () => one.answer({ kind: 'retry', errorClass: 'aborted' }));
    const then = (callback: (result: SendResult) => void): void => void (settle = callback);
    return { catch: () => ({ then }) } as never;
  }

  #ids(count: number): readonly number[] {
    return Array.from({ length: count }, () => this.#nextId++);
  }

  /** A record, or a part of a reading with some points, of about this size. */
  addTo(subject: Subject, size: number): void {
    if (subject.lane.signal === 'logs') this.#addRecord(subject, size);
    else this.#addReading(subject, 1 + (size % 6), size % 400);
  }

  #addRecord({ lane, model }: Subject, size: number): void {
    const [id = 0] = this.#ids(1);
    const bytes = Buffer.alloc(size);
    bytes.writeUIntLE(id, 0, 3);
    MARK.copy(bytes, 3);
    model.accept([id], size + 2 + (size > 127 ? 1 : 0), this.nowMs);
    this.reasons = model.isClosed ? ['destination_changed'] : undefined;
    this.#addingBytes = size + 5;
    lane.add({ scope, isError: false, bytes: () => bytes, readable: () => ({}) });
    this.#addingBytes = 0;
  }

  #addReading(subject: Subject, points: number, pad: number): void {
    const ids = this.#ids(points);
    const time: [number, number] = [1, 0];
    const head = { name: 'x'.repeat(pad), description: '', unit: '1', isMonotonic: true };
    const dataPoints = ids.map((id) => ({
      startTime: time,
      endTime: time,
      attributes: {},
      value: numberOf(id),
    }));
    const results: ReadingResult[] = [];
    const settle: TakenReading['settle'] = (result) => results.push(result);
    const taken = takenMetrics({ scope, encoders }, [integerSum(head, CUMULATIVE, dataPoints)], settle);
    check(taken.bytes.byteLength < LARGEST_BYTES, 'a part is as small as it should be');
    const { byteLength } = taken.bytes;
    subject.model.accept(ids, byteLength, this.nowMs);
    this.parts.push({ ids, subject, results });
    this.reasons = subject.model.isClosed ? ['destination_changed'] : undefined;
    this.#addingBytes = byteLength;
    subject.lane.addReading(taken);
    this.#addingBytes = 0;
  }

  /** As the scheduler: those that were woken to go at once. */
  turn(): boolean {
    const lanes = [...this.#urgent];
    this.#urgent.clear();
    this.#pump(lanes);
    return lanes.length > 0;
  }

  tick(): void {
    this.#pump([...this.#busy]);
  }

  #pump(lanes: readonly Lane[]): void {
    this.reasons = undefined;
    for (const lane of lanes) {
      lane.pump();
      if (lane.isEmpty) this.#busy.delete(lane);
    }
  }

  settle(one: UnderWay, result: SendResult): void {
    const { ids, subject } = one;
    const { model, place } = subject;
    const { healthModel, subjects } = place;
    this.reasons = undefined;
    const isSplit = result.kind === 'refused' && result.reason === 'too_large' && ids.length > 1;
    if (!isSplit) {
      healthModel.settled(
        model,
        subjects.map((other) => other.model),
        result,
        this.nowMs,
        BOUNDS.initialRetryDelayMs,
      );
    }
    if (result.kind === 'delivered') model.deliver(ids, Math.min(result.rejected, ids.length));
    else if (result.kind === 'retry' || isSplit) model.putBack(ids);
    else if (result.reason === 'rejected') model.deliver(ids, ids.length);
    else {
      model.settling = ids;
      this.reasons = [result.reason];
    }
    one.answer(result);
    check(model.settling === undefined, `${model.name} has not lost what was refused`);
  }

  flush({ health, healthModel, subjects }: Place): void {
    this.reasons = undefined;
    health.tryNow();
    healthModel.tryNow(subjects.map(({ model }) => model));
    for (const subject of subjects) {
      const flush = { subject, upTo: this.#nextId, isResolved: false };
      this.flushes.push(flush);
      void subject.lane.flush().then(() => (flush.isResolved = true));
    }
  }

  revive({ health, healthModel, subjects }: Place): void {
    const models = subjects.map(({ model }) => model);
    healthModel.tryNow(models);
    healthModel.failuresInRow = 0;
    for (const model of models) model.failuresInRow = 0;
    healthModel.isReviving = true;
    health.revive();
    healthModel.isReviving = false;
    for (const { lane } of subjects) {
      this.#busy.add(lane);
      this.#urgent.add(lane);
    }
  }

  limitBytes(subject: Subject, share: number): void {
    if (subject.model.isClosed) return;
    this.reasons = ['memory_pressure'];
    subject.maxBytes = Math.floor(BOUNDS.maxBytes * share);
    subject.lane.queue.limitBytes(subject.maxBytes, 'memory_pressure');
  }

  limitBudget(share: number): void {
    this.reasons = ['memory_pressure'];
    this.budgetBytes = Math.floor(BUDGET_BYTES * share);
    this.budget.limit(share, 'memory_pressure');
  }

  close({ lane, model }: Subject): void {
    if (model.isClosed) return;
    this.reasons = ['destination_changed'];
    model.close();
    lane.close('destination_changed');
  }
}
