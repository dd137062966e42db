/** Collectors that answer at once, and badly: no answer throws, hangs, or is misread. */
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { startTcp } from '../delivery/support.js';
import { answering, DELIVERED, settle, WAITING } from './settle.js';

vi.setConfig({ maxConcurrency: 40 });

/** Well under the deadline, and long enough for a busy machine. */
const QUICK_MS = 5_000;
const BOMB = gzipSync(Buffer.alloc(32 * 1024 * 1024));

describe.concurrent('a 200 is a 200', () => {
  const quick: readonly [string, (response: ServerResponse) => void][] = [
    ['with a body of 1 MiB', (r) => r.end(Buffer.alloc(1024 * 1024, 0x0a))],
    [
      'with a gzip bomb',
      (r) => {
        r.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/x-protobuf' });
        r.end(BOMB);
      },
    ],
    [
      'with a body that says it is compressed and is not',
      (r) => r.writeHead(200, { 'content-encoding': 'br' }).end('nonsense'),
    ],
    ['with HTML', (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<html>welcome</html>')],
    [
      'with HTML after an empty line',
      (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('\n\n<!doctype html><html>hi</html>'),
    ],
    [
      'with JSON',
      (r) => r.writeHead(200, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}'),
    ],
    ['with a broken protobuf body', (r) => r.end(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x0f]))],
    [
      'with a body that breaks off',
      (r) => {
        r.writeHead(200, { 'content-length': '100' }).write('x');
        setTimeout(() => r.destroy(), 20);
      },
    ],
    ['that is a 204', (r) => r.writeHead(204).end()],
    ['that is a 202', (r) => r.writeHead(202).end()],
  ];

  it.each(quick)('%s', async (_what, answer) => {
    const { ms, ledger } = await settle(await answering(answer));
    expect(ledger).toEqual(DELIVERED);
    expect(ms).toBeLessThan(QUICK_MS);
  });

  it('with a body without end costs no more than 64 KiB of it', async () => {
    const server = await answering((response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16 * 1024)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    const { ms, ledger } = await settle(server);
    expect(ledger).toEqual(DELIVERED);
    expect(ms).toBeLessThan(QUICK_MS);
  });
});

describe.concurrent('an answer that is no HTTP is a failed attempt', () => {
  const broken: readonly [string, string][] = [
    ['noise', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
    ['headers over 16 KiB', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`],
    ['an empty status', 'HTTP/1.1  \r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ];

  it.each(broken)('%s', async (_what, text) => {
    const server = await startTcp((socket) => void socket.write(text));
    const { ms, ledger, lastError } = await settle(server);
    expect(ledger).toEqual(WAITING);
    expect(lastError).toBe('protocol');
    expect(ms).toBeLessThan(QUICK_MS);
  });

  it('a connection that closes at once', async () => {
    const server = await startTcp((socket) => void socket.destroy());
    const { ledger, lastError } = await settle(server);
    expect(ledger).toEqual(WAITING);
    expect(lastError).toBe('reset');
  });

  it('a second answer on the same connection belongs to nobody', async () => {
    const server = await startTcp((socket) => {
      const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
      socket.write(ok);
      setTimeout(() => socket.write('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'), 30);
    });
    const { ledger } = await settle(server);
    expect(ledger).toEqual(DELIVERED);
  });
});
