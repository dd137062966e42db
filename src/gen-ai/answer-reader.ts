/** Reads one answer, whatever format it has, while its bytes pass. */
import type { GenAiAnswer, GenAiAnswerHead, GenAiReader, GenAiReadFault } from '../model/gen-ai-answer.js';
import { AnswerFacts, ANSWER_PICKS } from './answer-facts.js';
import { type AnswerFormat, answerFormat } from './answer-format.js';
import { EventStream } from './event-stream.js';
import { type JsonEnding, JsonPicker } from './json-picker.js';

/** Not allowed in JSON, and sent all the same. */
const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/** A reader that also takes what those who feed it could not read. */
export interface AnswerReader extends GenAiReader {
  /** As in the answer. */
  readonly chunks: number;
  /** Reads no more. The first fault stands. */
  refuse(fault: GenAiReadFault): void;
}

/** Of the bytes as they are without `content-encoding`. */
export function createAnswerReader(contentType?: string): AnswerReader {
  return new Reader(contentType);
}

/** The public one: bytes that are still encoded are not read. */
export function createGenAiReader(head: GenAiAnswerHead = {}): GenAiReader {
  const reader = createAnswerReader(head.contentType);
  if (isEncoded(head.contentEncoding)) reader.refuse('unsupported_encoding');
  return reader;
}

export function isEncoded(contentEncoding: string | undefined): boolean {
  return contentEncoding !== undefined && !/^\s*(?:identity\s*)?$/i.test(contentEncoding);
}

class Reader implements AnswerReader {
  readonly #contentType: string;
  readonly #facts = new AnswerFacts();
  readonly #picker = new JsonPicker(ANSWER_PICKS, this.#facts);
  readonly #events = new EventStream({
    data: (bytes, start, end) => this.#picker.write(bytes, start, end),
    event: (isDone) => this.#endEvent(isDone),
  });
  #format: AnswerFormat | undefined;
  /** Bytes of the mark that have come; all three where none can come any more. */
  #marks = 0;
  #isEnded = false;
  #fault: GenAiReadFault | undefined;
  #eventCount = 0;

  constructor(contentType = '') {
    this.#contentType = contentType;
  }

  get chunks(): number {
    if (this.#format === 'events') return this.#eventCount;
    return this.#isStream ? Math.max(this.#facts.documentCount, this.#facts.elementCount) : 0;
  }

  get answer(): GenAiAnswer {
    return {
      ...this.#facts.answer(),
      isStream: this.#isStream,
      chunks: this.chunks,
      ...(this.#fault !== undefined && { fault: this.#fault }),
    };
  }

  write(chunk: Uint8Array | string): void {
    if (this.#isEnded || this.#format === 'other') return;
    try {
      this.#read(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    } catch {
      // No bytes lead here, but something that only looks like a piece of them may.
      this.refuse('malformed');
    }
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.#format === 'events') this.#events.end();
    else if (this.#format === 'json') this.#endText();
  }

  refuse(fault: GenAiReadFault): void {
    this.#fault ??= fault;
    // What stands of a document that was begun is still true.
    this.end();
    this.#format = 'other';
  }

  get #isStream(): boolean {
    if (this.#format === 'events') return true;
    return (
      this.#facts.documentCount > 1 ||
      /(?:ndjson|jsonl)\b/i.test(this.#contentType) ||
      (this.#facts.elementCount > 0 && this.#facts.apiType === 'generate_content')
    );
  }

  #read(bytes: Uint8Array): void {
    if (!(bytes instanceof Uint8Array)) return;
    const start = this.#format === undefined ? this.#begin(bytes) : 0;
    if (this.#format === 'json') this.#picker.write(bytes, start, bytes.length);
    else if (this.#format === 'events') this.#events.write(bytes, start);
  }

  /** Finds the first byte that says something. Gives where it is. */
  #begin(bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte === BYTE_ORDER_MARK[this.#marks]) {
        this.#marks++;
      } else if (byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d) {
        this.#marks = BYTE_ORDER_MARK.length;
      } else {
        this.#format = answerFormat(byte, this.#contentType);
        if (this.#format === 'other') this.refuse('unsupported_type');
        return at;
      }
    }
    return bytes.length;
  }

  #endEvent(isDone: boolean): void {
    const ending = this.#endText();
    if (!isDone && ending !== 'empty') this.#eventCount++;
  }

  #endText(): JsonEnding {
    const ending = this.#picker.end();
    this.#facts.endDocument();
    // The data of an event that has ended has all come: to be cut short is its own fault.
    if (ending === 'incomplete') this.#fault ??= this.#isEnded ? 'incomplete' : 'malformed';
    else if (ending === 'malformed') this.#fault ??= 'malformed';
    return ending;
  }
}
