/** One call to a model, a tool or an agent: its span, what is told and read of it, and what is handed over when it has ended. */
import { trace as apiTrace } from '@opentelemetry/api';
import type { Span, SpanStatus } from '@opentelemetry/api';
import { ATTR_CLIENT_ADDRESS } from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import { readException, type ExceptionFacts } from '../model/exception.js';
import type { WritableHeaders } from '../model/exchange.js';
import type { GenAiSink } from '../model/finished-gen-ai.js';
import type { GenAiAnswer, GenAiUsage } from '../model/gen-ai-answer.js';
import type { GenAiNames } from '../model/gen-ai-names.js';
import type { GenAiCall, GenAiEnd, GenAiHead, GenAiResponse } from '../model/gen-ai.js';
import type { CostFact } from '../model/governance.js';
import { hrTimeOf } from '../model/hr-time.js';
import type { ExchangeHome } from './exchange-home.js';
import { ExchangeSpan, KIND_SERVER, SPAN_ERROR } from './exchange-span.js';
import type { LiveExchange } from './exchange.js';
import { linksOf, type ExchangeTrace } from './exchange-trace.js';
import { endAttributes } from './gen-ai-attributes.js';
import { GenAiBytes, type GenAiAnswers } from './gen-ai-bytes.js';
import type { GenAiFacts } from './gen-ai-facts.js';
import { headOf, statusOf } from './gen-ai-head.js';
import { genAiOutcome, type GenAiOutcome } from './gen-ai-outcome.js';
import type { Price } from './gen-ai-price.js';
import { knownUsage, merged, readResponse, redacted } from './gen-ai-response.js';
import { GenAiTold } from './gen-ai-told.js';
import { Given, type Around } from './given.js';
import { cleanStatus } from './limits.js';
import { linksToCarrier, parentContext } from './related-trace.js';
import { ageAt } from './start-time.js';
import { injectFor } from './upstream-call.js';
import type { UnreadAnswers } from './unread-answers.js';
import type { UpstreamCalls } from './upstream-calls.js';

/** What a call needs from its instance. */
export interface GenAiHome {
  readonly home: ExchangeHome;
  readonly sink: GenAiSink;
  readonly names: GenAiNames;
  /** Of the conventions and of governance, doubles on the wire also when they are whole. */
  readonly doubleKeys: readonly string[];
  readonly price: Price | undefined;
  readonly answers: GenAiAnswers;
  /** After `shutdown`, too: whoever still waits for an answer then has nobody to tell. */
  isDisabled(): boolean;
}

/** Whose call it is, as it was said when it began. */
export interface GenAiOwner {
  readonly around: Around;
  /** `null`: nobody's. `undefined`: the exchange's, at the end. */
  readonly tenantId: string | null | undefined;
}

interface GenAiEnding {
  readonly statusCode: number | undefined;
  readonly error: unknown;
}

const NO_ENDING: GenAiEnding = { statusCode: undefined, error: undefined };

/** No list of open ones is kept: what a host forgets is gone. */
export class LiveGenAiCall extends GenAiTold implements GenAiCall {
  readonly span: Span;
  readonly #calls: GenAiHome;
  readonly #facts: GenAiFacts;
  readonly #owner: GenAiOwner;
  readonly #trace: ExchangeTrace;
  readonly #ownSpan: ExchangeSpan | undefined;
  /** What decides about the spans of its request; `undefined`: it belongs to none. */
  readonly #spans: UpstreamCalls | undefined;
  readonly #startMonotonicMs: number;
  readonly #startMs: number;
  /** What the host says of the answer. */
  #told: GenAiResponse = {};
  #ending: GenAiEnding = NO_ENDING;
  readonly #bytes: GenAiBytes;
  #endMonotonicMs: number | undefined;
  /** Of the request that the answer's bytes have passed for. */
  #unread: UnreadAnswers | undefined;
  #ended: boolean;

