/** All attempts that one exchange makes at upstreams, and what they tell the exchange; and the spans of its other calls. */
import type { UpstreamCall, UpstreamCallOptions, UpstreamFacts } from '../model/exchange.js';
import type { FinishedRequest } from '../model/finished-request.js';
import { ABORTED } from './aborted.js';
import type { ExchangeSpan } from './exchange-span.js';
import type { LiveExchange } from './exchange.js';
import { CallExceptions, isException } from './exceptions.js';
import type { ObservedEnding } from './observed-ending.js';
import { UnreadAnswers } from './unread-answers.js';
import { LiveUpstreamCall, readOptions, type Attempts, type Caller } from './upstream-call.js';

/** Spans of one exchange that wait for its end: about 64 KB. Retries are few, and whoever fans out further loses the rest. */
const MAX_HELD_SPANS = 64;

export class UpstreamCalls implements Attempts {
  readonly #caller: Caller;
  /** Attempts whose CLIENT span is open: as many as the host keeps open itself. */
  readonly #open = new Set<LiveUpstreamCall>();
  #attempts = 0;
  /** Attempts of which no end was told, with or without a span. */
  #underWay = 0;
  #last: UpstreamFacts = {};
  #lastErrorType: string | undefined;
  #isOver = false;
  #closedAtMs = 0;
  /** Spans of which the fate is known at the end only: not sampled, or for destinations that choose by the request. */
  #held: ExchangeSpan[] | undefined;
  /** The request that they belong to, once it has ended, for those that end after it; `undefined`: it needs none of this. */
  #settled: FinishedRequest | undefined;
  #isKept = false;
  #expectsSpans = false;
  /** Spans over the bound. */
  droppedSpans = 0;
  /** Why the last attempt failed; `undefined` when it did not. */
  errorType: string | undefined;

  #exceptions: CallExceptions | undefined;
  #thrown: unknown;
  #unread: UnreadAnswers | undefined;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  start(options: UpstreamCallOptions | undefined, isOver: boolean): UpstreamCall {
    const call = new LiveUpstreamCall(this.#caller, readOptions(options), isOver ? undefined : this);
    if (isOver) return call;
    this.#attempts++;
    this.#underWay++;
    // Until it has ended, where it goes is all that is known; a client may hang up before.
    this.#last = call.target;
    if (call.records) this.#open.add(call);
    return call;
  }

  get unread(): UnreadAnswers {
    return (this.#unread ??= new UnreadAnswers());
  }

  /** Whether the exchange has to wait with its end, for what its calls to models tell of it. */
  holds(exchange: Pick<LiveExchange, 'finish'>, ending: ObservedEnding): boolean {
    if (this.#unread?.isOpen !== false) return false;
    const endMonotonicMs = this.#caller.home.clock.monotonicMs();
    return this.#unread.hold(() => exchange.finish({ ...ending, endMonotonicMs }));
  }

  /** It ends now. */
  release(): void {
    this.#unread?.release();
  }

  get exceptions(): CallExceptions {
    return (this.#exceptions ??= new CallExceptions());
  }

  /** `undefined`: no attempt has failed with one. */
  get seenExceptions(): CallExceptions | undefined {
    return this.#exceptions;
  }

  /** What the last attempt failed with, if it was no mere name; `undefined` where another has got an answer since. */
  get thrown(): unknown {
    return this.#thrown;
  }

  /** Errors hold on to whatever their makers put into them. */
  forgetThrown(): void {
    this.#thrown = undefined;
  }

  /** What the attempts tell of the upstream; `undefined`: there were none. */
  get facts(): UpstreamFacts | undefined {
    return this.#attempts === 0 ? undefined : { ...this.#last, attempts: this.#attempts };
  }

  /** There may be spans to keep although they are not sampled. */
  get mayBeKept(): boolean {
    return this.#caller.mayBeKept;
  }

  /** A span of another kind of call, which `spanFinished` will be told of, perhaps after the exchange. */
  expectSpan(): void {
    this.#expectsSpans = true;
  }

  /** Why there is nobody left to answer: the last attempt has failed, and no other is under way. */
  get lostBy(): string | undefined {
    return this.#underWay === 0 ? this.#lastErrorType : undefined;
  }

  located(call: LiveUpstreamCall): void {
    if (!this.#isOver) this.#last = { ...this.#last, ...call.target };
  }

  responded(facts: UpstreamFacts): void {
    if (!this.#isOver) this.#last = facts;
  }

  ended(call: LiveUpstreamCall, facts: UpstreamFacts, errorType: string | undefined, error: unknown): void {
    this.#open.delete(call);
    if (this.#isOver) return;
    this.#underWay--;
    // An attempt without an answer tells nothing of the upstream that has given one, as when others race it.
    if (facts.statusCode !== undefined || this.#last.statusCode === undefined) this.#last = facts;
    const isAborted = ABORTED.has(errorType);
    if (!isAborted) this.errorType = errorType;
    this.#lastErrorType = isAborted ? undefined : errorType;
    // What an earlier one failed with explains no answer of this one.
    if (errorType === undefined) {
      this.#exceptions?.forgetLast();
      this.#thrown = undefined;
    } else if (!isAborted && isException(error, errorType)) this.#thrown = error;
  }

  spanFinished(span: ExchangeSpan): void {
    const { sink, report } = this.#caller.home;
    if (this.#settled !== undefined) this.#handOver(span, this.#settled);
    else if (span.isSampled && !sink.choosesByRequest) sink.upstreamCallFinished(span);
    else if ((this.#held ??= []).length < MAX_HELD_SPANS) this.#held.push(span);
    else if (this.droppedSpans++ === 0) {
      const message = `More than ${MAX_HELD_SPANS} spans of one request's calls waited for its end; further ones are lost`;
      report({ code: 'dropped', message, signal: 'traces' });
    }
  }

  #handOver(span: ExchangeSpan, request: FinishedRequest): void {
    const { sink, names } = this.#caller.home;
    if (span.isSampled) sink.upstreamCallFinished(span, request);
    else if (this.#isKept) {
      span.attributes[names.lateKept] = true;
      sink.spanKept(span, request);
    }
  }

  /** The request has ended; `isKept`: its spans are wanted although they are not sampled. */
  settle(request: FinishedRequest, isKept: boolean): void {
    const held = this.#held;
    if (held === undefined && this.#open.size === 0 && !this.#expectsSpans) return;
    this.#held = undefined;
    this.#settled = request;
    this.#isKept = isKept;
    for (const span of held ?? []) {
      try {
        this.#handOver(span, request);
      } catch {
        // Hosts can put things on a span that cannot be encoded; the next one must not be lost with it.
        const message = 'A finished upstream call could not be recorded';
        this.#caller.home.report({ code: 'internal_error', message });
      }
    }
  }

  /**
   * The exchange ends. A call that is still open gets a turn of the event loop: a proxy learns that its body has gone out
   * from the same event that ends the exchange.
   */
  close(): void {
    this.#isOver = true;
    if (this.#open.size === 0) return;
    this.#closedAtMs = this.#caller.home.clock.monotonicMs();
    const { closingCalls } = this.#caller.home;
    closingCalls.add(this);
    setImmediate(() => {
      if (closingCalls.delete(this)) this.endOpen();
    });
  }

  /** What is still open ends with what is known, when the exchange did. */
  endOpen(): void {
    for (const call of this.#open) call.endAt(this.#closedAtMs, undefined);
  }
}
