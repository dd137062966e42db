/** Every proxy that gateways are built on, in each of its versions. */
import { fastifyProxies } from './fastify.js';
import { httpProxies } from './http-proxy.js';
import { middlewares } from './http-proxy-middleware.js';
import { undiciGateways } from './undici.js';
import type { ProxyUnderTest } from './proxy-under-test.js';

export const everyProxy: readonly ProxyUnderTest[] = [
  ...httpProxies,
  ...middlewares,
  ...fastifyProxies,
  ...undiciGateways,
];
