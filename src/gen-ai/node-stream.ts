/** Sees the bytes of a Node stream when they come in, before anybody reads them, and whatever is done with them then. */
import { errorMonitor } from 'node:events';
import { constants } from 'node:http2';
import type { Readable } from 'node:stream';
import type { GenAiAnswerEnd } from '../model/gen-ai-answer.js';
import { lookInto } from '../model/own-method.js';
import type { AnswerWatch } from './answer-watch.js';
import { isByConsumer } from './ended-by-consumer.js';

/** What streams of HTTP have besides. */
interface HttpStream {
  /** Of `IncomingMessage`: all of the message has come. */
  readonly complete?: boolean;
  /** Of `IncomingMessage`: the client's own side has given up on the rest. */
  readonly _dumped?: boolean;
  /** Of HTTP/2: how the stream was reset; 0 where it was not. */
  readonly rstCode?: number;
  readonly readableBuffer?: Iterable<unknown>;
}

const { NGHTTP2_CANCEL } = constants;

export function watchNodeStream(stream: Readable, watch: AnswerWatch): void {
  for (const chunk of waitingIn(stream)) take(chunk, watch);
  const unwatch = lookInto(stream, 'push', (chunk) => {
    if (chunk === null) end();
    else take(chunk, watch);
  });
  const end = (): void => {
    unwatch();
    watch.end({ outcome: outcomeAtEnd(stream) });
  };
  const close = (): void => {
    unwatch();
    watch.end(earlyEnd(stream));
  };
  // The last byte came before; there is nothing to see but that it has been read.
  stream.once('end', end);
  // Not `error`, which would count as somebody's handling it.
  stream.once(errorMonitor, close);
  stream.once('close', close);
  if (stream.readableEnded) end();
  else if (stream.destroyed) close();
}

function take(chunk: unknown, watch: AnswerWatch): void {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) watch.write(chunk);
}

/**
 * What has come in and was not read. Looked at where it lies, as undici does: to read it and put it back would make the stream
 * a used one, which undici's bodies refuse to read as JSON or text.
 */
function waitingIn(stream: Readable): Iterable<unknown> {
  const { readableBuffer } = stream as HttpStream;
  // Newer versions of Node have null in front for what was read before.
  return stream.readableLength === 0 || readableBuffer === undefined ? [] : readableBuffer;
}

/** HTTP ends some streams as if all were well, though the rest will not come. */
function outcomeAtEnd(stream: Readable): GenAiAnswerEnd['outcome'] {
  const { complete, rstCode } = stream as HttpStream;
  // Clients cancel; a server that gives up has another code for it.
  if (rstCode === NGHTTP2_CANCEL) return 'aborted';
  return complete === false || (rstCode !== undefined && rstCode !== 0) ? 'failed' : 'complete';
}

function earlyEnd(stream: Readable): GenAiAnswerEnd {
  // Koa, for one, destroys answers to HEAD and those without a body. Nothing of them is missing.
  if ((stream as HttpStream).complete === true) return { outcome: 'complete' };
  const error: unknown = stream.errored;
  if ((stream as HttpStream)._dumped === true) return { outcome: 'aborted' };
  if (error === null || error === undefined) return { outcome: 'aborted' };
  return { outcome: isByConsumer(error) ? 'aborted' : 'failed', error };
}
