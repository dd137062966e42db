/** A way through a proxy, by CONNECT. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { EgressProxy } from '../model/egress.js';
import { MAX_ANSWER_HEADER_BYTES, TUNNEL_TIMEOUT_MS } from './bounds.js';
import { SendFailure } from './classify.js';

export interface Tunnel {
  /** Gives up; what is open by then stays. */
  destroy(): void;
}

/** `place` is host and port. Answers once, never synchronously: what the proxy says of its reasons stays with it. */
export function openTunnel(
  proxy: EgressProxy,
  place: string,
  done: (result: Socket | Error) => void,
): Tunnel {
  const url = new URL(proxy.url);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  let isDone = false;
  const end = (result: Socket | Error): void => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timer);
    done(result);
  };
  const fail = (): void => end(new SendFailure('proxy'));
  const request = send(url, {
    method: 'CONNECT',
    path: place,
    agent: false,
    maxHeaderSize: MAX_ANSWER_HEADER_BYTES,
    headers: {
      host: place,
      ...(proxy.authorization !== undefined && { 'proxy-authorization': proxy.authorization }),
    },
    // Said expressly, as for every other connection: it beats NODE_TLS_REJECT_UNAUTHORIZED.
    ...(url.protocol === 'https:' && { rejectUnauthorized: true, minVersion: 'TLSv1.2' as const }),
  });
  const timer = setTimeout(() => request.destroy(), TUNNEL_TIMEOUT_MS).unref();
  request.once('connect', (response, socket, head) => {
    socket.on('error', () => undefined);
    // Nobody speaks before the client does, so whatever comes with the answer is not the destination's.
    if (response.statusCode === 200 && head.length === 0 && !isDone) return end(socket);
    socket.destroy();
    fail();
  });
  request.once('response', () => request.destroy());
  request.on('error', fail);
  request.once('close', fail);
  request.end();
  return { destroy: () => request.destroy() };
}
