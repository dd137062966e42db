/** Every way in which an exchange over Node's compatibility API of HTTP/2 can end, on any adapter that takes it. */
import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  Http2Server,
  Http2ServerResponse,
  OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectSocket } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deferred } from '../support/deferred.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import type { AdapterUnderTest, RawHandler } from './adapter-under-test.js';
import { expectOneRecord } from './one-record.js';

interface World {
  readonly gateway: TestGateway;
  readonly session: ClientHttp2Session;
  /** The client's socket. */
  readonly connection: Socket;
  readonly server: Http2Server;
  /** Resolves when the handler has been called. */
  readonly arrived: Promise<void>;
  request(headers: OutgoingHttpHeaders): ClientHttp2Stream;
}

const closed = (stream: ClientHttp2Stream): Promise<void> =>
  new Promise((resolve) => stream.once('close', resolve));

export function describeHttp2Endings(adapter: AdapterUnderTest): void {
  const { http2 } = adapter;
  if (typeof http2 !== 'function') {
    describe(`${adapter.name} over HTTP/2`, () => {
      it.skip(`is not served: ${http2.skipped}`, () => undefined);
    });
    return;
  }

  const start = async (handler: RawHandler): Promise<World> => {
    const gateway = await startGateway();
    const arrived = deferred();
    const server = await http2(gateway.telemetry, (request, response) => {
      handler(request, response);
      arrived.resolve();
    });
    server.on('sessionError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const connection = connectSocket(port, '127.0.0.1');
    const session = connect(`http://127.0.0.1:${port}`, { createConnection: () => connection });
    session.on('error', () => undefined);
    onTestFinished(() => {
      session.destroy();
      server.close();
    });
    return {
      gateway,
      session,
      connection,
      server,
      arrived: arrived.promise,
      request(headers) {
        const stream = session.request({ ':path': '/run', ...headers });
        stream.on('error', () => undefined);
        stream.end();
        return stream;
      },
    };
  };

  describe(`${adapter.name} over HTTP/2`, () => {
    it('a status that comes after the head is nobody’s', async () => {
      const { gateway, request } = await start((_, response) => {
        response.writeHead(202).write('ok');
        response.statusCode = 500;
        response.end();
      });
      await closed(request({ ':method': 'GET' }).resume());
      await expectOneRecord(gateway, { status: 202 });
    });

    it.each(['GET', 'HEAD'])('a %s that is reset before an answer', async (method) => {
      const { gateway, arrived, request } = await start(() => undefined);
      const stream = request({ ':method': method });
      await arrived;
      stream.close(constants.NGHTTP2_CANCEL);
      await expectOneRecord(gateway, { errorType: 'client_disconnect' });
    });

    it.each(['GET', 'HEAD'])('a %s whose session is destroyed', async (method) => {
      const { gateway, arrived, request, session } = await start(() => undefined);
      request({ ':method': method });
      await arrived;
      session.destroy();
      await expectOneRecord(gateway, { errorType: 'client_disconnect' });
    });

    it('a connection that is reset in the middle of the answer', async () => {
      const { gateway, request, connection } = await start((_, response) => void response.write('part'));
      await once(request({}), 'data');
      connection.resetAndDestroy();
      await expectOneRecord(gateway, { status: 200, errorType: 'client_disconnect' });
    });

    it('an upstream that resets, where the connection stays', async () => {
      const { gateway, request } = await start(
        (_, response) => void response.destroy(Object.assign(new Error('gone'), { code: 'ECONNRESET' })),
      );
      await closed(request({}));
      await expectOneRecord(gateway, { errorType: 'upstream_reset' });
    });

    it('a reset in the middle of the answer', async () => {
      const { gateway, request } = await start((_, response) => void response.write('part'));
      const stream = request({});
      await once(stream, 'data');
      stream.close(constants.NGHTTP2_CANCEL);
      await expectOneRecord(gateway, { status: 200, errorType: 'client_disconnect' });
    });

    it('an answer that is under way when telemetry shuts down', async () => {
      const { gateway, request } = await start((_, response) => void response.write('part'));
      const stream = request({});
      await once(stream, 'data');
      await gateway.telemetry.shutdown();
      await expectOneRecord(gateway, { status: 200, errorType: 'shutdown' });
    });

    it('an answer that is under way when the server closes comes whole', async () => {
      const held = deferred();
      const { gateway, arrived, request, server } = await start(
        (_, response) => void held.promise.then(() => response.end('late')),
      );
      const stream = request({});
      await arrived;
      server.close();
      held.resolve();
      let body = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      await closed(stream);
      expect(body).toBe('late');
      await expectOneRecord(gateway, { status: 200 });
    });

    it('a client that cancels without an error code', async () => {
      const { gateway, request } = await start((_, response) => void response.write('part'));
      const stream = request({});
      await once(stream, 'data');
      stream.close(constants.NGHTTP2_NO_ERROR);
      await expectOneRecord(gateway, { status: 200, errorType: 'client_disconnect' });
    });

    it.each([
      { what: 'stream', target: ({ stream }: Http2ServerResponse) => stream },
      { what: 'session', target: ({ stream }: Http2ServerResponse) => stream.session },
    ])('a $what that the gateway destroys', async ({ target }) => {
      const { gateway, arrived, request } = await start((_, response) => {
        response.write('part');
        target(response as unknown as Http2ServerResponse)?.destroy();
      });
      // The client is not told that a stream is gone.
      request({});
      await arrived;
      await expectOneRecord(gateway, { status: 200, errorType: 'server_abort' });
    });

    it('an answer that the gateway destroys with an error without a name', async () => {
      const { gateway, request } = await start((_, response) => void response.destroy(new Error('own')));
      await closed(request({}));
      await expectOneRecord(gateway, { errorType: 'server_abort' });
    });

    it('a stream that the gateway resets', async () => {
      const { gateway, request } = await start((_, response) => {
        const { stream } = response as unknown as { stream: { close(code: number): void } };
        stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      });
      await closed(request({}));
      await expectOneRecord(gateway, { errorType: 'http2_rst_2' });
    });

    it.each([
      { method: 'GET', status: 200 },
      { method: 'HEAD', status: 200 },
      { method: 'GET', status: 204 },
      { method: 'GET', status: 304 },
      { method: 'POST', status: 413 },
    ])('a whole answer to $method, $status', async ({ method, status }) => {
      const { gateway, request } = await start((_, response) => void response.writeHead(status).end());
      await closed(request({ ':method': method }).resume());
      await expectOneRecord(gateway, { status });
    });
  });
}
