/** A collector that keeps up: it finds the records in a request's bytes without decoding them. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { Signal } from '../../../src/index.js';

/** `markedPath` as an attribute of OTLP: the key, then a value of 28 bytes that holds a string of 26. */
const PATH = /url\.path\x12\x1c\n\x1a\/r\/(\d{9})\/(\d{13})/g;
const OWNER = /owner<([^>]{1,128})>/g;

/** One request that has arrived whole. */
export interface Arrival {
  readonly signal: Signal;
  readonly path: string;
  readonly authorization: string;
  /** Epoch milliseconds when its head was there. */
  readonly atMs: number;
  /** One for each record. */
  readonly marks: readonly number[];
  /** For each record, how long before its request's arrival it was sent. */
  readonly delaysMs: readonly number[];
  /** Whose records are in it, as far as they say. */
  readonly owners: readonly string[];
  /** How often they say it. */
  readonly ownerMarks: number;
  readonly text: string;
}

export interface Answer {
  /** 0: none at all. */
  readonly status: number;
  /** The connection ends in the middle of the answer. */
  readonly isCut?: boolean;
  readonly retryAfter?: string;
  readonly delayMs?: number;
}

export interface LoadCollectorOptions {
  /** Default: any that is free. */
  readonly port?: number;
  /** Default: 127.0.0.1. `0.0.0.0`: every address of this machine, 127.1.2.3 as well. */
  readonly host?: string;
  /** Over TLS, with this certificate. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /**
   * `false`: `taken` and `requestsMs` stay empty, for runs so long that they would fill the memory. With nobody who asks what
   * arrived it is not read either.
   */
  readonly keeps?: boolean;
  /** Default: 200. It is also told of the arrival's text, which is not kept. */
  readonly answer?: (arrival: Arrival) => Answer;
  /** Before the answer goes out. */
  readonly onTaken?: (arrival: Arrival) => void;
}

export interface LoadCollector {
  readonly url: string;
  readonly port: number;
  /** Those that were answered 200, in order. */
  readonly taken: readonly Omit<Arrival, 'text'>[];
  /** When requests arrived, whatever they were answered. */
  readonly requestsMs: readonly number[];
  openSockets(): Promise<number>;
  close(): Promise<void>;
}

const OK: Answer = { status: 200 };

function read(signal: Signal, path: string, authorization: string, atMs: number, body: Buffer): Arrival {
  const text = body.toString('latin1');
  const marks: number[] = [];
  const delaysMs: number[] = [];
  for (const [, mark, sentMs] of text.matchAll(PATH)) {
    marks.push(Number(mark));
    delaysMs.push(atMs - Number(sentMs));
  }
  const named = Array.from(text.matchAll(OWNER), ([, owner]) => owner ?? '');
  const owners = [...new Set(named)];
  return { signal, path, authorization, atMs, marks, delaysMs, owners, ownerMarks: named.length, text };
}

export async function startLoadCollector(options: LoadCollectorOptions = {}): Promise<LoadCollector> {
  const { host = '127.0.0.1', keeps = true, tls } = options;
  const isRead = keeps || options.answer !== undefined || options.onTaken !== undefined;
  const taken: Omit<Arrival, 'text'>[] = [];
  const requestsMs: number[] = [];
  const listener: RequestListener = (request, response) => {
    const atMs = Date.now();
    if (keeps) requestsMs.push(atMs);
    request.on('error', () => undefined);
    if (!isRead) return void request.resume().on('end', () => response.end());
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const sent = Buffer.concat(pieces);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
      const path = request.url ?? '';
      const signal = path.slice(path.lastIndexOf('/') + 1) as Signal;
      const { text, ...arrival } = read(signal, path, request.headers.authorization ?? '', atMs, body);
      const {
        status,
        retryAfter,
        isCut = false,
        delayMs = 0,
      } = (options.answer ?? (() => OK))({ ...arrival, text });
      const reply = (): void => {
        if (response.destroyed) return;
        if (isCut) {
          response
            .writeHead(status, { 'content-length': 10 })
            .write('cut', () => void request.socket.destroy());
          return;
        }
        if (status === 200) {
          options.onTaken?.({ ...arrival, text });
          if (keeps) taken.push(arrival);
        }
        response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
      };
      if (status === 0) return;
      if (delayMs === 0) reply();
      else setTimeout(reply, delayMs);
    });
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  // A listener that closed its idle connections first would add retries that no scenario is about.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    taken,
    requestsMs,
    openSockets: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** How often each record of a signal was taken. */
export function timesTaken(taken: LoadCollector['taken'], signal: Signal): Map<number, number> {
  const times = new Map<number, number>();
  for (const arrival of taken) {
    if (arrival.signal !== signal) continue;
    for (const mark of arrival.marks) times.set(mark, (times.get(mark) ?? 0) + 1);
  }
  return times;
}

/** How often the one was taken that was taken most. Not by spreading: there may be more than a call can have arguments. */
export const mostTimes = (times: ReadonlyMap<number, number>): number =>
  [...times.values()].reduce((most, count) => Math.max(most, count), 0);

/** From the end of each request to its record's arrival. */
export const exportDelaysMs = (taken: LoadCollector['taken'], signal: Signal): number[] =>
  taken.flatMap((arrival) => (arrival.signal === signal ? arrival.delaysMs : []));
