/** What can be said about one OTLP destination: the same type for the operator, for tenants and for checks. */
import type { Attributes } from './attributes.js';
import type { DestinationFilter, DestinationSampling } from './destination-selection.js';

/** Where the headers of a destination come from. */
export type DestinationHeaders =
  /** Names and values. */
  | Readonly<Record<string, string>>
  /**
   * `key=value, key2=value2`: spaces around pairs go, the first `=` splits, values may hold spaces and `=`.
   * No percent-decoding (that is done for environment variables only).
   */
  | string
  /** Asked before each attempt, for tokens that rotate. It has 5 s; a failure counts as a failed attempt. */
  | (() => Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>);

/** One signal's own endpoint and headers, which win over the destination's. */
export interface SignalEndpoint {
  /** Used as it is, except that an empty path becomes `/`. */
  readonly endpoint?: string;
  /** Added to the destination's headers; the same name here wins. */
  readonly headers?: DestinationHeaders;
}

/** The answer of a ready-made exporter: `code` 0 is success, as in `@opentelemetry/core`. */
export interface ReadyMadeExportResult {
  readonly code: number;
  readonly error?: Error;
}

/**
 * An OpenTelemetry exporter object (`SpanExporter`, `LogRecordExporter`, `PushMetricExporter`), seen structurally
 * so that no SDK package appears in these types. It is shut down when its destination goes, also when
 * it is switched off (`disabled`): give a new one then. Give it to one owner.
 */
