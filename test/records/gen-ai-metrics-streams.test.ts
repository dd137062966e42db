/** Metrics of calls whose answers pass through a real gateway, read on their way. */
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import { startUpstream } from '../support/upstream.js';

const WAIT_MS = 120;

const chunk = (parts: object): string =>
  `data: ${JSON.stringify({ id: 'c-1', object: 'chat.completion.chunk', model: 'gpt-4o-2024-08-06', ...parts })}\n\n`;

const STREAM = [
  chunk({ choices: [{ index: 0, delta: { content: 'The' }, finish_reason: null }] }),
  chunk({ choices: [{ index: 0, delta: { content: ' tide' }, finish_reason: 'stop' }] }),
  chunk({ choices: [], usage: { prompt_tokens: 17, completion_tokens: 4, total_tokens: 21 } }),
  'data: [DONE]\n\n',
];

const tenantOf = (request: IncomingMessage): string => String(request.headers['x-tenant']);

/**
 * Streams by `/stream`, with a pause before the first chunk, and with another one before the last that begins once the first has
 * been seen; anything else is not known to it.
 */
async function startAiGateway(): Promise<TestGateway> {
  const seen = deferred();
  const provider = await startUpstream((request, response) => {
    if (request.url !== '/stream') {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end(
        '{"error":{"message":"no such model","type":"invalid_request_error","code":"model_not_found"}}',
      );
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    void (async () => {
      await pause(WAIT_MS);
      for (const part of STREAM.slice(0, -1)) response.write(part);
      await seen.promise;
      await pause(WAIT_MS);
      response.end(STREAM.at(-1));
    })();
  });
  const gateway = await startGateway({
    options: { tenantRecords: { genAi: true } },
    adapter: { tenant: tenantOf },
    listener: (request, response) => {
      const model = request.url === '/stream' ? 'gpt-4o' : 'gpt-invented';
      const call = gateway.telemetry.genAi({ operation: 'chat', provider: 'openai', model });
      get(`${provider.url}${request.url ?? ''}`, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        const watched = call.watch(answer);
        watched.once('data', () => seen.resolve());
        watched.pipe(response);
      });
    },
  });
  return gateway;
}

it('have what the stream said, when it said it, for operator and tenant', async () => {
  const gateway = await startAiGateway();
  const answer = await send(`${gateway.url}/stream`, { headers: { 'x-tenant': 'acme' } });
  expect(String(answer.body)).toBe(STREAM.join(''));
  await send(`${gateway.url}/other`, { headers: { 'x-tenant': 'globex' } });
  await gateway.flush();
  const shown = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.response.model': 'gpt-4o-2024-08-06',
  };
  for (const [receiver, tenant] of [
    [gateway.operator, { 'knoxcall.tenant_id': 'acme' }],
    [gateway.acme, {}],
  ] as const) {
    const points = receiver.metricPoints.filter(
      ({ name, attributes }) => name.startsWith('gen_ai.') && attributes['gen_ai.request.model'] === 'gpt-4o',
    );
    expect(points.map(({ name, count, attributes }) => [name, count, attributes])).toEqual([
      ['gen_ai.client.operation.duration', 1, { ...shown, ...tenant }],
      ['gen_ai.client.operation.time_to_first_chunk', 1, { ...shown, ...tenant }],
      ['gen_ai.client.token.usage', 1, { 'gen_ai.token.type': 'input', ...shown, ...tenant }],
      ['gen_ai.client.token.usage', 1, { 'gen_ai.token.type': 'output', ...shown, ...tenant }],
    ]);
    const [duration, firstChunk, input, output] = points.map(({ sum }) => Number(sum));
    expect([input, output]).toEqual([17, 4]);
    // Timers may fire a millisecond early.
    expect(firstChunk).toBeGreaterThan((WAIT_MS - 10) / 1_000);
    expect(duration).toBeGreaterThan((firstChunk ?? 0) + (WAIT_MS - 10) / 1_000);
  }
  const [failure, ...others] = gateway.globex.metricPoints.filter(({ name }) => name.startsWith('gen_ai.'));
  expect(others).toEqual([]);
  expect(failure?.attributes).toMatchObject({ 'gen_ai.request.model': '_OTHER' });
  expect(failure?.attributes['error.type']).toBeDefined();
});

it('count a call whose client has left', async () => {
  const gateway = await startAiGateway();
  const client = openRaw(
    gateway.port,
    'GET /stream HTTP/1.1\r\nHost: gateway\r\nX-Tenant: acme\r\nConnection: close\r\n\r\n',
  );
  await client.waitFor('The');
  client.socket.destroy();
  await gateway.idle();
  const durations = async () => {
    await gateway.flush();
    return gateway.operator.metricPoints.filter(({ name }) => name === 'gen_ai.client.operation.duration');
  };
  for (let round = 0; round < 100 && (await durations()).length === 0; round++) await pause(20);
  expect(await durations()).toMatchObject([{ count: 1 }]);
});
