/** `koaTelemetry` on both versions of Koa, for the shared suites. */
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createServer2 } from 'node:http2';
import { createRequire } from 'node:module';
import Router from '@koa/router';
import Koa3 from 'koa';
import { koaTelemetry } from '../../src/adapters/koa.js';
import type { AdapterUnderTest, RawHandler } from '../cases/adapter-under-test.js';
import type { AdapterOptions, GatewayTelemetry } from '../../src/index.js';

// The alias has no types of its own; what is used here is the same in both.
export const Koa2 = createRequire(import.meta.url)('koa2') as typeof Koa3;

export const koaVersions = [
  ['Koa 3', Koa3],
  ['Koa 2', Koa2],
] as const;

/** Servers do not wait for what it gives. */
export function callbackOf(app: Koa3): RequestListener {
  const callback = app.callback();
  return (request, response) => void callback(request, response);
}

function adapterOf(name: string, Koa: typeof Koa3): AdapterUnderTest {
  const build = (
    telemetry: GatewayTelemetry | undefined,
    handler: RawHandler,
    options?: AdapterOptions<never>,
  ): Koa3 => {
    const app = new Koa();
    app.silent = true;
    if (telemetry !== undefined) app.use(koaTelemetry(telemetry, options));
    const router = new Router();
    router.all(['/run', '/items/:id'], (context) => {
      context.respond = false;
      // Koa begins with 404.
      context.res.statusCode = 200;
      handler(context.req, context.res);
    });
    app.use(router.routes() as unknown as Koa3.Middleware);
    return app;
  };
  return {
    name,
    serve: (telemetry, handler, options = {}) =>
      createServer(options.server ?? {}, callbackOf(build(telemetry, handler, options.adapter))),
    http2: (telemetry, handler) => createServer2(callbackOf(build(telemetry, handler)) as never),
    hasRoutes: true,
  };
}

export const koaAdapters = koaVersions.map(([name, Koa]) => adapterOf(name, Koa));
