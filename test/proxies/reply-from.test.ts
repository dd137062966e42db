/** `replyFromTelemetry` beside the host's own hooks, and the attempts that `reply.from` makes. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { fastifyTelemetry } from '../../src/adapters/fastify.js';
import { replyFromTelemetry } from '../../src/adapters/proxy.js';
import type { GatewayTelemetry } from '../../src/index.js';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { startUpstream } from '../support/upstream.js';
import { fastifyVersions } from './fastify.js';

const NOBODY = 'http://127.0.0.1:1';

const parentIdIn = (headers: IncomingHttpHeaders | undefined): string =>
  String(headers?.['traceparent']).slice(36, 52);
const clientsOf = ({ operator }: TestGateway): ReceivedSpan[] =>
  operator.spans.filter(({ kind }) => kind === 3);
const serverOf = ({ operator }: TestGateway): ReceivedSpan | undefined =>
  operator.spans.find(({ kind }) => kind === 2);

/** Answers with these statuses, one after the other, then with 200. */
async function answering(...statuses: number[]) {
  const arrived: IncomingHttpHeaders[] = [];
  const upstream = await startUpstream((request, response) => {
    arrived.push(request.headers);
    response.writeHead(statuses.shift() ?? 200, { 'x-upstream': '1' }).end('hello');
  });
  return { ...upstream, arrived };
}

for (const [version, fastify, , replyFrom] of fastifyVersions) {
  describe(`reply.from on ${version}`, () => {
    const start = (
      base: string | undefined,
      handle: (request: FastifyRequest, reply: FastifyReply, telemetry: GatewayTelemetry) => unknown,
    ): Promise<TestGateway> =>
      startGateway({
        options: { spans: 'server+client' },
        server: async (telemetry) => {
          const app: FastifyInstance = fastify();
          await app.register(fastifyTelemetry(telemetry, { tenant: 'acme' }));
          await app.register(replyFrom, base === undefined ? {} : { base });
          app.all('/*', (request, reply) => handle(request, reply, telemetry) as FastifyReply);
          await app.ready();
          return app.server;
        },
      });

    it('calls every hook of the host, and does what they say', async () => {
      const upstream = await answering();
      const called: string[] = [];
      const gateway = await start(undefined, (request, reply, telemetry) =>
        reply.from(
          '/x',
          replyFromTelemetry(telemetry, {
            getUpstream: () => (called.push('getUpstream'), upstream.url),
            rewriteRequestHeaders: (given: FastifyRequest, headers: object) => {
              called.push(`rewriteRequestHeaders ${String(given === request)}`);
              return { ...headers, 'x-mine': 'yes', traceparent: 'host' };
            },
            rewriteHeaders: (headers: object) => (
              called.push('rewriteHeaders'),
              { ...headers, 'x-more': '2' }
            ),
            retryDelay: ({ attempt }: { attempt: number }) => (called.push(`retryDelay ${attempt}`), null),
            onResponse: (_: unknown, answer: FastifyReply) => (
              called.push('onResponse'),
              answer.send('mine')
            ),
          }) as object,
        ),
      );
      const answer = await send(gateway.url);
      expect(answer).toMatchObject({
        status: 200,
        body: 'mine',
        headers: { 'x-upstream': '1', 'x-more': '2' },
      });
      expect(called).toEqual([
        'getUpstream',
        'rewriteRequestHeaders true',
        'retryDelay 0',
        'rewriteHeaders',
        'onResponse',
      ]);
      await gateway.flush();
      expect(upstream.arrived[0]).toMatchObject({ 'x-mine': 'yes' });
      expect(parentIdIn(upstream.arrived[0])).toBe(clientsOf(gateway)[0]?.spanId);
    });

    it('shows the retries that it makes by itself', async () => {
      const upstream = await answering(503, 503);
      const gateway = await start(upstream.url, (_, reply, telemetry) =>
        reply.from('/x', replyFromTelemetry(telemetry)),
      );
      expect((await send(gateway.url)).status).toBe(200);
      await gateway.flush();
      expect(upstream.arrived).toHaveLength(3);
      const clients = clientsOf(gateway);
      expect(
        clients.map(({ attributes }) => [
          attributes['http.request.resend_count'],
          attributes['http.response.status_code'],
          attributes['url.full'],
        ]),
      ).toEqual([
        [undefined, 503, `${upstream.url}/x`],
        [1, 503, `${upstream.url}/x`],
        [2, 200, `${upstream.url}/x`],
      ]);
      expect(upstream.arrived.map(parentIdIn)).toEqual(clients.map(({ spanId }) => spanId));
      expect(serverOf(gateway)?.attributes).toMatchObject({
        'knoxcall.upstream.attempts': 3,
        'knoxcall.upstream.status_code': 200,
      });
    });

    it('shows retries after an error, each without the pause before it', async () => {
      const pauseMs = 300;
      const retryDelay = ({ attempt }: { attempt: number }) => (attempt < 2 ? pauseMs : null);
      const gateway = await start(NOBODY, (_, reply, telemetry) =>
        reply.from('/x', replyFromTelemetry(telemetry, { retryDelay })),
      );
      expect((await send(gateway.url)).status).toBe(500);
      await gateway.flush();
      const clients = clientsOf(gateway);
      expect(clients.map(({ attributes }) => attributes['error.type'])).toEqual(
        Array(3).fill('upstream_connect_error'),
      );
      const spent = clients.map(({ startTimeUnixNano, endTimeUnixNano }) =>
        Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)),
      );
      for (const nanoseconds of spent) expect(nanoseconds).toBeLessThan(pauseMs * 1e6);
      expect(serverOf(gateway)?.attributes).toMatchObject({
        'error.type': 'upstream_connect_error',
        'knoxcall.upstream.attempts': 3,
      });
    });

    it('to another upstream from onError is an attempt of the same request', async () => {
      const upstream = await answering();
      const gateway = await start(undefined, (_, reply, telemetry) => {
        const onError = (failed: FastifyReply): void => {
          failed.from('/second', replyFromTelemetry(telemetry, { getUpstream: () => upstream.url }));
        };
        const hooks = replyFromTelemetry(telemetry, { onError, getUpstream: () => NOBODY });
        return reply.from('/first', hooks as object);
      });
      expect((await send(gateway.url)).status).toBe(200);
      await gateway.flush();
      expect(clientsOf(gateway).map(({ attributes }) => attributes['error.type'])).toEqual([
        'upstream_connect_error',
        undefined,
      ]);
      expect(serverOf(gateway)?.attributes).not.toHaveProperty('error.type');
    });

    it('passes a request without an exchange untouched', async () => {
      const upstream = await answering();
      const gateway = await startGateway({
        server: async (telemetry) => {
          const app: FastifyInstance = fastify();
          await app.register(replyFrom, { base: upstream.url });
          app.all('/*', (_, reply) => reply.from('/x', replyFromTelemetry(telemetry)));
          await app.ready();
          return app.server;
        },
      });
      await send(gateway.url, { headers: { traceparent: 'as it came' } });
      expect(upstream.arrived[0]).toMatchObject({ traceparent: 'as it came' });
    });
  });
}
