/** Beside an OpenTelemetry SDK with instrumentation-http: one SERVER span per request, whoever makes it. */
import { describe, expect, it } from 'vitest';
import { runHost, type HostReport, type HostSpanSeen } from './host-span-process.js';

const SERVER = 1;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

/** Builds `server`, whose handler `serve(request, response)` is behind the adapter. */
const SERVERS: Readonly<Record<string, string>> = {
  http: `
    const { httpTelemetry } = await import('./src/adapters/http.js');
    const server = http.createServer(httpTelemetry(telemetry, (request, response, exchange) => {
      if (request.url.startsWith('/orders')) exchange.setHttpRoute('/orders/:id');
      serve(request, response);
    }, adapter));`,
  express: `
    const { expressTelemetry } = await import('./src/adapters/express.js');
    const app = require('express')();
    app.use(expressTelemetry(telemetry, adapter));
    app.get('/orders/:id', serve);
    const server = http.createServer(app);`,
  'express, mounted': `
    const { expressTelemetry } = await import('./src/adapters/express.js');
    const express = require('express');
    const orders = express();
    orders.use(expressTelemetry(telemetry, adapter));
    orders.get('/:id', serve);
    const app = express();
    app.use('/orders', orders);
    // Whoever comes elsewhere is the host's alone; one request of the five is such a one.
    const server = http.createServer(app);`,
  koa: `
    const { koaTelemetry } = await import('./src/adapters/koa.js');
    const app = new (require('koa'))();
    const router = new (require('@koa/router').Router ?? require('@koa/router'))();
    app.use(koaTelemetry(telemetry, adapter));
    router.get('/orders/:id', async (context) => {
      context.respond = false;
      context.res.statusCode = 200;
      await serve(context.req, context.res);
    });
    app.use(router.routes());
    const server = http.createServer(app.callback());`,
  fastify: `
    const { fastifyTelemetry } = await import('./src/adapters/fastify.js');
    const app = require('fastify')();
    await app.register(fastifyTelemetry(telemetry, adapter));
    app.get('/orders/:id', (request, reply) => { reply.hijack(); void serve(request.raw, reply.raw); });
    await app.ready();
    const server = app.server;`,
};

/** Five requests: a plain one, one of a caller's trace, an unsampled one, an unknown path, and one whose client leaves. */
const scriptOf = (framework: string): string => `
  const adapter = { tenant: () => 'acme', attributes: { late: 'yes' } };
  const serve = async (request, response) => {
    const exchange = telemetry.of(request);
    await new Promise((done) => setTimeout(done, 5));
    exchange.setAttribute('early', true);
    exchange.setUpstream({ address: 'up.internal' });
    const headers = { ...request.headers };
    exchange.inject(headers);
    provider.getTracer('host').startSpan('the handler’s own').end();
    const active = api.trace.getActiveSpan();
    seen.push({ url: request.url, headers, traceId: exchange.traceId, spanId: exchange.spanId,
      isActive: active === exchange.span, recording: exchange.recording });
    if (!(request.originalUrl ?? request.url).endsWith('/hang')) response.end('ok');
  };
  ${SERVERS[framework] ?? ''}
  const port = await listen(server);
  await ask(port, '/orders/1');
  await ask(port, '/orders/2', { traceparent: '00-' + TRACE + '-${SPAN}-01', tracestate: 'a=b', baggage: 'k=v' });
  await ask(port, '/orders/3', { traceparent: '00-' + TRACE + '-${SPAN}-00' });
  await ask(port, '/other/4');
  await leave(port, '/orders/hang');
  server.close();
`;

const servers = (spans: readonly HostSpanSeen[]): readonly HostSpanSeen[] =>
  spans.filter(({ kind }) => kind === SERVER);

const spanOf = (report: HostReport, path: string): HostSpanSeen =>
  servers([...report.host, ...report.own]).find(
    ({ attributes }) => attributes['url.path'] === path || attributes['http.target'] === path,
  ) as HostSpanSeen;

