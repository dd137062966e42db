/** Decodes a copy of encoded bytes beside the stream that they pass in, which never waits for it. */
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  type BrotliDecompress,
  type Gunzip,
} from 'node:zlib';
import type { GenAiReadFault } from '../model/gen-ai-answer.js';
import type { AnswerReader } from './answer-reader.js';

type Decoder = Gunzip | BrotliDecompress;

/** Encoded bytes that wait for their decoder: four pieces of a busy socket. More means that it cannot follow. */
const MAX_WAITING_BYTES = 256 * 1024;
/** Events repeat themselves, and shrink to a thirtieth. A bomb of gzip grows by a thousand, one of brotli by far more. */
const MAX_GROWTH = 128;
/** What may always come, as the first bytes of a stream say little about its growth. */
const MIN_DECODED_LIMIT_BYTES = 4 * 1024 * 1024;

/** An answer that was cut off has no proper end, and what came of it counts. */
const ZLIB = { finishFlush: constants.Z_SYNC_FLUSH };
const BROTLI = { finishFlush: constants.BROTLI_OPERATION_FLUSH };

export function isDecodable(encoding: string): boolean {
  return /^(?:x-)?gzip$|^deflate$|^br$/.test(encoding);
}

/** Holds `MAX_WAITING_BYTES` at most, a decoded piece of 16 KiB, and the decoder's window (gzip 32 KiB, brotli up to 16 MiB). */
export class DecodedCopy {
  readonly #encoding: string;
  readonly #reader: AnswerReader;
  readonly #onEnd: () => void;
  #decoder: Decoder | undefined;
  #waitingBytes = 0;
  #encodedBytes = 0;
  #decodedBytes = 0;
  #hasEnded = false;
  #isOver = false;

  /** `onEnd`: all has been decoded, or it was given up; never before `end`. */
  constructor(encoding: string, reader: AnswerReader, onEnd: () => void) {
    this.#encoding = encoding;
    this.#reader = reader;
    this.#onEnd = onEnd;
  }

  write(chunk: Uint8Array): void {
    const [first] = chunk;
    if (first === undefined || this.#isOver) return;
    const decoder = (this.#decoder ??= this.#watched(createDecoder(this.#encoding, first)));
    const { length } = chunk;
    this.#waitingBytes += length;
    this.#encodedBytes += length;
    if (this.#waitingBytes > MAX_WAITING_BYTES) return this.#giveUp('decoder_overrun');
    // The consumer may write over its bytes before they are decoded.
    decoder.write(new Uint8Array(chunk), () => (this.#waitingBytes -= length));
  }

  end(): void {
    this.#hasEnded = true;
    if (this.#decoder === undefined || this.#isOver) this.#onEnd();
    else this.#decoder.end();
  }

  #watched(decoder: Decoder): Decoder {
    decoder.on('data', (decoded: Uint8Array) => {
      if (this.#isOver) return;
      this.#decodedBytes += decoded.length;
      const limit = Math.max(MIN_DECODED_LIMIT_BYTES, this.#encodedBytes * MAX_GROWTH);
      if (this.#decodedBytes > limit) this.#giveUp('too_large');
      else this.#reader.write(decoded);
    });
    decoder.once('end', () => this.#finish());
    // Stays: destroyed decoders may fail once more.
    decoder.on('error', () => this.#giveUp('undecodable'));
    return decoder;
  }

  #giveUp(fault: GenAiReadFault): void {
    if (this.#isOver) return;
    this.#reader.refuse(fault);
    this.#decoder?.destroy();
    this.#finish();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#hasEnded) this.#onEnd();
  }
}

function createDecoder(encoding: string, firstByte: number): Decoder {
  if (encoding === 'br') return createBrotliDecompress(BROTLI);
  if (encoding !== 'deflate') return createGunzip(ZLIB);
  // Half of the world sends deflate without the header of zlib, whose first byte says 8 for the method.
  return (firstByte & 0x0f) === 8 ? createInflate(ZLIB) : createInflateRaw(ZLIB);
}
