/** T13: a partial success whose message is 1 MB long. */
import { expect, it } from 'vitest';
import { encodePartialSuccess } from '../../src/testing/partial-success.js';
import { ledgerOf, startCollector, VICTIM, withVictim } from './support.js';

it.each([70_000, 1_000_000])('T13: rejected is counted although the message has %i bytes', async (bytes) => {
  const body = encodePartialSuccess(2, '\u001b[31m'.repeat(bytes / 5));
  const collector = await startCollector({
    onCall({ socket }) {
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: ${body.length}\r\n\r\n`,
      );
      socket.write(body);
    },
  });
  await withVictim(collector, async (world) => {
    for (let mark = 0; mark < 5; mark++) world.send(VICTIM, mark);
    await world.telemetry.flush();
    expect(ledgerOf(world, VICTIM)).toMatchObject({ accepted: 5, delivered: 3, rejected: 2 });
  });
});
