import type { IncomingMessage, ServerResponse } from 'node:http';
import { contentTypeOf } from './answers.js';
import type { AnswerPlan } from './answers.js';
import type { ReceivedHeaders } from './record-origin.js';
import type { ReceivedRequest, RecordStore } from './record-store.js';
import { NO_RECORDS, recordsOf } from './records.js';
import type { RequestRecords } from './records.js';
import { readBody } from './request-body.js';
import type { Refusal } from './request-body.js';
import type { OtlpSignal } from './schema-types.js';

/** What a request handler needs from the receiver that it works for. */
export interface Desk {
  readonly maxBytes: number;
  signalOf(path: string): OtlpSignal | undefined;
  nextPlan(signal: OtlpSignal): AnswerPlan;
  /** Where to record a request that begins now; a no-op store after `reset`. */
  openLedger(): RecordStore['add'];
}

type Draft = { -readonly [K in keyof ReceivedRequest]: ReceivedRequest[K] };

const GONE = 'The client closed the connection before the body was complete.';

/** Serves one request from its headers to its end. Rejects only if Node refuses the scripted headers. */
export async function serveRequest(
  desk: Desk,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A client that resets the connection is the client's business; without a listener it would end the
  // process.
  request.on('error', ignore);
  response.on('error', ignore);
  const path = request.url ?? '';
  const signal = desk.signalOf(path.split('?', 1).join(''));
  const isPost = request.method === 'POST';
  const record = isPost ? desk.openLedger() : ignore;
  const plan = isPost && signal !== undefined ? desk.nextPlan(signal) : undefined;
  const entry: Draft = {
    signal,
    path,
    headers: headersOf(request),
    bytes: new Uint8Array(),
    encodedBytes: 0,
    receivedAtMs: Date.now(),
    answeredStatus: undefined,
  };

  if (plan?.kind === 'hangUp' && plan.when === 'before') {
    record({ requests: [entry] });
    await pause(plan.delayMs, response);
    request.socket.destroy();
    return;
  }

  let refusal: Refusal | undefined;
  let records: RequestRecords = NO_RECORDS;
  try {
    const body = await readBody(request, desk.maxBytes);
    entry.bytes = body.bytes;
    entry.encodedBytes = body.encodedBytes;
    refusal = routeRefusal(signal, isPost) ?? body.refusal;
  } catch {
    record({ requests: [{ ...entry, error: GONE }] });
    return;
  }
  if (refusal === undefined && signal !== undefined) {
    try {
      records = recordsOf(signal, entry.bytes, entry.headers);
    } catch (error) {
      refusal = { status: 400, text: error instanceof Error ? error.message : String(error) };
    }
  }
  if (refusal !== undefined) entry.error = refusal.text;
  record({ requests: [entry] });

  if (plan?.kind === 'hang') return;
  if (plan?.kind === 'hangUp') {
    await pause(plan.delayMs, response);
    request.socket.destroy();
    return;
  }
  const answer = refusal === undefined ? plan : undefined;
  // Without a delay there must be no await from here to the records: whoever waits for the request sees them
  // too.
  if (answer !== undefined && answer.delayMs > 0) await pause(answer.delayMs, response);
  if (response.destroyed) return;
  const status = refusal?.status ?? answer?.status ?? 200;
  const content = refusal?.text ?? answer?.body ?? '';
  entry.answeredStatus = status;
  if (status < 300) record(records);
  response.writeHead(status, {
    'content-type': contentTypeOf(content),
    // A 204 has no body, so it must not announce one.
    ...(status !== 204 && { 'content-length': String(Buffer.byteLength(content)) }),
    ...(status === 405 && !isPost && { allow: 'POST' }),
    ...answer?.headers,
  });
  response.end(content);
}

function routeRefusal(signal: OtlpSignal | undefined, isPost: boolean): Refusal | undefined {
  if (signal === undefined) {
    return { status: 404, text: 'Expected the path /v1/traces, /v1/logs or /v1/metrics.' };
  }
  return isPost ? undefined : { status: 405, text: 'Expected the method POST.' };
}

/** Resolves after the time, or at once when the connection has gone. */
function pause(delayMs: number, response: ServerResponse): Promise<void> {
  if (delayMs === 0 || response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      response.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    response.on('close', done);
  });
}

function headersOf(request: IncomingMessage): ReceivedHeaders {
  const headers = Object.create(null) as Record<string, string>;
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    headers[name] = (values ?? []).join(', ');
  }
  return headers;
}

function ignore(): void {
  // Nothing to do.
}
