/** Every adapter on every version of its framework. */
import type { AdapterUnderTest } from '../cases/adapter-under-test.js';
import { expressAdapters } from './express.js';
import { fastifyAdapters } from './fastify.js';
import { hono } from './hono.js';
import { nodeHttp, wholeServer } from './http.js';
import { koaAdapters } from './koa.js';

export const everyAdapter: readonly AdapterUnderTest[] = [
  nodeHttp,
  wholeServer,
  ...expressAdapters,
  ...koaAdapters,
  ...fastifyAdapters,
  hono,
];