  constructor(
    calls: GenAiHome,
    facts: GenAiFacts,
    owner: GenAiOwner,
    trace: ExchangeTrace,
    recording: boolean,
  ) {
    const { home } = calls;
    super(home, owner.around.owner, facts.custom);
    this.#calls = calls;
    this.#facts = facts;
    this.#owner = owner;
    this.#trace = trace;
    this.#ended = !recording;
    this.#bytes = new GenAiBytes(calls.answers, {
      elapsedMs: () => this.#elapsedMs(),
      bytesEnded: () => {
        this.#endMonotonicMs ??= home.clock.monotonicMs();
        home.decodings.begin();
        if (!this.#ended) this.#unread = unreadOf(owner.around.owner);
        this.#unread?.passed();
      },
      answerRead: (answer) => {
        this.#finish(answer);
        this.#unread?.read();
        home.decodings.end();
      },
    });
    const now = home.clock.monotonicMs();
    const nowMs = home.clock.epochMs(now);
    const age = ageAt(nowMs, facts.startTimeMs);
    this.#startMonotonicMs = now - age;
    this.#startMs = nowMs - age;
    this.#spans = recording ? spansOf(owner.around.exchange, trace) : undefined;
    const isSpan = recording && trace.isOwn && (trace.sampled === true || this.#spans?.mayBeKept === true);
    this.#ownSpan = isSpan ? this.#startSpan(home) : undefined;
    if (isSpan) this.#spans?.expectSpan();
    this.span = this.#ownSpan ?? apiTrace.wrapSpanContext(trace.spanContext);
  }

  protected get ended(): boolean {
    return this.#ended;
  }

  protected get ownSpan(): ExchangeSpan | undefined {
    return this.#ownSpan;
  }

