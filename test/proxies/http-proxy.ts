/** `http-proxy` 1.18 and `http-proxy-3` 1 and 2 in a plain server. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { httpTelemetry } from '../../src/adapters/http.js';
import { proxyTelemetry } from '../../src/adapters/proxy.js';
import { needsNode, type ProxyUnderTest } from './proxy-under-test.js';

/** For these tests all of them have the same types. */
export interface BareProxy {
  web(request: IncomingMessage, response: ServerResponse, options?: object, callback?: unknown): void;
  ws(request: IncomingMessage, socket: unknown, head: unknown, options?: object): void;
  on(event: string, listener: (...args: never[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  listeners(event: string): unknown[];
}
interface Proxies {
  createProxyServer(options: object): BareProxy;
}

const require = createRequire(import.meta.url);
const load = (name: string): Proxies => require(name) as Proxies;

export const bareProxies: readonly (readonly [string, () => Proxies, { readonly skipped?: string }])[] = [
  ['http-proxy 1.18', () => load('http-proxy'), {}],
  ['http-proxy-3 1', () => load('http-proxy-3'), {}],
  ['http-proxy-3 2', () => load('http-proxy-3-v2'), needsNode(22, 0)],
];

export const httpProxies: readonly ProxyUnderTest[] = bareProxies.map(([name, proxies, skipped]) => ({
  name,
  ...skipped,
  serve(telemetry, upstream, { timeoutMs } = {}) {
    const proxy = proxies().createProxyServer({ target: upstream, proxyTimeout: timeoutMs });
    proxyTelemetry(telemetry)(proxy);
    proxy.on('error', (_error: Error, _request: IncomingMessage, response: ServerResponse) => {
      if (!response.headersSent) response.writeHead(502).end();
    });
    return createServer(
      httpTelemetry(telemetry, (request, response) => proxy.web(request, response), { tenant: 'acme' }),
    );
  },
  answers: { refused: 502, reset: 502, timeout: 502 },
}));
