import { describe, expect, it } from 'vitest';
import { ProtoWriter } from '../../src/otlp/proto-writer.js';
import { createRandom, decode } from './official.js';

const samples: Readonly<Record<string, string>> = {
  ascii: 'a',
  'two bytes': 'é',
  'three bytes': '€',
  'four bytes': '😀',
  'high surrogate': '\ud83d',
  'low surrogate': '\ude00',
  'swapped pair': '\ude00\ud83d',
  'late non-ASCII': 'ab€',
};
const lengths = [
  ...Array.from({ length: 140 }, (_, length) => length),
  ...[255, 256, 1023, 1024, 1025, 8191, 8192, 8193, 16381, 16382, 16383, 16384, 16385, 65537, 2_100_000],
];

/** AnyValue.string_value. */
function writeString(text: string): Uint8Array {
  const w = new ProtoWriter(64);
  w.tag(1, 2);
  w.string(text);
  return w.bytes();
}

/** A fixed64 read back as text: nanoseconds. */
function readFixed64(write: (w: ProtoWriter) => void): bigint {
  const w = new ProtoWriter(64);
  write(w);
  expect(w.position).toBe(8);
  return Buffer.from(w.bytes()).readBigUInt64LE(0);
}

describe('strings', () => {
  it.each(Object.entries(samples))('of any length made of %s', (_name, sample) => {
    for (const length of lengths) {
      const text = sample.repeat(Math.ceil(length / sample.length)).slice(0, length);
      const expected = Buffer.from(text, 'utf8').toString('utf8');
      const { stringValue } = decode('common.v1.AnyValue', writeString(text));
      if (stringValue !== expected) throw new Error(`Length ${length} differs.`);
    }
  });

  it('with one foreign unit anywhere around the one byte length', () => {
    for (const unit of ['é', '€', '😀', '\ud83d']) {
      for (let before = 0; before < 131; before++) {
        const text = `${'x'.repeat(before)}${unit}${'y'.repeat(before % 7)}`;
        const expected = Buffer.from(text, 'utf8');
        const bytes = Buffer.from(writeString(text));
        expect(bytes.subarray(bytes.length - expected.length).equals(expected)).toBe(true);
        expect(decode('common.v1.AnyValue', bytes).stringValue).toBe(expected.toString('utf8'));
      }
    }
  });

  it('that are ropes', () => {
    let rope = '';
    for (let i = 0; i < 100; i++) rope += i % 2 === 0 ? 'ab' : '€';
    expect(decode('common.v1.AnyValue', writeString(rope)).stringValue).toBe(rope);
  });
});

describe('integers', () => {
  const integers = [0, 1, 127, 128, 16383, 16384, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 1];
  integers.push(2 ** 52, Number.MAX_SAFE_INTEGER);

  it.each(integers.flatMap((value) => [value, -value]))('int64 %d', (value) => {
    const w = new ProtoWriter();
    w.tag(3, 0);
    w.varint64(value);
    expect(decode('common.v1.AnyValue', w.bytes()).intValue).toBe(String(value === 0 ? 0 : value));
    if (value < 0) expect(w.position).toBe(11);
  });

  it.each(integers.flatMap((value) => [value, -value]))('sfixed64 %d', (value) => {
    const w = new ProtoWriter();
    w.tag(6, 1);
    w.fixed64(value);
    expect(decode('metrics.v1.NumberDataPoint', w.bytes()).asInt).toBe(String(value === 0 ? 0 : value));
  });

  it.each([0, 1, -1, 63, -64, 64, 2 ** 31 - 1, -(2 ** 31)])('sint32 %d', (value) => {
    const w = new ProtoWriter();
    w.tag(6, 0);
    w.sint32(value);
    expect(decode('metrics.v1.ExponentialHistogramDataPoint', w.bytes()).scale).toBe(value);
  });

  it('10,000 random int64', () => {
    const random = createRandom(11);
    const w = new ProtoWriter();
    for (let i = 0; i < 10_000; i++) {
      const value = Math.trunc((random() - 0.5) * 2 ** (1 + Math.floor(random() * 54)));
      w.reset();
      w.tag(3, 0);
      w.varint64(value);
      expect(decode('common.v1.AnyValue', w.bytes()).intValue).toBe(BigInt(value).toString());
    }
  });
});

