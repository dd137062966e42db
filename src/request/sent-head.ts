/** The head of the answer that a handler of `upgrade` or `connect` writes by hand to the socket it was given. */
import type { Duplex } from 'node:stream';
import { lookInto } from '../model/own-method.js';

/** Longer heads than Node itself takes from a client are not looked through. */
const MAX_HEAD_LENGTH = 16_384;
const STATUS_LINE = /^HTTP\/\d\.\d (\d{3})/;
const HEAD_END = '\r\n\r\n';

/** Looks at what is written until the head is whole. */
export class SentHead {
  /** Undefined until it is written. What comes before it, such as early hints, is not it. */
  status: number | undefined;
  /** Of the head, and of what came before it, as far as it is written. */
  bytes = 0;
  #text = '';
  readonly #socket: Duplex;
  readonly #onStatus: () => void;
  readonly #restore: (() => void)[] = [];

  constructor(socket: Duplex, onStatus: () => void) {
    this.#socket = socket;
    this.#onStatus = onStatus;
    const look = (chunk: unknown, encoding: unknown): void => this.#look(chunk, encoding);
    this.#restore.push(lookInto(socket, 'write', look), lookInto(socket, 'end', look));
  }

  #look(chunk: unknown, encoding: unknown): void {
    // What is written to a socket that is gone reaches nobody.
    if (this.#restore.length === 0 || this.#socket.destroyed) return;
    const bytes = bytesOf(chunk, encoding);
    if (bytes === undefined) return;
    this.#text += bytes.toString('latin1', 0, MAX_HEAD_LENGTH);
    while (this.#takeHead());
  }

  /** `true`: it was not the last one. */
  #takeHead(): boolean {
    const status = Number(STATUS_LINE.exec(this.#text)?.[1]);
    const isFinal = status >= 200 || status === 101;
    if (isFinal && this.status === undefined) {
      this.status = status;
      this.#onStatus();
    }
    const end = this.#text.indexOf(HEAD_END);
    if (end >= 0 && status >= 100 && !isFinal) {
      this.bytes += end + HEAD_END.length;
      this.#text = this.#text.slice(end + HEAD_END.length);
      return true;
    }
    if (end >= 0) this.bytes += end + HEAD_END.length;
    if (end >= 0 || this.#text.length > MAX_HEAD_LENGTH) this.stop();
    return false;
  }

  stop(): void {
    for (const restore of this.#restore) restore();
    this.#restore.length = 0;
    this.#text = '';
  }
}

function bytesOf(chunk: unknown, encoding: unknown): Buffer | undefined {
  if (typeof chunk === 'string') {
    const known = typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
    return Buffer.from(chunk, known);
  }
  return chunk instanceof Uint8Array
    ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    : undefined;
}
