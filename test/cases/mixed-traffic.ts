/** Requests of every kind, a fifth of them broken off by the client; what each meets, and what must be told of it. */
import { request as httpRequest } from 'node:http';
import type { Agent, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import type { GatewayTelemetry } from '../../src/index.js';
import { openRaw } from '../support/http-client.js';
import { forward } from '../support/upstream.js';

interface Place {
  readonly port: number;
  readonly agent: Agent;
  readonly tenant: string;
  readonly path: string;
}

export interface Kind {
  /** Part of the path, where it tells the handler and the upstream what to do. */
  readonly name: string;
  readonly requests: number;
  /** Status and `error.type` of each of its requests that arrives. */
  readonly told: string;
  /** Is done when the client is. */
  perform(place: Place): Promise<void>;
}

const FINE = '200 -';
const GONE = '- client_disconnect';
const QUEUED = '?queued';
const UPLOAD = Buffer.alloc(20_000, 'u');

/** Reads the answer to its end, on a connection that stays open. */
const ask =
  (method: string, body?: Buffer) =>
  ({ port, agent, path, tenant }: Place): Promise<void> =>
    new Promise((resolve, reject) => {
      const headers = { 'x-tenant': tenant };
      const asked = httpRequest({ port, host: '127.0.0.1', path, agent, method, headers }, (answer) => {
        answer.on('error', reject).on('end', resolve).resume();
      });
      asked.on('error', reject).end(body);
    });

const head = ({ path, tenant }: Place, method = 'GET', fields: readonly string[] = []): string =>
  `${[`${method} ${path} HTTP/1.1`, 'Host: a.example', `X-Tenant: ${tenant}`, ...fields].join('\r\n')}\r\n\r\n`;

/** Sends this, and leaves: when the answer shows `seen`, or when the bytes have gone, with a FIN or a reset. */
const leave =
  (bytesOf: (place: Place) => string, seen?: string) =>
  async (place: Place): Promise<void> => {
    const client = openRaw(place.port, bytesOf(place));
    const { socket } = client;
    if (seen !== undefined) await client.waitFor(seen);
    while (socket.connecting || socket.writableLength > 0) await turn();
    await turn();
    if (place.tenant.length % 2 === 0) socket.destroy();
    else socket.resetAndDestroy();
    await client.closed;
  };

/** Three requests in one packet; the third has the connection closed. */
const pipeline = (place: Place): Promise<void> =>
  openRaw(place.port, head(place) + head(place) + head(place, 'GET', ['Connection: close'])).closed;

const kind = (name: string, told: string, perform: Kind['perform'], requests = 1): Kind => ({
  name,
  told,
  perform,
  requests,
});

/** In this order, over and over. Five in twenty-three leave. */
export const KINDS: readonly Kind[] = [
  kind('fine', FINE, ask('GET')),
  kind('fine', FINE, ask('POST', UPLOAD)),
  kind('missing', '404 -', ask('GET')),
  kind('leaves-early', GONE, leave(head)),
  kind('stream', FINE, ask('GET')),
  kind('fine', FINE, ask('HEAD')),
  kind('empty', '204 -', ask('DELETE')),
  kind('refused', '502 upstream_connect_error', ask('GET')),
  kind('leaves-answer', '200 client_disconnect', leave(head, 'part')),
  kind('fine', FINE, pipeline, 3),
  kind('broken', '503 503', ask('GET')),
  kind('fine', FINE, ask('PUT', UPLOAD)),
  kind(
    'leaves-upload',
    GONE,
    leave((place) => head(place, 'POST', ['Content-Length: 90000']) + 'u'.repeat(1_000)),
  ),
  kind('missing', '404 -', ask('POST', UPLOAD)),
  kind('own', '500 500', ask('GET')),
  kind(
    'leaves-pipeline',
    GONE,
    // The second one's answer waits behind the first one's, which never comes.
    leave((place) => head(place) + head({ ...place, path: `${place.path}${QUEUED}` })),
    2,
  ),
  kind('stream', FINE, ask('HEAD')),
  kind('fine', FINE, ask('GET')),
  kind('fine', FINE, ask('OPTIONS')),
];

/** Of a kind's request, by which kinds are told apart. */
export const pathOf = (tenant: string, { name }: Kind): string =>
  `/${name === 'missing' ? 'nothing' : 'items'}/${tenant}-${name}`;

/** Whatever the framework calls its request. */
export function tenantOf(source: {
  readonly headers?: Readonly<Record<string, string>>;
  readonly req?: { header?(name: string): string | undefined };
}): string | undefined {
  return source.headers?.['x-tenant'] ?? source.req?.header?.('x-tenant');
}

/** A gateway's: passes on what it does not answer itself. */
export function handlerOf(telemetry: GatewayTelemetry, upstream: string, agent: Agent): RequestListener {
  return (request, response) => {
    // What a host that streams does, so that no error event is unhandled.
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    const { url = '' } = request;
    if (url.endsWith('-missing')) response.writeHead(404).end();
    else if (url.endsWith(QUEUED)) response.end('queued');
    else if (url.endsWith('-own')) response.writeHead(500).end();
    else {
      const to = url.endsWith('-refused') ? 'http://127.0.0.2:1' : upstream;
      forward(request, response, telemetry.of(request), to, undefined, agent);
    }
  };
}

/** The upstream's. */
export function answerOf(request: IncomingMessage, response: ServerResponse): void {
  response.on('error', () => undefined);
  request.on('error', () => undefined).resume();
  const { url = '' } = request;
  if (url.endsWith('-empty')) response.writeHead(204).end();
  else if (url.endsWith('-broken')) response.writeHead(503).end('sorry');
  else if (url.endsWith('-stream')) void stream(response);
  else if (url.endsWith('-leaves-answer')) response.write('part');
  else if (!url.includes('-leaves')) request.on('end', () => response.end('fine'));
}

async function stream(response: ServerResponse): Promise<void> {
  for (let count = 0; count < 4; count++) {
    response.write('part');
    await turn();
  }
  response.end();
}
