/** A whole server under telemetry, whatever made it and whoever listens to it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { EmitterLike } from '../model/exchange.js';
import type { AdapterOptions, GatewayTelemetry } from '../model/telemetry.js';
import { checkTelemetry } from './check-telemetry.js';

/** The servers of `node:http`, `node:https` and `node:http2`, and what frameworks make of them. */
export type ServerLike = EmitterLike;

type Emit = (this: unknown, event: string | symbol, ...args: unknown[]) => boolean;

/**
 * Puts everything that a server serves under telemetry: requests (those that wait for `100 Continue` too), upgrades
 * (WebSockets) and CONNECT. Gives back the same server. Listeners added before and after are covered, because this one server's
 * `emit` is replaced; no listener is added to it, so what Node does without one stays as it is. An adapter of a framework
 * inside shares the exchange and adds what it knows, such as `http.route`. Options are read once, here; a wrong one throws a
 * sentence that names it.
 *
 * @example
 * const server = httpServerTelemetry(telemetry, createServer(app), { tenant: tenantOf });
 */
export function httpServerTelemetry<Server extends ServerLike>(
  telemetry: GatewayTelemetry,
  server: Server,
  options?: AdapterOptions<IncomingMessage>,
): Server {
  checkTelemetry('httpServerTelemetry', telemetry);
  const emit = (server as Partial<Server> | null | undefined)?.emit as Emit | undefined;
  if (typeof emit !== 'function') {
    throw new TypeError('httpServerTelemetry: the server must be one of node:http, node:https or node:http2');
  }
  const serve = telemetry.instrument<IncomingMessage>(options);
  /** Requests whose expectation the host was asked about. It passes them on as ordinary ones. */
  const expecting = new WeakSet<IncomingMessage>();

  const telemetryEmit: Emit = function (event, ...args) {
    const pass = (): boolean => emit.call(this, event, ...args);
    const [request, answer, head] = args as [IncomingMessage, unknown, Uint8Array];
    switch (event) {
      case 'request':
        // In the same exchange, and its options are not to be asked twice.
        if (request.headers?.expect !== undefined && expecting.has(request))
          return telemetry.of(request).run(pass);
        break;
      case 'checkContinue':
      case 'checkExpectation':
        expecting.add(request);
        break;
      case 'upgrade':
      case 'connect':
        // Over HTTP/2, CONNECT comes with a response.
        if (!isResponse(answer)) return serve.upgrade(request, request, answer as Duplex, pass, head);
        break;
      default:
        return pass();
    }
    return serve(request, request, answer as ServerResponse, pass);
  };
  // As `emit` itself, it is not to be seen by whoever lists the server's properties.
  Object.defineProperty(server, 'emit', {
    configurable: true,
    writable: true,
    enumerable: false,
    value: telemetryEmit,
  });
  return server;
}

function isResponse(answer: unknown): boolean {
  return typeof (answer as Partial<ServerResponse> | undefined)?.writeHead === 'function';
}
