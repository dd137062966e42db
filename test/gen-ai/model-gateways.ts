/** Gateways in front of a model, made in every way that hosts make them: each watches the answers of its calls. */
import { createServer, request as ask } from 'node:http';
import type {
  IncomingMessage,
  OutgoingHttpHeaders,
  RequestListener,
  Server,
  ServerResponse,
} from 'node:http';
import { createRequire } from 'node:module';
import { pipeline, Readable } from 'node:stream';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import * as undici from 'undici';
import { expressTelemetry } from '../../src/adapters/express.js';
import { fastifyTelemetry } from '../../src/adapters/fastify.js';
import { honoTelemetry } from '../../src/adapters/hono.js';
import { httpTelemetry } from '../../src/adapters/http.js';
import { koaTelemetry } from '../../src/adapters/koa.js';
import { proxyTelemetry } from '../../src/adapters/proxy.js';
import type { GatewayTelemetry, GenAiCall } from '../../src/index.js';
import { serverOf } from '../frameworks/hono.js';
import { bareProxies } from '../proxies/http-proxy.js';
import { needsNode } from '../proxies/proxy-under-test.js';

export interface ModelGateway {
  readonly name: string;
  readonly skipped?: string;
  /** It decodes what is encoded, and gives it on so. */
  readonly decodes?: true;
  /** What it gives the client where the provider broke off looks whole. */
  readonly endsBrokenAnswers?: true;
  /** The provider is not told that the client has left, with or without telemetry. */
  readonly goesOnAlone?: true;
  serve(telemetry: GatewayTelemetry, provider: string): Server | Promise<Server>;
}

const require = createRequire(import.meta.url);
const replyFrom = require('@fastify/reply-from') as typeof import('@fastify/reply-from');
/** Its types need those of a browser. */
const { proxy: honoProxy } = require('hono/proxy') as { proxy(url: string, init: object): Promise<Response> };

function begin(telemetry: GatewayTelemetry, url: string): GenAiCall {
  return telemetry.genAi({ operation: 'chat', provider: 'openai', model: 'm-asked', url });
}

function headersOf({
  headers: { host: _host, connection: _connection, ...headers },
}: IncomingMessage): OutgoingHttpHeaders {
  return headers;
}

function endToEnd({ headers }: IncomingMessage): Record<string, string> {
  const kept = Object.entries(headers).filter(
    ([name]) => !/^(?:connection|keep-alive|transfer-encoding)$/.test(name),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

/** What stands between the answer's head and the client, by hand. */
type Pass = (answer: IncomingMessage, response: ServerResponse) => unknown;

function byHand(name: string, pass: Pass): ModelGateway {
  return {
    name,
    serve: (telemetry, provider) =>
      createServer(
        httpTelemetry(telemetry, (request, response) => {
          const url = `${provider}${request.url}`;
          const call = begin(telemetry, url);
          const upstream = ask(url, { method: request.method, headers: headersOf(request) });
          upstream.on('response', (answer) => {
            response.writeHead(answer.statusCode ?? 0, answer.headers);
            pass(call.watch(answer), response);
          });
          upstream.on('error', (error) => {
            call.end({ error });
            if (!response.headersSent) response.writeHead(502).end();
          });
          response.on('close', () => response.writableFinished || upstream.destroy());
          request.pipe(upstream);
        }),
      ),
  };
}

async function iterate(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    for await (const chunk of answer) response.write(chunk);
    response.end();
  } catch {
    response.destroy();
  }
}

function withSignal(
  name: string,
  pass: (
    call: GenAiCall,
    url: string,
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ) => Promise<void>,
  facts: Pick<ModelGateway, 'decodes'> = {},
): ModelGateway {
  return {
    name,
    ...facts,
    serve: (telemetry, provider) =>
      createServer(
        httpTelemetry(telemetry, (request, response) => {
          const gone = new AbortController();
          response.on('close', () => response.writableFinished || gone.abort());
          const url = `${provider}${request.url}`;
          const call = begin(telemetry, url);
          pass(call, url, request, response, gone.signal).catch((error: unknown) => {
            call.end({ error });
            if (response.headersSent) response.destroy();
            else response.writeHead(502).end();
          });
        }),
      ),
  };
}

/** The body of a request is left out here: an answer is all that the provider cares for. */
function plainHeaders(request: IncomingMessage): Record<string, string> {
  const kept = Object.entries(headersOf(request)).filter(([name]) => name !== 'content-length');
  return Object.fromEntries(kept) as Record<string, string>;
}

const fetching = withSignal(
  'fetch, the watched Response',
  async (call, url, request, response, signal) => {
    const { method = '' } = request;
    const answer = call.watch(await fetch(url, { method, headers: plainHeaders(request), signal }));
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'none' });
    if (answer.body === null) response.end();
    else pipeline(Readable.fromWeb(answer.body as never), response, () => undefined);
  },
  { decodes: true },
);

