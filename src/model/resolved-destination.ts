/** A destination that has passed every check. Holds secrets: it never leaves the delivery and transport stages. */
import type { Attributes } from './attributes.js';
import type { ReadyMadeExporter } from './destination.js';
import type { ResolvedSelection } from './selection.js';
import type { Signal } from './signal.js';

/** Names and values, names in lower case. */
export type HeaderMap = Readonly<Record<string, string>>;

/** Headers of one target. */
export interface HeaderSource {
  /** Known now. */
  readonly fixed: HeaderMap;
  /** Asked before each attempt; checked, and winning over the fixed ones. Rejects when a function throws or lies. */
  readonly ask: (() => Promise<HeaderMap>) | undefined;
}

export type Compression = 'gzip' | 'none';

/** How exports are sent. */
export interface Sending {
  /** All of one export. */
  readonly timeoutMs: number;
  /** Its name look-up, TCP and TLS; at most `timeoutMs`. */
  readonly connectTimeoutMs: number;
  readonly compression: Compression;
  /** A larger request is not sent. */
  readonly maxRequestBytes: number;
}

/** Whose destination it is: tenants are trusted less, and share no socket with the operator. */
export type Audience = 'operator' | 'tenant';

/** PEM texts that have been parsed once. */
export interface TlsMaterial {
  /** The same for the same material; tells nothing of it. */
  readonly id: string;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly passphrase: string | undefined;
}

/** What a destination trusts, and how it shows itself. */
export interface TlsSource {
  /** The last that was good. */
  current(): TlsMaterial;
  /**
   * Where it comes from files: looks for changes, at most every few seconds. Resolves with a sentence when a change could not
   * be taken, at most once a minute; never rejects.
   */
  readonly refresh: (() => Promise<string | undefined>) | undefined;
}

/** Where one signal goes. */
export type Target =
  | {
      readonly kind: 'otlp';
      readonly url: string;
      readonly headers: HeaderSource;
      readonly sending: Sending;
      readonly audience: Audience;
      /**
       * What bounds all tenants' requests to one origin does not hold for it: `tenantEgress.trustedOrigins`, and whatever is
       * the operator's.
       */
      readonly isTrustedOrigin: boolean;
      /** `undefined`: the public roots, and no certificate of one's own. */
      readonly tls: TlsSource | undefined;
    }
  | { readonly kind: 'exporter'; readonly exporter: ReadyMadeExporter };

/** The destination itself, frozen when it was configured. */
export interface ResolvedDestination {
  readonly name: string;
  readonly disabled: boolean;
  readonly targets: Readonly<Partial<Record<Signal, Target>>>;
  readonly serviceName: string | undefined;
  readonly resourceAttributes: Attributes;
  readonly temporality: 'cumulative' | 'delta';
  /** Attempts to send, over all signals. `undefined`: as many as there are. */
  readonly requestsPerMinute: number | undefined;
  /** `undefined`: it gets every record that there is for it. */
  readonly selection: ResolvedSelection | undefined;
}
