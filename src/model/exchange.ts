/** The public face of one running request. */
import type { Span } from '@opentelemetry/api';
import type { Attributes, AttributeValue } from './attributes.js';
import type { Attribution, BudgetFact, CostFact, EvaluationFact, PolicyFact } from './governance.js';
import type { Trust } from './trust.js';

/** One header value as Node gives it. */
export type HeaderValue = string | readonly string[] | number | undefined;

/** Headers that can be read: Node's header object, `[name, value]` pairs, flat `rawHeaders`, or `Headers`. */
export type ReadableHeaders =
  | Readonly<Record<string, HeaderValue>>
  | readonly (readonly [string, string])[]
  | readonly string[]
  | Headers;

/** Headers that can be written: a plain object, `[name, value]` pairs, or `Headers`. */
export type WritableHeaders = Record<string, HeaderValue> | [string, string][] | Headers;

/** What `begin` is told about a request that has arrived. Nothing of it is changed. */
export interface BeginOptions {
  /** The method as it came in. */
  readonly method: string;
  /** Request target: a path with or without a query, or an absolute URL. */
  readonly url: string;
  /** The request's headers. */
  readonly headers: ReadableHeaders;
  /** Address and port of the socket's other end. */
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  /** Address and port of this end, for `spanAttributes.server.network`. */
  readonly localAddress?: string;
  readonly localPort?: number;
  /** `http` (default) or `https`, as the client's connection to this process was. */
  readonly scheme?: 'http' | 'https';
  /** `1.0`, `1.1`, `2` … Default: unknown. */
  readonly protocolVersion?: string;
  /** Epoch milliseconds when the request arrived. Default: now. */
  readonly startTimeMs?: number;
  /** The framework's request object, if `telemetry.of(request)` is to find this exchange. */
  readonly request?: object;
  /** How far this caller's trace context is believed. Default: `propagation.trust`. */
  readonly trust?: Trust | undefined;
}

/** What is known of an upstream call when it begins. All of it is optional; a span by the conventions needs the `url`. */
export interface UpstreamCallOptions {
  /** The method of the call. Default: the request's. */
  readonly method?: string | undefined;
  /** Where it goes: `url.full` without credentials, its secrets redacted, and `server.address`, `server.port`. */
  readonly url?: string | URL | undefined;
  /** Host name or address that is asked, where no `url` is given. */
  readonly address?: string | undefined;
  /** 1 to 65,535. */
  readonly port?: number | undefined;
  /** How many attempts at the same request went before: `http.request.resend_count`. Default 0. */
  readonly resendCount?: number | undefined;
}

