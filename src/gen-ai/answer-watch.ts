/** One answer on its way through the gateway: takes its bytes as they pass, and tells what they are to whoever watches. */
import type { GenAiAnswerEnd, GenAiAnswerHead, GenAiAnswerObserver } from '../model/gen-ai-answer.js';
import { type AnswerReader, createAnswerReader, isEncoded } from './answer-reader.js';
import { DecodedCopy, isDecodable } from './decoded-copy.js';

/** No text begins with it. A body that a host watches without its head may still be encoded. */
const FIRST_OF_GZIP = 0x1f;

export class AnswerWatch {
  readonly #observer: GenAiAnswerObserver;
  readonly #reader: AnswerReader;
  readonly #isEncodingKnown: boolean;
  #copy: DecodedCopy | undefined;
  #hasBegun = false;
  #hasEnded = false;
  #chunks = 0;

  constructor(observer: GenAiAnswerObserver, { contentType, contentEncoding }: GenAiAnswerHead) {
    this.#observer = observer;
    this.#reader = createAnswerReader(contentType);
    observer.onReader?.(this.#reader);
    this.#isEncodingKnown = contentEncoding !== undefined;
    if (!isEncoded(contentEncoding)) return;
    const encoding = contentEncoding?.trim().toLowerCase() ?? '';
    if (isDecodable(encoding)) this.#decodeAs(encoding);
    else this.#reader.refuse('unsupported_encoding');
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Never throws: it would throw into the stream that passes. */
  write(chunk: Uint8Array | string): void {
    if (this.#hasEnded) return;
    try {
      if (chunk.length > 0) this.#read(chunk);
    } catch {
      this.#reader.refuse('malformed');
    }
  }

  #read(chunk: Uint8Array | string): void {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      if (!this.#isEncodingKnown && chunk[0] === FIRST_OF_GZIP) this.#decodeAs('gzip');
      this.#observer.onFirstByte?.();
    }
    if (this.#copy !== undefined) {
      if (typeof chunk !== 'string') this.#copy.write(chunk);
      return;
    }
    this.#reader.write(chunk);
    const { chunks } = this.#reader;
    if (chunks === this.#chunks) return;
    this.#observer.onChunks?.(chunks - this.#chunks);
    this.#chunks = chunks;
  }

  /** Never throws either. */
  end(end: GenAiAnswerEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    try {
      this.#observer.onEnd(end);
      if (this.#copy !== undefined) this.#copy.end();
      else this.#tell();
    } catch {
      // The stream ends as it would have.
    }
  }

  #decodeAs(encoding: string): void {
    this.#copy = new DecodedCopy(encoding, this.#reader, () => this.#tell());
  }

  #tell(): void {
    this.#reader.end();
    this.#observer.onAnswer(this.#reader.answer);
  }
}