describe('times', () => {
  const exactNs = (timeMs: number): bigint => {
    const wholeMs = Math.floor(timeMs);
    return BigInt(wholeMs) * 1_000_000n + BigInt(Math.round((timeMs - wholeMs) * 1e6));
  };

  it('are exact to the nanosecond for 10,000 random doubles', () => {
    const random = createRandom(5);
    for (let i = 0; i < 10_000; i++) {
      const timeMs = random() * (i % 2 === 0 ? 2 ** 41 : 18_446_744_073_708);
      expect(readFixed64((w) => w.epochMs(timeMs))).toBe(exactNs(timeMs));
    }
  });

  it.each([
    0,
    0.000001,
    0.9999999,
    1,
    2 ** 32 - 0.5,
    2 ** 32,
    2 ** 32 + 0.5,
    1_753_500_000_000.1235,
    18_446_744_073_708,
  ])('epoch milliseconds %d', (timeMs) => {
    expect(readFixed64((w) => w.epochMs(timeMs))).toBe(exactNs(timeMs));
  });

  it('HrTime is exact for 10,000 random pairs and carries full seconds of nanoseconds', () => {
    const random = createRandom(6);
    for (let i = 0; i < 10_000; i++) {
      const time: [number, number] = [Math.floor(random() * 18_446_744_072), Math.floor(random() * 1e9)];
      expect(readFixed64((w) => w.hrTime(time))).toBe(BigInt(time[0]) * 1_000_000_000n + BigInt(time[1]));
    }
    expect(readFixed64((w) => w.hrTime([1, 1_000_000_000]))).toBe(2_000_000_000n);
    expect(readFixed64((w) => w.hrTime([0, 4_294_967_295]))).toBe(4_294_967_295n);
  });

  it.each([-1, Number.NaN, Infinity, -Infinity, 18_446_744_073_709, Number.MAX_VALUE])(
    '%d is unknown',
    (timeMs) => {
      expect(readFixed64((w) => w.epochMs(timeMs))).toBe(0n);
      expect(readFixed64((w) => w.hrTime([timeMs, 0]))).toBe(0n);
      expect(readFixed64((w) => w.hrTime([1, -1]))).toBe(0n);
    },
  );
});

describe('ids', () => {
  const hex = (digits: string): Uint8Array => {
    const w = new ProtoWriter();
    w.hex(digits);
    return w.bytes();
  };

  it('are decoded from hex of either case', () => {
    expect([...hex('00ff0aB7')]).toEqual([4, 0x00, 0xff, 0x0a, 0xb7]);
    expect([...hex('')]).toEqual([0]);
    for (let byte = 0; byte < 256; byte++) {
      expect(hex(byte.toString(16).padStart(2, '0'))[1]).toBe(byte);
    }
  });

  it('that are not hex give bytes all the same', () => {
    expect([...hex('zz1')]).toEqual([1, 0]);
    expect([...hex('1€😀')]).toEqual([2, 0x10, 0]);
  });
});

describe('the buffer', () => {
  it('grows for every primitive', () => {
    const writes: readonly ((w: ProtoWriter) => void)[] = [
      (w) => w.varint(300),
      (w) => w.varint64(-1),
      (w) => w.fixed32(7),
      (w) => w.fixed64(7),
      (w) => w.double(0.5),
      (w) => w.string('abc'),
      (w) => w.string('€€€'),
      (w) => w.string('x'.repeat(200)),
      (w) => w.hex('0102'),
      (w) => w.rawBytes(new Uint8Array(3).fill(9)),
      (w) => w.end(w.begin()),
    ];
    for (const write of writes) {
      for (let offset = 50; offset <= 64; offset++) {
        const small = new ProtoWriter(64);
        const large = new ProtoWriter(8192);
        for (const w of [small, large]) {
          for (let i = 0; i < offset; i++) w.varint(1);
          write(w);
        }
        expect([...small.bytes()]).toEqual([...large.bytes()]);
      }
    }
  });

  it('shrinks back only when it had grown over 1 MiB', () => {
    const w = new ProtoWriter(1024);
    w.string('x'.repeat(500_000));
    w.reset();
    expect(w.capacityBytes).toBeGreaterThanOrEqual(500_000);
    w.string('x'.repeat(2_000_000));
    w.reset();
    expect(w.capacityBytes).toBe(1024);
    w.varint(5);
    expect([...w.bytes()]).toEqual([5]);
  });

  it.each([0, 1, 126, 127, 128, 129, 16_382, 16_383, 16_384, 16_385, 2_097_151, 2_097_152])(
    'closes a sub-message of %d bytes',
    (size) => {
      const body = new Uint8Array(size).map((_, index) => index);
      const w = new ProtoWriter(64);
      const mark = w.begin();
      for (const byte of body) w.varint(byte & 0x7f);
      w.end(mark);
      const reference = new ProtoWriter(64);
      reference.rawBytes(body.map((byte) => byte & 0x7f));
      expect(Buffer.from(w.bytes()).equals(reference.bytes())).toBe(true);
    },
  );

  it('forgets what was written after a mark', () => {
    const w = new ProtoWriter();
    w.varint(1);
    const { position } = w;
    w.string('gone');
    w.rewind(position);
    w.varint(2);
    expect([...w.bytes()]).toEqual([1, 2]);
  });
});
