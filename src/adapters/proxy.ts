/** The `gateway-otel/proxy` door: upstream calls of the proxies that gateways are built on. */
export { proxyTelemetry } from './proxy-server.js';
export type { ProxyServerLike, ProxyTelemetryPlugin } from './proxy-server.js';
export { replyFromTelemetry } from './reply-from.js';