const fetchingBody = withSignal(
  'fetch, the watched web stream',
  async (call, url, request, response, signal) => {
    const { method = '' } = request;
    const answer = await fetch(url, { method, headers: plainHeaders(request), signal });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'none' });
    if (answer.body === null) {
      call.end({ statusCode: answer.status });
      response.end();
    } else pipeline(Readable.fromWeb(call.watch(answer.body, answer) as never), response, () => undefined);
  },
  { decodes: true },
);

const byUndici = withSignal('undici request', async (call, url, request, response, signal) => {
  const { method = '' } = request;
  const answer = await undici.request(url, {
    method: method as 'GET',
    headers: plainHeaders(request),
    signal,
  });
  response.writeHead(answer.statusCode, answer.headers);
  pipeline(call.watch(answer.body, answer), response, () => undefined);
});

/** `isTraced`: its upstream calls are recorded too, which looks into the same answers. */
const byProxy = (
  [name, proxies, skipped]: (typeof bareProxies)[number],
  isTraced: boolean,
): ModelGateway => ({
  name: isTraced ? `${name} with proxyTelemetry` : name,
  ...skipped,
  ...(name === 'http-proxy 1.18' && { goesOnAlone: true }),
  serve(telemetry, target) {
    const calls = new WeakMap<IncomingMessage, GenAiCall>();
    const proxy = proxies().createProxyServer({ target });
    if (isTraced) proxyTelemetry(telemetry)(proxy);
    proxy.on('proxyRes', (answer: IncomingMessage, request: IncomingMessage) => {
      calls.get(request)?.watch(answer);
    });
    proxy.on('error', (error: Error, request: IncomingMessage, response: ServerResponse) => {
      calls.get(request)?.end({ error });
      if (!response.headersSent) response.writeHead(502).end();
    });
    return createServer(
      httpTelemetry(telemetry, (request, response) => {
        calls.set(request, begin(telemetry, target));
        proxy.web(request, response);
      }),
    );
  },
});

type CreateMiddleware = (options: object) => express.RequestHandler;

function middleware(
  name: string,
  module: () => Promise<unknown>,
  skipped: { readonly skipped?: string } = {},
): ModelGateway {
  return {
    name,
    ...skipped,
    endsBrokenAnswers: true,
    async serve(telemetry, target) {
      const { createProxyMiddleware } = (await module()) as { createProxyMiddleware: CreateMiddleware };
      const calls = new WeakMap<object, GenAiCall>();
      const app = express();
      app.use(expressTelemetry(telemetry));
      app.use((request, _response, next) => {
        calls.set(request, begin(telemetry, target));
        next();
      });
      const on = {
        proxyRes: (answer: IncomingMessage, request: object) => void calls.get(request)?.watch(answer),
        error: (error: Error, request: object, response: ServerResponse) => {
          calls.get(request)?.end({ error });
          if (!response.headersSent) response.writeHead(502).end();
        },
      };
      app.use(createProxyMiddleware({ target, on }));
      return createServer(app as unknown as RequestListener);
    },
  };
}

