/** The log events of calls to models: who gets them, and what they may know. */
import { describe, expect, it } from 'vitest';
import type { GenAiEnd, GenAiOptions } from '../../src/index.js';
import type { OtlpReceiver, ReceivedLog } from '../../src/testing/index.js';
import { startGateway, type GatewaySetup, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const DETAILS = 'gen_ai.client.inference.operation.details';
const EXCEPTION = 'gen_ai.client.operation.exception';
const WITH_EVENTS = { genAi: { events: true }, tenantRecords: { genAi: true } } as const;

const logsOf = ({ logs }: OtlpReceiver, name: string): ReceivedLog[] =>
  logs.filter(({ eventName }) => eventName === name);

async function gatewayAfter(
  calls: readonly (readonly [GenAiOptions, GenAiEnd?])[],
  options: GatewaySetup['options'] = WITH_EVENTS,
): Promise<TestGateway> {
  const gateway = await startGateway({ options });
  for (const [call, end] of calls) gateway.telemetry.genAi(call).end(end);
  await gateway.flush();
  return gateway;
}

describe('the event of a call', () => {
  it('says to the operator what the span says, and to the tenant what was asked and answered', async () => {
    const canary = 'canary-4711';
    const gateway = await startGateway({
      options: WITH_EVENTS,
      adapter: { tenant: 'acme' },
      listener: (_request, response, exchange) => {
        exchange.setAttribution({ team: canary });
        const call = gateway.telemetry.genAi({
          operation: 'chat',
          provider: 'openai',
          model: 'gpt-4o',
          url: `https://api.example/${canary}`,
          conversationId: canary,
          agent: { id: canary, name: canary, description: canary, version: canary },
          tool: { name: 'weather', description: canary, callId: canary },
          dataSourceId: canary,
          workflow: canary,
          attributes: { 'app.note': canary },
          request: { temperature: 1, stopSequences: [canary] },
        });
        call.recordCost({ amount: 2, provider: canary });
        call.recordPolicy({ name: canary, result: 'passed' });
        call.setBudget({ name: canary, utilization: 1 });
        call.setAttribute('app.more', canary);
        call.end({
          statusCode: 200,
          model: 'gpt-4o-mini',
          finishReasons: ['stop'],
          usage: { inputTokens: 3, outputTokens: 4 },
        });
        response.end('ok');
      },
    });
    await send(gateway.url);
    await gateway.flush();
    const [own] = logsOf(gateway.operator, DETAILS);
    const [theirs] = logsOf(gateway.acme, DETAILS);
    const span = gateway.operator.spans.find(({ name }) => name === 'chat gpt-4o');
    expect(own).toMatchObject({ severityNumber: 9, severityText: 'INFO', spanId: span?.spanId });
    expect(own?.body).toMatch(/^chat weather 3\+4 tokens \d+ms$/);
    expect(own?.attributes).toEqual({ ...span?.attributes, 'event.name': DETAILS });
    expect(theirs?.attributes).toEqual({
      'event.name': DETAILS,
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.request.temperature': 1,
      'gen_ai.response.model': 'gpt-4o-mini',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 3,
      'gen_ai.usage.output_tokens': 4,
      'gen_ai.tool.name': 'weather',
      'server.address': 'api.example',
      'server.port': 443,
      'knoxcall.tenant_id': 'acme',
    });
    for (const receiver of [gateway.acme, gateway.globex]) {
      expect(receiver.spans).toEqual([]);
      for (const { bytes } of receiver.requests)
        expect(Buffer.from(bytes).includes(canary), 'on the wire to a tenant').toBe(false);
    }
    expect(logsOf(gateway.globex, DETAILS)).toEqual([]);
  });

  it('is INFO, WARN or ERROR as the call came out', async () => {
    const call = { operation: 'chat', model: 'm' } as const;
    const gateway = await gatewayAfter([
      [call, { statusCode: 200 }],
      [call, { statusCode: 429 }],
      [call, { error: 'client_disconnect' }],
      [call, { statusCode: 500 }],
      [call, { error: new Error('x') }],
    ]);
    const logs = logsOf(gateway.operator, DETAILS);
    expect(logs.map(({ severityText }) => severityText)).toEqual(['INFO', 'WARN', 'WARN', 'ERROR', 'ERROR']);
    expect(logs[1]?.body).toMatch(/^chat m 429 \d+ms$/);
  });

  it('is INFO where a client that leaves is no error', async () => {
    const call = { operation: 'chat' };
    const gateway = await gatewayAfter([[call, { error: 'client_disconnect' }]], {
      ...WITH_EVENTS,
      clientDisconnect: 'unset',
    });
    const [log] = logsOf(gateway.operator, DETAILS);
    expect(log?.severityText).toBe('INFO');
    expect(log?.attributes).not.toHaveProperty(['error.type']);
  });

  it('is not there unless it is asked for, and then goes to nobody else', async () => {
    const call = [{ operation: 'chat', tenant: 'acme' }, { statusCode: 200 }] as const;
    const without = await gatewayAfter([call], { tenantRecords: { genAi: true } });
    expect([without.operator.logs, without.acme.logs]).toEqual([[], []]);
    const alone = await gatewayAfter([call], { genAi: { events: true } });
    expect([logsOf(alone.operator, DETAILS).length, alone.acme.logs.length]).toEqual([1, 0]);
    const nobodys = await gatewayAfter([[{ operation: 'chat', tenant: null }], [{ operation: 'chat' }]]);
    expect([logsOf(nobodys.operator, DETAILS).length, nobodys.acme.logs.length]).toEqual([2, 0]);
  });

  it('is seen by redact, each copy of it', async () => {
    const seen: string[] = [];
    await gatewayAfter([[{ operation: 'chat', tenant: 'acme' }, { error: new Error('canary') }]], {
      ...WITH_EVENTS,
      exceptions: {},
      redact: ({ signal, audience, name }) => void seen.push(`${signal} to ${audience}: ${name}`),
    });
    expect(seen.sort()).toEqual([
      `log to operator: ${DETAILS}`,
      `log to operator: ${EXCEPTION}`,
      `log to tenant: ${DETAILS}`,
      'span to operator: chat',
    ]);
  });
});

describe('the exception of a call', () => {
  it('is a WARN event and an event of the span, to the operator alone', async () => {
    const error = Object.assign(new TypeError('no token=hush'), { cause: new Error('inner') });
    const gateway = await gatewayAfter([[{ operation: 'chat', model: 'm', tenant: 'acme' }, { error }]], {
      ...WITH_EVENTS,
      exceptions: {},
    });
    const [log] = logsOf(gateway.operator, EXCEPTION);
    const [span] = gateway.operator.spans;
    expect(log).toMatchObject({
      severityNumber: 13,
      spanId: span?.spanId,
      body: 'TypeError: no token=REDACTED (caused by Error: inner)',
    });
    expect(log?.attributes).toMatchObject({
      'error.type': 'TypeError',
      'exception.type': 'TypeError',
      'exception.message': 'no token=REDACTED (caused by Error: inner)',
      'knoxcall.tenant_id': 'acme',
    });
    expect(span?.events.map(({ name }) => name)).toEqual(['exception']);
    expect(logsOf(gateway.acme, EXCEPTION)).toEqual([]);
    for (const { bytes } of gateway.acme.requests) expect(Buffer.from(bytes).includes('inner')).toBe(false);
  });

  it('is not told of statuses, names, JSON-RPC errors and clients that leave', async () => {
    const mcp = { mcp: { method: 'tools/call' }, tool: { name: 't' } };
    const call = { operation: 'chat' };
    const gateway = await gatewayAfter(
      [
        [call, { statusCode: 500 }],
        [call, { error: 'overloaded' }],
        [call, { error: new DOMException('left', 'AbortError') }],
        [mcp, { error: { code: -32602, message: 'no such tool' } }],
      ],
      { exceptions: {} },
    );
    expect(gateway.operator.logs).toEqual([]);
    expect(gateway.operator.spans.flatMap(({ events }) => events)).toEqual([]);
  });

  it('is switched by the option of all exceptions', async () => {
    const gateway = await gatewayAfter([[{ operation: 'chat' }, { error: new Error('x') }]], {
      exceptions: { logs: false, spanEvents: false },
    });
    expect(gateway.operator.logs).toEqual([]);
    expect(gateway.operator.spans[0]?.events).toEqual([]);
  });
});
