/** A real upstream, and the few lines with which a gateway asks it. */
import { createServer, request } from 'node:http';
import type { Agent, IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Exchange } from '../../src/index.js';

export interface Upstream {
  readonly server: Server;
  readonly url: string;
  readonly port: number;
}

/** Runs until the test has finished. */
export async function startUpstream(listener: RequestListener): Promise<Upstream> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}`, port };
}

/** A port at which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Passes the request on as a gateway does; its own trouble becomes a 502, or a 504 after `timeoutMs`. */
export function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
  upstream: string,
  timeoutMs = 5_000,
  agent: Agent | false = false,
): void {
  const headers = { ...incoming.headers };
  exchange.inject(headers);
  const { hostname, port } = new URL(upstream);
  const started = performance.now();
  exchange.setUpstream({ address: hostname, attempts: 1 });
  const call = request(
    { hostname, port, method: incoming.method, path: incoming.url, headers, agent },
    (answer) => {
      exchange.setUpstream({ statusCode: answer.statusCode ?? 0, latencyMs: performance.now() - started });
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', (error) => {
        exchange.recordError(error);
        response.destroy();
      });
      answer.pipe(response);
    },
  );
  call.setTimeout(timeoutMs, () => {
    call.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
  });
  call.on('error', (error: NodeJS.ErrnoException) => {
    exchange.recordError(error);
    if (response.headersSent) response.destroy();
    else response.writeHead(error.code === 'ETIMEDOUT' ? 504 : 502).end();
  });
  response.on('close', () => call.destroy());
  incoming.pipe(call);
}
