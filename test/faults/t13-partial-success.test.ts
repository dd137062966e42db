/** T13: partial success in all its forms. The plain ones: test/transport/sending.test.ts. */
import { describe, expect, it } from 'vitest';
import { encodePartialSuccess } from '../../src/testing/partial-success.js';
import { eventually } from '../delivery/support.js';
import { figure, ledgerOf, startCollector, VICTIM, withVictim } from './support.js';

const SENT = 5;
const ANSI = '\u001b[31mred\u001b[0m\r\nFake line: all is well\u0007\u2028';
const long = (bytes: number): string => ANSI.repeat(Math.floor(bytes / Buffer.byteLength(ANSI)));
/** An int64 of -3. */
const NEGATIVE = Uint8Array.from([0x0a, 11, 0x08, 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
/** The largest int64. */
const HUGE = Uint8Array.from([0x0a, 10, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);

describe('T13: what a partial success rejects is counted exactly, never sent again, and reported in clean words', () => {
  it.each<[string, Uint8Array, number]>([
    ['two of five', encodePartialSuccess(2, 'too old'), 2],
    ['all of them', encodePartialSuccess(SENT), SENT],
    ['more than there were', encodePartialSuccess(1_000), SENT],
    ['the largest int64', HUGE, SENT],
    ['a negative number', NEGATIVE, 0],
    ['none, with a warning', encodePartialSuccess(0, ANSI), 0],
    ['two, with control characters', encodePartialSuccess(2, ANSI), 2],
    ['two, with 60,000 bytes of them', encodePartialSuccess(2, long(60_000)), 2],
  ])('%s', async (what, body, rejected) => {
    const collector = await startCollector({
      onCall({ socket }) {
        const type = 'content-type: application/x-protobuf\r\n';
        socket.write(`HTTP/1.1 200 OK\r\n${type}content-length: ${body.length}\r\n\r\n`);
        socket.write(body);
      },
    });
    await withVictim(collector, async (world) => {
      for (let mark = 0; mark < SENT; mark++) world.send(VICTIM, mark);
      await world.telemetry.flush();
      await eventually(() =>
        expect(ledgerOf(world, VICTIM)).toEqual({
          accepted: SENT,
          delivered: SENT - rejected,
          rejected,
          dropped: {},
          buffered: 0,
        }),
      );
      await world.telemetry.flush();
      expect(collector.calls).toHaveLength(1);
      const told = world.diagnostics.filter(({ code }) => code === 'partial_success');
      if (rejected > 0) expect(told.length).toBeGreaterThan(0);
      for (const { message } of told) {
        expect(message.length).toBeLessThanOrEqual(200);
        expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      }
      figure('T13', `${what}: rejected ${ledgerOf(world, VICTIM)?.rejected} of ${SENT}`);
    });
  });
});
