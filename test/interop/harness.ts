/** The harness's side of the wire: a client that writes headers byte by byte, and the server that is called back. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openRaw } from '../support/http-client.js';
import type { HarnessRequest, HeaderLine } from './harness-tests.js';

/** One call that the service made. */
export interface Callback {
  readonly method: string | undefined;
  /** As they came, in order, with repeats. */
  readonly headers: readonly HeaderLine[];
  readonly body: string;
}

export interface Harness {
  /** Where callbacks go. */
  readonly url: string;
  /** Sends one request to the service and gives the calls that came of it, in the order in which they were asked for. */
  ask(service: string, request: HarnessRequest): Promise<readonly Callback[]>;
  close(): void;
}

export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

export async function startHarness(): Promise<Harness> {
  const callbacks = new Map<string, Callback[]>();
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { method, url = '', rawHeaders } = request;
      callbacks.set(url, [...(callbacks.get(url) ?? []), { method, headers: pairs(rawHeaders), body }]);
      response.writeHead(200, { 'content-type': 'application/json' }).end('null');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let asked = 0;
  return {
    url,
    async ask(service, { headers, calls = 1 }) {
      asked += 1;
      const paths = Array.from({ length: calls }, (_, index) => `/${asked}.${index}`);
      const list = paths.map((path) => ({ url: url + path, arguments: [] }));
      const { status, body } = await post(service, JSON.stringify(list), headers);
      if (status !== 200) throw new Error(`The service answered ${status}: ${body}`);
      return paths.map((path) => {
        const [callback, ...more] = callbacks.get(path) ?? [];
        if (callback === undefined || more.length > 0) {
          throw new Error(
            `${path} was called ${callback === undefined ? 0 : more.length + 1} times: ${body}`,
          );
        }
        return callback;
      });
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** POSTs a body with these header lines, byte by byte as they are given, and reads the whole answer. */
export async function post(
  service: string,
  body: string,
  headers: readonly HeaderLine[] = [],
): Promise<RawAnswer> {
  const { host, port, pathname } = new URL(service);
  const client = openRaw(
    Number(port),
    [
      `POST ${pathname} HTTP/1.1`,
      `Host: ${host}`,
      'Connection: close',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
      '',
      body,
    ].join('\r\n'),
  );
  await client.closed;
  const answer = client.received();
  const end = answer.indexOf('\r\n\r\n');
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]), body: answer.slice(end + 4) };
}

function pairs(rawHeaders: readonly string[]): HeaderLine[] {
  const lines: HeaderLine[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    lines.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '']);
  }
  return lines;
}
