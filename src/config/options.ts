/** The options of `createGatewayTelemetry`. This text is the documentation. */
import type { ClientAddressDetail } from '../model/arrival-rules.js';
import type { Attributes } from '../model/attributes.js';
import type { Destinations, TenantEgress, TenantLookup, TenantRecord } from '../model/destination.js';
import type { DiagnosticListener } from '../model/diagnostic.js';
import type { BeginOptions } from '../model/exchange.js';
import type { Keep } from '../model/keep.js';
import type { HostSpanProcessor } from '../model/host-span-processor.js';
import type { LogLevel } from '../model/log-level.js';
import type { Outcome } from '../model/outcome.js';
import type { PropagationOptions } from '../model/propagation.js';
import type { DeliveryOptions } from '../model/queue-options.js';
import type { LimitOptions } from '../model/record-limits.js';
import type { Redact } from '../model/redaction.js';
import type { ResourceDetector, ResourceDetectorName } from '../model/resource-detector.js';
import type { SpanAttributeOptions } from '../model/span-attributes.js';
import type { DestinationStateListener } from '../model/status.js';
import type { Trust } from '../model/trust.js';
import type { GenAiRecordOptions } from './gen-ai-options.js';
import type { MetricOptions } from './metric-options.js';
import type { TrustProxy } from './trust-proxy.js';

/** Propagation, and how far callers are believed. */
export interface GatewayPropagationOptions extends PropagationOptions {
  /**
   * How far a caller's trace context is believed: a value, or a callback that is asked for each request.
   * Adapters may override it. A callback that throws or gives anything else counts as `restart`. Default `continue`.
   */
  readonly trust?: Trust | ((request: BeginOptions) => Trust);
}

/** Which traces are recorded. Metrics and log records count every request, sampled or not. */
export interface SamplingOptions {
  /**
   * Share of the traces that are recorded where nobody has decided, 0 to 1, on the low 56 bits of the trace id, so that
   * all gateways of one ratio agree; also of the traces that `telemetry.tracer` begins. `OTEL_TRACES_SAMPLER` wins. Default 1.
   */
  readonly ratio?: number;
  /**
   * `follow`: the caller's decision counts. `follow-drop`: only its no; its yes goes to the ratio. `ignore`: the ratio
   * decides always. Default: `follow` for callers whose trust is `continue`; `ignore` for all others, so that no public
   * caller can switch spans off or force them on. `OTEL_TRACES_SAMPLER` wins.
   */
  readonly parent?: 'follow' | 'follow-drop' | 'ignore';
  /**
   * The gateway's own head decision, asked once for each request that gets a SERVER span of this instance, with what `begin`
   * was told: `true` or `false` is the decision, whatever the caller says; a number from 0 to 1 is the ratio for this request,
   * in place of `ratio`, so the caller's decision still counts as `parent` says; `undefined` leaves it to the other rules.
   * One that throws or gives anything else is reported and counts as `undefined`. Called while the request waits. Default: none.
   */
  readonly decide?: (request: BeginOptions) => boolean | number | undefined;
  /**
   * Traces that are kept although they were not sampled, decided when the request has ended: a rule, several of which one has
   * to hold, or a function that says `true`. Such a request's SERVER span, CLIENT spans and spans of calls to models
   * go to the operator's destinations, marked `{ns}.sampling.late_kept`, with the flag unsampled, because that has gone on already: what others
   * record of the trace is not there, nor are spans of `telemetry.tracer`, and `spanProcessors` do not see it. Every request then
   * gets a span that records, whose cost is that of a sampled one. A function that throws or gives no boolean is reported and
   * keeps nothing. A destination's own `sampling.keep` stands in its place. Default: none.
   */
  readonly keep?: Keep;
}

/** What callers are told of the trace. */
export interface ResponseHeaderOptions {
  /** Name of a response header that gets the trace id, 32 hex digits. Default: none. */
  readonly traceId?: string;
  /** `true`: `server-timing: trace;desc=00-{trace id}-{span id}-{flags}`, as W3C drafts it. Default `false`. */
  readonly serverTiming?: boolean;
}

/** Which records tenants receive beside those of their requests. The operator receives all of them always. */
export interface TenantRecordOptions {
  /** `{ns}.webhook.delivery` of their own webhooks. Default `false`. */
  readonly webhooks?: boolean;
  /** `{ns}.security.*` that concern them, without reason, address and attributes. Default `false`. */
  readonly securityEvents?: boolean;
  /**
   * What is recorded of their own calls to models: the metrics of the calls without the tenant's id, at most
   * `metrics.maxSeriesPerTenant` series of all of them; with `genAi.events` the log event, without request id, cost, policy,
   * agents and the host's attributes. `with_cost`: also the counter `{g}.cost` of what the calls have cost, without attribution;
   * what a call costs the host need not be what its tenant pays, so this is said apart. Default `false`.
   */
  readonly genAi?: boolean | 'with_cost';
}

