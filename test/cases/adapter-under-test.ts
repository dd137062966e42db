/** What the shared suites need of an adapter: the framework's real server, with the adapter around one handler. */
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { AdapterOptions, GatewayTelemetry } from '../../src/index.js';

/** Answers on Node's own request and response, whatever the framework. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface BuildOptions {
  readonly server?: ServerOptions;
  /** Callbacks are given what the framework gives its handlers. */
  readonly adapter?: AdapterOptions<never>;
}

export interface AdapterUnderTest {
  /** The adapter and the framework's version. */
  readonly name: string;
  /**
   * Not listening yet. Every method of `/run` and of `/items/:id` reaches the handler, with the body unread. Without telemetry,
   * the same without the adapter.
   */
  serve(
    telemetry: GatewayTelemetry | undefined,
    handler: RawHandler,
    options?: BuildOptions,
  ): Server | Promise<Server>;
  /** The same over HTTP/2 without TLS, or why there is none. */
  readonly http2:
    | ((telemetry: GatewayTelemetry, handler: RawHandler) => Http2Server | Promise<Http2Server>)
    | { readonly skipped: string };
  /** Does the framework know routes? */
  readonly hasRoutes: boolean;
}
