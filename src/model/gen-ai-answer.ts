/** What a model's answer says about itself, and the reader that finds it while the bytes pass. */

/** Counts as the semantic conventions want them, whatever the provider's own rule is. Each is a safe integer, never negative. */
export interface GenAiUsage {
  /** With the cached ones: of Anthropic the sum of its three counts. */
  readonly inputTokens?: number | undefined;
  /** With those for reasoning. */
  readonly outputTokens?: number | undefined;
  readonly cacheReadInputTokens?: number | undefined;
  readonly cacheCreationInputTokens?: number | undefined;
  readonly reasoningOutputTokens?: number | undefined;
}

/** The format that the answer was recognised by. The first two are the values of `openai.api.type`. */
export type GenAiApiType =
  'chat_completions' | 'responses' | 'text_completions' | 'embeddings' | 'messages' | 'generate_content';

/**
 * Why an answer, or a part of it, could not be read. The first one stands; what was read besides it still counts.
 *
 * - `unsupported_type`: neither JSON nor an event stream, such as audio or an HTML page.
 * - `unsupported_encoding`: a `content-encoding` other than gzip, deflate and br.
 * - `malformed`: not JSON where JSON should be. Of a stream, only that event is lost.
 * - `incomplete`: ended inside a value.
 * - `undecodable`: the encoded bytes are not what `content-encoding` says.
 * - `decoder_overrun`: bytes came faster than they could be decoded beside the stream.
 * - `too_large`: grew beyond all measure when decoded.
 */
export type GenAiReadFault =
  | 'unsupported_type'
  | 'unsupported_encoding'
  | 'malformed'
  | 'incomplete'
  | 'undecodable'
  | 'decoder_overrun'
  | 'too_large';

/** Texts come from the provider: bounded in length, without control characters, and nothing else is promised of them. */
export interface GenAiAnswer {
  readonly id?: string | undefined;
  readonly model?: string | undefined;
  readonly apiType?: GenAiApiType | undefined;
  readonly serviceTier?: string | undefined;
  readonly systemFingerprint?: string | undefined;
  /**
   * The provider's own code of an error in the body or in the stream, a short name; `_OTHER` where its code is none. Of JSON-RPC
   * the number, and `tool_error` for a tool that has failed.
   */
  readonly errorType?: string | undefined;
  /** In the provider's words, one for each choice, in the order of their indices. */
  readonly finishReasons?: readonly string[] | undefined;
  readonly usage?: GenAiUsage | undefined;
  /** Whether it came as a stream of events. */
  readonly isStream: boolean;
  /** Events of a stream that carried data, without the closing `[DONE]`. */
  readonly chunks: number;
  readonly fault?: GenAiReadFault | undefined;
}

/** What stands in the head of an answer. Whatever is left out is recognised by the first bytes. */
export interface GenAiAnswerHead {
  readonly contentType?: string | undefined;
  /** Of the bytes as they pass: gzip, deflate or br. Leave it out for bytes that are decoded, such as the body of `fetch`. */
  readonly contentEncoding?: string | undefined;
}

/**
 * Reads one answer from its bytes, as they arrive, in pieces of any size. It needs the same 3 KiB of memory for any answer,
 * keeps no piece, never captures content, and never throws, whatever the bytes are.
 */
export interface GenAiReader {
  /** Text counts as UTF-8. Anything else is left out. */
  write(chunk: Uint8Array | string): void;
  /** No more bytes will come. */
  end(): void;
  /** What is known by now, as a new object. */
  readonly answer: GenAiAnswer;
}

/** How the bytes of an answer ended. */
export interface GenAiAnswerEnd {
  /** `complete`: all has come. `failed`: the source broke. `aborted`: the consumer, or the connection, closed it before its end. */
  readonly outcome: 'complete' | 'failed' | 'aborted';
  readonly error?: unknown;
}

/** Called synchronously as the bytes pass, in this order. None should take long: bytes wait for it. What one throws ends the reading, not the stream. */
export interface GenAiAnswerObserver {
  /** Before all others: what reads it, whose answer so far can be looked at, and which is not to be written to. */
  onReader?(reader: GenAiReader): void;
  /** The first byte of the body has come. Once. */
  onFirstByte?(): void;
  /** One or more events of a stream have come together: `count` more of them. Not for encoded streams. */
  onChunks?(count: number): void;
  /** The last byte has come, or none will. Once, always. */
  onEnd(end: GenAiAnswerEnd): void;
  /** All that came has been read. Once, always: right after `onEnd`, or later where bytes are decoded beside the stream. */
  onAnswer(answer: GenAiAnswer): void;
}

/**
 * Watches a source whose bytes are a model's answer, without touching, delaying or buffering them. Gives what to go on with:
 * the same object for a stream of Node's (`IncomingMessage` and undici's bodies among them) and for what undici's `request`
 * gives, a new one with the same content for a web `ReadableStream` and a `Response` of fetch's, without BYOB readers. Anything
 * else is given back unwatched, and has the end `aborted`. `head` wins over what stands in the source itself; a body without it
 * may be encoded with gzip only. A web stream that nobody reads or cancels has no end.
 */
export type WatchGenAiAnswer = <Source>(
  source: Source,
  observer: GenAiAnswerObserver,
  head?: GenAiAnswerHead,
) => Source;
