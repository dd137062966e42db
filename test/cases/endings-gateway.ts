/** What the suites of endings over HTTP/1.1 start, and what they send to it. */
import type { ServerOptions } from 'node:http';
import { deferred } from '../support/deferred.js';
import { startGateway, type GatewaySetup, type TestGateway } from '../support/gateway.js';
import type { AdapterUnderTest, RawHandler } from './adapter-under-test.js';

export const head = (method: string, fields: readonly string[] = []): string =>
  `${[`${method} /run HTTP/1.1`, 'Host: a.example', ...fields].join('\r\n')}\r\n\r\n`;
export const GET = head('GET');

interface Started {
  readonly gateway: TestGateway;
  /** Resolves when the handler has been called. */
  readonly arrived: Promise<void>;
}

type Start = (
  handler: RawHandler,
  server?: ServerOptions,
  options?: NonNullable<GatewaySetup['options']>,
) => Promise<Started>;

/** A gateway with this adapter, whose handler says when it has been reached. */
export const startOf =
  (adapter: AdapterUnderTest): Start =>
  async (handler, server, options) => {
    const arrived = deferred();
    const gateway = await startGateway({
      ...(options && { options }),
      server: (telemetry) =>
        adapter.serve(
          telemetry,
          (request, response) => {
            // What a host that streams does, so that no error event is unhandled.
            response.on('error', () => undefined);
            handler(request, response);
            arrived.resolve();
          },
          server && { server },
        ),
    });
    return { gateway, arrived: arrived.promise };
  };
