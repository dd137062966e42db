import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { createGatewayTelemetry } from 'gateway-otel';
import { proxyTelemetry, replyFromTelemetry } from 'gateway-otel/proxy';

/** As far as the proxies' own types go, without them. */
interface Proxy {
  on(event: 'error', listener: (error: Error, request: IncomingMessage) => void): this;
  on(
    event: 'proxyReq',
    listener: (outgoing: ClientRequest, request: IncomingMessage, response: ServerResponse) => void,
  ): this;
  emit(event: string | symbol, ...args: unknown[]): boolean;
}
type Plugin = (proxyServer: Proxy, options: { target?: string }) => void;

declare const proxy: Proxy;
const telemetry = createGatewayTelemetry({
  serviceName: 'edge',
  operator: { endpoint: 'http://localhost:4318' },
});

proxyTelemetry(telemetry)(proxy);
export const plugins: Plugin[] = [proxyTelemetry(telemetry)];

/** What `reply.from` takes, as far as it matters here. */
interface ReplyFromHooks {
  rewriteRequestHeaders?: (request: { id: string }, headers: { host?: string }) => { host?: string };
  retriesCount?: number;
}
export const hooks: ReplyFromHooks = replyFromTelemetry(telemetry);
export const ownHooks: ReplyFromHooks = replyFromTelemetry(telemetry, {
  rewriteRequestHeaders: (_request: { id: string }, headers: { host?: string }) => headers,
});
