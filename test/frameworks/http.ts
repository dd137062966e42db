/** `httpTelemetry` on Node's own servers, for the shared suites. */
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer as createServer2 } from 'node:http2';
import { httpTelemetry } from '../../src/adapters/http.js';
import type { AdapterOptions } from '../../src/index.js';
import type { AdapterUnderTest } from '../cases/adapter-under-test.js';

export const nodeHttp: AdapterUnderTest = {
  name: `http, Node ${process.versions.node.split('.')[0]}`,
  serve: (telemetry, handler, options = {}) =>
    createServer(
      options.server ?? {},
      httpTelemetry(telemetry, handler, options.adapter as AdapterOptions<IncomingMessage>),
    ),
  http2: (telemetry, handler) => createServer2(httpTelemetry(telemetry, handler) as never),
  hasRoutes: false,
};
