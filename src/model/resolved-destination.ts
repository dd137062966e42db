/** A destination that has passed every check. Holds secrets: it never leaves the delivery and transport stages. */
import type { Attributes } from './attributes.js';
import type { ReadyMadeExporter } from './destination.js';
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

/** Where one signal goes. */
export type Target =
  | {
      readonly kind: 'otlp';
      readonly url: string;
      readonly headers: HeaderSource;
      readonly sending: Sending;
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
}
