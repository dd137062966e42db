/**
 * How one destination is doing, over all its signals, and therefore who may send to it now.
 *
 *   pending ──first delivery──▶ receiving ──three in a row──▶ active
 *      └───────────────┴──── five failures in a row ──┴──▶ failing ──120 h──▶ disabled
 *                            receiving ◀── the probe succeeds ──┘
 *
 * Failing, while nothing gets through at all, is an open circuit: one request at a time, over all signals, is the probe,
 * and 120 h of it are the end. A signal that fails while others succeed waits alone, for ever if need be. What the
 * destination asks for itself (`Retry-After`, 429) holds for all its signals.
 */
import type { SendResult } from '../model/delivery.js';
import type { QueueBounds } from '../model/queue-options.js';
import type { Signal } from '../model/signal.js';
import type { DestinationState } from '../model/status.js';
import {
  ACTIVE_AFTER,
  DISABLED_AFTER_MS,
  FAILING_AFTER,
  LONG_DEAD_AFTER_MS,
  LONG_DEAD_RETRY_MS,
  MAX_RETRY_AFTER_MS,
  MAX_SHARE_OF_OUTAGE,
  MIN_RETRY_AFTER_MS,
  THROTTLED_AGAIN_DELAYS,
  THROTTLED_DELAYS,
} from './bounds.js';
import { Pace } from './pace.js';
import type { Standing } from './places.js';

/** Why a request may not begin. `paused`: not before a time; `paced`: the same, by `requestsPerMinute`; `busy`: others first. */
export type Verdict = 'go' | 'paused' | 'paced' | 'busy';

export interface HealthOptions {
  readonly bounds: QueueBounds;
  readonly requestsPerMinute: number | undefined;
  monotonicMs(): number;
  onChange(from: DestinationState, to: DestinationState): void;
}

/** What is known of one signal. */
interface SignalHealth {
  inFlight: number;
  failuresInRow: number;
  /** When the first of them was; without meaning while there is none. */
  troubledSinceMs: number;
  notBeforeMs: number;
  /** Deliveries since the last failure; `undefined`: it has not failed yet, or has long recovered. */
  recovered: number | undefined;
  /** As its last request has shown it. */
  standing: Standing;
}

const NONE: readonly Signal[] = [];

