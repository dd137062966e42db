/** The public face of one instance. */
import type { Meter, Tracer } from '@opentelemetry/api';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Attributes } from './attributes.js';
import type { DestinationTestOptions, DestinationTestResult } from './destination-test.js';
import type { Destination, Destinations, TenantRecord } from './destination.js';
import type { BeginOptions, Exchange } from './exchange.js';
import type { GenAiCall, GenAiOptions } from './gen-ai.js';
import type { SecurityEvent } from './security-event.js';
import type { Logger } from './logger.js';
import type { ServerErrorListener } from './server-error.js';
import type { ServiceIdentity } from './service-identity.js';
import type { Trust } from './trust.js';
import type { WebhookDelivery, WebhookOptions } from './webhook.js';
import type {
  DestinationStateListener,
  FlushOptions,
  FlushResult,
  TelemetryStatus,
  TenantStatus,
} from './status.js';

/** A value, or a function that is asked with the framework's request. */
export type ValueOrCallback<Source, Value> = Value | ((source: Source) => Value);

/**
 * A text as headers give it. Nothing, and a list (a repeated header, which says two things), count as not said; a list
 * for `tenant` is also reported.
 */
export type HeaderText = string | readonly string[] | null | undefined;

/**
 * The options that every adapter takes. `Source` is what the framework gives its handlers.
 * `tenant`, `route`, `environment` and `attributes` run once, at the end, because gateways learn them late; what was set
 * on the exchange wins. `tenant` also runs when a call to a model ends before, for that call alone. `ignore`, `requestId` and `trust` run at the beginning. A callback that throws is reported and counts as
 * having answered nothing.
 * Of two adapters on one request, the first begins the exchange, and only it asks the latter three; at the end what the
 * inner one says wins, and the outer one fills what is left.
 */
export interface AdapterOptions<Source> {
  /** The tenant's id, a string of 1 to 128 bytes. */
  readonly tenant?: ValueOrCallback<Source, HeaderText>;
  /** `{ns}.route_name`. */
  readonly route?: ValueOrCallback<Source, HeaderText>;
  /** `{ns}.environment`. Default: the instance's. */
  readonly environment?: ValueOrCallback<Source, HeaderText>;
  /** Operator-only attributes. */
  readonly attributes?: ValueOrCallback<Source, Attributes | null | undefined>;
  /** A request id from the request, such as its `x-request-id`. Cleaned, and cut to 128 characters. Default: a new UUID. */
  readonly requestId?: (source: Source) => HeaderText;
  /**
   * How far this caller's trace context is believed. Overrides `propagation.trust`. A callback
   * that throws or gives anything else counts as `restart`.
   */
  readonly trust?: ValueOrCallback<Source, Trust>;
  /** `true`: this request is not recorded; its trace context still travels as configured. */
  readonly ignore?: (source: Source) => boolean;
}

/** What an adapter knows of its framework; hosts do not see it. */
export interface AdapterFacts<Source> {
  /** The route template that the framework has matched, asked once, at the end: `http.route`. Never a raw path. */
  readonly httpRoute?: (source: Source) => string | undefined;
}

/**
 * Serves one request under telemetry: begins an exchange, watches how the response ends, runs `next` inside. Where another
 * adapter, or `begin`, has an exchange for this request already, it is that one.
 */
export interface InstrumentedHandler<Source> {
  <T>(source: Source, request: IncomingMessage, response: ServerResponse, next: (exchange: Exchange) => T): T;
  /**
   * The same for a request that comes with its bare socket, as in the events `upgrade` and `connect` of a server: the
   * exchange lasts until the socket closes, and its status is what the handler writes to it first.
   */
  upgrade<T>(
    source: Source,
    request: IncomingMessage,
    socket: Duplex,
    next: (exchange: Exchange) => T,
    /** What came after the request's head already, as the events give it. */
    head?: Uint8Array,
  ): T;
}

