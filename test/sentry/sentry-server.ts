/** A Sentry for tests: a real server that reads envelopes as their protocol says, and answers as it is told. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

export interface EnvelopeItem {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface ReceivedEnvelope {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Of the whole body, as text. */
  readonly text: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly items: readonly EnvelopeItem[];
}

/** An event as it has arrived; what a test looks into. */
export interface ReceivedEvent {
  readonly event_id: string;
  readonly [field: string]: unknown;
}

export interface SentryServer {
  readonly port: number;
  /** The DSN of a project of this server. */
  dsn(key?: string, project?: number): string;
  readonly envelopes: ReceivedEnvelope[];
  /** Requests whose head has come, answered or not. */
  readonly requests: number;
  readonly events: readonly ReceivedEvent[];
  /** Status and headers of the answers from now on; `hang`: none comes. */
  answer: { status: number; headers?: Record<string, string> } | 'hang';
  close(): Promise<void>;
}

/** By https://develop.sentry.dev/sdk/data-model/envelopes/: lines of JSON, and payloads whose length may be told. */
export function parseEnvelope(body: Buffer): Pick<ReceivedEnvelope, 'header' | 'items'> {
  let at = 0;
  const line = (): string => {
    const end = body.indexOf(10, at);
    const text = body.subarray(at, end < 0 ? body.length : end).toString();
    at = end < 0 ? body.length : end + 1;
    return text;
  };
  const header = JSON.parse(line()) as Record<string, unknown>;
  const items: EnvelopeItem[] = [];
  while (at < body.length) {
    const text = line();
    if (text === '') continue;
    const itemHeader = JSON.parse(text) as Record<string, unknown>;
    const { length } = itemHeader;
    let payload: string;
    if (typeof length === 'number') {
      payload = body.subarray(at, at + length).toString();
      at += length;
    } else payload = line();
    // Attachments are whatever they are.
    const isJson = payload.startsWith('{');
    items.push({
      header: itemHeader,
      payload: isJson ? (JSON.parse(payload) as Record<string, unknown>) : { payload },
    });
  }
  return { header, items };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** `tls`: speaks HTTPS with this certificate. */
export async function startSentry(tls?: {
  readonly cert: string;
  readonly key: string;
}): Promise<SentryServer> {
  const envelopes: ReceivedEnvelope[] = [];
  let requests = 0;
  const faults: unknown[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests++;
    const body = await bodyOf(request);
    const { url = '', headers } = request;
    envelopes.push({ path: url, headers, text: body.toString(), ...parseEnvelope(body) });
    const { answer } = sentry;
    if (answer === 'hang') return;
    response.writeHead(answer.status, answer.headers).end('{}');
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response).catch((error: unknown) => {
      // A client that breaks off is one thing, a body that is no envelope another.
      if (!request.destroyed || request.complete) faults.push(error);
      response.destroy();
    });
  };
  const server = tls === undefined ? createServer(listener) : createHttpsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const sentry: SentryServer = {
    port,
    dsn: (key = 'publickey', project = 42) =>
      `${tls === undefined ? 'http' : 'https'}://${key}@127.0.0.1:${port}/${project}`,
    envelopes,
    get requests() {
      return requests;
    },
    get events() {
      return envelopes.flatMap(({ items }) =>
        items
          .filter(({ header }) => header['type'] === 'event')
          .map(({ payload }) => payload as ReceivedEvent),
      );
    },
    answer: { status: 200 },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (faults.length > 0) throw faults[0];
    },
  };
  onTestFinished(() => sentry.close());
  return sentry;
}
