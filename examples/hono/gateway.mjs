/**
 * A streaming proxy on Hono 4 and its Node server, with telemetry in four lines. The environment says where it goes:
 *
 *   UPSTREAM=http://127.0.0.1:3000 PORT=8080 OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node gateway.mjs
 */
import { serve } from '@hono/node-server';
import { createGatewayTelemetry } from 'gateway-otel';
import { honoTelemetry } from 'gateway-otel/hono';
import { Hono } from 'hono';
import { proxy } from 'hono/proxy';

const { UPSTREAM = 'http://127.0.0.1:3000', PORT = '8080' } = process.env;
const keys = new Map([['key-of-acme', 'acme']]);
const telemetry = createGatewayTelemetry({ serviceName: 'hono-gateway' }); // 1: one instance

const app = new Hono();
app.use(honoTelemetry(telemetry, { tenant: (context) => context.get('tenantId') })); // 2: first, and it sees everything

app.use(async (context, next) => {
  context.set('tenantId', keys.get(context.req.header('x-api-key')));
  if (context.get('tenantId') === undefined) return context.text('Unauthorized', 401);
  await next();
});
app.all('/things/:id', async (context) => {
  const { pathname, search } = new URL(context.req.url);
  const headers = { ...context.req.header(), host: undefined };
  const exchange = telemetry.of(context);
  exchange.inject(headers); // 3: the trace goes on to the upstream
  const answer = await proxy(UPSTREAM + pathname + search, { ...context.req, headers, redirect: 'manual' });
  exchange.setUpstream({ address: new URL(UPSTREAM).hostname, statusCode: answer.status });
  return answer;
});
// What is thrown explains its 502.
app.onError((_error, context) => context.text('Bad Gateway', 502));

const server = serve({ fetch: app.fetch, port: Number(PORT), hostname: '127.0.0.1' }, ({ port }) =>
  console.log(`http://127.0.0.1:${port}`),
);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close(() => telemetry.shutdown())); // 4: what still waits is sent
}
