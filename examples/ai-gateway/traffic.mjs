/** Scripted clients on real sockets. Each says what it must get; anything else is an error. */
import http from 'node:http';

const messages = [{ role: 'user', content: 'What does a gateway see?' }];
const asStream = { stream: true, stream_options: { include_usage: true } };

/** `errorType` is how telemetry must name a failure; `isBlocked`: the gateway answers itself. */
const scenes = [
  chat('search', { model: 'gpt-4o-mini', messages }),
  chat('search', { model: 'gpt-4o-mini', messages, ...asStream }),
  chat('search', { model: 'gpt-4o-mini', messages, stream: true }),
  scene('support', '/v1/responses', { model: 'gpt-4o', input: 'What is a token?', stream: true }),
  scene('support', '/v1/messages', { model: 'claude-sonnet-4-5', messages, max_tokens: 256 }),
  chat('labs', { model: 'gpt-busy', messages }, { status: 429, errorType: 'rate_limit_exceeded' }),
  chat('labs', { model: 'gpt-9', messages }, { status: 404, errorType: 'model_not_found' }),
  scene('labs', '/v1/messages', { model: 'claude-sonnet-4-5', messages, max_tokens: 256, stream: true }),
  chat('labs', { model: 'gpt-4o', messages }, { status: 429, isBlocked: true }),
  tool('search', 'Oslo'),
  tool('labs', 'Atlantis', { errorType: 'tool_error' }),
];

function scene(team, path, body, { status = 200, isBlocked = false, errorType } = {}) {
  return { team, path, body, status, isBlocked, errorType };
}

function chat(team, body, expected) {
  return scene(team, '/v1/chat/completions', body, expected);
}

function tool(team, city, expected) {
  const params = { name: 'weather', arguments: { city } };
  return scene(team, '/mcp', { jsonrpc: '2.0', id: 7, method: 'tools/call', params }, expected);
}

/** Gives back what the provider's books say of each call, with its team: what telemetry has to know of. */
export async function sendTraffic(gatewayUrl, provider, keyOf) {
  const calls = [];
  for (const { team, path, body, status, isBlocked, errorType } of scenes) {
    const before = provider.books.length;
    const answer = await send(gatewayUrl + path, keyOf(team), body, () => provider.goOn());
    const [entry, ...more] = provider.books.slice(before);
    if (answer.status !== status) throw new Error(`${path} gave ${answer.status}; expected ${status}.`);
    if (more.length > 0 || (entry === undefined) !== isBlocked)
      throw new Error(`${path} reached the provider ${more.length + (entry ? 1 : 0)} times.`);
    if (isBlocked) continue;
    if (entry.asked !== JSON.stringify(body)) throw new Error(`${path} was asked for something else.`);
    if (!answer.bytes.equals(entry.body)) throw new Error(`${path} gave other bytes than the provider sent.`);
    calls.push({ team, isTool: path === '/mcp', model: entry.model, usage: entry.usage, errorType });
  }
  return calls;
}

function send(url, key, body, onFirstBytes) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'x-wait': 'true' };
    const request = http.request(url, { method: 'POST', headers });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks = [];
      response.once('data', onFirstBytes);
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, bytes: Buffer.concat(chunks) }));
    });
    request.end(JSON.stringify(body));
  });
}
