/** Tenants' telemetry through a CONNECT proxy: what it is told, what it may refuse, and what no environment can change. */
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { TUNNEL_TIMEOUT_MS } from '../../src/transport/bounds.js';
import { issue, issueCa } from '../support/certificates.js';
import { BLOCKED, DELIVERED, guarded, startServer, trusting } from './guarded.js';

interface Proxy {
  readonly port: number;
  readonly asked: readonly IncomingMessage[];
  open(): number;
}

/** `connect`: to loopback, whatever name it is given; `silence`; or what it says instead. */
async function startProxy(
  answer = 'connect',
  tls?: { readonly cert: string; readonly key: string },
): Promise<Proxy> {
  const asked: IncomingMessage[] = [];
  const sockets: Socket[] = [];
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  server.on('tlsClientError', () => undefined);
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    asked.push(request);
    client.on('error', () => undefined);
    if (answer === 'silence') return void client.resume().on('end', () => client.end());
    if (answer !== 'connect') return void client.end(answer);
    const there = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(there).pipe(client);
    });
    there.on('error', () => client.destroy());
    client.on('close', () => there.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    open: () => sockets.filter(({ destroyed }) => !destroyed).length,
  };
}

it('is asked for the name, which is not resolved here, and sees nothing of the request', async () => {
  const root = issueCa();
  const server = await startServer(undefined, issue({ by: root, hosts: ['collector.example.com'] }));
  const proxy = await startProxy();
  const resolver = { lookup: vi.fn(), close: () => undefined };
  const { send } = guarded({ proxy: `http://127.0.0.1:${proxy.port}` }, { resolver });
  const url = `https://collector.example.com:${server.port}/v1/logs`;
  expect(await send(url, trusting(root.cert))).toEqual(DELIVERED);
  const [asked] = proxy.asked;
  expect(asked?.url).toBe(`collector.example.com:${server.port}`);
  expect(asked?.headers).toEqual({
    host: `collector.example.com:${server.port}`,
    connection: expect.any(String),
  });
  expect(server.requests).toHaveLength(1);
  expect(resolver.lookup).not.toHaveBeenCalled();
});

it('is given its own user name and password, and the collector is not', async () => {
  const server = await startServer();
  const proxy = await startProxy();
  const { send } = guarded({ proxy: `http://user:pass%20word@127.0.0.1:${proxy.port}` });
  expect(await send(`http://collector.example.com:${server.port}/`)).toEqual(DELIVERED);
  const basic = `Basic ${Buffer.from('user:pass word').toString('base64')}`;
  expect(proxy.asked[0]?.headers['proxy-authorization']).toBe(basic);
  expect(server.requests[0]?.headers['proxy-authorization']).toBeUndefined();
});

it('does not get a connection with a certificate that nobody vouches for', async () => {
  const proxy = await startProxy('connect', issue());
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  onTestFinished(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });
  const { send } = guarded({ proxy: `https://127.0.0.1:${proxy.port}` });
  expect(await send('http://collector.example.com/')).toEqual({ kind: 'retry', errorClass: 'proxy' });
  expect(proxy.asked).toHaveLength(0);
});

it('does not lead to addresses that are denied', async () => {
  const proxy = await startProxy();
  const { send } = guarded({ proxy: `http://127.0.0.1:${proxy.port}` });
  expect(await send('http://127.0.0.1:4318/')).toEqual(BLOCKED);
  expect(await send('http://[::1]:4318/')).toEqual(BLOCKED);
  expect(proxy.asked).toHaveLength(0);
});

it('counts its sockets like others, and they are used again', async () => {
  const server = await startServer();
  const proxy = await startProxy();
  const { send, hold } = guarded({ proxy: `http://127.0.0.1:${proxy.port}` });
  const url = `http://collector.example.com:${server.port}/`;
  hold(url);
  for (let turn = 0; turn < 3; turn++) expect(await send(url)).toEqual(DELIVERED);
  expect(proxy.asked).toHaveLength(1);
});

it.each([
  ['wants to know who it is', 'HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n'],
  ['forbids it', 'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'],
  ['is none', 'SSH-2.0-OpenSSH\r\n'],
  ['hangs up', ''],
  ['sends more than its answer', 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
  ['says nothing', 'silence'],
])('that %s is a failure of its own class', async (_what, answer) => {
  const proxy = await startProxy(answer);
  const { send } = guarded({ proxy: `http://127.0.0.1:${proxy.port}` });
  expect(await send('http://collector.example.com/')).toEqual({ kind: 'retry', errorClass: 'proxy' });
});

it('that is not there is one too', async () => {
  const { send } = guarded({ proxy: 'http://127.0.0.1:1' });
  expect(await send('https://collector.example.com/')).toEqual({ kind: 'retry', errorClass: 'proxy' });
});

it('is none that the environment names', async () => {
  const server = await startServer();
  const proxy = await startProxy();
  for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']) {
    vi.stubEnv(name, name === 'NODE_USE_ENV_PROXY' ? '1' : `http://127.0.0.1:${proxy.port}`);
  }
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await guarded('open').send(`http://127.0.0.1:${server.port}/`)).toEqual(DELIVERED);
  expect(proxy.asked).toHaveLength(0);
});

it('that is silent keeps no export for longer than its deadline, and no connection after that', async () => {
  const proxy = await startProxy('silence');
  const tenants = guarded({ policy: 'open', proxy: `http://127.0.0.1:${proxy.port}` });
  const sent = tenants.send('http://collector.example.com/', undefined, { timeoutMs: 100 });
  const beganMs = performance.now();
  expect(await sent).toEqual({ kind: 'retry', errorClass: 'timeout' });
  expect(performance.now() - beganMs).toBeLessThan(TUNNEL_TIMEOUT_MS / 2);
  await vi.waitFor(() => expect([proxy.open(), tenants.openSockets]).toEqual([0, 0]));
});