/** One independent instance; made by `createGatewayTelemetry`. Apart from configuration calls no method throws. */
export interface GatewayTelemetry {
  /** Begins an exchange without any framework. The caller ends it: one that never ends is kept in memory until `shutdown`. */
  begin(request: BeginOptions): Exchange;
  /** The foundation of adapters on Node's request and response: options are read once, here. */
  instrument<Source>(
    options?: AdapterOptions<Source>,
    facts?: AdapterFacts<Source>,
  ): InstrumentedHandler<Source>;
  /** The running exchange; outside of one, an exchange that does nothing (`recording` is `false`). */
  current(): Exchange;
  /**
   * The exchange of a request object, Node's or what the framework gives its handlers; for an unknown one, an exchange
   * that does nothing.
   */
  of(request: object): Exchange;
  /**
   * Replaces the operator's destinations, for every request that ends after the call. A queue whose name and URLs stay
   * is kept. Throws one sentence on a fault, and then nothing has changed. Without effect while the environment
   * defines the operator.
   */
  setOperator(destinations: Destinations): void;
  /**
   * Sets one tenant's destinations (`null`: none), for every request that ends after the call. Wins over the lookup until
   * `refreshTenant`. Throws one sentence on a fault, and then nothing has changed.
   */
  setTenant(tenantId: string, destinations: Destinations): void;
  /**
   * Replaces the whole set of tenants. Throws, and changes nothing, on a fault, and when more than half of the tenants
   * would lose their destinations without `force`.
   */
  setTenants(tenants: TenantRecord, options?: { readonly force?: boolean }): void;
  /** Asks the lookup again, now; resolves when it has answered. Ends what `setTenant` said. Without lookup: no effect. */
  refreshTenant(tenantId: string): Promise<void>;
  /** The whole instance. */
  status(): TelemetryStatus;
  /** One tenant, in words safe to show that tenant. */
  status(tenantId: string): TenantStatus;
  /** Told of every change of a destination's state from now on. Returns the function that ends it. */
  onDestinationState(listener: DestinationStateListener): () => void;
  /**
   * Sends one marked record per signal (`{ns}.destination.test`, attribute `{ns}.test`) and tells what became of each, within
   * the destination's `timeoutMs`, and 10 s. One attempt, on sockets of its own; queues, accounts, health and status know
   * nothing of it. Four tests at a time and thirty a minute, of tenants' and of the operator's destinations each. Rejects with
   * what `setTenant` or `setOperator` would throw about a faulty destination, but for what `tenantEgress` refuses: that is
   * `blocked`.
   */
  testDestination(destination: Destination, options?: DestinationTestOptions): Promise<DestinationTestResult>;
  /**
   * Begins one attempt at a webhook's delivery: a CLIENT span of its own, in the running exchange's trace or where `parent`
   * says, and at its end one log record `{ns}.webhook.delivery`, to the operator and, with `tenantRecords.webhooks`, to the
   * tenant. A retry is another call.
   */
  webhook(options: WebhookOptions): WebhookDelivery;
  /**
   * Begins one call to a model, a tool or an agent, or one by the Model Context Protocol: a span of its own, in the running
   * exchange's trace or where `parent` says, with the names of the conventions for generative AI. Content is never recorded.
   */
  genAi(options: GenAiOptions): GenAiCall;
  /**
   * Records something that concerns security: a span in the running exchange's trace, or in one of its own, and a log record, both
   * named `{ns}.security.{name}`; to the operator, and with `tenantRecords.securityEvents` the log record to the tenant.
   */
  securityEvent(event: SecurityEvent): void;
  /**
   * Told of every exchange that ends with a 5xx, or without any answer through a fault of the gateway. While somebody listens,
   * exchanges are watched to their end also where nothing else is recorded, with `OTEL_SDK_DISABLED` too, until `shutdown`; no
   * record is made for it and no header touched. Returns the function that ends it.
   */
  onServerError(listener: ServerErrorListener): () => void;
  /** What the instance calls its service, environment variables included. */
  readonly service: ServiceIdentity;
  /** Custom spans, to the operator. Inside an exchange they are children of its SERVER span. */
  readonly tracer: Tracer;
  /** Runtime logs, to the operator. */
  readonly logger: Logger;
  /** Custom instruments, exported to the operator with the request metrics. */
  readonly meter: Meter;
  /** Takes a reading of the metrics and tries to send all that waits, once. Always resolves in time. */
  flush(options?: FlushOptions): Promise<FlushResult>;
  /**
   * Begins no more exchanges, ends those that are open, flushes (the operator's destinations first, tenants' when these are
   * done or have had half the time), counts the rest as lost, closes every socket. Idempotent; always resolves in time.
   * Call it when the server has closed: exchanges that are still open are not waited for but recorded now, with
   * `error.type` `shutdown` and the status if a head was sent. The requests themselves are not touched.
   */
  shutdown(options?: FlushOptions): Promise<FlushResult>;
}
