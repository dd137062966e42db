/** Many streams at once, of two tenants, with clients that leave: each call is recorded once, and everybody has their own. */
import { Agent, request as ask } from 'node:http';
import { pipeline } from 'node:stream';
import { expect, it } from 'vitest';
import type { OtlpReceiver, ReceivedMetricPoint } from '../../src/testing/index.js';
import { startGateway } from '../support/gateway.js';
import { startUpstream } from '../support/upstream.js';

const CALLS = 600;
const CLIENTS = 30;
const COST = 0.25;
const DEADLINE_MS = 10_000;
const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const chunk = { object: 'chat.completion.chunk', model: 'm-1' };
const word = event({ ...chunk, choices: [{ index: 0, delta: { content: 'Word. ' }, finish_reason: null }] });
const last = [
  event({ ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
  event({ ...chunk, choices: [], usage: { prompt_tokens: 7, completion_tokens: 3 } }),
];

/** The last reading of each series. */
function series({ metricPoints }: OtlpReceiver, name: string): readonly ReceivedMetricPoint[] {
  const points = metricPoints.filter((point) => point.name === name);
  return [...new Map(points.map((point) => [JSON.stringify(point.attributes), point])).values()];
}

const total = (points: readonly ReceivedMetricPoint[], field: 'count' | 'sum' | 'value'): number =>
  points.reduce((sum, point) => sum + Number(point[field]), 0);

it('counts each once, at the operator and at its tenant', { timeout: 60_000 }, async () => {
  let answered = 0;
  const upstream = await startUpstream((request, response) => {
    answered += 1;
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(word);
    setTimeout(() => response.write(word + (last[0] ?? '').slice(0, 40)), 2);
    setTimeout(() => response.end((last[0] ?? '').slice(40) + (last[1] ?? '')), 4);
  });
  const agent = new Agent({ keepAlive: true });
  const begun = { acme: 0, globex: 0 };
  const gateway = await startGateway({
    options: {
      genAi: { price: () => COST },
      tenantRecords: { genAi: 'with_cost' },
      metrics: { attribution: ['team'] },
    },
    listener: (request, response, exchange) => {
      const tenant = request.url === '/acme' ? 'acme' : 'globex';
      begun[tenant] += 1;
      exchange.setTenant(tenant);
      exchange.setAttribution({ team: `team-of-${tenant}` });
      const call = gateway.telemetry.genAi({ operation: 'chat', provider: 'openai', model: 'm' });
      const upward = ask(upstream.url, { method: 'POST', agent });
      upward.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        pipeline(call.watch(answer), response, () => undefined);
      });
      upward.on('error', () => {
        call.end({ error: 'client_disconnect' });
        response.destroy();
      });
      response.on('close', () => response.writableFinished || upward.destroy());
      upward.end();
    },
  });

  const one = (number: number): Promise<void> =>
    new Promise((resolve) => {
      const request = ask(`${gateway.url}/${number % 3 === 0 ? 'globex' : 'acme'}`, { agent: false });
      request.on('error', () => resolve()).on('close', () => resolve());
      request.on('response', (response) => {
        response.on('error', () => undefined);
        response.on('data', () => number % 5 === 0 && request.destroy());
      });
      if (number % 7 === 0) setTimeout(() => request.destroy(), number % 8);
      request.end();
    });
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < CALLS) await one(next++);
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const { acme, globex, operator } = gateway;
  const all = begun.acme + begun.globex;
  const calls = (): number => operator.spans.filter(({ name }) => name === 'chat m').length;
  // A call whose client has left ends after its request.
  const deadline = Date.now() + DEADLINE_MS;
  do await gateway.flush();
  while (calls() < all && Date.now() < deadline);
  agent.destroy();

  const duration = 'gen_ai.client.operation.duration';
  expect(answered).toBeGreaterThan(CALLS / 2);
  expect(calls()).toBe(all);
  expect(total(series(operator, duration), 'count')).toBe(all);
  expect(total(series(acme, duration), 'count')).toBe(begun.acme);
  expect(total(series(globex, duration), 'count')).toBe(begun.globex);

  const tokens = 'gen_ai.client.token.usage';
  const whole = operator.spans.filter(({ attributes }) => attributes['gen_ai.usage.input_tokens'] === 7);
  expect(whole.length).toBeGreaterThan(CALLS / 3);
  expect(total(series(operator, tokens), 'sum')).toBe(10 * whole.length);
  expect(total([...series(acme, tokens), ...series(globex, tokens)], 'sum')).toBe(10 * whole.length);
  const costs = series(operator, 'knoxcall.cost');
  expect(total(costs, 'value')).toBe(COST * whole.length);
  for (const { attributes, value } of costs) {
    const own = attributes['knoxcall.team'] === 'team-of-acme' ? acme : globex;
    expect(total(series(own, 'knoxcall.cost'), 'value')).toBe(value);
    expect(JSON.stringify(own.metricPoints.map((point) => point.attributes))).not.toContain('team-of');
  }
  expect(acme.spans).toEqual([]);
});
