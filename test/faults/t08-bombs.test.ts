/** T8: compressed answers. Were one unpacked, it would say that the record was rejected, and then fill the memory. */
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encodePartialSuccess } from '../../src/testing/partial-success.js';
import { eventually } from '../delivery/support.js';
import { figure, ledgerOf, startCollector, VICTIM, watchClientSockets, withVictim } from './support.js';

const ZEROS = 32 * 1024 * 1024;
/** A partial success, and field 15 with 32 MiB of zeros behind it. */
const PLAIN = Buffer.concat([
  encodePartialSuccess(1, 'unpacked'),
  Buffer.from([0x7a, 0x80, 0x80, 0x80, 0x10]),
  Buffer.alloc(ZEROS),
]);
const gzipped = gzipSync(PLAIN);
const nested = (times: number): Buffer => {
  let bytes: Buffer = encodePartialSuccess(1, 'unpacked') as Buffer;
  for (let time = 0; time < times; time++) bytes = gzipSync(bytes);
  return bytes;
};
/** A zstd frame: magic number, no checksum, and blocks that repeat one byte 128 KiB long. */
const zstd = Buffer.concat([
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]),
  ...Array.from({ length: 255 }, () => Buffer.from([0x02, 0x00, 0x10, 0x00])),
  Buffer.from([0x03, 0x00, 0x10, 0x00]),
]);

describe('T8: a compressed answer is never unpacked', () => {
  it.each<[string, string, Buffer]>([
    ['gzip', 'gzip', gzipped],
    ['deflate', 'deflate', deflateSync(PLAIN)],
    ['br', 'br', brotliCompressSync(PLAIN, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ['zstd', 'zstd', zstd],
    ['gzip ten times over', new Array<string>(10).fill('gzip').join(', '), nested(10)],
    ['gzip a thousand times over', new Array<string>(1_000).fill('gzip').join(', '), nested(10)],
    ['x-gzip', 'X-GZIP', gzipped],
    ['no encoding named', '', gzipped],
  ])('%s', async (what, encoding, body) => {
    const watch = watchClientSockets();
    const collector = await startCollector({
      onCall({ socket }) {
        const named = encoding === '' ? '' : `content-encoding: ${encoding}\r\n`;
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n${named}content-length: ${body.length}\r\n\r\n`,
        );
        socket.write(body);
      },
    });
    try {
      await withVictim(collector, async (world) => {
        world.send(VICTIM, 1);
        const before = process.memoryUsage.rss();
        const cpu = process.cpuUsage();
        await world.telemetry.flush();
        await eventually(() =>
          expect(ledgerOf(world, VICTIM)).toEqual({
            accepted: 1,
            delivered: 1,
            rejected: 0,
            dropped: {},
            buffered: 0,
          }),
        );
        const { user } = process.cpuUsage(cpu);
        figure(
          'T8',
          `${what}: ${body.length} bytes, flush ${Math.round(user / 1000)} ms CPU, ` +
            `RSS ${Math.round((process.memoryUsage.rss() - before) / 1024)} KiB more`,
        );
        expect(world.diagnostics.filter(({ code }) => code === 'partial_success')).toEqual([]);
      });
      for (const { bytesRead } of watch.sockets) expect(bytesRead).toBeLessThanOrEqual(320 * 1024);
    } finally {
      watch.stop();
    }
  });
});