/** The other end of a connection, as Node's sockets have it. Read during the call and never kept. */
export interface UpstreamConnection {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** One attempt to get an answer from an upstream. No method throws; only the first `end` counts. */
export interface UpstreamCall {
  /** The id that `inject` writes: the CLIENT span's, or the SERVER span's where `spans` is `server`. */
  readonly spanId: string;
  /** The CLIENT span, for the OpenTelemetry API; or the SERVER span. */
  readonly span: Span;
  /** Writes the trace context for this attempt: clears what is configured to be cleared, then injects. */
  inject(headers: WritableHeaders): void;
  /** Where it goes, for those who learn it only after the headers were written. Replaces what the options said. */
  setUrl(url: string | URL): void;
  /**
   * The upstream has begun to answer: its status, and the latency until now. Without it, `end` tells both; say it where the
   * body takes its time, because the exchange may end before the call does. `headers` are those of the answer, for
   * `spanAttributes.client.responseHeaders`; they are read during the call and never kept.
   */
  responded(statusCode: number, headers?: ReadableHeaders): void;
  /**
   * The connection that the call goes over, once it is open: `network.peer.address`, `network.peer.port`,
   * `network.protocol.version`. A socket of Node's will do. `protocol`: `1.1`, `2`, or with a name where it is not HTTP.
   */
  setConnection(connection: UpstreamConnection, protocol?: string): void;
  /**
   * Ends it: `statusCode` is what the upstream answered, `error` why it did not. The exchange learns the status, the
   * latency and the number of attempts, as far as `setUpstream` does not say otherwise, and why a 5xx of its own came.
   * An attempt that is still open right after the exchange's end is ended then, with what is known. An `AbortError` is the
   * gateway's own doing, and no error.
   */
  end(options?: EndOptions): void;
}

/** What is known about the upstream that was asked. */
export interface UpstreamFacts {
  /** Host name or address that was asked, without a port. Also `server.address` of the log record. */
  readonly address?: string | undefined;
  /** The status that the upstream answered with. Tells its 5xx from one that the gateway made itself. */
  readonly statusCode?: number | undefined;
  /** Time from sending to the upstream's answer. */
  readonly latencyMs?: number | undefined;
  /** Attempts made, the first included. */
  readonly attempts?: number | undefined;
}

/** How an exchange ended, where no adapter watches the response. */
export interface EndOptions {
  /** The status that was sent to the client; absent when none was. */
  readonly statusCode?: number | undefined;
  /** What broke the exchange: an error, or a short stable name for `error.type`. */
  readonly error?: unknown;
  /** The headers of the answer, for `spanAttributes`. Read during the call and never kept. */
  readonly headers?: ReadableHeaders | undefined;
}

/**
 * One request on its way through the gateway, from `begin` to its end. No method throws, and after the end none has an
 * effect. Values set here win over those of adapter options.
 */
export interface Exchange {
  /** `false` for an exchange of which nothing is recorded (everything off, `ignore`d, or none running). */
  readonly recording: boolean;
  /** 32 lower hex digits. Where nothing is traced: the caller's, or empty. */
  readonly traceId: string;
  /** 16 lower hex digits of the SERVER span. Where nothing is traced: the caller's, or empty. */
  readonly spanId: string;
  /**
   * Where the exchange stands, as W3C writes it, to be stored with a job: `telemetry.webhook({ parent })` takes it later, in
   * any process. Empty where there is no trace.
   */
  readonly traceparent: string;
  /** The SERVER span, for the OpenTelemetry API. Attributes set on it go to the operator only. */
  readonly span: Span;
  /** A new UUID unless the `requestId` option takes it from the request. Empty when nothing is recorded. */
  readonly requestId: string;
  /**
   * An opaque id of this request for error pages and trackers: 32 lower hex digits, the form of Sentry's event ids. Made when it is
   * first asked for; from then on the operator's log record has it as `{ns}.error_id`, and so it has where a listener of
   * `telemetry.onServerError` was told of the request. Empty when nothing is recorded.
   */
  readonly errorId: string;
  /** Whose request it is. Decides at the end who receives its records. `undefined`: the operator alone. */
  setTenant(tenantId: string | undefined): void;
  /**
   * Whose error it would be: a UUID, which `telemetry.onServerError` is told of. Anything else is refused, because it could be a
   * name or an address. On no span, log record or metric.
   */
  setUserId(userId: string | undefined): void;
  /** The gateway's own name of the route: `{ns}.route_name`. */
  setRoute(routeName: string | undefined): void;
  /** The framework's route template, such as `/orders/:id`: `http.route`. Never a raw path. */
  setHttpRoute(template: string | undefined): void;
  /** `{ns}.environment` of this request. */
  setEnvironment(environment: string | undefined): void;
  /** Facts about the upstream; later calls add to earlier ones. */
  setUpstream(upstream: UpstreamFacts): void;
  /** An attribute of the operator's span and log record. Values over 4,096 characters are cut. */
  setAttribute(key: string, value: AttributeValue): void;
  /** Several attributes of the operator's span and log record. */
  setAttributes(attributes: Attributes): void;
  /** As `setAttribute`, and also on the tenant's log record. */
  setTenantAttribute(key: string, value: AttributeValue): void;
  /** What went wrong on the gateway's side: gives `error.type` if the exchange fails. An error or a short stable name. */
  recordError(error: unknown): void;
  /**
   * A policy that was asked: `{g}.policy.*` of the operator's span and log record, where `{g}` is `governanceNamespace`. Of
   * several the worst one (`blocked`, then `warning`), with the lists `.names` and `.results` beside it, and each one as an
   * event of the span. What makes no fact (a wrong type, an unknown result) is reported and left out; so for all five.
   */
  recordPolicy(policy: PolicyFact): void;
  /** What an operation has cost. Adds up: `{g}.cost.*`, with the provider and the model of the dearest one. */
  recordCost(cost: CostFact): void;
  /** A measure of quality: `{g}.eval.*`. Of several the first that did not pass, else the last. */
  recordEvaluation(evaluation: EvaluationFact): void;
  /** How much of a budget is used: `{g}.budget.*`. The last word counts. */
  setBudget(budget: BudgetFact): void;
  /** Whose work it is, to the operator only: `{g}.team`, `{g}.customer_id`, `{g}.project`. Later calls add to earlier ones. */
  setAttribution(attribution: Attribution): void;
  /**
   * Writes the trace context for the upstream call, always with the SERVER span's id: clears what is configured to be
   * cleared, then injects.
   */
  inject(headers: WritableHeaders): void;
  /** Begins one attempt at an upstream: with `spans: 'server+client'` a CLIENT span of its own, whose id is injected. */
  startUpstreamCall(options?: UpstreamCallOptions): UpstreamCall;
  /** The headers that the option `responseHeaders` asks for; adapters add them to the response's head. */
  responseHeaders(): Readonly<Record<string, string>>;
  /** The trace id as each format in use writes it (hex or decimal), for the host's own logs. Empty when there is none. */
  traceIds(): Readonly<Record<string, string>>;
  /** Runs the function with this exchange as the current one, and gives back what it gives. */
  run<T>(fn: () => T): T;
  /** Makes every listener of the emitter run with this exchange as the current one. */
  bind<T extends EmitterLike>(emitter: T): T;
  /** Ends the exchange and records it. Only the first end counts. Adapters call it themselves. */
  end(options?: EndOptions): void;
}

/** The part of Node's `EventEmitter` that `bind` needs. */
export interface EmitterLike {
  emit(event: string | symbol, ...args: never[]): boolean;
}
