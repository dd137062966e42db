/** Providers that replay answers over real sockets, and what watching tells about them. */
import { createHash } from 'node:crypto';
import {
  createServer,
  get,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GenAiAnswer, GenAiAnswerEnd, GenAiAnswerObserver } from '../../src/model/gen-ai-answer.js';
import { deferred } from '../support/deferred.js';
import { seeded } from './support.js';

export interface Told extends GenAiAnswerObserver {
  /** What has been told, in order; chunks as their count. */
  readonly calls: (string | number)[];
  readonly ended: Promise<GenAiAnswerEnd>;
  readonly read: Promise<GenAiAnswer>;
}

export function listenIn(): Told {
  const ended = deferred<GenAiAnswerEnd>();
  const answer = deferred<GenAiAnswer>();
  const calls: (string | number)[] = [];
  return {
    calls,
    ended: ended.promise,
    read: answer.promise,
    onFirstByte: () => void calls.push('first byte'),
    onChunks: (count) => void calls.push(count),
    onEnd(end) {
      calls.push(end.outcome);
      ended.resolve(end);
    },
    onAnswer(read) {
      calls.push('answer');
      answer.resolve(read);
    },
  };
}

export interface Running {
  readonly port: number;
  readonly url: string;
  readonly server: Server;
  close(): Promise<void>;
}

export async function serve(listener: RequestListener): Promise<Running> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/`,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Sends in pieces of 1 to 700 bytes, some of them together, as models and networks do. */
export async function replay(response: ServerResponse, body: Uint8Array, seed: number): Promise<void> {
  const random = seeded(seed);
  for (let at = 0; at < body.length;) {
    const length = 1 + Math.floor(random() * 700);
    response.write(body.subarray(at, at + length));
    at += length;
    if (random() < 0.3) await sleep(1);
  }
  response.end();
}

export async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function ask(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, { agent: false }, resolve).on('error', reject));
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
