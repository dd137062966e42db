/** `replyFromTelemetry`: upstream calls of `@fastify/reply-from` and `@fastify/http-proxy`, seen through their own hooks. */
import type { IncomingMessage } from 'node:http';
import type { WritableHeaders } from '../model/exchange.js';
import type { GatewayTelemetry } from '../model/telemetry.js';
import { checkTelemetry } from './check-telemetry.js';
import { ReplyFromAttempts, type AttemptDetails } from './reply-from-attempts.js';

interface FastifyRequestLike {
  readonly raw: IncomingMessage;
}

interface FastifyReplyLike {
  readonly request: FastifyRequestLike;
  send(payload: unknown): unknown;
}

interface RetryDetails extends AttemptDetails {
  getDefaultDelay(req: unknown, res: unknown, err: unknown, attempt: number): unknown;
}

/** The hooks that are looked through; the others stay the host's. */
interface Hooks {
  rewriteRequestHeaders?: (request: FastifyRequestLike, headers: object) => object;
  retryDelay?: (details: RetryDetails) => unknown;
  onError?: (reply: FastifyReplyLike, details: { readonly error: unknown }) => void;
}

/**
 * Gives the options for `reply.from`, or the `replyOptions` of `@fastify/http-proxy`, that make one upstream call of each
 * attempt, retries too: the trace goes out with the request, a CLIENT span with `spans: 'server+client'`, and the exchange
 * learns the upstream's address, status, latency, attempts, and why a 5xx of the gateway's own came. The host's own options
 * are taken over and work as before. Made once, it serves any number of requests; without an exchange they pass untouched.
 *
 * @example
 * reply.from('/orders', replyFromTelemetry(telemetry));
 * app.register(proxy, { upstream, replyOptions: replyFromTelemetry(telemetry, { rewriteRequestHeaders }) });
 */
export function replyFromTelemetry<Options extends object = object>(
  telemetry: GatewayTelemetry,
  options?: Options,
): Options {
  checkTelemetry('replyFromTelemetry', telemetry);
  const own = (options ?? {}) as Hooks;
  const none = telemetry.of({});
  const byHeaders = new WeakMap<object, ReplyFromAttempts>();
  const byRequest = new WeakMap<object, ReplyFromAttempts>();

  const hooks: Required<Hooks> = {
    rewriteRequestHeaders(request, headers) {
      const { host } = headers as { readonly host?: unknown };
      const rewritten = own.rewriteRequestHeaders ? own.rewriteRequestHeaders(request, headers) : headers;
      const known = telemetry.of(request);
      const exchange = known === none ? telemetry.of(request.raw) : known;
      if (exchange === none || typeof rewritten !== 'object' || rewritten === null) return rewritten;
      // The host may give the same object for every request.
      const outgoing = { ...rewritten } as WritableHeaders;
      const earlier = byRequest.get(request)?.count ?? 0;
      const attempts = new ReplyFromAttempts(exchange, request.raw, outgoing, host, earlier);
      byHeaders.set(outgoing, attempts);
      byRequest.set(request, attempts);
      return outgoing;
    },
    // Asked after every attempt, whatever came of it.
    retryDelay(details) {
      const attempts = byHeaders.get(details.req.headers);
      attempts?.settled(details);
      const { req, res, err, attempt, getDefaultDelay } = details;
      const delay = own.retryDelay ? own.retryDelay(details) : getDefaultDelay(req, res, err, attempt);
      if (delay) attempts?.retried(details, delay);
      else attempts?.kept(details);
      return delay;
    },
    onError(reply, details) {
      const attempts = byRequest.get(reply.request);
      const explain = (): void => {
        if (attempts?.error !== undefined) attempts.exchange.recordError(attempts.error);
      };
      if (own.onError !== undefined) {
        explain();
        own.onError(reply, details);
        return;
      }
      reply.send(details.error);
      // What was sent tells less than its reason, and Fastify's hooks have recorded it.
      explain();
    },
  };
  return { ...options, ...hooks } as unknown as Options;
}
