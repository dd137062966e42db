/**
 * A gateway in front of models and tools: keys of teams, budgets, and telemetry of every call. This is the file to copy. Answers pass
 * as they come, byte by byte; requests are read first, because the model stands in their body.
 */
import http from 'node:http';
import { pipeline } from 'node:stream';
import { readGenAiRequest } from 'gateway-otel';
import { httpTelemetry } from 'gateway-otel/http';

const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
const PROVIDERS = {
  '/v1/chat/completions': 'openai',
  '/v1/responses': 'openai',
  '/v1/messages': 'anthropic',
};

/** `keys` is a map of `{ tenant, team }` by API key; the ledger knows what a team has used of its budget. */
export function createGateway(telemetry, { upstream, keys, ledger }) {
  const server = http.createServer(
    httpTelemetry(telemetry, (request, response, exchange) => {
      handle(request, response, exchange).catch((error) => {
        exchange.recordError(error);
        if (response.headersSent) response.destroy();
        else refuse(response, 502, 'The gateway failed.');
      });
    }),
  );

  async function handle(request, response, exchange) {
    const { 'x-api-key': key, authorization } = request.headers;
    const client = keys.get(key ?? authorization?.slice('Bearer '.length));
    if (client === undefined) return refuse(response, 401, 'This key is not known.');
    const { tenant, team } = client;
    exchange.setTenant(tenant);
    exchange.setAttribution({ team });
    exchange.setRoute(request.url === '/mcp' ? 'tools' : 'models');
    if (request.method !== 'POST') return refuse(response, 405, 'Only POST is answered.');

    const body = await bodyOf(request);
    if (body === undefined) return refuse(response, 413, 'The request is too large.');
    if (request.url === '/mcp') {
      const message = messageIn(body);
      if (message === undefined) return refuse(response, 400, 'This is no message of the protocol.');
      return forward(request, response, body, toolCall(request, message));
    }
    if (!(request.url in PROVIDERS)) return refuse(response, 404, 'There is no such API.');

    const utilization = ledger.usedBy(team);
    const isBlocked = utilization >= 100;
    exchange.setBudget({ name: team, utilization });
    exchange.recordPolicy({ name: 'team-budget', result: isBlocked ? 'blocked' : 'passed' });
    if (isBlocked) return refuse(response, 429, `The budget of ${team} is used up.`);

    const provider = PROVIDERS[request.url];
    const { model, ...asked } = readGenAiRequest(body); // 2: what is asked for, nothing of what is said
    forward(request, response, body, { operation: 'chat', provider, model, request: asked });
  }

  function forward(request, response, body, about) {
    const url = new URL(upstream + request.url);
    const headers = upstreamHeaders(request.headers, body);
    const call = telemetry.genAi({ ...about, url }); // 3: before it goes out
    call.inject(headers); // 4: the trace goes on to the provider
    const ask = http.request(url, { method: 'POST', headers });
    ask.on('response', (answer) => {
      telemetry.of(request).setUpstream({ statusCode: answer.statusCode });
      response.writeHead(answer.statusCode, endToEnd(answer.headers));
      pipeline(call.watch(answer), response, () => {}); // 5: read while it passes; with it the call ends
    });
    ask.on('error', (error) => {
      call.end({ error: response.destroyed ? 'client_disconnect' : error }); // 6: there was no answer
      telemetry.of(request).recordError(error);
      if (!response.headersSent) refuse(response, 502, 'The provider failed.');
    });
    response.on('close', () => response.writableFinished || ask.destroy());
    ask.end(body);
  }

  return server;
}

/** What a client sends that is no JSON is its own fault, and no error of the gateway. */
function messageIn(body) {
  try {
    return JSON.parse(body) ?? undefined;
  } catch {
    return undefined;
  }
}

/** A call by the Model Context Protocol. What its answer says of a failure is read as a model's is. */
function toolCall({ headers }, { id, method, params }) {
  return {
    tool: method === 'tools/call' ? { name: params?.name } : undefined,
    mcp: { method, requestId: id, sessionId: headers['mcp-session-id'], transport: 'tcp' },
  };
}

function refuse(response, status, message) {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify({ error: { message } }));
}

async function bodyOf(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_REQUEST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The provider is never shown a team's key; it would get the gateway's own here. */
function upstreamHeaders(
  { host: _host, expect: _expect, authorization: _bearer, 'x-api-key': _key, ...headers },
  body,
) {
  return { ...endToEnd(headers), 'content-length': body.length };
}

/** Without the headers that concern one connection only. */
function endToEnd(headers) {
  const names = `keep-alive,proxy-authorization,te,trailer,transfer-encoding,upgrade,${headers.connection ?? ''}`;
  const dropped = new Set(['connection', ...names.toLowerCase().split(/\s*,\s*/)]);
  dropped.delete('content-length');
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}