/**
 * What tells the operator why requests fail; tenants never get any of it. Messages are cut to 1,024 characters and stack traces to
 * 8,192, with up to four causes each, and what looks like a secret in them is `REDACTED`.
 */
export interface ExceptionOptions {
  /**
   * `true`: log events `http.server.request.exception` (ERROR), for what was thrown or given to `recordError` on a request that failed, and
   * `http.client.request.exception` (WARN), for what an upstream call ended with. Not for a client that hung up, nor for an error
   * that says no more than its status. Default `true`.
   */
  readonly logs?: boolean;
  /** `true`: the same as event `exception` of the span, for backends that look for it there. Default `true`. */
  readonly spanEvents?: boolean;
  /** `true`: with `exception.stacktrace`. Default `true`. */
  readonly stackTraces?: boolean;
}

/** `telemetry.logger`. */
export interface RuntimeLogOptions {
  /**
   * Records of a lower severity are not written: a number, 1 to 24, or a name such as `debug` or `warn`. A record that says
   * no severity is written always. Default 9, `info`.
   */
  readonly minSeverity?: number | LogLevel;
}

/** The options of `createGatewayTelemetry`; read and copied once, never written to. */
export interface GatewayOptions {
  /** `service.name`. `OTEL_SERVICE_NAME` wins. Default `knoxcall`. */
  readonly serviceName?: string;
  /** Prefix of custom attributes, event names and metric names. Default `knoxcall`. */
  readonly namespace?: string;
  /** `{g}`, the prefix of the attributes of policy, cost and quality; GenOps collectors look for `genops`. Default: `namespace`. */
  readonly governanceNamespace?: string;
  /** `{ns}.environment` on spans and metrics, and `deployment.environment.name` of the operator's resource. Default: none. */
  readonly environment?: string;
  /** `service.version` of the operator's resource: the gateway's own. `OTEL_SERVICE_VERSION` wins. Default: none. */
  readonly serviceVersion?: string;
  /**
   * `service.instance.id` of the operator's resource, which no other process may have at the same time. Default: a new UUID
   * for each instance of this library, so that cumulative series of several processes do not collide.
   */
  readonly serviceInstanceId?: string;
  /**
   * Resource attributes of the operator's telemetry, all signals. They win over what `resourceDetectors` find and over this
   * library's own; `OTEL_RESOURCE_ATTRIBUTES` wins by key.
   */
  readonly resourceAttributes?: Attributes;
  /**
   * What finds out where the process runs, for the operator's resource alone: detector objects, and names of the official
   * packages `@opentelemetry/resource-detector-container`, `-aws`, `-gcp` and `-azure`, which the host installs. A later one
   * wins. They begin after the start, which waits for nothing; the operator's first exports wait in their queues until all have
   * answered, for at most `resourceDetectionTimeoutMs`, so that the resource never changes once it was sent. What fails or comes
   * later is reported as `resource_detector_failed`, and left out. `service.name`, `service.instance.id` and `telemetry.sdk.*`
   * of detectors do not count. At most 32 detectors, and 128 attributes or 8,192 characters of them in total. Default: none.
   */
  readonly resourceDetectors?: readonly (ResourceDetector | ResourceDetectorName)[];
  /** How long detectors have, 100 to 60,000; `flush` and `shutdown` give them half of their own time at most. Default 5,000. */
  readonly resourceDetectionTimeoutMs?: number;
  /** Where the operator's telemetry goes: one destination, several, or none. Default: none. */
  readonly operator?: Destinations;
  /** Tenants' destinations by id, or a function that is asked for them. Default: none. */
  readonly tenants?: TenantRecord | TenantLookup;
  /** How long a lookup's answer is used before it is asked again in the background, at least 1,000. Default 60,000. */
  readonly tenantTtlMs?: number;
  /** Where tenants' destinations may point. Default `public`. Checked now, enforced in a later version. */
  readonly tenantEgress?: TenantEgress;
  /** Which records tenants receive beside those of their requests. Default: none. */
  readonly tenantRecords?: TenantRecordOptions;
  /** Trace context formats. `OTEL_PROPAGATORS` replaces `extract` and `inject`. Default: extract and inject W3C. */
  readonly propagation?: GatewayPropagationOptions;
  /** Which traces are recorded. Default: the caller's decision, else all. */
  readonly sampling?: SamplingOptions;
  /** Added to the head of each response; a header of the host's with the same name wins. Default: none. */
  readonly responseHeaders?: ResponseHeaderOptions;
  /**
   * `server`: one SERVER span per request. `server+client`: also one CLIENT span per `exchange.startUpstreamCall()`, whose
   * id the upstream sees. Default `server`.
   */
  readonly spans?: 'server' | 'server+client';
  /**
   * Opt-in attributes of the operator's spans: request and response headers by name, addresses and ports, and others. No
   * tenant and no log record has any of it. Of each header 16 values of 256 characters are kept, secrets in them redacted;
   * names that carry credentials are refused. Default: none.
   */
  readonly spanAttributes?: SpanAttributeOptions;
  /** Receive every SERVER, CLIENT and custom span. They are flushed and shut down with the instance. */
  readonly spanProcessors?: readonly HostSpanProcessor[];
  /** Also write the log record's event name as attribute `event.name`, for backends without EventName. Default `true`. */
  readonly eventNameAttribute?: boolean;
  /**
   * Which proxies in front are believed: `true` (all), a number of hops, addresses, CIDR blocks and the names `loopback`,
   * `linklocal` and `uniquelocal` as list or with commas, or a function, as Express's setting `trust proxy` takes them. What
   * they say in `X-Forwarded-For`, `-Proto` and `-Host`, or else in `Forwarded`, gives `client.address`, `url.scheme`,
   * `server.address` and `server.port`. Default `false`: no such header is read.
   */
  readonly trustProxy?: TrustProxy;
  /**
   * How much of addresses is recorded in `client.address` and `network.peer.address`: `full`, `truncated` (/24 of IPv4, /48
   * of IPv6), or `off` (neither, and no port). Default `full`.
   */
  readonly clientAddress?: ClientAddressDetail;
  /**
   * The methods that records hold by name, case-sensitive; every other is `_OTHER`. Replaces the default list, that of the
   * HTTP conventions; `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` wins.
   */
  readonly knownMethods?: readonly string[];
  /** `error` (default): a client that hangs up makes its exchange an error, as the conventions say. `unset`: it does not. */
  readonly clientDisconnect?: 'error' | 'unset';
  /**
   * `true`: the time until the head of the answer was written, as `{ns}.time_to_first_byte_ms` on the operator's spans and log
   * records. Costs about half a microsecond a request. Default `false`, and `true` with `longLived: 'headers'`.
   */
  readonly timeToFirstByte?: boolean;
  /**
   * What a long answer counts for as latency: `full` (default), until its end; `headers`, until its head was written, in the log
   * records' `{ns}.latency_ms` and the duration histogram, so that streams, downloads and WebSockets do not spoil them. Span and
   * records come at the real end either way.
   */
  readonly longLived?: 'full' | 'headers';
  /**
   * `true`: `http.request.body.size` and `http.response.body.size` on the operator's spans and log records, in bytes as
   * transferred. The conventions still develop these names. Default `false`.
   */
  readonly bodySizes?: boolean;
  /**
   * Looks at every span and log record, of the operator and of tenants, before anybody gets it, and may change and delete
   * attributes; built-in redaction is done by then. Runs on the way of a request, synchronously. Where it throws, or gives
   * anything but nothing, `true` or `false` (a promise too), that record is not sent: `redaction_failed` in its account; with
   * `false`: `redacted`. Span processors get the same span at its end, but see it as it is while it runs. Default: none.
   */
  readonly redact?: Redact;
  /**
   * Further query keys whose values are replaced by `REDACTED`, besides those that usually hold secrets. Compared without
   * case, dashes, dots and underscores. Default: none.
   */
  readonly sensitiveQueryKeys?: readonly string[];
  /** What is told of exceptions. */
  readonly exceptions?: ExceptionOptions;
  /** The runtime logs. */
  readonly runtimeLogs?: RuntimeLogOptions;
  /**
   * How much a record may hold of what hosts and clients put into it; the rest is cut, or left out and counted in the record.
   * `OTEL_ATTRIBUTE_COUNT_LIMIT` and its like win, field by field.
   */
  readonly limits?: LimitOptions;
  /** Overrules the severity number of the request's log record. Anything but 1 to 24 keeps the usual one. */
  readonly severity?: (outcome: Outcome) => number | undefined;
  /** What is recorded of calls to models. */
  readonly genAi?: GenAiRecordOptions;
  /** The request metrics. */
  readonly metrics?: MetricOptions;
  /**
   * `true`: the operator's metrics also hold `otel.sdk.exporter.*` and `otel.sdk.processor.*`, for each of its destinations
   * and for all tenants together. The conventions still develop these names. Default `false`.
   */
  readonly selfMetrics?: boolean;
  /** Bounds and times of the queues, for the operator and for each tenant. */
  readonly delivery?: DeliveryOptions;
  /** `true`: become the global tracer and meter provider and context manager of the OpenTelemetry API. Default `false`. */
  readonly registerGlobals?: boolean;
  /** Replaces `process.env`; `false`: no environment. Default: `process.env`, read once, now. */
  readonly env?: Readonly<Record<string, string | undefined>> | false;
  /** Told of every change of a destination's state; `telemetry.onDestinationState` adds further listeners. Default: none. */
  readonly onDestinationState?: DestinationStateListener;
  /**
   * Given the spans of each finished request that is recorded, as text: a numbered line each for the SERVER span and what has ended
   * below it, 64 at most, with what redaction has left of their attributes. `OTEL_TRACES_EXPORTER=console` prints the same.
   * Spans are made for it also where no destination takes any. For development. Default: none.
   */
  readonly onRequestSpans?: (text: string) => void;
  /** Receives reports about configuration, failures and losses. Default: none; `status()` keeps what matters. */
  readonly onDiagnostic?: DiagnosticListener;
}
