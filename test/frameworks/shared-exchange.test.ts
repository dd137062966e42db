import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { httpTelemetry } from '../../src/adapters/http.js';
import { expectOneRecord } from '../cases/one-record.js';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { everyAdapter } from './every-adapter.js';

it.each(everyAdapter)(
  'a server in httpTelemetry and an application in $name share one exchange',
  async (adapter) => {
    const seen: unknown[] = [];
    const gateway = await startGateway({
      options: { propagation: { inject: ['w3c'] } },
      server: async (telemetry) => {
        const inner = await adapter.serve(
          telemetry,
          (request, response) => {
            seen.push(telemetry.of(request), telemetry.current());
            response.end();
          },
          {
            adapter: {
              tenant: () => 'acme',
              requestId: () => 'inner',
              attributes: () => ({ who: 'inner', inner: true }),
            },
          },
        );
        return createServer(
          httpTelemetry(
            telemetry,
            (request, response, exchange) => {
              seen.push(exchange);
              inner.emit('request', request, response);
            },
            {
              tenant: 'globex',
              route: 'outer-route',
              requestId: () => 'outer',
              attributes: { who: 'outer', outer: true },
            },
          ),
        );
      },
    });
    await send(`${gateway.url}/run`);
    await expectOneRecord(gateway, { status: 200 });
    expect(new Set(seen).size).toBe(1);
    expect(seen).toHaveLength(3);
    expect(gateway.acme.logs).toHaveLength(1);
    expect(gateway.globex.logs).toHaveLength(0);
    expect(gateway.operator.spans[0]?.attributes).toMatchObject({
      who: 'inner',
      inner: true,
      outer: true,
      'knoxcall.route_name': 'outer-route',
    });
    expect(gateway.operator.logs[0]?.attributes).toMatchObject({ 'knoxcall.request_id': 'outer' });
  },
);

it('what one adapter ignores is not recorded by the next', async () => {
  const gateway = await startGateway({
    server: (telemetry) =>
      createServer(
        httpTelemetry(
          telemetry,
          httpTelemetry(telemetry, (_, response) => void response.end()),
          { ignore: () => true },
        ),
      ),
  });
  await send(gateway.url);
  await gateway.flush();
  expect(gateway.operator.spans).toHaveLength(0);
});

it('an exchange that the host began and ends itself is not ended by an adapter with the response', async () => {
  const gateway = await startGateway({
    server: (telemetry) => {
      const serve = httpTelemetry(telemetry, (_, response) => void response.end());
      return createServer((request, response) => {
        const { method = '', url = '', headers } = request;
        const exchange = telemetry.begin({ method, url, headers, request });
        response.on('close', () => exchange.end({ statusCode: 299 }));
        serve(request, response);
      });
    },
  });
  await send(gateway.url);
  await expectOneRecord(gateway, { status: 299 });
});
