/** The option `bodySizes`: counts the bytes of bodies on their way, without reading them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { BodySizes } from '../model/body-sizes.js';
import { lookInto } from '../model/own-method.js';
import type { SentHead } from './sent-head.js';

/** Tells what has been counted by now; `undefined`: it cannot be known. */
export type BodyCount = () => BodySizes | undefined;

/**
 * Counts what Node gives to the request as its body, whether anybody reads it or not, and what is written to the response
 * by whoever stands between it and the adapter, such as compression.
 */
export function countBodies(request: IncomingMessage, response: ServerResponse): BodyCount {
  // Stands in for a request that is no stream of Node's: its body goes another way.
  if (typeof (request as Partial<IncomingMessage>).push !== 'function') return () => undefined;
  let received = 0;
  let sent = 0;
  let ended = false;
  const countSent = (chunk: unknown, encoding: unknown): void => {
    if (!ended && !response.writableEnded && !response.destroyed) sent += bytesOf(chunk, encoding);
  };
  lookInto(request, 'push', (chunk, encoding) => (received += bytesOf(chunk, encoding)));
  lookInto(response, 'write', countSent);
  lookInto(response, 'end', (chunk, encoding) => {
    countSent(chunk, encoding);
    // Over HTTP/2, `end` calls `write` with what it was given.
    ended = true;
  });
  return () => ({ request: received, response: hasBody(request, response) ? sent : 0 });
}

/** Node drops what is written to a response without a body. */
function hasBody({ method }: IncomingMessage, { statusCode }: ServerResponse): boolean {
  return method !== 'HEAD' && statusCode !== 204 && statusCode !== 304;
}

/** `head`: what came with the request's head already. */
export function countSocket(socket: Duplex, head: Uint8Array, sentHead: SentHead): BodyCount {
  const { bytesRead, bytesWritten } = socket as Partial<Socket>;
  if (bytesRead === undefined || bytesWritten === undefined) return () => undefined;
  const counted = socket as Socket;
  const readBefore = bytesRead - head.byteLength;
  return () => ({
    request: counted.bytesRead - readBefore,
    response: Math.max(0, counted.bytesWritten - bytesWritten - sentHead.bytes),
  });
}

function bytesOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string') {
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  }
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}
