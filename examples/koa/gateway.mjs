/**
 * A streaming proxy on Koa, 2 or 3, with telemetry in four lines. The environment says where it goes:
 *
 *   UPSTREAM=http://127.0.0.1:3000 PORT=8080 OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node gateway.mjs
 */
import Router from '@koa/router';
import { createGatewayTelemetry } from 'gateway-otel';
import { koaTelemetry } from 'gateway-otel/koa';
import Koa from 'koa';
import { forward } from '../forward.mjs';

const { UPSTREAM = 'http://127.0.0.1:3000', PORT = '8080' } = process.env;
const keys = new Map([['key-of-acme', 'acme']]);
const telemetry = createGatewayTelemetry({ serviceName: 'koa-gateway' }); // 1: one instance

const app = new Koa();
app.use(koaTelemetry(telemetry, { tenant: (context) => context.state.tenantId })); // 2: first, and it sees everything

app.use((context, next) => {
  context.state.tenantId = keys.get(context.get('x-api-key'));
  context.assert(context.state.tenantId, 401);
  return next();
});
const router = new Router();
router.all('/things/:id', (context) => {
  context.respond = false;
  forward(context.req, context.res, telemetry.of(context), UPSTREAM); // 3: the exchange of this request
});
app.use(router.routes());

const server = app.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}`),
);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close(() => telemetry.shutdown())); // 4: what still waits is sent
}