describe.each(Object.keys(SERVERS))('instrumentation-http and %s', (framework) => {
  const known = framework === 'express, mounted' ? 4 : 5;

  it('share one SERVER span, which is told what the exchange knows', async () => {
    const report = await runHost(scriptOf(framework));
    // One of the five is not sampled; its log record and its ids are there all the same.
    expect(servers(report.host)).toHaveLength(4);
    expect(report.own).toEqual([]);
    expect(report.logs).toHaveLength(known);
    for (const path of ['/orders/1', '/orders/2', '/orders/hang']) {
      const span = spanOf(report, path);
      expect(span.name).toBe('GET /orders/:id');
      expect(span.attributes).toMatchObject({
        'http.route': '/orders/:id',
        'knoxcall.tenant_id': 'acme',
        'knoxcall.route_name': '/orders/:id',
        'knoxcall.request_id': expect.stringMatching(/^[0-9a-f-]{36}$/),
        'knoxcall.upstream.address': 'up.internal',
        early: true,
        late: 'yes',
      });
      expect(report.logs).toContainEqual(
        expect.objectContaining({ traceId: span.traceId, spanId: span.spanId, traceFlags: 1 }),
      );
    }
    const second = spanOf(report, '/orders/2');
    expect(second.parentId).toBe(SPAN);
    expect(report.seen[1]).toMatchObject({
      traceId: second.traceId,
      spanId: second.spanId,
      isActive: true,
      headers: { traceparent: `00-${second.traceId}-${second.spanId}-01`, tracestate: 'a=b', baggage: 'k=v' },
    });
    // The decision of the unsampled request goes on.
    const third = report.seen[2] as { traceId: string; spanId: string };
    expect(third.spanId).not.toBe(SPAN);
    expect(report.seen[2]).toMatchObject({
      headers: { traceparent: `00-${third.traceId}-${third.spanId}-00` },
    });
    expect(report.logs).toContainEqual(
      expect.objectContaining({ traceId: third.traceId, spanId: third.spanId, traceFlags: 0 }),
    );
    // The instrumentation's own metric has the routes, also that of the unsampled request.
    expect(report.routes).toEqual(['/orders/:id', null]);
  });

  it('with its incoming part switched off, the SERVER spans are ours', async () => {
    const report = await runHost(scriptOf(framework), {
      instrumentation: '{ disableIncomingRequestInstrumentation: true }',
    });
    expect(servers(report.host)).toEqual([]);
    expect(report.own).toHaveLength(known - 1);
    expect(report.logs).toHaveLength(known);
    // The host's own spans are children of them, also after an await.
    for (const { name, parentId } of report.host) {
      expect(name).toBe('the handler’s own');
      expect(report.own.map(({ spanId }) => spanId)).toContain(parentId);
    }
    const left = spanOf(report, framework === 'express, mounted' ? '/hang' : '/orders/hang');
    expect(left.attributes['error.type']).toBe('client_disconnect');
  });
});

/** Each names whether the exchange that begins there joined the span that is looked at. */
const FOOLS = `
  const tracer = provider.getTracer('fools');
  const SERVER = { kind: api.SpanKind.SERVER };
  const note = (label, exchange, span) => {
    seen.push({ label, joined: exchange.span === span, sameTrace: exchange.traceId === span.spanContext().traceId });
    exchange.end({ statusCode: 200 });
  };
  const begin = (path = '/inner', more = {}) => telemetry.begin({ method: 'GET', url: path, headers: {}, ...more });
  const within = (span, work) => api.context.with(api.trace.setSpan(api.ROOT_CONTEXT, span), work);

  const job = tracer.startSpan('job');
  within(job, () => note('an INTERNAL span', begin(), job));
  const remote = api.trace.wrapSpanContext({ traceId: TRACE, spanId: '${SPAN}', traceFlags: 1, isRemote: true });
  within(remote, () => note('a remote span', begin(), remote));
  const other = tracer.startSpan('other', { ...SERVER, attributes: { 'http.request.method': 'GET', 'url.path': '/other' } });
  within(other, () => note('a SERVER span of another path', begin(), other));
  const post = tracer.startSpan('post', { ...SERVER, attributes: { 'http.request.method': 'POST', 'url.path': '/inner' } });
  within(post, () => note('a SERVER span of another method', begin(), post));
  const mute = tracer.startSpan('mute', SERVER);
  within(mute, () => note('a SERVER span that says nothing', begin(), mute));
  const over = tracer.startSpan('over', { ...SERVER, attributes: { 'http.request.method': 'GET', 'url.path': '/inner' } });
  over.end();
  within(over, () => note('a SERVER span that has ended', begin(), over));
  const manual = tracer.startSpan('manual', { ...SERVER, attributes: { 'http.method': 'GET', 'http.target': '/inner?a=1' } });
  within(manual, () => {
    note('a SERVER span of the very request', begin('/inner?b=2'), manual);
    note('the same again', begin(), manual);
  });

  const { httpTelemetry } = await import('./src/adapters/http.js');
  const plain = http.createServer((request, response) => {
    note('begin() for another request, in a handler without adapter', begin(), api.trace.getActiveSpan());
    tracer.startActiveSpan('middleware', (span) => {
      note('an INTERNAL span in the request', begin('/outer', { remotePort: request.socket.remotePort }), span);
      span.end();
    });
    response.end();
  });
  await ask(await listen(plain), '/outer');
  plain.close();

  const adapted = http.createServer(httpTelemetry(telemetry, (request, response, exchange) => {
    seen.push({ label: 'the adapter', joined: exchange.span === api.trace.getActiveSpan() });
    note('begin() in an exchange', begin('/adapted'), exchange.span);
    // This listener runs in the context of the instrumentation, which knows no exchange.
    request.on('end', () => {
      note('begin() in a listener of a request that has joined', begin('/adapted'), exchange.span);
      response.end();
    });
    request.resume();
  }));
  await ask(await listen(adapted), '/adapted');
  adapted.close();
`;

