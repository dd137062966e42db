/**
 * Hono without a Node response: `app.request()`, servers that speak `Request` and `Response`. A Node request and response of
 * our own stand in, so that what observes endings needs to know of one kind only. No byte goes through them.
 */
import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { HonoContext } from './hono-context.js';

export interface FetchBridge {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Runs what answers, and ends the response when the answer has been taken. */
  carry(context: HonoContext, answer: () => Promise<void>): Promise<void>;
}

const NO_ANSWER = new Error('The answer is an error');

export function createFetchBridge({ method, url, headers, signal }: Request): FetchBridge {
  const request = { method, url: targetOf(url), headers: Object.fromEntries(headers), socket: {} };
  const incoming = request as unknown as IncomingMessage;
  const response = new ServerResponse(incoming);

  const end = (event: 'finish' | 'close'): void => {
    signal.removeEventListener('abort', onAbort);
    response.emit(event);
  };
  const fail = (error: unknown): void => {
    response.destroy(error instanceof Error ? error : new Error('The answer failed', { cause: error }));
    end('close');
  };
  const onAbort = (): void => end('close');

  return {
    request: incoming,
    response,
    async carry(context, answer) {
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        await answer();
      } catch (error) {
        // Who answers this, and how, is not seen here.
        fail(error);
        throw error;
      }
      const { res } = context;
      // `Response.error()`, of which Node's response knows nothing: no answer, but a failure of whoever asked.
      if (res.status === 0) return fail(NO_ANSWER);
      // Adds what the caller is to be told of the trace.
      response.writeHead(res.status);
      for (const [name, value] of Object.entries(response.getHeaders())) context.header(name, String(value));
      if (res.body === null || method === 'HEAD') end('finish');
      else context.res = new Response(watched(res.body, end, fail), context.res);
    },
  };
}

/** Path and query, as Node gives them. */
function targetOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

/** Two: one chunk to give, and a look at whether it was the last. A text is one chunk, and is over when it was given. */
const CHUNKS_AHEAD = 2;

/** The same body, which tells when its last chunk was given, its reader gave up, or it broke. */
function watched(
  body: ReadableStream<Uint8Array>,
  end: (event: 'finish' | 'close') => void,
  fail: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          controller.close();
          end('finish');
        } catch (error) {
          controller.error(error);
          fail(error);
        }
      },
      cancel(reason) {
        end('close');
        return reader.cancel(reason);
      },
    },
    { highWaterMark: CHUNKS_AHEAD },
  );
}