  protected get paidFor(): Pick<CostFact, 'provider' | 'model'> {
    const { provider, model } = this.#facts;
    return { provider, model: this.#told.model ?? model };
  }

  get traceId(): string {
    return this.#trace.traceId;
  }

  get spanId(): string {
    return this.#trace.spanId;
  }

  #startSpan(home: ExchangeHome): ExchangeSpan {
    const { kind, spanName, mcp } = this.#facts;
    const { spanContext, parent } = this.#trace;
    const span = new ExchangeSpan(home, kind, spanName, spanContext, parent, this.#startMs);
    // One that has a parent is below the span that has the links.
    if (parent === undefined) span.addLinks(linksOf(this.#trace));
    // The conventions': what a message carries is the parent, and the request that it came with is linked to.
    if (mcp?.side === 'server') span.addLinks(linksToCarrier(home, this.#owner.around.exchange, this.#trace));
    span.useDoubleKeys(this.#calls.doubleKeys);
    span.droppedAttributesCount = this.custom?.dropped ?? 0;
    if (home.processors.any && span.isSampled) {
      span.complete(this.#startAttributes());
      home.processors.onStart(span, parentContext(home, this.#trace));
    }
    return span;
  }

  /** The host's own first: they never replace those of the library. */
  #startAttributes(): MutableAttributes {
    const all = { ...this.#facts.custom?.operatorOnly, ...this.#facts.attributes };
    const { requestId, exchange } = this.#owner.around;
    if (requestId !== undefined) all[this.#calls.home.names.requestId] = requestId;
    // Who asks: of the side that answers alone, and as far as the gateway records addresses.
    const client = this.#facts.kind === KIND_SERVER ? exchange?.clientAddress : undefined;
    if (client !== undefined) all[ATTR_CLIENT_ADDRESS] = client;
    return all;
  }

  inject(headers: WritableHeaders): void {
    injectFor(this.#calls.home, this.#trace, this.#trace.spanId, headers);
  }

  run<T>(fn: () => T): T {
    const { contexts } = this.#calls.home;
    return contexts.with(contexts.within(this.span, this.#owner.around.exchange), fn);
  }

  watch<Source extends object>(source: Source, head?: GenAiHead): Source {
    if (this.#ended) return source;
    const statusCode = statusOf(head) ?? statusOf(source) ?? this.#ending.statusCode;
    this.#ending = { ...this.#ending, statusCode };
    const watched = this.#bytes.watch(source, headOf(head));
    if (watched === undefined)
      this.#given('watch', {}).report('was given nothing that it can watch; the host ends the call');
    return watched ?? source;
  }

  read(chunk: Uint8Array | string): void {
    if (this.#ended) return;
    try {
      this.#bytes.read(chunk);
    } catch {
      this.unreadable('read');
    }
  }

  firstChunk(): void {
    if (!this.#ended) this.#bytes.firstChunk();
  }

  #elapsedMs(): number {
    return Math.max(0, this.#calls.home.clock.monotonicMs() - this.#startMonotonicMs);
  }

  setResponse(response: GenAiResponse): void {
    if (!this.#ended) this.#told = merged(readResponse(this.#given('setResponse', response)), this.#told);
  }

  #given(method: string, options: unknown): Given {
    return new Given(this.#calls.home, method, options);
  }

  end(end?: GenAiEnd): void {
    if (this.#ended) return;
    if (end !== undefined) this.#readEnd(end);
    this.#endMonotonicMs ??= this.#calls.home.clock.monotonicMs();
    // What has passed comes to be read in a moment.
    if (!this.#bytes.isBehind) this.#finish(this.#bytes.answer);
  }

  #readEnd(end: GenAiEnd): void {
    const given = this.#given('end', end);
    const statusCode = cleanStatus(given.read('statusCode')) ?? this.#ending.statusCode;
    this.#ending = { statusCode, error: given.read('error') };
    this.#told = merged(readResponse(given), this.#told);
  }

  #finish(answer: GenAiAnswer | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    const { home, isDisabled } = this.#calls;
    try {
      if (!isDisabled()) this.#handOver(answer);
    } catch {
      home.report({ code: 'internal_error', message: 'A finished call to a model could not be recorded' });
    }
    this.#ending = NO_ENDING;
  }

  #handOver(answer: GenAiAnswer | undefined): void {
    const { home, sink, names } = this.#calls;
    const facts = this.#facts;
    const { around } = this.#owner;
    const response =
      answer === undefined ? this.#told : merged(this.#told, redacted(answer, home.arrivals.secretKeys));
    const usage = knownUsage(response.usage);
    const outcome = genAiOutcome(
      {
        ...this.#ending,
        isMcp: facts.mcp !== undefined,
        answer,
        seen: this.#bytes.seen,
      },
      home.clientDisconnect,
    );
    const tenantId = this.#tenantId();
    this.completeAttribution();
    if (usage !== undefined) this.#price(usage, response, tenantId);
    const durationMs = Math.max(
      0,
      (this.#endMonotonicMs ?? home.clock.monotonicMs()) - this.#startMonotonicMs,
    );
    const endMs = this.#startMs + durationMs;
    // Events of the Model Context Protocol are notifications on the way to one result.
    const isStream = facts.mcp === undefined && (facts.isStream === true || answer?.isStream === true);
    const timeToFirstChunkMs = isStream ? this.#bytes.timeToFirstChunkMs : undefined;
    const end = endAttributes(names, {
      response,
      usage,
      outcome,
      apiType: answer?.apiType,
      isStream,
      timeToFirstChunkMs,
      isOpenAi: facts.isOpenAi,
    });
    const attributes = { ...facts.attributes, ...end };
    const exception = this.#exception(outcome.thrown, endMs);
    const span = this.#ownSpan;
    if (span !== undefined) this.#finishSpan(span, end, tenantId, endMs, outcome);
    sink.genAiFinished({
      startMs: this.#startMs,
      endMs,
      durationMs,
      timeToFirstChunkMs,
      operation: facts.operation,
      provider: facts.provider,
      requestModel: facts.model,
      responseModel: response.model,
      serverAddress: facts.serverAddress,
      serverPort: facts.serverPort,
      errorType: outcome.errorType,
      usage,
      answerFault: outcome.answerFault,
      mcp: facts.mcp,
      toolName: facts.toolName,
      agentName: facts.agentName,
      workflowName: facts.workflowName,
      statusCode: outcome.statusCode,
      severityNumber: outcome.severityNumber,
      tenantId,
      governance: this.governance,
      attributes,
      exception,
      requestId: around.requestId,
      operatorAttributes: this.custom?.operatorOnly,
      droppedAttributes: this.custom?.dropped ?? 0,
      traceId: this.#trace.traceId,
      spanId: this.#trace.spanId,
      traceFlags: this.#trace.traceFlags,
      isIdChosen: this.#trace.isIdChosen,
      span: span?.isSampled === true ? span : undefined,
    });
    // Last, because hosts can put things on a span that cannot be encoded, and the rest must not be lost with it.
    if (span === undefined) return;
    if (this.#spans === undefined) home.sink.upstreamCallFinished(span);
    else this.#spans.spanFinished(span);
  }

  #tenantId(): string | undefined {
    const { tenantId, around } = this.#owner;
    return tenantId === undefined ? around.owner?.tenantSoFar : (tenantId ?? undefined);
  }

  #price(usage: GenAiUsage, response: GenAiResponse, tenantId: string | undefined): void {
    const { price } = this.#calls;
    if (price === undefined || this.hasCost) return;
    const { provider, model, operation } = this.#facts;
    const cost = price({
      provider,
      model: response.model ?? model,
      operation,
      usage,
      tenantId,
      attribution: this.governance?.attribution,
      serviceTier: response.serviceTier,
    });
    if (cost !== undefined) this.addCost(cost);
  }

  /** On the span at once; the facts for whoever writes logs. */
  #exception(thrown: unknown, endMs: number): ExceptionFacts | undefined {
    const { home } = this.#calls;
    const { logs, spanEvents, stackTraces } = home.exceptions;
    const span = spanEvents ? this.#ownSpan : undefined;
    const isLogged = logs && home.sink.wantsExceptions();
    if (thrown === undefined || (!isLogged && span === undefined)) return undefined;
    const exception = readException(thrown, stackTraces);
    if (exception !== undefined && span?.hasException(thrown) === false)
      span.addException(exception, hrTimeOf(endMs));
    return isLogged ? exception : undefined;
  }

  #finishSpan(
    span: ExchangeSpan,
    end: MutableAttributes,
    tenantId: string | undefined,
    endMs: number,
    outcome: GenAiOutcome,
  ): void {
    const { names, processors } = this.#calls.home;
    const isSeen = processors.any && span.isSampled;
    if (!isSeen) span.complete(this.#startAttributes());
    const all: MutableAttributes = Object.assign(end, this.governance?.attributes);
    if (tenantId !== undefined) all[names.tenantId] = tenantId;
    if (outcome.answerFault !== undefined) all[names.answerFault] = outcome.answerFault;
    if (outcome.errorType !== undefined) span.status = failed(outcome);
    // Whole: a host's attribute of the same name is to be replaced, not repeated.
    span.completeAtEnd(all, true);
    span.finish(span.name, endMs);
    if (isSeen) processors.onEnd(span);
  }
}

/** One that stands below its request is kept, and chosen, with it. */
function spansOf(exchange: LiveExchange | undefined, trace: ExchangeTrace): UpstreamCalls | undefined {
  return trace.isOwn && exchange?.isOver === false && exchange.recording && exchange.traceId === trace.traceId
    ? exchange.calls
    : undefined;
}

/** What holds the record of a request that is not over; `undefined`: there is none. */
function unreadOf(exchange: LiveExchange | undefined): UnreadAnswers | undefined {
  return exchange?.isOver === false && exchange.recording ? exchange.calls.unread : undefined;
}

/** JSON-RPC's own words, as the conventions want; of everything else only the type is told. */
function failed({ rpcMessage }: GenAiOutcome): SpanStatus {
  return rpcMessage === undefined ? SPAN_ERROR : { ...SPAN_ERROR, message: rpcMessage };
}
