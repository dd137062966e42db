import { connect, createServer } from 'node:http2';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpTelemetry } from '../../src/adapters/http.js';
import type { HttpTelemetryListener } from '../../src/adapters/http.js';
import { deferred } from '../support/deferred.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

/** The telemetry of a test gateway on an HTTP/2 server, and a session with it. */
async function start(listener: HttpTelemetryListener) {
  const gateway: TestGateway = await startGateway();
  const serve = httpTelemetry(gateway.telemetry, listener, { tenant: 'acme' });
  const server = createServer((request, response) =>
    serve(request as unknown as IncomingMessage, response as unknown as ServerResponse),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  return { gateway, session, port };
}

describe('a request over HTTP/2', () => {
  it('has version 2, the host of :authority, and any method as _OTHER', async () => {
    const { gateway, session, port } = await start((_request, response) => void response.end('ok'));
    const stream = session.request({ ':method': 'get', ':path': '/a?b=1' });
    await new Promise((resolve) => stream.resume().on('close', resolve).end());
    await gateway.flush();
    expect(gateway.operator.spans[0]).toMatchObject({ name: 'HTTP', status: { code: 0 } });
    expect(gateway.operator.spans[0]?.attributes).toMatchObject({
      'network.protocol.version': '2',
      'http.request.method': '_OTHER',
      'http.request.method_original': 'get',
      'server.address': '127.0.0.1',
      'server.port': port,
      'url.path': '/a',
      'url.query': 'b=1',
      'url.scheme': 'http',
      'client.address': '127.0.0.1',
      'network.peer.port': expect.any(Number),
      'http.response.status_code': 200,
    });
  });

  it.each(['before the headers', 'in the middle'])(
    'that the client cancels %s is client_disconnect',
    async (when) => {
      const arrived = deferred();
      const { gateway, session } = await start((_request, response) => {
        if (when === 'in the middle') response.write('first part');
        arrived.resolve();
      });
      const stream = session.request({ ':path': '/' });
      stream.on('error', () => undefined);
      if (when === 'in the middle') await new Promise((resolve) => stream.once('data', resolve));
      await arrived.promise;
      stream.close(8);
      await gateway.flush();
      for (const { logs } of [gateway.operator, gateway.acme]) {
        expect(logs).toHaveLength(1);
        expect(logs[0]).toMatchObject({
          severityNumber: 17,
          attributes: { 'error.type': 'client_disconnect' },
        });
        expect(logs[0]?.attributes['http.response.status_code']).toBe(
          when === 'in the middle' ? 200 : undefined,
        );
      }
    },
  );
});
