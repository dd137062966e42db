/** `httpTelemetry` and `httpServerTelemetry` on Node's own servers, for the shared suites. */
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer as createServer2 } from 'node:http2';
import { httpServerTelemetry, httpTelemetry } from '../../src/adapters/http.js';
import type { AdapterOptions } from '../../src/index.js';
import type { AdapterUnderTest } from '../cases/adapter-under-test.js';

const NODE = `Node ${process.versions.node.split('.')[0]}`;

export const nodeHttp: AdapterUnderTest = {
  name: `http, ${NODE}`,
  serve: (telemetry, handler, options = {}) =>
    createServer(
      options.server ?? {},
      telemetry === undefined
        ? handler
        : httpTelemetry(telemetry, handler, options.adapter as AdapterOptions<IncomingMessage>),
    ),
  http2: (telemetry, handler) => createServer2(httpTelemetry(telemetry, handler)),
  hasRoutes: false,
};

export const wholeServer: AdapterUnderTest = {
  name: `http, whole server, ${NODE}`,
  serve: (telemetry, handler, options = {}) => {
    const server = createServer(options.server ?? {}, handler);
    return telemetry === undefined
      ? server
      : httpServerTelemetry(telemetry, server, options.adapter as AdapterOptions<IncomingMessage>);
  },
  http2: (telemetry, handler) =>
    httpServerTelemetry(telemetry, createServer2(handler as unknown as Parameters<typeof createServer2>[0])),
  hasRoutes: false,
};
