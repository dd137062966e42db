/** The bytes of a model's answer, as far as the library sees them: read as they pass, or as the host hands them over. */
import type {
  GenAiAnswer,
  GenAiAnswerEnd,
  GenAiAnswerHead,
  GenAiAnswerObserver,
  GenAiReader,
  WatchGenAiAnswer,
} from '../model/gen-ai-answer.js';

/** Reads answers while their bytes pass. */
export interface GenAiAnswers {
  readonly watch: WatchGenAiAnswer;
  createReader(head?: GenAiAnswerHead): GenAiReader;
}

/** Whose bytes they are. */
export interface BytesOwner {
  /** Since the call began. */
  elapsedMs(): number;
  /** The last byte has passed, or none will. */
  bytesEnded(): void;
  /** And all that has passed is read: right after it, or a moment later where it had to be decoded. */
  answerRead(answer: GenAiAnswer): void;
}

export class GenAiBytes {
  /** How they ended, where they were watched. */
  seen: GenAiAnswerEnd | undefined;
  #isWatched = false;
  #reader: GenAiReader | undefined;
  #answer: GenAiAnswer | undefined;
  #firstByteMs: number | undefined;
  /** Of a stream's first event; told by the host, or seen. */
  #firstChunkMs: number | undefined;
  readonly #answers: GenAiAnswers;
  readonly #owner: BytesOwner;

  constructor(answers: GenAiAnswers, owner: BytesOwner) {
    this.#answers = answers;
    this.#owner = owner;
  }

  /** Of a stream; where its events are not seen, because they are encoded, its first byte is all there is. */
  get timeToFirstChunkMs(): number | undefined {
    return this.#firstChunkMs ?? this.#firstByteMs;
  }

  /** All has passed, and is still being decoded. */
  get isBehind(): boolean {
    return this.seen !== undefined && this.#answer === undefined;
  }

  firstChunk(): void {
    this.#firstChunkMs ??= this.#owner.elapsedMs();
  }

  read(chunk: Uint8Array | string): void {
    this.#firstByteMs ??= this.#owner.elapsedMs();
    (this.#reader ??= this.#answers.createReader()).write(chunk);
  }

  /** What is known when the host ends the call. */
  get answer(): GenAiAnswer | undefined {
    if (this.#answer !== undefined || this.#reader === undefined) return this.#answer;
    if (!this.#isWatched) this.#reader.end();
    return this.#reader.answer;
  }

  /** `undefined`: it is nothing that can be watched. */
  watch<Source extends object>(source: Source, head: GenAiAnswerHead | undefined): Source | undefined {
    if (this.#isWatched) return source;
    const before = this.#reader;
    let isBegun = false;
    let isRefused = false;
    const observer: GenAiAnswerObserver = {
      onReader: (reader) => {
        this.#reader = reader;
      },
      onFirstByte: () => {
        this.#firstByteMs ??= this.#owner.elapsedMs();
      },
      onChunks: () => this.firstChunk(),
      onEnd: (end) => {
        // What cannot be watched ends so, at once.
        isRefused = !isBegun && end.outcome === 'aborted' && !isGone(source);
        if (isRefused) return;
        this.seen = end;
        this.#owner.bytesEnded();
      },
      onAnswer: (answer) => {
        if (isRefused) return;
        this.#answer = answer;
        this.#owner.answerRead(answer);
      },
    };
    const watched = this.#answers.watch(source, observer, head);
    isBegun = true;
    if (isRefused) {
      // The host may still hand the bytes over.
      this.#reader = before;
      return undefined;
    }
    this.#isWatched = true;
    return watched;
  }
}

/** A stream that broke before anybody could watch it. */
function isGone(source: object): boolean {
  try {
    return (source as { readonly destroyed?: unknown }).destroyed === true;
  } catch {
    return false;
  }
}
