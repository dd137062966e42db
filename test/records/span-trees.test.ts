import { afterEach, describe, expect, it, vi } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';
import type { GatewaySetup, TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

/** A gateway that shows the spans of its requests, and what it has shown. */
async function showing(setup: GatewaySetup = {}): Promise<{ gateway: TestGateway; shown: string[] }> {
  const shown: string[] = [];
  const gateway: TestGateway = await startGateway({
    ...setup,
    options: { onRequestSpans: (text) => void shown.push(text), spans: 'server+client', ...setup.options },
    listener:
      setup.listener ??
      ((_request, response, exchange) => {
        exchange.setHttpRoute('/orders/:id');
        gateway.telemetry.tracer.startActiveSpan('authenticate', (outer) => {
          gateway.telemetry.tracer.startSpan('read the key', { attributes: { shard: 3 } }).end();
          outer.end();
        });
        exchange
          .startUpstreamCall({ url: 'http://joe:hunter22@up.example/a?token=abc' })
          .end({ statusCode: 503 });
        response.writeHead(503).end();
      }),
  });
  return { gateway, shown };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the spans of a finished request', () => {
  it('are a numbered list, children under their parents, redacted', async () => {
    const { gateway, shown } = await showing();
    await send(`${gateway.url}/orders/7?api_key=secret`);
    await gateway.flush();
    expect(shown).toHaveLength(1);
    const server = gateway.operator.spans.find(({ kind }) => kind === 2);
    const lines = (shown[0] ?? '').split('\n');
    expect(lines[0]).toBe(`trace ${server?.traceId}: 4 spans`);
    expect(lines[1]).toMatch(
      /^Span #1 name=GET \/orders\/:id kind=SERVER duration=\d+\.\d{3}ms status=ERROR id=[0-9a-f]{8} attributes=\{.*"http\.response\.status_code":503/,
    );
    expect(lines[2]).toMatch(/^ {2}Span #2 name=authenticate kind=INTERNAL .* status=UNSET/);
    expect(lines[3]).toMatch(/^ {4}Span #3 name=read the key .*attributes=\{"shard":3\}$/);
    expect(lines[4]).toMatch(/^ {2}Span #4 name=GET kind=CLIENT .* status=ERROR/);
    expect(shown[0]).not.toMatch(/hunter22|=abc|=secret/);
  });

  it('are shown as the host’s own redaction leaves them, or not at all', async () => {
    const { gateway, shown } = await showing({
      options: {
        redact: ({ attributes, name }) => {
          delete attributes['shard'];
          return name !== 'authenticate';
        },
      },
    });
    await send(gateway.url);
    await gateway.flush();
    expect(shown[0]).toContain('name=read the key');
    expect(shown[0]).not.toMatch(/shard|authenticate/);
  });

  it('are made for it where no destination takes traces', async () => {
    const { gateway, shown } = await showing({ operator: { signals: { traces: false } } });
    await send(gateway.url);
    await gateway.flush();
    expect(shown[0]).toContain('4 spans');
    expect(gateway.operator.spans).toEqual([]);
  });

  it('are bounded', async () => {
    const { gateway, shown } = await showing({
      listener(_request, response) {
        for (let count = 0; count < 100; count++) gateway.telemetry.tracer.startSpan(`work ${count}`).end();
        response.end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    expect((shown[0] ?? '').split('\n')).toHaveLength(1 + 64);
    expect(shown[0]).toContain(': 64 spans, 37 more not shown');
  });

  it('cost nothing but themselves where the callback throws', async () => {
    const { gateway } = await showing({
      options: {
        onRequestSpans: () => {
          throw new Error('no');
        },
      },
    });
    expect((await send(gateway.url)).status).toBe(503);
    await gateway.flush();
    expect(gateway.operator.spans).toHaveLength(4);
    expect(gateway.diagnostics.map(({ code }) => code)).toContain('callback_failed');
  });
});

describe('OTEL_TRACES_EXPORTER', () => {
  const withExporter = async (value: string) => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const gateway = await startGateway({ options: { env: { OTEL_TRACES_EXPORTER: value } } });
    await send(gateway.url);
    await gateway.flush();
    return { gateway, printed: log.mock.calls.map(String) };
  };

  it('console prints, and sends no traces', async () => {
    const { gateway, printed } = await withExporter('console');
    expect(printed).toHaveLength(1);
    expect(printed[0]).toMatch(/^trace [0-9a-f]{32}: 1 span\nSpan #1 name=GET kind=SERVER /);
    expect(gateway.operator.spans).toEqual([]);
    expect(gateway.operator.logs).toHaveLength(1);
  });

  it('console is enough for the instance to count as enabled', () => {
    expect(createGatewayTelemetry({ env: { OTEL_TRACES_EXPORTER: 'console' } }).status().enabled).toBe(true);
    expect(createGatewayTelemetry({ env: false, onRequestSpans: () => undefined }).status().enabled).toBe(
      true,
    );
    expect(createGatewayTelemetry({ env: false }).status().enabled).toBe(false);
  });

  it('console,otlp does both', async () => {
    const { gateway, printed } = await withExporter('console, otlp');
    expect(printed).toHaveLength(1);
    expect(gateway.operator.spans).toHaveLength(1);
  });

  it.each(['otlp', 'none', 'stdout'])('%s prints nothing', async (value) => {
    const { printed } = await withExporter(value);
    expect(printed).toEqual([]);
  });

  it('has no counterpart for logs and metrics', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const env = { OTEL_LOGS_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'console' };
    const gateway = await startGateway({ options: { env } });
    await send(gateway.url);
    await gateway.flush();
    expect(gateway.operator.logs).toHaveLength(1);
    expect(log).not.toHaveBeenCalled();
    expect(gateway.diagnostics.map(({ message }) => message)).toEqual([
      'OTEL_LOGS_EXPORTER must be otlp or none in this version; it counts as unset',
      'OTEL_METRICS_EXPORTER must be otlp or none in this version; it counts as unset',
    ]);
  });
});

it('no text turns the direction of a line or breaks it', async () => {
  const { gateway, shown } = await showing({
    listener(_request, response, exchange) {
      exchange.setRoute('a\u202eb\u2028c');
      exchange.setAttribute('text', 'd\u2066e\u009bf');
      response.end();
    },
  });
  await send(gateway.url);
  await gateway.flush();
  expect(shown[0]).toContain('name=GET abc kind');
  expect(shown[0]).toContain('"text":"def"');
});
