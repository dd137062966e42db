import { expect, it } from 'vitest';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { counters, newest } from '../support/readings.js';
import { everyAdapter } from './every-adapter.js';

it.each(everyAdapter.filter(({ hasRoutes }) => hasRoutes))(
  "the framework's route is also the name of the route where none is said, with $name",
  async (adapter) => {
    const gateway = await startGateway({
      server: (telemetry) =>
        adapter.serve(
          telemetry,
          (request, response) => {
            if (request.url === '/items/named') telemetry.of(request).setRoute('own name');
            response.end();
          },
          { adapter: { tenant: 'acme' } },
        ),
    });
    for (const path of ['/items/named', '/items/value', '/nothing']) await send(gateway.url + path);
    await gateway.flush();
    const names = ['own name', '/items/:id', undefined];
    for (const receiver of [gateway.operator, gateway.acme]) {
      const told = receiver.logs.map(({ attributes }) => attributes['knoxcall.route_name']);
      expect(told.sort()).toEqual([...names].sort());
      const counted = newest(counters(receiver)).map(({ attributes }) => attributes['knoxcall.route_name']);
      expect(counted.sort()).toEqual([...names].sort());
    }
    // Where both are known, the framework's names the span.
    expect(gateway.operator.spans.map(({ name }) => name).sort()).toEqual([
      'GET',
      'GET /items/:id',
      'GET /items/:id',
    ]);
  },
);
