/** Watches whatever a host's client gives it as the answer of a model. */
import type { Readable } from 'node:stream';
import type { GenAiAnswerHead, GenAiAnswerObserver, WatchGenAiAnswer } from '../model/gen-ai-answer.js';
import { AnswerWatch } from './answer-watch.js';
import { watchNodeStream } from './node-stream.js';
import { watchResponse, watchWebStream } from './web-stream.js';

export const watchGenAiAnswer: WatchGenAiAnswer = (source, observer, head) => {
  try {
    return watchKnown(source, observer, head) as typeof source;
  } catch {
    // A stream that is locked, a body that is used, an object that only looks like one: the host will see for itself.
    return unwatched(source, observer, head);
  }
};

/** By what they can do: hosts have streams of other realms, of packages, and of several versions of undici. */
function watchKnown(
  source: unknown,
  observer: GenAiAnswerObserver,
  head: GenAiAnswerHead | undefined,
): unknown {
  if (typeof source !== 'object' || source === null) return unwatched(source, observer, head);
  if (isNodeStream(source)) {
    watchNodeStream(source, new AnswerWatch(observer, { ...headOf(source), ...head }));
    return source;
  }
  if (isWebStream(source)) return watchWebStream(source, new AnswerWatch(observer, head ?? {}));
  if (isResponse(source)) {
    // `fetch` has decoded the body, and left the header that says how it was encoded.
    const contentType = source.headers.get('content-type') ?? undefined;
    return watchResponse(source, new AnswerWatch(observer, { contentType, ...head }));
  }
  const { body } = source as { body?: unknown };
  if (typeof body === 'object' && body !== null && isNodeStream(body)) {
    watchNodeStream(body, new AnswerWatch(observer, { ...headOf(source), ...head }));
    return source;
  }
  return unwatched(source, observer, head);
}

function unwatched<Source>(
  source: Source,
  observer: GenAiAnswerObserver,
  head: GenAiAnswerHead | undefined,
): Source {
  new AnswerWatch(observer, head ?? {}).end({ outcome: 'aborted' });
  return source;
}

function isNodeStream(source: object): source is Readable {
  const { push, once, readable } = source as Partial<Readable>;
  return typeof push === 'function' && typeof once === 'function' && readable !== undefined;
}

function isWebStream(source: object): source is ReadableStream<unknown> {
  const { getReader, tee } = source as Partial<ReadableStream<unknown>>;
  return typeof getReader === 'function' && typeof tee === 'function';
}

function isResponse(source: object): source is Response {
  const { headers, status, clone } = source as Partial<Response>;
  return typeof headers?.get === 'function' && typeof status === 'number' && typeof clone === 'function';
}

/** Of an `IncomingMessage`, or of what undici's `request` gives. Other streams have no headers. */
function headOf(source: object): GenAiAnswerHead {
  const { headers } = source as { headers?: Readonly<Record<string, unknown>> };
  return {
    contentType: textOf(headers?.['content-type']),
    contentEncoding: textOf(headers?.['content-encoding']),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