export class Health {
  readonly #options: HealthOptions;
  #requestsPerMinute: number | undefined;
  #pace: Pace | undefined;
  readonly #signals: Readonly<Record<Signal, SignalHealth>> = {
    traces: newSignal(),
    logs: newSignal(),
    metrics: newSignal(),
  };
  /** Signals that the pace has kept waiting, in line: whoever has just been served comes last. */
  #kept = NONE;
  #state: DestinationState = 'pending';
  #failuresInRow = 0;
  #successesInRow = 0;
  #inFlight = 0;
  #notBeforeMs = 0;
  #troubledSinceMs = 0;
  #failingSinceMs = 0;
  /** When the circuit opened; without meaning while it is closed. */
  #openSinceMs = 0;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.limitTo(options.requestsPerMinute);
  }

  /** Another `requestsPerMinute`. The same again goes on where it was. */
  limitTo(requestsPerMinute: number | undefined): void {
    if (requestsPerMinute === this.#requestsPerMinute) return;
    this.#requestsPerMinute = requestsPerMinute;
    this.#pace =
      requestsPerMinute === undefined ? undefined : new Pace(requestsPerMinute, this.#options.monotonicMs());
  }

  /** As at the beginning, telling nobody. */
  fresh(): Health {
    return new Health({ ...this.#options, onChange: () => undefined });
  }

  get state(): DestinationState {
    return this.#state;
  }

  /** Whether one more request of this signal may begin; `sent` must follow if it does. */
  mayStart(signal: Signal, maxInFlight: number): Verdict {
    const own = this.#signals[signal];
    const isBusy = this.#isOpen ? this.#inFlight > 0 : own.inFlight >= allowed(own, maxInFlight);
    const isPaused = this.isPaused(signal);
    if (isPaused || isBusy) {
      // Those behind it must not wait for one that could not go anyway.
      this.withdraw(signal);
      return isPaused ? 'paused' : 'busy';
    }
    if (this.#pace === undefined) return 'go';
    const isTurn = this.#kept.length === 0 || this.#kept[0] === signal;
    if (isTurn && this.#pace.allows(this.#options.monotonicMs())) return 'go';
    if (!this.#kept.includes(signal)) this.#kept = this.#kept.concat(signal);
    return 'paced';
  }

  /** Whether nothing of this signal may begin before a certain time, whatever is free. Asking changes nothing. */
  isPaused(signal: Signal): boolean {
    const now = this.#options.monotonicMs();
    return now < this.#notBeforeMs || now < this.#signals[signal].notBeforeMs || this.#state === 'disabled';
  }

  /** Until when nothing of this signal may begin, if it is paused. */
  resumesAtMs(signal: Signal): number {
    return this.#state === 'disabled'
      ? Number.POSITIVE_INFINITY
      : Math.max(this.#notBeforeMs, this.#signals[signal].notBeforeMs);
  }

  /** How this signal has done last; one that is new is as quick as the others of the destination. */
  standing(signal: Signal): Standing {
    const { standing } = this.#signals[signal];
    if (standing !== 'new') return standing;
    return Object.values(this.#signals).some((other) => other.standing === 'quick') ? 'quick' : 'new';
  }

  /** A request has begun. */
  sent(signal: Signal): void {
    this.#signals[signal].inFlight++;
    this.#inFlight++;
    this.#pace?.take(this.#options.monotonicMs());
    this.withdraw(signal);
  }

  /** Nothing of this signal waits any more. */
  withdraw(signal: Signal): void {
    if (this.#kept.length > 0) this.#kept = this.#kept.filter((other) => other !== signal);
  }

  /** What became of a request. */
  settled(signal: Signal, result: SendResult, isQuick = result.kind === 'delivered'): void {
    this.cancelled(signal);
    if (result.kind === 'retry' && result.isOurs === true) return this.#hold(this.#signals[signal]);
    this.#signals[signal].standing = isQuick ? 'quick' : 'slow';
    // Of a request from before the end: only `revive` ends that.
    if (this.#state === 'disabled') return;
    if (result.kind === 'delivered') this.#succeeded(this.#signals[signal]);
    else this.#failed(this.#signals[signal], result);
  }

  /** There was no room for it, and there would be none at once. */
  #hold(own: SignalHealth): void {
    const { bounds, monotonicMs } = this.#options;
    const waitMs = jittered(bounds.initialRetryDelayMs / 2, bounds.initialRetryDelayMs);
    own.notBeforeMs = Math.max(own.notBeforeMs, monotonicMs() + waitMs);
  }

  /** A request that says nothing: given up by ourselves, or to be sent again in parts. */
  cancelled(signal: Signal): void {
    this.#signals[signal].inFlight--;
    this.#inFlight--;
  }

  get #isOpen(): boolean {
    return this.#failuresInRow >= FAILING_AFTER;
  }

  #succeeded(own: SignalHealth): void {
    const wasOpen = this.#isOpen;
    this.#failuresInRow = 0;
    this.#successesInRow++;
    own.failuresInRow = 0;
    if (own.recovered !== undefined) own.recovered = own.recovered > 6 ? undefined : own.recovered + 1;
    if (wasOpen) this.#close();
    const isFailing = Object.values(this.#signals).some((signal) => signal.failuresInRow >= FAILING_AFTER);
    if (isFailing) return;
    if (this.#state === 'failing') this.#become('receiving');
    else if (this.#successesInRow >= ACTIVE_AFTER) this.#become('active');
    else if (this.#state === 'pending') this.#become('receiving');
  }

  /** The probe got through: every signal may try again, one request at first, then two, then four. */
  #close(): void {
    this.#successesInRow = 1;
    this.#notBeforeMs = 0;
    for (const signal of Object.values(this.#signals)) {
      signal.failuresInRow = 0;
      signal.notBeforeMs = 0;
      signal.recovered = 0;
    }
  }

  #failed(own: SignalHealth, result: Exclude<SendResult, { kind: 'delivered' }>): void {
    const now = this.#options.monotonicMs();
    if (own.failuresInRow++ === 0) own.troubledSinceMs = now;
    if (this.#failuresInRow++ === 0) this.#troubledSinceMs = now;
    own.recovered = 0;
    this.#successesInRow = 0;
    if (this.#state !== 'failing' && Math.max(own.failuresInRow, this.#failuresInRow) >= FAILING_AFTER) {
      this.#failingSinceMs = now;
      this.#become('failing');
    }
    if (this.#failuresInRow === FAILING_AFTER) this.#openSinceMs = now;
    const failingMs = this.#state === 'failing' ? now - this.#failingSinceMs : 0;
    const wait = this.#waitMs(own, result, failingMs);
    if (this.#isOpen || isWish(result)) {
      this.#notBeforeMs = Math.max(this.#notBeforeMs, now + wait);
    } else if (result.kind === 'retry' || result.reason === 'unauthorized') {
      own.notBeforeMs = now + wait;
    }
    if (this.#isOpen && now - this.#openSinceMs >= DISABLED_AFTER_MS) this.#become('disabled');
  }

  #waitMs(own: SignalHealth, result: Exclude<SendResult, { kind: 'delivered' }>, failingMs: number): number {
    const { initialRetryDelayMs, maxRetryDelayMs } = this.#options.bounds;
    const isThrottled = result.kind === 'retry' && result.isThrottled === true;
    const wish = result.kind === 'retry' ? result.retryAfterMs : undefined;
    const { failuresInRow, troubledSinceMs } = this.#isOpen
      ? { failuresInRow: this.#failuresInRow, troubledSinceMs: this.#troubledSinceMs }
      : own;
    const longest = failingMs >= LONG_DEAD_AFTER_MS ? LONG_DEAD_RETRY_MS : maxRetryDelayMs;
    const downMs = this.#options.monotonicMs() - troubledSinceMs;
    const ceiling = Math.min(
      Math.max(longest, maxRetryDelayMs),
      initialRetryDelayMs * 2 ** Math.min(30, failuresInRow - 1),
      Math.max(initialRetryDelayMs, downMs * MAX_SHARE_OF_OUTAGE),
    );
    const backoff = jittered(initialRetryDelayMs / 2, ceiling);
    // A wish of its own of a second or more is followed; "now" and nothing at all are no answer to being asked for less.
    if (wish !== undefined && wish >= MIN_RETRY_AFTER_MS) {
      const followed = Math.min(wish, MAX_RETRY_AFTER_MS);
      return this.#isOpen ? Math.max(followed, backoff) : followed;
    }
    if (!isThrottled) return wish === undefined ? backoff : Math.max(MIN_RETRY_AFTER_MS, backoff);
    // It has asked for less of everything, so the others' failures count too.
    const delays = this.#failuresInRow === 1 ? THROTTLED_DELAYS : THROTTLED_AGAIN_DELAYS;
    const most = Math.min(longest, Math.max(initialRetryDelayMs * delays, this.#isOpen ? ceiling : 0));
    return Math.max(MIN_RETRY_AFTER_MS, Math.min(longest, jittered(most * 0.9, most * 1.1)));
  }

  /** Somebody asks for an attempt now, as `flush` does: waits end, one request at a time stays. */
  tryNow(): void {
    this.#notBeforeMs = 0;
    for (const signal of Object.values(this.#signals)) signal.notBeforeMs = 0;
  }

  /** It was configured by hand, or differently: what is known of it no longer counts against it. */
  revive(): void {
    this.tryNow();
    this.#failuresInRow = 0;
    for (const signal of Object.values(this.#signals)) signal.failuresInRow = 0;
    if (this.#state === 'disabled' || this.#state === 'failing') this.#begin();
  }

  /** It points elsewhere: nothing is known of that place. */
  restart(): void {
    this.revive();
    for (const signal of Object.values(this.#signals)) signal.standing = 'new';
    this.#begin();
  }

  #begin(): void {
    this.#successesInRow = 0;
    this.#become('pending');
  }

  #become(state: DestinationState): void {
    const before = this.#state;
    if (before === state) return;
    this.#state = state;
    this.#options.onChange(before, state);
  }
}

/** The destination itself has asked for a pause. */
function isWish(result: SendResult): boolean {
  return result.kind === 'retry' && (result.isThrottled === true || result.retryAfterMs !== undefined);
}

function newSignal(): SignalHealth {
  return {
    inFlight: 0,
    failuresInRow: 0,
    troubledSinceMs: 0,
    notBeforeMs: 0,
    recovered: undefined,
    standing: 'new',
  };
}

/** After a failure one at a time; after the first delivery two, then four, so that nobody's recovery is met with a rush. */
function allowed({ failuresInRow, recovered }: SignalHealth, maxInFlight: number): number {
  if (failuresInRow > 0) return 1;
  return recovered === undefined ? maxInFlight : Math.min(maxInFlight, 2 ** recovered);
}

/** Anything in between, so that those who fail together do not come back in step. */
function jittered(fromMs: number, toMs: number): number {
  return fromMs + Math.random() * (toMs - fromMs);
}
