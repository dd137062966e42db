/** What only http-proxy-middleware does: redirects that its proxy follows, and answers of its own. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { expressTelemetry } from '../../src/adapters/express.js';
import { proxyTelemetry } from '../../src/adapters/proxy.js';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { startUpstream } from '../support/upstream.js';
import { needsNode } from './proxy-under-test.js';

type Create = { createProxyMiddleware(options: object): express.RequestHandler };

describe.each([
  ['http-proxy-middleware 3', () => import('http-proxy-middleware'), {}, 1],
  ['http-proxy-middleware 4', () => import('http-proxy-middleware4'), needsNode(22, 15), 2],
] as const)('%s', (_, load, facts, calls) => {
  const skipped = 'skipped' in facts ? facts.skipped : undefined;

  it.skipIf(skipped !== undefined)(
    `carries the trace along a redirect${skipped === undefined ? '' : ` (${skipped})`}`,
    async () => {
      const arrived: IncomingHttpHeaders[] = [];
      const upstream = await startUpstream((request, response) => {
        arrived.push(request.headers);
        if (request.url === '/from') response.writeHead(302, { location: `${upstream.url}/to` }).end();
        else response.end('hello');
      });
      const { createProxyMiddleware } = (await load()) as unknown as Create;
      const gateway = await startGateway({
        options: { spans: 'server+client' },
        server: (telemetry) => {
          const app = express();
          app.use(expressTelemetry(telemetry));
          const plugins = [proxyTelemetry(telemetry)];
          app.use(createProxyMiddleware({ target: upstream.url, followRedirects: true, plugins }));
          return createServer(app as unknown as RequestListener);
        },
      });
      const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
      expect(await send(`${gateway.url}/from`, { headers })).toMatchObject({ status: 200, body: 'hello' });
      await gateway.flush();
      const clients = gateway.operator.spans.filter(({ kind }) => kind === 3);
      const ids = clients.map(({ spanId }) => spanId);
      expect(arrived.map(({ traceparent }) => String(traceparent).slice(36, 52))).toEqual(
        calls === 1 ? [ids[0], ids[0]] : ids,
      );
      expect(
        clients.map(({ attributes }) => [
          attributes['http.request.resend_count'],
          attributes['http.response.status_code'],
          attributes['url.full'],
        ]),
      ).toEqual(
        calls === 1
          ? [[undefined, 200, `${upstream.url}/to`]]
          : [
              [undefined, 302, `${upstream.url}/from`],
              [1, 200, `${upstream.url}/to`],
            ],
      );
    },
  );
});
