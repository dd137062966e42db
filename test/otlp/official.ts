/** The official generated protobuf code, as the judge of what this package writes. */
import { createRequire } from 'node:module';

interface Codec {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
  fromObject(plain: object): object;
  toObject(message: object, options: object): Decoded;
}

export type Decoded = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- Foreign tree.

const require = createRequire(import.meta.url);
const { opentelemetry } = require('otlp-transformer-0.208/build/src/generated/root.js') as {
  opentelemetry: { proto: Decoded };
};
const proto = opentelemetry.proto;

/** Absent fields become their defaults, so that an omitted zero equals a written one. */
const options = { longs: String, bytes: String, defaults: true, oneofs: true };

/** `name` is relative to opentelemetry.proto: `trace.v1.Span`. */
function codec(name: string): Codec {
  return name.split('.').reduce((scope, part) => scope[part], proto) as unknown as Codec;
}

export function decode(name: string, bytes: Uint8Array): Decoded {
  const type = codec(name);
  return type.toObject(type.decode(bytes), options);
}

export function encode(name: string, plain: object): Uint8Array {
  const type = codec(name);
  return type.encode(type.fromObject(plain)).finish();
}

/** mulberry32: a seeded generator of numbers in [0, 1). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
