/**
 * The SERVER span that another OpenTelemetry instrumentation of the host has made for this very request: the exchange joins
 * it instead of making a second one. It is written to through the API alone, and its maker ends it.
 */
import {
  context as apiContext,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  trace as apiTrace,
} from '@opentelemetry/api';
import type { AttributeValue as ApiAttributeValue, Span } from '@opentelemetry/api';
import { getRPCMetadata, RPCType, type RPCMetadata } from '@opentelemetry/core';
import {
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_NETWORK_PEER_PORT,
  ATTR_URL_PATH,
} from '@opentelemetry/semantic-conventions';
import type { Attributes } from '../model/attributes.js';
import type { Arrival } from './arrival.js';
import type { Contexts } from './contexts.js';

/** What instrumentations still wrote before the conventions were stable. */
const OLD_METHOD = 'http.method';
const OLD_TARGET = 'http.target';
const OLD_PEER_PORT = 'net.peer.port';

/** The part of an SDK's span that says whose it is; spans that are not recorded have none of it. */
interface TellingSpan {
  readonly kind?: unknown;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

export class HostSpan {
  readonly span: Span;
  readonly #metadata: RPCMetadata | undefined;

  constructor(span: Span, metadata: RPCMetadata | undefined) {
    this.span = span;
    this.#metadata = metadata;
  }

  /** Nothing of it fails a request: whose span it is, is not known. An ended one would only complain. */
  #write(write: (span: Span) => void): void {
    try {
      if (this.span.isRecording()) write(this.span);
    } catch {
      // A foreign span that throws has lost what it was told.
    }
  }

  setAttribute(key: string, value: unknown): void {
    this.#write((span) => span.setAttribute(key, value as ApiAttributeValue));
  }

  addEvent(name: string, attributes: Attributes): void {
    this.#write((span) => span.addEvent(name, attributes as Record<string, ApiAttributeValue>));
  }

  /** What the exchange knows beyond; `name` where it knows a route. */
  tell(attributes: Attributes, name: string | undefined, httpRoute: string | undefined): void {
    // The metric of the instrumentation has its route from here, and so has the span's name when it ends it.
    if (httpRoute !== undefined && this.#metadata !== undefined) this.#metadata.route = httpRoute;
    this.#write((span) => {
      span.setAttributes(attributes as Record<string, ApiAttributeValue>);
      if (name !== undefined) span.updateName(name);
    });
  }
}

/** The host's spans of one instance. */
export interface HostSpans {
  /** Of the request that begins now; nearly every host has none. Each span is given once. */
  take(arrival: Arrival): HostSpan | undefined;
}

export function createHostSpans(contexts: Contexts): HostSpans {
  const taken = new WeakSet<Span>();
  return {
    take(arrival) {
      const active = apiContext.active();
      // Within an exchange it is that one's: instrumentations begin a request's context from nothing.
      if (active === ROOT_CONTEXT || contexts.exchange() !== undefined) return undefined;
      const metadata = getRPCMetadata(active);
      const told = metadata?.type === RPCType.HTTP ? metadata : undefined;
      const span = told?.span ?? apiTrace.getSpan(active);
      if (span === undefined || taken.has(span) || !isOf(arrival, span, told !== undefined)) return undefined;
      taken.add(span);
      return new HostSpan(span, told);
    },
  };
}

/** `isMarked`: an HTTP instrumentation says that it is the request's; any other has to prove it. */
function isOf(arrival: Arrival, span: Span, isMarked: boolean): boolean {
  const context = span.spanContext();
  if (!isSpanContextValid(context) || context.isRemote === true) return false;
  const { kind, attributes } = span as TellingSpan;
  if (kind === undefined || attributes === undefined) return isMarked;
  // One that has ended stays in the contexts of what it left behind.
  if (kind !== SpanKind.SERVER || !span.isRecording()) return false;
  const method = attributes[ATTR_HTTP_REQUEST_METHOD] ?? attributes[OLD_METHOD];
  if (method !== undefined && method !== '_OTHER' && method !== arrival.methodAsSent) return false;
  const port = attributes[ATTR_NETWORK_PEER_PORT] ?? attributes[OLD_PEER_PORT];
  // Paths are rewritten by whoever mounts an application; connections are not.
  if (port !== undefined && arrival.peerPort !== undefined) return port === arrival.peerPort;
  const path = attributes[ATTR_URL_PATH] ?? attributes[OLD_TARGET];
  if (typeof path === 'string') return path.split('?', 1)[0] === arrival.target.path;
  return isMarked;
}
