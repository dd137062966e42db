/** T17: collectors whose TLS is not to be trusted get no byte of a request, whatever the environment says. */
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { issue, issueCa, type Issued } from '../support/certificates.js';
import { DELIVERED, guarded, startServer, trusting } from '../transport/guarded.js';

const root = issueCa();
const DAY_MS = 86_400_000;
const ago = (days: number): Date => new Date(Date.now() - days * DAY_MS);
const HOST = 'collector.example.com';
const own = (more: object = {}): Issued => issue({ by: root, hosts: [HOST], ...more });
const EGRESS = { allowCidrs: ['127.0.0.0/8'] };
const resolver = {
  lookup: (_host: string, answer: (found: { address: string; family: number }[]) => void) =>
    process.nextTick(answer, [{ address: '127.0.0.1', family: 4 }]),
  close: () => undefined,
};
const TLS = { kind: 'retry', errorClass: 'tls' } as const;

describe.each(['', '0'])('T17, with NODE_TLS_REJECT_UNAUTHORIZED=%j', (verdict) => {
  beforeEach(() => void vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', verdict));
  afterEach(() => void vi.unstubAllEnvs());

  it('a good certificate is trusted', async () => {
    const server = await startServer(undefined, own());
    const { send } = guarded(EGRESS, { resolver });
    expect(await send(`https://${HOST}:${server.port}/`, trusting(root.cert))).toEqual(DELIVERED);
  });

  it.each<[string, () => Issued]>([
    ['has expired', () => own({ notBefore: ago(9), notAfter: ago(1) })],
    ['is not valid yet', () => own({ notBefore: ago(-1), notAfter: ago(-9) })],
    ['is for another name', () => own({ hosts: ['other.example.com'] })],
    ['is for the address and not for the name', () => own({ hosts: ['127.0.0.1'] })],
    ['is signed by itself', () => issue({ hosts: [HOST] })],
    ['is signed by somebody unknown', () => issue({ by: issueCa('unknown'), hosts: [HOST] })],
  ])('a certificate that %s is refused, and nothing is sent', async (_what, issued) => {
    const server = await startServer(undefined, issued());
    const { send } = guarded(EGRESS, { resolver });
    expect(await send(`https://${HOST}:${server.port}/`, trusting(root.cert))).toEqual(TLS);
    expect(server.requests).toHaveLength(0);
    expect(server.plainBytes()).toBe(0);
  });

  it('the public roots do not vouch for it', async () => {
    const server = await startServer(undefined, own());
    expect(await guarded(EGRESS, { resolver }).send(`https://${HOST}:${server.port}/`)).toEqual(TLS);
    expect(server.plainBytes()).toBe(0);
  });

  it('TLS 1.1 is refused', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const server = await startServer(undefined, { ...own(), ...old });
    const { send } = guarded(EGRESS, { resolver });
    expect(await send(`https://${HOST}:${server.port}/`, trusting(root.cert))).toEqual(TLS);
    expect(server.plainBytes()).toBe(0);
  });

  it.each<[string, (socket: Socket) => void, string]>([
    ['never goes on', () => undefined, 'connect'],
    ['ends in an alert', (socket) => void socket.end(Buffer.of(21, 3, 3, 0, 2, 2, 40)), 'tls'],
    ['is answered in clear text', (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\n'), 'tls'],
    ['is cut off', (socket) => void socket.destroy(), 'reset'],
  ])('a handshake that %s is a failure, and nothing is sent', async (_what, answer, errorClass) => {
    const seen: Buffer[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => seen.push(chunk));
      socket.once('data', () => answer(socket));
      onTestFinished(() => void socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { send } = guarded(EGRESS, { resolver });
    const times = { connectTimeoutMs: 300 };
    const result = await send(`https://${HOST}:${port}/`, trusting(root.cert), times);
    expect(result).toEqual({ kind: 'retry', errorClass });
    expect(Buffer.concat(seen).includes('POST')).toBe(false);
  });

  it('an alert in the middle of an answer does not undo its status', async () => {
    const server = await startServer((response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('half');
      setTimeout(() => server.connections[0]?.write(Buffer.of(21, 3, 3, 0, 2, 2, 40)), 20);
    }, own());
    const { send } = guarded(EGRESS, { resolver });
    expect(await send(`https://${HOST}:${server.port}/`, trusting(root.cert))).toEqual(DELIVERED);
  });
});