const byReplyFrom: ModelGateway = {
  name: '@fastify/reply-from',
  async serve(telemetry, base) {
    const app = fastify();
    await app.register(fastifyTelemetry(telemetry));
    await app.register(replyFrom as never, { base });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    app.all('/*', (request, reply) => {
      const call = begin(telemetry, base);
      return reply.from(request.url, {
        onResponse: (_request, answer, response) => {
          const { stream } = response as unknown as { stream: Readable };
          answer.send(call.watch(stream, response));
        },
        onError: (answer, { error }) => {
          call.end({ error });
          answer.code(502).send();
        },
      });
    });
    await app.ready();
    return app.server;
  },
};

/** The answer of `node:http`, for frameworks that send streams themselves. */
function answerTo(request: IncomingMessage, url: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    ask(url, { method: request.method, headers: plainHeaders(request), signal })
      .on('response', resolve)
      .on('error', reject)
      .end();
  });
}

const byFastify: ModelGateway = {
  name: 'Fastify, which sends the stream',
  async serve(telemetry, provider) {
    const app = fastify();
    await app.register(fastifyTelemetry(telemetry));
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    app.all('/*', async (request, reply) => {
      const gone = new AbortController();
      reply.raw.on('close', () => reply.raw.writableFinished || gone.abort());
      const call = begin(telemetry, provider);
      try {
        const answer = await answerTo(request.raw, `${provider}${request.url}`, gone.signal);
        reply.code(answer.statusCode ?? 0).headers(endToEnd(answer));
        return await reply.send(call.watch(answer));
      } catch (error) {
        call.end({ error });
        return reply.code(502).send();
      }
    });
    await app.ready();
    return app.server;
  },
};

const byKoa: ModelGateway = {
  name: 'Koa, which sends the stream',
  serve(telemetry, provider) {
    const app = new Koa();
    app.silent = true;
    app.use(koaTelemetry(telemetry));
    app.use(async (context) => {
      const gone = new AbortController();
      context.res.on('close', () => context.res.writableFinished || gone.abort());
      const call = begin(telemetry, provider);
      try {
        const answer = await answerTo(context.req, `${provider}${context.url}`, gone.signal);
        context.status = answer.statusCode ?? 0;
        context.set(endToEnd(answer));
        context.body = call.watch(answer);
      } catch (error) {
        call.end({ error });
        context.status = 502;
      }
    });
    // Koa's handler is async, which Node does not wait for.
    return createServer((request, response) => void app.callback()(request, response));
  },
};

const byHono: ModelGateway = {
  name: 'Hono’s proxy',
  decodes: true,
  serve(telemetry, provider) {
    const app = new Hono();
    app.use(honoTelemetry(telemetry));
    app.all('/*', async (context) => {
      const { pathname } = new URL(context.req.url);
      const url = `${provider}${pathname}`;
      const call = begin(telemetry, url);
      try {
        return call.watch(await honoProxy(url, { ...context.req, headers: context.req.header() }));
      } catch (error) {
        call.end({ error });
        return context.body(null, 502);
      }
    });
    return serverOf((request, env) => app.fetch(request, env));
  },
};

export const modelGateways: readonly ModelGateway[] = [
  byHand('node:http, pipeline', (answer, response) => pipeline(answer, response, () => undefined)),
  byHand('node:http, pipe', (answer, response) => {
    answer.pipe(response);
    answer.on('close', () => answer.complete || response.destroy());
  }),
  byHand('node:http, for await', iterate),
  byUndici,
  fetching,
  fetchingBody,
  ...bareProxies.flatMap((proxy) => [byProxy(proxy, false), byProxy(proxy, true)]),
  middleware('http-proxy-middleware 3', () => import('http-proxy-middleware')),
  middleware('http-proxy-middleware 4', () => import('http-proxy-middleware4'), needsNode(22, 15)),
  byReplyFrom,
  byFastify,
  byKoa,
  byHono,
];
