/**
 * The contract of the W3C trace-context test harness. It POSTs a JSON array; for each `{ url, arguments }` in it the
 * service POSTs `arguments` to `url`, with trace headers, and answers 200 when all calls have ended.
 */
import { once, setMaxListeners } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { finished } from 'node:stream/promises';

const LIMITS = {
  maxBodyBytes: 1024 * 1024,
  maxCalls: 100,
  /** For all calls of one request together: the harness waits for five seconds. */
  timeoutMs: 4000,
};

/** What the service asks of telemetry, besides a destination: a CLIENT span, and so a parent id, for each call. */
export const TELEMETRY_OPTIONS = {
  serviceName: 'w3c-harness-service',
  spans: 'server+client',
  propagation: { extract: ['w3c'], inject: ['w3c'] },
};

/**
 * Makes the listener for `httpTelemetry`. It calls whatever it is told to, which is what the harness wants; so let
 * nobody else reach it.
 */
export function createCallListener(limits = {}) {
  const allLimits = { ...LIMITS, ...limits };
  return (request, response, exchange) => {
    answer(request, response, exchange, allLimits).catch((error) => response.destroy(error));
  };
}

class Refusal extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

async function answer(request, response, exchange, limits) {
  try {
    if (request.method !== 'POST') throw new Refusal(405, 'Only POST is answered.');
    const calls = callsIn(await bodyOf(request, limits), limits);
    const results = await makeAll(calls, exchange, response, limits);
    // Also when calls have failed: the service did as it was told, and the harness misses them by itself.
    sendJson(response, 200, { traceId: exchange.traceId, calls: results });
  } catch (error) {
    if (!(error instanceof Refusal)) exchange.recordError(error);
    sendJson(response, error.status ?? 500, { error: error.message });
  }
}

/** A body that is too large is read to its end, or else the client would not see the answer. */
async function bodyOf(request, { maxBodyBytes }) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= maxBodyBytes) chunks.push(chunk);
  }
  if (bytes > maxBodyBytes) throw new Refusal(413, `The body is larger than ${maxBodyBytes} bytes.`);
  return Buffer.concat(chunks).toString();
}

function callsIn(text, { maxCalls }) {
  const list = attempt(() => JSON.parse(text), 'The body is not JSON.');
  if (!Array.isArray(list)) throw new Refusal(400, 'The body must be an array of { url, arguments }.');
  if (list.length > maxCalls) throw new Refusal(400, `More than ${maxCalls} calls at once are not made.`);
  return list.map((call, index) => {
    const url = typeof call?.url === 'string' && URL.canParse(call.url) ? new URL(call.url) : undefined;
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
      throw new Refusal(400, `The url of call ${index} must be an http or https URL.`);
    }
    const tooDeep = `The arguments of call ${index} are nested too deeply.`;
    return { url, body: attempt(() => JSON.stringify(call.arguments ?? []), tooDeep) };
  });
}

function attempt(work, sentence) {
  try {
    return work();
  } catch {
    throw new Refusal(400, sentence);
  }
}

/** All at once. Calls that are not over in time, or when the client has gone, are given up. */
async function makeAll(calls, exchange, response, { timeoutMs }) {
  const giveUp = new AbortController();
  // Every call listens. Node would warn of more than ten.
  setMaxListeners(0, giveUp.signal);
  const timeout = () => giveUp.abort(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
  const timer = setTimeout(timeout, timeoutMs);
  response.once('close', () => giveUp.abort(new Error('the client has gone')));
  const results = await Promise.all(calls.map((call) => makeOne(call, exchange, giveUp.signal)));
  clearTimeout(timer);
  return results;
}

async function makeOne({ url, body }, exchange, signal) {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const call = exchange.startUpstreamCall({ method: 'POST', url: url.href });
  call.inject(headers);
  try {
    const { request } = url.protocol === 'https:' ? https : http;
    const asking = request(url, { method: 'POST', headers, agent: false, signal });
    // It may fail a second time, when the answer has failed already.
    asking.on('error', () => {});
    asking.end(body);
    const [received] = await once(asking, 'response', { signal });
    await finished(received.resume());
    call.end({ statusCode: received.statusCode });
    return { url: url.href, status: received.statusCode };
  } catch (thrown) {
    const error = signal.aborted ? signal.reason : thrown;
    call.end({ error });
    return { url: url.href, error: error.message || error.code };
  }
}

function sendJson(response, status, value) {
  if (response.destroyed || response.headersSent) return;
  const text = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(status === 405 && { allow: 'POST' }),
  });
  response.end(text);
}
