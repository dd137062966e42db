/** T14: a 200 with a body that is none of OTLP's. HTML, JSON and others one by one: test/transport/hostile.test.ts. */
import { expect, it } from 'vitest';
import { encodePartialSuccess } from '../../src/testing/partial-success.js';
import { eventually } from '../delivery/support.js';
import { createRandom, figure, ledgerOf, startCollector, VICTIM, withVictim } from './support.js';

interface Body {
  readonly type: string;
  readonly bytes: Uint8Array;
}

const PROTOBUF = 'application/x-protobuf';
const whole = encodePartialSuccess(0, 'a warning');

/** Field 1 in field 1 in field 1, to the limit of what is read. */
function nested(levels: number): Uint8Array {
  let size = 0;
  const heads: number[][] = [];
  for (let level = 0; level < levels; level++) {
    const length: number[] = [];
    for (let rest = size; ; rest = Math.floor(rest / 128)) {
      length.push(rest >= 128 ? (rest % 128) | 0x80 : rest);
      if (rest < 128) break;
    }
    heads.push([0x0a, ...length]);
    size += 1 + length.length;
  }
  return Uint8Array.from(heads.reverse().flat());
}

const random = createRandom(14);
const bodies: readonly Body[] = [
  { type: PROTOBUF, bytes: new Uint8Array() },
  { type: 'application/json', bytes: new Uint8Array() },
  { type: 'text/html', bytes: Buffer.from('<!doctype html><title>Sign in</title>') },
  { type: 'application/json', bytes: Buffer.from('{"partialSuccess":{"rejectedLogRecords":"0"}}') },
  { type: '', bytes: Buffer.from('ok') },
  { type: 'nonsense; ;=;', bytes: Buffer.from('ok') },
  { type: PROTOBUF, bytes: nested(15_000) },
  { type: PROTOBUF, bytes: new Uint8Array(60_000).fill(0x0b) },
  { type: PROTOBUF, bytes: new Uint8Array(60_000).fill(0xff) },
  // Truncated at each byte.
  ...Array.from(whole, (_byte, length) => ({ type: PROTOBUF, bytes: whole.subarray(0, length) })),
  ...Array.from({ length: 12 }, () => ({
    type: PROTOBUF,
    bytes: new Uint8Array(1 + Math.floor(random() * 200)).map(() => 0x80 | Math.floor(random() * 128)),
  })),
];

it('T14: no body of a 200 is an error, and there is one warning: empty, HTML, JSON, truncated, 15,000 levels deep, noise', async () => {
  const collector = await startCollector({
    onCall({ socket, index }) {
      const { type, bytes } = bodies[index] ?? { type: '', bytes: new Uint8Array() };
      const header = type === '' ? '' : `content-type: ${type}\r\n`;
      socket.write(`HTTP/1.1 200 OK\r\n${header}content-length: ${bytes.length}\r\n\r\n`, 'latin1');
      socket.write(bytes);
    },
  });
  await withVictim(collector, async (world) => {
    for (let mark = 0; mark < bodies.length; mark++) {
      world.send(VICTIM, mark);
      await world.telemetry.flush();
      await eventually(() => expect(ledgerOf(world, VICTIM)?.buffered, `body ${mark}`).toBe(0));
    }
    const ledger = ledgerOf(world, VICTIM);
    expect(ledger).toEqual({
      accepted: bodies.length,
      delivered: bodies.length,
      rejected: 0,
      dropped: {},
      buffered: 0,
    });
    expect(collector.calls).toHaveLength(bodies.length);
    expect(world.telemetry.status(VICTIM).state).toBe('active');
    const codes = world.diagnostics.map(({ code }) => code);
    expect(codes).not.toContain('internal_error');
    expect(codes).not.toContain('export_failed');
    // Told once, however many of them there are.
    expect(codes.filter((code) => code === 'unexpected_answer')).toHaveLength(1);
    figure('T14', `${bodies.length} bodies, errors 0`);
  });
});
