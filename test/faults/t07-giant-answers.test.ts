/** T7: answers far larger than anything a collector has to say. What they do to a batch: test/transport/hostile.test.ts. */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { eventually } from '../delivery/support.js';
import { figure, ledgerOf, startCollector, VICTIM, watchClientSockets, withVictim } from './support.js';

const KIB = 1024;
/** The 64 KiB of the answer, its head, and what one or two reads may bring along. */
const MOST_READ = 320 * KIB;

/** Writes for as long as anybody reads, up to 256 MiB. */
function pour(socket: Socket, piece: Buffer): void {
  let left = Math.ceil((256 * KIB * KIB) / piece.length);
  const more = (): void => {
    while (left-- > 0 && !socket.destroyed) {
      if (!socket.write(piece)) {
        socket.once('drain', more);
        return;
      }
    }
  };
  more();
}

const FILLER = Buffer.alloc(16 * KIB, 0x78);
const CHUNK = Buffer.concat([Buffer.from('4000\r\n'), FILLER, Buffer.from('\r\n')]);
const HEADER = Buffer.from(`x-y: ${'z'.repeat(1_000)}\r\n`);
const TRAILERS = Buffer.from('x-t: 1\r\n'.repeat(10_000));

const DELIVERED = { accepted: 1, delivered: 1, rejected: 0, dropped: {}, buffered: 0 };
const REJECTED = { accepted: 1, delivered: 0, rejected: 1, dropped: {}, buffered: 0 };
const WAITING = { accepted: 1, delivered: 0, rejected: 0, dropped: {}, buffered: 1 };

describe('T7: of a giant answer no more than 64 KiB is read, its socket goes, and its status decides', () => {
  it.each<[string, string, (socket: Socket) => void, object]>([
    [
      '200 with 10 GiB announced',
      'HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n',
      (s) => pour(s, FILLER),
      DELIVERED,
    ],
    [
      '200 in chunks without end',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
      (s) => pour(s, CHUNK),
      DELIVERED,
    ],
    [
      '400 in chunks without end',
      'HTTP/1.1 400 Bad\r\ntransfer-encoding: chunked\r\n\r\n',
      (s) => pour(s, CHUNK),
      REJECTED,
    ],
    [
      '503 with 10 GiB announced',
      'HTTP/1.1 503 No\r\ncontent-length: 10737418240\r\n\r\n',
      (s) => pour(s, FILLER),
      WAITING,
    ],
    ['headers without end', 'HTTP/1.1 200 OK\r\n', (s) => pour(s, HEADER), WAITING],
    [
      '10,000 trailers',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n',
      (s) => pour(s, TRAILERS),
      DELIVERED,
    ],
  ])('%s', async (what, head, go, expected) => {
    const watch = watchClientSockets();
    const collector = await startCollector({
      onCall({ socket, index }) {
        if (index > 0) return;
        socket.write(head);
        go(socket);
      },
    });
    try {
      await withVictim(collector, async (world) => {
        world.send(VICTIM, 1);
        void world.telemetry.flush({ timeoutMs: 1 });
        await eventually(() => expect(collector.connections[0]?.closedMs).toBeDefined());
        await eventually(() => expect(ledgerOf(world, VICTIM)).toEqual(expected));
        const read = watch.sockets
          .filter(({ localPort }) => localPort === collector.connections[0]?.socket.remotePort)
          .map(({ bytesRead }) => bytesRead);
        const ofVictim = Math.max(...watch.sockets.map(({ bytesRead }) => bytesRead), ...read);
        expect(ofVictim).toBeGreaterThan(0);
        expect(ofVictim).toBeLessThanOrEqual(MOST_READ);
        figure('T7', `${what}: ${Math.round(ofVictim / KIB)} KiB read`);
      });
    } finally {
      watch.stop();
    }
  });
});
