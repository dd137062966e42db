/** Where calls to models stand in a trace, in every mode, and what processors of the host see of them. */
import { describe, expect, it } from 'vitest';
import type { Exchange, GenAiCall, HostSpanProcessor } from '../../src/index.js';
import type { ReceivedSpan } from '../../src/testing/index.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const CHAT = { operation: 'chat', model: 'm' } as const;
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const STORED = `00-${TRACE_ID}-${SPAN_ID}-01`;

const chatOf = ({ operator }: TestGateway): ReceivedSpan =>
  operator.spans.find(({ name }) => name === 'chat m') as ReceivedSpan;

describe('the place of a call', () => {
  it('is where the host says, also within another request', async () => {
    const gateway = await startGateway({
      listener: (_request, response) => {
        const call = gateway.telemetry.genAi({ ...CHAT, parent: STORED });
        call.run(() => gateway.telemetry.genAi({ tool: { name: 't' } }).end());
        call.end();
        response.end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    const chat = chatOf(gateway);
    expect([chat.traceId, chat.parentSpanId]).toEqual([TRACE_ID, SPAN_ID]);
    const tool = gateway.operator.spans.find(({ name }) => name === 'execute_tool t');
    expect([tool?.traceId, tool?.parentSpanId]).toEqual([TRACE_ID, chat.spanId]);
    // Of whatever request ran around it, it has nothing.
    expect(chat.attributes).not.toHaveProperty(['knoxcall.request_id']);
  });

  it('of a message with a trace of its own is in that, with a link to the request that brought it', async () => {
    const mcp = { method: 'tools/call', side: 'server' } as const;
    const tool = { name: 't' };
    const gateway = await startGateway({
      adapter: { tenant: 'acme' },
      listener: (_request, response, exchange) => {
        const { genAi } = gateway.telemetry;
        genAi({ mcp, tool, parent: { traceparent: STORED }, exchange }).end();
        genAi({ mcp, tool, parent: STORED }).end();
        // None of these is brought by it, or stands elsewhere.
        genAi({ mcp, tool }).end();
        genAi({ mcp: { method: 'tools/call' }, tool, parent: STORED }).end();
        genAi({ ...CHAT, parent: STORED, exchange }).end();
        response.end();
      },
    });
    await send(gateway.url);
    gateway.telemetry.genAi({ mcp, tool, parent: STORED }).end();
    await gateway.flush();
    const request = gateway.operator.spans.find(({ name }) => name === 'GET');
    const carrier = [expect.objectContaining({ traceId: request?.traceId, spanId: request?.spanId })];
    const calls = gateway.operator.spans.filter((span) => span !== request);
    expect(calls.map(({ traceId, links }) => [traceId === TRACE_ID, links ?? []])).toEqual([
      [true, carrier],
      [true, carrier],
      [false, []],
      [true, []],
      [true, []],
      [true, []],
    ]);
  });

  it('is that of the exchange that it is made for, outside of its context', async () => {
    let exchange: Exchange | undefined;
    const gateway = await startGateway({
      adapter: { tenant: 'acme' },
      listener: (_request, response, current) => {
        exchange = current;
        response.end();
      },
    });
    await send(gateway.url);
    await gateway.idle();
    const call = gateway.telemetry.genAi({ ...CHAT, exchange });
    call.run(() => gateway.telemetry.tracer.startSpan('inner').end());
    call.end();
    await gateway.flush();
    const chat = chatOf(gateway);
    expect([chat.traceId, chat.parentSpanId]).toEqual([exchange?.traceId, exchange?.spanId]);
    expect(chat.attributes).toMatchObject({
      'knoxcall.tenant_id': 'acme',
      'knoxcall.request_id': exchange?.requestId,
    });
    expect(gateway.operator.spans.find(({ name }) => name === 'inner')?.parentSpanId).toBe(chat.spanId);
  });

  it('is never that of another instance, whose destinations and tenants are others', async () => {
    const [own, other] = [await startGateway(), await startGateway()];
    const exchange = other.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    exchange.setTenant('acme');
    own.telemetry.genAi({ operation: 'chat', exchange }).end();
    exchange.end({ statusCode: 200 });
    await Promise.all([own.flush(), other.flush()]);
    expect(own.operator.spans.map(({ name }) => name)).toEqual(['chat']);
    expect(own.operator.spans[0]?.attributes).not.toHaveProperty(['knoxcall.tenant_id']);
    expect(other.operator.spans.map(({ name }) => name)).toEqual(['GET']);
    expect(own.diagnostics.map(({ code }) => code)).toContain('argument_invalid');
  });

  it('is its own where the exchange is a proxy of one, and the call is recorded', async () => {
    const gateway = await startGateway();
    const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    gateway.telemetry.genAi({ ...CHAT, exchange: new Proxy(exchange, {}) }).end();
    exchange.end({ statusCode: 200 });
    await gateway.flush();
    expect(chatOf(gateway).traceId).not.toBe(exchange.traceId);
    expect(gateway.diagnostics.map(({ code }) => code)).toEqual(['argument_invalid']);
  });

  it('is a trace of its own where there is nothing around it; and it began when the host says', async () => {
    const gateway = await startGateway();
    const startTimeMs = Date.now() - 60_000;
    gateway.telemetry.genAi({ ...CHAT, startTimeMs, tenant: 'acme' }).end();
    await gateway.flush();
    const chat = chatOf(gateway);
    expect(chat.parentSpanId ?? '').toBe('');
    expect(Number(BigInt(chat.startTimeUnixNano) / 1_000_000n)).toBe(startTimeMs);
    expect(Number(BigInt(chat.endTimeUnixNano) - BigInt(chat.startTimeUnixNano))).toBeGreaterThan(59e9);
  });

  it('without traces is that of the caller, whose ids go on', async () => {
    let call: GenAiCall | undefined;
    const headers: Record<string, string> = {};
    const gateway = await startGateway({
      operator: { signals: { traces: false } },
      listener: (_request, response) => {
        call = gateway.telemetry.genAi(CHAT);
        call.inject(headers);
        call.run(() => gateway.telemetry.genAi(CHAT).inject({}));
        call.end({ usage: { inputTokens: 1 } });
        response.end();
      },
    });
    await send(gateway.url, { headers: { traceparent: STORED } });
    await gateway.flush();
    expect([call?.traceId, call?.spanId, headers['traceparent']]).toEqual([TRACE_ID, SPAN_ID, STORED]);
    expect(gateway.operator.spans).toEqual([]);
    expect(gateway.operator.metricPoints.some(({ name }) => name === 'gen_ai.client.token.usage')).toBe(true);
  });

  it('where everything is off is nowhere, and nothing is touched', async () => {
    const gateway = await startGateway({ operator: null, acme: null, globex: null });
    gateway.telemetry.setTenants({}, { force: true });
    const call = gateway.telemetry.genAi(CHAT);
    const headers = {};
    call.inject(headers);
    expect([call.traceId, call.spanId, headers]).toEqual(['', '', {}]);
    expect(call.span.isRecording()).toBe(false);
    call.end();
  });

  it('that is never ended leaves no record, nor does one that ends after the shutdown', async () => {
    const gateway = await startGateway();
    gateway.telemetry.genAi(CHAT);
    const late = gateway.telemetry.genAi(CHAT);
    await gateway.telemetry.shutdown();
    late.end();
    expect(gateway.telemetry.genAi(CHAT).spanId).toBe('');
    expect(gateway.operator.spans).toEqual([]);
  });

  it('is told to span processors, with what is known at each moment', async () => {
    const seen: unknown[] = [];
    const processor: HostSpanProcessor = {
      onStart: (span) => {
        const { name, attributes } = span as { name: string; attributes: Record<string, unknown> };
        seen.push(['start', name, attributes['gen_ai.request.model']]);
      },
      onEnd: (span) => {
        const { name, attributes } = span as { name: string; attributes: Record<string, unknown> };
        seen.push(['end', name, attributes['gen_ai.usage.input_tokens']]);
      },
    };
    const gateway = await startGateway({ operator: null, options: { spanProcessors: [processor] } });
    gateway.telemetry.genAi(CHAT).end({ usage: { inputTokens: 5 } });
    expect(seen).toEqual([
      ['start', 'chat m', 'm'],
      ['end', 'chat m', 5],
    ]);
  });
});

describe('a call by the Model Context Protocol', () => {
  it.each([
    ['client', 3],
    ['server', 2],
  ] as const)('on the side of the %s has its attributes, and the error of JSON-RPC', async (side, kind) => {
    const gateway = await startGateway();
    const mcp = {
      side,
      method: 'tools/call',
      requestId: 7,
      sessionId: 's1',
      protocolVersion: '2025-06-18',
      transport: 'tcp',
      networkProtocolName: 'HTTP',
      networkProtocolVersion: '1.1',
      jsonRpcVersion: '2.0',
    } as const;
    const tool = { name: 'weather', callId: 'c1', type: 'function' };
    const call = gateway.telemetry.genAi({ mcp, tool, url: 'https://tools.example/mcp' });
    call.end({ statusCode: 200, error: { code: -32602, message: 'Unknown tool, token=hush' } });
    await gateway.flush();
    const [span] = gateway.operator.spans;
    expect(span).toMatchObject({
      name: 'tools/call weather',
      kind,
      status: { code: 2, message: 'Unknown tool, token=REDACTED' },
    });
    expect(span?.attributes).toEqual({
      'mcp.method.name': 'tools/call',
      'mcp.session.id': 's1',
      'mcp.protocol.version': '2025-06-18',
      'jsonrpc.request.id': '7',
      'network.transport': 'tcp',
      'network.protocol.name': 'http',
      'network.protocol.version': '1.1',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'weather',
      'gen_ai.tool.call.id': 'c1',
      'gen_ai.tool.type': 'function',
      'server.address': 'tools.example',
      'server.port': 443,
      'rpc.response.status_code': '-32602',
      'error.type': '-32602',
    });
  });

  it.each([
    ['tool_error', 'tool_error', undefined],
    [-32000, '-32000', '-32000'],
    ['-32000', '-32000', '-32000'],
    [new TypeError('x'), 'TypeError', undefined],
    [{ code: 'ECONNRESET' }, 'upstream_reset', undefined],
    [{ code: 1.5 }, '_OTHER', undefined],
  ])('that ends with %j has the error type %s', async (error, errorType, code) => {
    const gateway = await startGateway();
    gateway.telemetry.genAi({ mcp: { method: 'resources/read' } }).end({ error });
    await gateway.flush();
    const attributes = gateway.operator.spans[0]?.attributes ?? {};
    expect([attributes['error.type'], attributes['rpc.response.status_code']]).toEqual([errorType, code]);
    // No operation of the conventions.
    expect(attributes).not.toHaveProperty(['gen_ai.operation.name']);
  });
});

describe('what cannot be used', () => {
  it('is reported and left out, and the rest stands', async () => {
    const gateway = await startGateway();
    gateway.telemetry
      .genAi({
        operation: 7 as never,
        model: '',
        url: '/relative',
        request: { maxTokens: 1.5, temperature: 'hot' as never, seed: 3, stopSequences: [] },
        tenant: '',
      })
      .end({ usage: { inputTokens: -1, outputTokens: 2 } });
    await gateway.flush();
    expect(gateway.operator.spans[0]?.name).toBe('_OTHER');
    expect(gateway.operator.spans[0]?.attributes).toEqual({
      'gen_ai.operation.name': '_OTHER',
      'gen_ai.request.seed': 3,
      'gen_ai.usage.output_tokens': 2,
    });
    expect(new Set(gateway.diagnostics.map(({ code }) => code))).toEqual(
      new Set(['argument_invalid', 'tenant_id_invalid']),
    );
  });
});
