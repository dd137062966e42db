/** http-proxy-middleware 3 (on http-proxy) and 4 (on httpxy) in Express. */
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import express from 'express';
import { expressTelemetry } from '../../src/adapters/express.js';
import { proxyTelemetry } from '../../src/adapters/proxy.js';
import { needsNode, type ProxyUnderTest } from './proxy-under-test.js';

type Create = (options: object) => express.RequestHandler;

function middleware(
  name: string,
  load: () => Promise<unknown>,
  { skipped }: Pick<ProxyUnderTest, 'skipped'>,
): ProxyUnderTest {
  return {
    name,
    ...(skipped !== undefined && { skipped }),
    async serve(telemetry, target, { timeoutMs } = {}) {
      const { createProxyMiddleware } = (await load()) as { createProxyMiddleware: Create };
      const app = express();
      app.use(expressTelemetry(telemetry, { tenant: 'acme' }));
      const plugins = [proxyTelemetry(telemetry)];
      app.use(createProxyMiddleware({ target, proxyTimeout: timeoutMs, plugins }));
      return createServer(app as unknown as RequestListener);
    },
    answers: { refused: 504, reset: 504, timeout: 504 },
    endsBrokenAnswers: true,
  };
}

export const middlewares: readonly ProxyUnderTest[] = [
  middleware('http-proxy-middleware 3', () => import('http-proxy-middleware'), {}),
  middleware('http-proxy-middleware 4', () => import('http-proxy-middleware4'), needsNode(22, 15)),
];
