/** Sees the bytes of a web stream as they are pulled through: a new stream, since there is nowhere to look into the old one. */
import type { AnswerWatch } from './answer-watch.js';
import { isByConsumer } from './ended-by-consumer.js';

/**
 * The same chunks, one for each that is asked for, and nothing ahead of that. It gives no BYOB readers: a stream of bytes takes
 * the memory of the chunks that it is given, which belong to the source.
 */
export function watchWebStream(source: ReadableStream<unknown>, watch: AnswerWatch): ReadableStream<unknown> {
  return pullThrough(source.getReader(), watch);
}

function pullThrough(
  reader: ReadableStreamDefaultReader<unknown>,
  watch: AnswerWatch,
): ReadableStream<unknown> {
  return new ReadableStream<unknown>(
    {
      async pull(controller) {
        let result: Awaited<ReturnType<typeof reader.read>>;
        try {
          result = await reader.read();
        } catch (error) {
          watch.end({ outcome: isByConsumer(error) ? 'aborted' : 'failed', error });
          throw error;
        }
        if (result.done) {
          watch.end({ outcome: 'complete' });
          controller.close();
          return;
        }
        const chunk = result.value;
        if (typeof chunk === 'string' || chunk instanceof Uint8Array) watch.write(chunk);
        controller.enqueue(chunk);
      },
      cancel(reason) {
        watch.end({ outcome: 'aborted', error: reason });
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** A response of the same class with the watched body. What its constructor does not take is put on it. */
export function watchResponse(response: Response, watch: AnswerWatch): Response {
  const { body, status, statusText, headers, url, redirected, type } = response;
  if (body === null) {
    watch.end({ outcome: 'complete' });
    return response;
  }
  const Constructor = response.constructor as typeof Response;
  const reader = body.getReader();
  let watched: Response;
  try {
    watched = new Constructor(pullThrough(reader, watch) as typeof body, { status, statusText, headers });
  } catch (error) {
    // Servers send statuses that constructors refuse, such as 999. The host gets its body back untouched.
    reader.releaseLock();
    throw error;
  }
  for (const [name, value] of Object.entries({ url, redirected, type })) {
    Object.defineProperty(watched, name, { value, configurable: true });
  }
  return watched;
}
