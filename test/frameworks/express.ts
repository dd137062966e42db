/** `expressTelemetry` on both versions of Express, for the shared suites. */
import { createServer } from 'node:http';
import express5 from 'express';
import type { Express, Request } from 'express';
// The alias has no types of its own; what is used here is the same in both.
import { createRequire } from 'node:module';
import { expressTelemetry } from '../../src/adapters/express.js';
import type { AdapterOptions } from '../../src/index.js';
import type { AdapterUnderTest } from '../cases/adapter-under-test.js';

export const express4 = createRequire(import.meta.url)('express4') as typeof express5;
export { express5 };

export const expressVersions = [
  ['Express 5', express5],
  ['Express 4', express4],
] as const;

function adapterOf(name: string, create: () => Express): AdapterUnderTest {
  return {
    name,
    serve(telemetry, handler, options = {}) {
      const app = create();
      if (telemetry !== undefined)
        app.use(expressTelemetry(telemetry, options.adapter as AdapterOptions<Request>));
      for (const path of ['/run', '/items/:id'])
        app.all(path, (request, response) => handler(request, response));
      return createServer(options.server ?? {}, app);
    },
    http2: { skipped: 'Express puts prototypes of HTTP/1 over the request and the response' },
    hasRoutes: true,
  };
}

export const expressAdapters = expressVersions.map(([name, create]) => adapterOf(name, create));
