/** A gateway's own server, whose address is known before there is telemetry for it. */
import { createServer, get, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpTelemetry } from '../../../src/adapters/http.js';
import type { GatewayTelemetry } from '../../../src/index.js';

export interface GatewayServer {
  readonly url: string;
  /** From now on all requests are this tenant's, whatever they ask for. */
  serve(telemetry: GatewayTelemetry, tenantId: string, onRequest: () => void): void;
  /** One request from outside. */
  ask(): Promise<void>;
  close(): Promise<void>;
}

export async function startGatewayServer(): Promise<GatewayServer> {
  let listener: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    serve(telemetry, tenantId, onRequest) {
      listener = httpTelemetry(
        telemetry,
        (request, response) => {
          onRequest();
          request.resume().on('end', () => response.end());
        },
        { tenant: tenantId },
      );
    },
    ask: () =>
      new Promise((resolve, reject) => {
        get(url, { agent: false }, (response) => response.resume().on('end', resolve)).on('error', reject);
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
