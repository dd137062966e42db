/** Answers of MCP servers that pass through a call: how it came out. */
import { expect, it } from 'vitest';
import { startGateway } from '../support/gateway.js';
import { startUpstream } from '../support/upstream.js';

const CLIENT = 3;
const json = 'application/json';
const events = (...documents: object[]): string =>
  documents.map((document) => `event: message\ndata: ${JSON.stringify(document)}\n\n`).join('');
const result = { content: [{ type: 'text', text: 'secret-4711' }] };

it.each([
  ['a result', json, JSON.stringify({ jsonrpc: '2.0', id: 'client-1', result }), undefined, undefined],
  [
    'a tool that has failed, after notifications',
    'text/event-stream',
    events(
      { jsonrpc: '2.0', method: 'notifications/progress', params: {} },
      { jsonrpc: '2.0', id: 1, result: { ...result, isError: true } },
    ),
    'tool_error',
    undefined,
  ],
  [
    'an error of the protocol',
    json,
    JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: -32602, message: 'secret-4711' } }),
    '-32602',
    '-32602',
  ],
])('%s', async (_what, contentType, body, errorType, rpcCode) => {
  const upstream = await startUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': contentType }).end(body);
  });
  const { telemetry, flush, operator } = await startGateway();
  const call = telemetry.genAi({
    tool: { name: 'weather' },
    mcp: { method: 'tools/call', transport: 'tcp' },
    url: upstream.url,
  });
  const answer = call.watch(await fetch(upstream.url, { method: 'POST' }));
  expect(await answer.text()).toBe(body);
  await flush();

  const [{ attributes, ...span } = {}] = operator.spans;
  expect(span).toMatchObject({
    name: 'tools/call weather',
    kind: CLIENT,
    status: { code: errorType === undefined ? 0 : 2 },
  });
  expect(attributes?.['error.type']).toBe(errorType);
  expect(attributes?.['rpc.response.status_code']).toBe(rpcCode);
  for (const name of ['gen_ai.response.id', 'gen_ai.request.stream', 'gen_ai.response.time_to_first_chunk'])
    expect(attributes).not.toHaveProperty(name);
  expect(
    JSON.stringify(operator.spans, (_key, value: unknown) => (typeof value === 'bigint' ? '' : value)),
  ).not.toMatch(/secret-4711|client-1/);
});