it('joins no span that is not of the very request', async () => {
  const { seen, own } = await runHost(FOOLS);
  const joined = (wanted: boolean): readonly unknown[] =>
    seen.filter((entry) => entry['joined'] === wanted).map((entry) => entry['label']);
  expect(joined(true)).toEqual(['a SERVER span of the very request', 'the adapter']);
  expect(joined(false)).toEqual([
    'an INTERNAL span',
    'a remote span',
    'a SERVER span of another path',
    'a SERVER span of another method',
    'a SERVER span that says nothing',
    'a SERVER span that has ended',
    'the same again',
    'begin() for another request, in a handler without adapter',
    // It has joined the request's SERVER span instead: the trace is the same, and there is no second span.
    'an INTERNAL span in the request',
    'begin() in an exchange',
    'begin() in a listener of a request that has joined',
  ]);
  const middleware = seen.find(({ label }) => label === 'an INTERNAL span in the request');
  expect(middleware).toMatchObject({ sameTrace: true });
  // All that joined nothing but the middleware's.
  expect(servers(own)).toHaveLength(10);
});

const SMALL = `
  const { httpTelemetry } = await import('./src/adapters/http.js');
  const server = http.createServer(httpTelemetry(telemetry, (request, response, exchange) => {
    const headers = { ...request.headers };
    exchange.setHttpRoute('/small');
    const call = exchange.startUpstreamCall({ url: 'http://up.example/' });
    call.inject(headers);
    call.end({ statusCode: 200 });
    seen.push({ headers, spanId: exchange.spanId, callId: call.spanId, timing: exchange.responseHeaders() });
    response.end();
  }, { ignore: (request) => request.url === '/ignored' }));
  const port = await listen(server);
  await ask(port, '/small', { traceparent: '00-' + TRACE + '-${SPAN}-01', 'x-b3-traceid': 'a'.repeat(32), 'x-b3-spanid': 'b'.repeat(16) });
  await ask(port, '/ignored', { traceparent: '00-' + TRACE + '-${SPAN}-01' });
  server.close();
`;

describe('a joined span', () => {
  it('is what logs and headers name also where the operator takes no traces, and where a request is ignored', async () => {
    const { host, own, logs, seen } = await runHost(SMALL, {
      options: '{ operator: { exporters: { logs } }, responseHeaders: { serverTiming: true } }',
    });
    const [small, ignored] = servers(host);
    expect(own).toEqual([]);
    expect(logs).toEqual([expect.objectContaining({ traceId: small?.traceId, spanId: small?.spanId })]);
    expect(small?.attributes).toHaveProperty('knoxcall.request_id');
    expect(ignored?.attributes).not.toHaveProperty('knoxcall.request_id');
    for (const [index, span] of [small, ignored].entries()) {
      expect(seen[index]).toMatchObject({
        headers: { traceparent: `00-${span?.traceId}-${span?.spanId}-01` },
        timing: { 'server-timing': `trace;desc=00-${span?.traceId}-${span?.spanId}-01` },
      });
    }
  });

  it('is the parent of CLIENT spans', async () => {
    const { host, own, seen } = await runHost(SMALL, { options: "{ spans: 'server+client' }" });
    const [small] = servers(host);
    expect(own).toHaveLength(1);
    expect(own[0]).toMatchObject({ kind: 2, traceId: small?.traceId, parentId: small?.spanId });
    expect(seen[0]).toMatchObject({ headers: { traceparent: `00-${small?.traceId}-${own[0]?.spanId}-01` } });
  });

  it('leaves trust to its maker, and what else came to the options', async () => {
    const { host, seen } = await runHost(SMALL, {
      options: "{ propagation: { extract: ['b3', 'w3c'], inject: ['preserve', 'w3c'], trust: 'restart' } }",
    });
    const [small] = servers(host);
    // In the caller's format, with the ids of the span, although b3 named another trace.
    expect(seen[0]).toMatchObject({
      headers: {
        traceparent: `00-${TRACE}-${small?.spanId}-01`,
        'x-b3-traceid': TRACE,
        'x-b3-spanid': small?.spanId,
      },
    });
  });
});
