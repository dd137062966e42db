/** Spans of calls to models go where those of their request go: sampled or kept late, chosen by it or not. */
import { describe, expect, it } from 'vitest';
import type { GenAiCall } from '../../src/index.js';
import { startGateway, type GatewaySetup, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const LATE = 'knoxcall.sampling.late_kept';
const UNSAMPLED = { ratio: 0, keep: { statusCodes: [500] } } as const;

/** A chat below an agent, and a call that ends when the answer has gone. */
async function requestFor(status: number, setup: GatewaySetup = {}): Promise<TestGateway> {
  let late: GenAiCall | undefined;
  const gateway: TestGateway = await startGateway({
    ...setup,
    listener: (_request, response) => {
      const { telemetry } = gateway;
      const agent = telemetry.genAi({ operation: 'invoke_agent', agent: { name: 'a' } });
      agent.run(() => telemetry.genAi({ operation: 'chat', model: 'm' }).end({ statusCode: 200 }));
      agent.end();
      late = telemetry.genAi({ operation: 'embeddings', model: 'e' });
      response.writeHead(status).end();
    },
  });
  await send(gateway.url);
  await gateway.idle();
  late?.end();
  await gateway.flush();
  return gateway;
}

const namesOf = ({ operator }: TestGateway): string[] => operator.spans.map(({ name }) => name).sort();

describe('the spans of calls of a request', () => {
  it('that was not sampled are kept with it, and marked', async () => {
    const gateway = await requestFor(500, { options: { sampling: UNSAMPLED } });
    expect(namesOf(gateway)).toEqual(['GET', 'chat m', 'embeddings e', 'invoke_agent a']);
    for (const { attributes, flags } of gateway.operator.spans) {
      expect(attributes[LATE]).toBe(true);
      expect((flags ?? 0) & 1).toBe(0);
    }
    const of = (name: string) => gateway.operator.spans.find((span) => span.name === name);
    expect(of('chat m')?.parentSpanId).toBe(of('invoke_agent a')?.spanId);
  });

  it('that was not sampled and is not kept are nowhere, and the calls count all the same', async () => {
    const gateway = await requestFor(200, { options: { sampling: UNSAMPLED } });
    expect(gateway.operator.spans).toEqual([]);
    const durations = gateway.operator.metricPoints.filter(({ name }) => name.startsWith('gen_ai.'));
    expect(durations.length).toBeGreaterThan(0);
  });

  it('go to the destinations that choose that request', async () => {
    const gateway = await requestFor(200, {
      operator: { filter: { excludePaths: ['/'] } },
    });
    expect(gateway.operator.spans).toEqual([]);
  });

  it('are bounded while they wait, and the rest is counted on its span', async () => {
    const gateway: TestGateway = await startGateway({
      options: { sampling: UNSAMPLED },
      listener: (_request, response) => {
        for (let index = 0; index < 70; index++) gateway.telemetry.genAi({ operation: 'chat' }).end();
        response.writeHead(500).end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    const server = gateway.operator.spans.find(({ name }) => name === 'GET');
    expect(gateway.operator.spans).toHaveLength(65);
    expect(server?.attributes['knoxcall.upstream.dropped_spans']).toBe(6);
  });

  it('do not make attempts at an upstream of them', async () => {
    const gateway = await requestFor(200);
    const server = gateway.operator.spans.find(({ name }) => name === 'GET');
    expect(Object.keys(server?.attributes ?? {}).filter((key) => key.includes('upstream'))).toEqual([]);
    expect(namesOf(gateway)).toEqual(['GET', 'chat m', 'embeddings e', 'invoke_agent a']);
  });
});
