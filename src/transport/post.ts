/** One POST, from its socket to its answer. What the answer means is for others to say. */
import {
  request as httpRequest,
  type Agent,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { MAX_ANSWER_BYTES, MAX_ANSWER_HEADER_BYTES } from './bounds.js';
import { limitConnecting, limitInformational } from './request-limits.js';

export interface PostOptions {
  readonly url: URL;
  readonly agent: Agent;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Uint8Array;
  readonly connectTimeoutMs: number;
  /** Destroys the socket. */
  readonly signal: AbortSignal;
}

/** What was read of an answer. */
export interface Answer {
  readonly bytes: Uint8Array;
  /** There was more of it. */
  readonly isCut: boolean;
}

export type Exchange =
  /** The status is there; nothing that follows can change what became of the batch. */
  | {
      readonly kind: 'answered';
      readonly response: IncomingMessage;
      /** `undefined`: it broke off, or the protocol changed. */
      readonly answer: Answer | undefined;
    }
  | {
      readonly kind: 'failed';
      readonly error: unknown;
      /** The socket had waited for its next request and was dead already: a new one may well work. */
      readonly isStale: boolean;
    };

export interface Post {
  /** Never rejects. */
  readonly exchange: Promise<Exchange>;
  /** Its socket is closed, or back in the pool. */
  readonly closed: Promise<void>;
}

const STALE_CODES = new Set(['ECONNRESET', 'EPIPE']);

export function post({ url, agent, headers, body, connectTimeoutMs, signal }: PostOptions): Post {
  let settle: (exchange: Exchange) => void = () => undefined;
  let close: () => void = () => undefined;
  const exchange = new Promise<Exchange>((resolve) => (settle = resolve));
  const closed = new Promise<void>((resolve) => (close = resolve));
  let response: IncomingMessage | undefined;
  /** Nothing has come back of this request, not even half a status line. */
  let isSilent = (): boolean => false;
  const fail = (error: unknown): void => {
    if (response !== undefined) return settle({ kind: 'answered', response, answer: undefined });
    const { code } = (error ?? {}) as { readonly code?: unknown };
    settle({ kind: 'failed', error, isStale: STALE_CODES.has(code as string) && isSilent() });
  };
  try {
    const isTls = url.protocol === 'https:';
    const send = isTls ? httpsRequest : httpRequest;
    const options = { method: 'POST', agent, signal, headers, maxHeaderSize: MAX_ANSWER_HEADER_BYTES };
    const request = send(url, options, (incoming) => {
      response = incoming;
      void readAnswer(incoming).then((answer) => {
        settle({ kind: 'answered', response: incoming, answer });
        // It may never read the rest, and nobody would be left to end that: the deadline is over with the answer.
        if (!request.writableFinished) request.destroy();
      }, fail);
    });
    limitConnecting(request, connectTimeoutMs, isTls);
    limitInformational(request);
    request.once('socket', (socket) => {
      const before = socket.bytesRead;
      isSilent = () => request.reusedSocket && socket.bytesRead === before;
    });
    // Nobody asked for another protocol; without a listener the socket would stay open, and the batch with it.
    request.on('upgrade', (incoming, socket) => {
      socket.destroy();
      settle({ kind: 'answered', response: incoming, answer: undefined });
      close();
    });
    // Stays for good: a late socket error without a listener would end the process.
    request.on('error', fail);
    request.once('close', close);
    // Node tells of the end of a request only when it has a socket, which a proxy or a crowded address may keep waiting.
    const abandon = (): void => {
      if (request.socket !== null) return;
      fail(signal.reason);
      close();
    };
    signal.addEventListener('abort', abandon, { once: true });
    request.end(body);
  } catch (error) {
    fail(error);
    close();
  }
  return { exchange, closed };
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) {
      response.destroy();
      break;
    }
  }
  return { bytes: Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES), isCut: bytes > MAX_ANSWER_BYTES };
}
