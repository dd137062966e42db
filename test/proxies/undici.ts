/** A gateway by hand on undici 6, 7 and 8, and on `fetch`. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { pipeline, Readable } from 'node:stream';
import { httpTelemetry } from '../../src/adapters/http.js';
import { undiciTelemetry } from '../../src/adapters/undici.js';
import { needsNode, type ProxyUnderTest } from './proxy-under-test.js';

// For these tests all of them have the same types.
export type Undici = typeof import('undici');
const load = createRequire(import.meta.url) as (name: string) => Undici;

export const undiciVersions: readonly (readonly [string, () => Undici, { readonly skipped?: string }])[] = [
  ['undici 6', () => load('undici6'), {}],
  ['undici 7', () => load('undici'), {}],
  ['undici 8', () => load('undici8'), needsNode(22, 19)],
];

interface Answer {
  readonly status: number;
  readonly body: Readable;
}

type Ask = (url: string, request: IncomingMessage, signal: AbortSignal) => Promise<Answer>;

/** Passes on what comes; a 504 for what is too slow, a 502 for everything else that fails. */
async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
  ask: Ask,
): Promise<void> {
  const controller = new AbortController();
  response.on('close', () => response.writableFinished || controller.abort());
  try {
    const { status, body } = await ask(url, request, controller.signal);
    response.writeHead(status);
    pipeline(body, response, () => undefined);
  } catch (error) {
    const { code } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    if (!response.destroyed) response.writeHead(code === 'UND_ERR_HEADERS_TIMEOUT' ? 504 : 502).end();
  }
}

function headersOf({ headers }: IncomingMessage): Record<string, string | string[]> {
  const dropped = ['host', 'connection', 'expect'];
  const kept = Object.entries(headers).filter(([name]) => !dropped.includes(name));
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}

const hasBody = ({ method }: IncomingMessage): boolean => method !== 'GET' && method !== 'HEAD';

function gateway(
  name: string,
  undici: () => Undici,
  skipped: { skipped?: string },
  isFetch: boolean,
): ProxyUnderTest {
  return {
    name,
    ...skipped,
    serve(telemetry, upstream, { timeoutMs } = {}) {
      const { Agent, fetch, request: send } = undici();
      const limits = timeoutMs === undefined ? {} : { headersTimeout: timeoutMs };
      const dispatcher = new Agent(limits).compose(undiciTelemetry(telemetry));
      const byRequest: Ask = async (url, request, signal) => {
        const body = hasBody(request) ? request : null;
        const { method = '' } = request;
        const options = { method: method as 'GET', headers: headersOf(request), body, dispatcher, signal };
        const { statusCode, body: answer } = await send(url, options);
        return { status: statusCode, body: answer };
      };
      const byFetch: Ask = async (url, request, signal) => {
        const { method = '' } = request;
        const headers = headersOf(request) as Record<string, string>;
        const body = hasBody(request) ? { body: request, duplex: 'half' as const } : {};
        const answer = await fetch(url, { method, headers, dispatcher, signal, ...body });
        const stream = answer.body === null ? Readable.from([]) : Readable.fromWeb(answer.body as never);
        return { status: answer.status, body: stream };
      };
      return createServer(
        httpTelemetry(
          telemetry,
          (request, response) =>
            forward(request, response, `${upstream}${request.url}`, isFetch ? byFetch : byRequest),
          { tenant: 'acme' },
        ),
      );
    },
    answers: { refused: 502, reset: 502, timeout: 504 },
  };
}

export const undiciGateways: readonly ProxyUnderTest[] = undiciVersions.flatMap(([name, undici, skipped]) => [
  gateway(name, undici, skipped, false),
  gateway(`fetch of ${name}`, undici, skipped, true),
]);
