/** `fastifyTelemetry` on both versions of Fastify, for the shared suites. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { Http2Server } from 'node:http2';
import { createRequire } from 'node:module';
import { fastify as fastify5 } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { fastifyTelemetry } from '../../src/adapters/fastify.js';
import type { AdapterOptions, GatewayTelemetry } from '../../src/index.js';
import type { AdapterUnderTest, RawHandler } from '../cases/adapter-under-test.js';

// For this file both have the same types; the alias could not see its own, which are augmented by name.
export const fastify4 = (createRequire(import.meta.url)('fastify4') as { fastify: typeof fastify5 }).fastify;

export const fastifyVersions = [
  ['Fastify 5', fastify5],
  ['Fastify 4', fastify4],
] as const;

async function build(
  app: FastifyInstance,
  telemetry: GatewayTelemetry | undefined,
  handler: RawHandler,
  options?: AdapterOptions<never>,
): Promise<FastifyInstance> {
  if (telemetry !== undefined) await app.register(fastifyTelemetry(telemetry, options));
  // The body stays for the handler.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  for (const url of ['/run', '/items/:id']) {
    app.all(url, (request, reply) => {
      reply.hijack();
      handler(request.raw, reply.raw);
    });
  }
  await app.ready();
  return app;
}

function adapterOf(name: string, fastify: typeof fastify5): AdapterUnderTest {
  return {
    name,
    async serve(telemetry, handler, options = {}): Promise<Server> {
      const app = fastify({ serverFactory: (serve) => createServer(options.server ?? {}, serve) });
      return (await build(app, telemetry, handler, options.adapter)).server;
    },
    async http2(telemetry, handler): Promise<Http2Server> {
      const app = fastify({ http2: true }) as unknown as FastifyInstance;
      return (await build(app, telemetry, handler)).server as unknown as Http2Server;
    },
    hasRoutes: true,
  };
}

export const fastifyAdapters = fastifyVersions.map(([name, fastify]) => adapterOf(name, fastify));
