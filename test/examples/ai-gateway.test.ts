import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { startProvider } from '../../examples/ai-gateway/provider.mjs';
import { disagreements } from '../../examples/ai-gateway/report.mjs';
import { sendTraffic } from '../../examples/ai-gateway/traffic.mjs';
import { startExample } from './example-process.js';
import type { ExampleProcess } from './example-process.js';

let example: ExampleProcess | undefined;
afterEach(() => example?.signal('SIGKILL'));

describe('the AI gateway', { timeout: 60_000 }, () => {
  it('ends by itself with --exit, and tells what the decoded metrics of everybody say', async () => {
    example = startExample('ai-gateway/main.mjs', ['--exit']);
    const code = await example.ended;
    expect(example.errors()).toBe('');
    expect(code).toBe(0);

    const { costs, tokens } = JSON.parse(example.lines.at(-1) ?? '') as {
      costs: Record<string, number>;
      tokens: Record<string, Record<string, number>>;
    };
    expect(tokens).toEqual({ acme: { input: 99, output: 68 }, globex: { input: 25, output: 17 } });
    // 17 fresh tokens, 8 from the cache and 17 that the model wrote; of `support` first 16, then 17 fresh ones.
    const ofSearch = (2 * (17 * 0.15 + 8 * 0.075 + 17 * 0.6)) / 1e6;
    const ofClaude = (17 * 3 + 8 * 0.3 + 17 * 15) / 1e6;
    const ofSupport = (16 * 2.5 + 8 * 1.25 + 17 * 10) / 1e6 + ofClaude;
    expect(Object.keys(costs).sort()).toEqual(['labs', 'search', 'support']);
    for (const [team, cost] of Object.entries({ search: ofSearch, support: ofSupport, labs: ofClaude }))
      expect(costs[team], team).toBeCloseTo(cost, 15);
  });

  it('shows a line for each call, with tokens, cost and the end', async () => {
    example = startExample('ai-gateway/main.mjs', ['--exit']);
    await example.ended;
    const shown = example.lines.join('\n');
    expect(shown).toMatch(/^ {2}acme +search +chat gpt-4o-mini +25\/17 +\d+ms +- +\$0\.000013 +stop$/m);
    expect(shown).toMatch(/^ {2}acme +search +chat gpt-4o-mini +25\/17 +\d+ms +\d+ms +\$0\.000013 +stop$/m);
    expect(shown).toMatch(/^ {2}acme +search +chat gpt-4o-mini +-\/- +\d+ms +\d+ms +- +stop$/m);
    expect(shown).toMatch(/^ {2}globex +labs +chat gpt-busy +-\/- +\d+ms +- +- +rate_limit_exceeded$/m);
    expect(shown).toMatch(/^ {2}globex +labs +tools\/call weather +-\/- +\d+ms +- +- +tool_error$/m);
    expect(shown).toMatch(/^ {2}acme +99 +68$/m);
  });

  it('stays up without the flag, and answers', async () => {
    example = startExample('ai-gateway/main.mjs');
    const [, url = ''] = await example.waitForLine(/curl -N (http:\S+)/);
    const headers = { authorization: 'Bearer key-of-support' };
    const body = JSON.stringify({ model: 'claude-sonnet-4-5', stream: true, messages: [] });
    const answer = await fetch(url, { method: 'POST', headers, body });
    expect(await answer.text()).toContain('event: message_stop');
    expect((await fetch(url, { method: 'POST', body })).status).toBe(401);
    for (const broken of ['{', 'null'])
      expect((await fetch(new URL('/mcp', url), { method: 'POST', headers, body: broken })).status).toBe(400);
    example.signal('SIGINT');
    expect(await example.ended).toBe(0);
  });
});

describe("the AI gateway's check of itself", { timeout: 30_000 }, () => {
  it('fails where a gateway holds the beginning of a stream back', async () => {
    const provider = await startProvider({ patienceMs: 200 });
    const buffering = createServer((request, response) => {
      void (async () => {
        const headers = { 'x-wait': String(request.headers['x-wait']) };
        const init = { method: 'POST', headers, body: await text(request) };
        const answer = await fetch(provider.url + String(request.url), init);
        const whole = Buffer.from(await answer.arrayBuffer());
        response.writeHead(answer.status).end(whole);
      })().catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => buffering.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(buffering.address() as AddressInfo).port}`;
    await expect(sendTraffic(url, provider, () => 'any')).rejects.toThrow(/socket hang up|ECONNRESET/);
    buffering.close();
    buffering.closeAllConnections();
    provider.close();
  });

  it('finds a cost of another team, foreign tokens and a foreign word', () => {
    const keys = new Map([
      ['one', { tenant: 'acme', team: 'search' }],
      ['two', { tenant: 'globex', team: 'labs' }],
    ]);
    const calls = [{ team: 'search', model: 'gpt-4o', usage: { input: 3, cached: 1, output: 2 } }];
    const call = {
      name: 'chat gpt-4o',
      startTimeUnixNano: 1n,
      endTimeUnixNano: 2n,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'knoxcall.tenant_id': 'acme',
        'knoxcall.team': 'search',
        'gen_ai.response.model': 'gpt-4o',
        'gen_ai.usage.input_tokens': 3,
        'gen_ai.usage.output_tokens': 2,
      },
    };
    const cost = (team: string) => ({
      name: 'knoxcall.cost',
      attributes: { 'knoxcall.team': team },
      value: 0.00002625,
    });
    const used = (sum: number, type: string, attributes = {}) => ({
      name: 'gen_ai.client.token.usage',
      attributes: { 'gen_ai.token.type': type, ...attributes },
      sum,
    });
    const nothing = { spans: [], logs: [] };
    const arrived = (team: string, foreign = {}) => ({
      operator: { ...nothing, spans: [call], metricPoints: [cost(team)] },
      tenants: {
        acme: { ...nothing, metricPoints: [used(3, 'input', foreign), used(2, 'output')] },
        globex: { ...nothing, metricPoints: [used(0, 'input'), used(0, 'output')] },
      },
    });
    expect(disagreements(calls, arrived('search'), keys)).toEqual([]);
    expect(disagreements(calls, arrived('labs', { x: 'globex' }), keys)).toEqual([
      'Cost by team: expected {"search":0.00002625}, got {"labs":0.00002625}.',
      'Foreign words at acme: expected [], got ["globex"].',
    ]);
  });
});
