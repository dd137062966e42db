/** `@fastify/http-proxy` and `@fastify/reply-from` on Fastify 5 and 4. */
import { createRequire } from 'node:module';
import { fastify as fastify5 } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { fastifyTelemetry } from '../../src/adapters/fastify.js';
import { replyFromTelemetry } from '../../src/adapters/proxy.js';
import { fastify4 } from '../frameworks/fastify.js';
import type { ProxyOptions, ProxyUnderTest } from './proxy-under-test.js';
import type { GatewayTelemetry } from '../../src/index.js';

// For these tests both have the same types.
const load = createRequire(import.meta.url) as (name: string) => typeof import('@fastify/reply-from');

export const fastifyVersions = [
  ['Fastify 5', fastify5, load('@fastify/http-proxy'), load('@fastify/reply-from')],
  ['Fastify 4', fastify4, load('fastify4-http-proxy'), load('fastify4-reply-from')],
] as const;

type Build = (
  app: FastifyInstance,
  telemetry: GatewayTelemetry,
  upstream: string,
  options: ProxyOptions,
) => unknown;

function proxyOf(
  name: string,
  fastify: typeof fastify5,
  build: Build,
  facts: Pick<ProxyUnderTest, 'breaksOnReset' | 'refusesExpect'> = {},
): ProxyUnderTest {
  return {
    name,
    ...facts,
    async serve(telemetry, upstream, options = {}) {
      const app = fastify();
      await app.register(fastifyTelemetry(telemetry, { tenant: 'acme' }));
      await build(app, telemetry, upstream, options);
      await app.ready();
      return app.server;
    },
    answers: { refused: 500, reset: 500, timeout: 504 },
  };
}

const undiciOptions = (timeoutMs?: number): object =>
  timeoutMs === undefined ? {} : { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };

export const fastifyProxies: readonly ProxyUnderTest[] = fastifyVersions.flatMap(
  ([version, fastify, httpProxy, replyFrom]) => [
    proxyOf(
      `@fastify/http-proxy on ${version}`,
      fastify,
      (app, telemetry, upstream, { timeoutMs }) =>
        app.register(httpProxy, {
          upstream,
          undici: undiciOptions(timeoutMs),
          replyOptions: replyFromTelemetry(telemetry),
        } as object),
      { refusesExpect: 'undici refuses the header' },
    ),
    proxyOf(
      `@fastify/reply-from over node:http on ${version}`,
      fastify,
      async (app, telemetry, base, options) => {
        await app.register(replyFrom, {
          base,
          http: { requestOptions: { timeout: options.timeoutMs ?? 60_000 } },
        });
        app.removeAllContentTypeParsers();
        app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
        const hooks = replyFromTelemetry(telemetry);
        app.all('/*', (request, reply) => reply.from(request.url, hooks));
      },
      version === 'Fastify 4'
        ? { breaksOnReset: 'the plugin throws out of an event, with or without telemetry' }
        : {},
    ),
  ],
);