export interface ReadyMadeExporter {
  export(items: unknown, resultCallback: (result: ReadyMadeExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * What a destination trusts and how it shows itself, over https with TLS 1.2 or newer. Each PEM text has at most 64 KiB and 16
 * certificates, and is parsed when it is configured. The server's certificate is always verified, whatever
 * `NODE_TLS_REJECT_UNAUTHORIZED` says.
 */
export interface DestinationTls {
  /** PEM certificates that are trusted in place of the public roots. */
  readonly ca?: string;
  /** The client's certificate, then those that lead to its root, as PEM. Needs `key`. */
  readonly cert?: string;
  /** The private key of `cert`, as PEM. */
  readonly key?: string;
  /** Of an encrypted `key`, which only the operator may have. */
  readonly passphrase?: string;
  /**
   * A path instead of `ca`, for the operator alone. Files are read now, and again when they have changed: looked at with an
   * export, at most every 5 s. What cannot be used is reported and leaves the last good ones in force.
   */
  readonly caFile?: string;
  /** A path instead of `cert`, for the operator alone. */
  readonly certFile?: string;
  /** A path instead of `key`, for the operator alone. */
  readonly keyFile?: string;
}

/** One place that telemetry is sent to. */
export interface Destination {
  /** Identity in status and ledger, unique per owner; keeps its queue across changes. Default `default`. */
  readonly name?: string;
  /** Base URL with or without a path; `/v1/traces`, `/v1/logs`, `/v1/metrics` are appended. */
  readonly endpoint?: string;
  /** Sent with every export. Never shown in errors, status or inspection. */
  readonly headers?: DestinationHeaders;
  /** Own certificates; with https endpoints only. Default: the public roots, and no client certificate. */
  readonly tls?: DestinationTls;
  /** Switches per signal. Default: all that the destination can take (a tenant never gets traces). */
  readonly signals?: { readonly traces?: boolean; readonly logs?: boolean; readonly metrics?: boolean };
  /** Endpoint and headers for traces alone. An error on a tenant. */
  readonly traces?: SignalEndpoint;
  /** Endpoint and headers for logs alone. */
  readonly logs?: SignalEndpoint;
  /** Endpoint and headers for metrics alone. */
  readonly metrics?: SignalEndpoint;
  /** Ready-made exporters per signal; they win over an endpoint. "Delivered" then means "reported success". */
  readonly exporters?: {
    readonly traces?: ReadyMadeExporter;
    readonly logs?: ReadyMadeExporter;
    readonly metrics?: ReadyMadeExporter;
  };
  /** `service.name` at this destination. Default: the gateway's. */
  readonly serviceName?: string;
  /** Resource attributes at this destination alone; they win over the others. */
  readonly resourceAttributes?: Attributes;
  /**
   * Temporality of counters and histograms here, those of `telemetry.meter` included. Default `cumulative`, which most
   * backends expect. Up-down counters and `otel.sdk.*` are always cumulative.
   */
  readonly temporality?: 'cumulative' | 'delta';
  /**
   * Milliseconds for all of one export together: asking for headers, connecting, compressing, writing, and reading the
   * answer. A whole number from 100 to 600000; default 10000, as the OpenTelemetry specification says. When it is over, the
   * attempt has failed as `timeout` and is repeated later; a higher one lets a dead endpoint hold its queue up for longer.
   * For endpoints: ready-made exporters have time-outs of their own, and 30 s.
   */
  readonly timeoutMs?: number;
  /**
   * Milliseconds, within `timeoutMs`, for name look-up, TCP and TLS of a new connection. A whole number from 100 to
   * `timeoutMs`; default 3000, or `timeoutMs` where that is less, so that a place that cannot be reached is told apart early
   * from one that is slow. When it is over, the attempt has failed as `connect`, or as `dns`
   * while the name is looked up, and is repeated later.
   */
  readonly connectTimeoutMs?: number;
  /**
   * `gzip` (default): requests of at least 1 KiB are compressed, to about a sixth, which saves traffic and its price for
   * less than a millisecond of a thread per batch. `none`: for an endpoint that does not take gzip (it answers 400 or 415), or one that is so
   * near that bytes cost nothing.
   */
  readonly compression?: 'gzip' | 'none';
  /**
   * The largest request that is sent, before and after compression; a batch over it goes in halves, and a record that is too
   * large even alone is dropped as `too_large`. A whole number from 65536 to 67108864; default 4194304, which receivers
   * commonly take. Lower for an endpoint that answers 413.
   */
  readonly maxRequestBytes?: number;
  /**
   * For an endpoint with a quota: at most so many requests a minute, over all signals; what is over them waits in the queue,
   * within its bounds. A whole number from 1 to 60000. Default: no limit.
   */
  readonly requestsPerMinute?: number;
  /** A share of the traces and of the log records below WARN. Default: all of them. */
  readonly sampling?: DestinationSampling;
  /** What is not wanted here, such as health checks. A change keeps the queue. Default: nothing is left out. */
  readonly filter?: DestinationFilter;
  /** `true`: configured but switched off; nothing is queued or sent. */
  readonly disabled?: boolean;
}

/** One destination, several, or none. */
export type Destinations = Destination | readonly Destination[] | null;

/**
 * Asked for a tenant's destinations when its first request ends, then again after `tenantTtlMs` (10 s for `null`).
 * It has 5 s. A throwing, slow or invalid answer keeps the last good one.
 */
export type TenantLookup = (tenantId: string) => Promise<Destinations | undefined> | Destinations | undefined;

/** Destinations by tenant id. */
export type TenantRecord = Readonly<Record<string, Destinations>>;

/**
 * Where tenants' destinations may point: judged when one is configured, and again on the address of every connection.
 * - `public` (default): https on usual ports to public addresses only.
 * - `open`: any host, port and plain http; for gateways whose tenants are colleagues.
 * - an object: additions to `public`, or to what its `policy` says, for every tenant.
 */
export type TenantEgress = 'public' | 'open' | TenantEgressRules;

/** Additions to the `public` egress rules. Where a host is an item, `*.example.com` is all names that end so. */
export interface TenantEgressRules {
  /**
   * What the rest adds to. With `open`, only `denyCidrs`, `selfHosts`, `trustedOrigins` and `proxy` have
   * an effect. Default `public`.
   */
  readonly policy?: 'public' | 'open';
  /** Further ports besides 443, 4318 and 8443. */
  readonly ports?: readonly number[];
  /** Hosts to which the rules for names and address literals do not apply; those for addresses do. */
  readonly allowHosts?: readonly string[];
  /** Address blocks that are allowed although not public. */
  readonly allowCidrs?: readonly string[];
  /** Address blocks that are refused although public or allowed. */
  readonly denyCidrs?: readonly string[];
  /**
   * Hosts that may be reached by plain http, which shows the tenant's credentials to the network. Port 80 has to be in `ports`,
   * and a name that is not public in `allowHosts`.
   */
  readonly allowHttp?: readonly string[];
  /** The gateway's own names and addresses, refused under every policy. */
  readonly selfHosts?: readonly string[];
  /**
   * Origins such as `https://api.vendor.example` at which many tenants are customers: what bounds all tenants' requests and
   * sockets together to one origin or address, so that they are no attack on it, does not hold there.
   */
  readonly trustedOrigins?: readonly string[];
  /**
   * A CONNECT proxy for tenant traffic, `http://` or `https://`, with user name and password if it wants them. It resolves
   * the names, so which addresses may be reached is its decision.
   */
  readonly proxy?: string;
}
