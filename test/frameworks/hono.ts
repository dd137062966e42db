/** `honoTelemetry` on Hono's Node server, for the shared suites. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createServer2 } from 'node:http2';
import type { Http2Server } from 'node:http2';
import { createRequire } from 'node:module';
import { Hono } from 'hono';
import type { Context, MiddlewareHandler } from 'hono';
import type { WebSocketServer } from 'ws';
import { honoTelemetry } from '../../src/adapters/hono.js';
import type { AdapterOptions, GatewayTelemetry } from '../../src/index.js';
import type { AdapterUnderTest, RawHandler } from '../cases/adapter-under-test.js';

export interface Bindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

type Fetch = (request: Request, env: Bindings) => Response | Promise<Response>;

/** What is used of `@hono/node-server`, whose types need those of a browser. */
interface NodeServer {
  createAdaptorServer(options: {
    fetch: Fetch;
    createServer?: unknown;
    serverOptions?: object;
    websocket?: { server: WebSocketServer };
  }): unknown;
  upgradeWebSocket(events: () => object): MiddlewareHandler;
}
const require = createRequire(import.meta.url);
export const { createAdaptorServer, upgradeWebSocket } = require('@hono/node-server') as NodeServer;
const { RESPONSE_ALREADY_SENT } = require('@hono/node-server/utils/response') as {
  RESPONSE_ALREADY_SENT: Response;
};

export const serverOf = (fetch: Fetch, options: object = {}): Server =>
  createAdaptorServer({ fetch, createServer, serverOptions: options }) as Server;

function build(
  telemetry: GatewayTelemetry | undefined,
  handler: RawHandler,
  options?: AdapterOptions<never>,
): Fetch {
  const app = new Hono<{ Bindings: Bindings }>();
  if (telemetry !== undefined)
    app.use(honoTelemetry(telemetry, options as AdapterOptions<Context> | undefined));
  const taken = new WeakSet<Bindings>();
  for (const path of ['/run', '/items/:id']) {
    app.all(path, ({ env }) => {
      taken.add(env);
      handler(env.incoming, env.outgoing);
      return RESPONSE_ALREADY_SENT;
    });
  }
  return async (request, env) => {
    const response = await app.fetch(request, env);
    // Hono makes a new response of it for HEAD.
    return taken.has(env) ? RESPONSE_ALREADY_SENT : response;
  };
}

export const hono: AdapterUnderTest = {
  name: 'Hono 4',
  serve: (telemetry, handler, options = {}) =>
    serverOf(build(telemetry, handler, options.adapter), options.server),
  http2: (telemetry, handler) =>
    createAdaptorServer({
      fetch: build(telemetry, handler),
      createServer: createServer2,
    }) as Http2Server,
  hasRoutes: true,
};
