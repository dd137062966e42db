import { describe, expect, it } from 'vitest';
import { decodePartialSuccess } from '../../src/otlp/decode-response.js';
import { createRandom, encode } from './official.js';

const signals = [
  ['collector.trace.v1.ExportTraceServiceResponse', 'rejectedSpans'],
  ['collector.logs.v1.ExportLogsServiceResponse', 'rejectedLogRecords'],
  ['collector.metrics.v1.ExportMetricsServiceResponse', 'rejectedDataPoints'],
] as const;

const response = (rejected: number | bigint, errorMessage: string): Uint8Array =>
  encode('collector.trace.v1.ExportTraceServiceResponse', {
    partialSuccess: { rejectedSpans: String(rejected), errorMessage },
  });

describe('a partial success', () => {
  it.each(signals)('in %s', (name, field) => {
    const bytes = encode(name, { partialSuccess: { [field]: 300, errorMessage: 'too old ✗' } });
    expect(decodePartialSuccess(bytes)).toEqual({ rejected: 300, message: 'too old ✗' });
    expect(decodePartialSuccess(encode(name, {}))).toBeUndefined();
    expect(decodePartialSuccess(encode(name, { partialSuccess: {} }))).toBeUndefined();
    expect(
      decodePartialSuccess(encode(name, { partialSuccess: { [field]: 0, errorMessage: '' } })),
    ).toBeUndefined();
  });

  it('with a warning only, or a count only', () => {
    expect(decodePartialSuccess(response(0, 'slow down'))).toEqual({ rejected: 0, message: 'slow down' });
    expect(decodePartialSuccess(response(5, ''))).toEqual({ rejected: 5, message: '' });
  });

  it.each([
    [1, 1],
    [2 ** 40, 2 ** 40],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [2n ** 63n - 1n, Number.MAX_SAFE_INTEGER],
    [-1, 0],
    [-(2n ** 63n), 0],
  ])('counting %d', (rejected, expected) => {
    expect(decodePartialSuccess(response(rejected, 'm'))?.rejected).toBe(expected);
  });

  it('is cut to 200 characters without controls and without half a pair', () => {
    const message = (text: string): string | undefined => decodePartialSuccess(response(1, text))?.message;
    expect(message('a\r\nb\u001b[31m\u0085\u2028c\0')).toBe('ab[31mc');
    expect(message('x'.repeat(100_000))).toBe('x'.repeat(200));
    expect(message(`${'x'.repeat(199)}😀`)).toBe('x'.repeat(199));
    expect(message(`${'x'.repeat(198)}😀y`)).toBe(`${'x'.repeat(198)}😀`);
    expect(message('\n'.repeat(1_000_000))).toBe('');
  });

  it('among unknown fields of every wire type', () => {
    const unknown = [0x78, 1, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 1, 9, 0x7d, 1, 2, 3, 4];
    const inner = [...unknown, 0x08, 5, 0x12, 1, 0x61, ...unknown];
    const bytes = Uint8Array.from([...unknown, 0x0a, inner.length, ...inner, ...unknown]);
    expect(decodePartialSuccess(bytes)).toEqual({ rejected: 5, message: 'a' });
  });

  it('from a view into a larger buffer', () => {
    const inner = response(3, 'view');
    const outer = new Uint8Array(inner.length + 20).fill(0xff);
    outer.set(inner, 10);
    expect(decodePartialSuccess(outer.subarray(10, 10 + inner.length))).toEqual({
      rejected: 3,
      message: 'view',
    });
  });
});

describe('garbage', () => {
  it.each<[string, readonly number[]]>([
    ['nothing', []],
    ['an endless varint', new Array<number>(50).fill(0xff)],
    ['a group', [0x0b]],
    ['field 0', [0x02, 0]],
    ['a length past the end', [0x0a, 100, 0x08, 5]],
    ['a huge length', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['a cut tag', [0x0a, 2, 0x08, 5, 0x8a]],
    ['a cut inner varint', [0x0a, 4, 0x08, 5, 0x10, 0x85]],
    ['a cut fixed64', [0x09, 1, 2]],
    ['JSON', [...Buffer.from('{"partialSuccess":{"rejectedSpans":"1"}}')]],
    ['HTML', [...Buffer.from('<html><body>502 Bad Gateway</body></html>')]],
    ['gzip', [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]],
  ])('%s is undefined', (_name, bytes) => {
    expect(decodePartialSuccess(Uint8Array.from(bytes))).toBeUndefined();
  });

  it('of 20,000 random and damaged messages never throws', () => {
    const random = createRandom(3);
    const valid = response(7, 'refused: too large');
    for (let i = 0; i < 20_000; i++) {
      const bytes =
        i % 2 === 0
          ? new Uint8Array(Math.floor(random() * 40)).map(() => random() * 256)
          : valid
              .slice(0, 1 + Math.floor(random() * valid.length))
              .map((byte) => (random() < 0.1 ? random() * 256 : byte));
      const result = decodePartialSuccess(bytes);
      if (result !== undefined) {
        expect(Number.isSafeInteger(result.rejected) && result.rejected >= 0).toBe(true);
        expect(result.message.length).toBeLessThanOrEqual(200);
      }
    }
  });
});
