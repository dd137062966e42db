/** `genAi.price`: what it is told of a call, and that what it does with that harms nothing. */
import { get } from 'node:http';
import { PassThrough, pipeline } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { GenAiPriced } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { CHAT_EVENTS, EVENT_STREAM, startProvider } from '../support/provider.js';

it('is told whose work a call was, as a copy: of the request, and of the call where that says more', async () => {
  const priced: GenAiPriced[] = [];
  const gateway = await startGateway({
    options: {
      genAi: {
        price: (call) => {
          priced.push(structuredClone(call));
          Object.assign(call.attribution ?? {}, { team: 'changed' });
          return 2;
        },
      },
    },
    listener: (_request, response, exchange) => {
      exchange.setTenant('acme');
      exchange.setAttribution({ team: 'search', customerId: 'c-7' });
      const { telemetry } = gateway;
      const usage = { inputTokens: 3, outputTokens: 1 };
      telemetry.genAi({ operation: 'chat', provider: 'openai', model: 'm' }).end({ usage });
      const call = telemetry.genAi({ operation: 'chat', attribution: { team: 'labs' } });
      call.setAttribution({ project: 'atlas' });
      call.end({ model: 'm-1', usage });
      response.end();
    },
  });
  await send(gateway.url);
  await gateway.flush();

  expect(priced).toMatchObject([
    { provider: 'openai', model: 'm', tenantId: 'acme', attribution: { team: 'search', customerId: 'c-7' } },
    { model: 'm-1', attribution: { team: 'labs', customerId: 'c-7', project: 'atlas' } },
  ]);
  const calls = gateway.operator.spans.filter(({ name }) => name.startsWith('chat'));
  const key = 'knoxcall.team';
  expect(calls.map(({ attributes }) => attributes[key]).sort()).toEqual(['labs', 'search']);
});

it('is told of no attribution where there is none', async () => {
  const priced: GenAiPriced[] = [];
  const price = (call: GenAiPriced): undefined => void priced.push(call);
  const { telemetry } = await startGateway({ options: { genAi: { price } } });
  telemetry.genAi({ operation: 'chat' }).end({ usage: { outputTokens: 1 } });
  expect(priced).toMatchObject([{ attribution: undefined, usage: { outputTokens: 1 } }]);
});

it('counts for the request, too, where the answer has to be decoded first', async () => {
  const zipped = gzipSync(CHAT_EVENTS.join(''));
  const provider = await startProvider((response) => {
    response.writeHead(200, { ...EVENT_STREAM, 'content-encoding': 'gzip' }).end(zipped);
  });
  const gateway = await startGateway({
    options: { genAi: { price: () => 2 } },
    listener: (_request, response) => {
      const call = gateway.telemetry.genAi({ operation: 'chat', provider: 'openai' });
      get(provider.url, (answer) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        pipeline(call.watch(answer), response, () => undefined);
      });
    },
  });
  for (let sent = 0; sent < 5; sent++) await send(gateway.url);
  await gateway.idle();
  await gateway.flush();

  const { spans, logs } = gateway.operator;
  const costs = (all: readonly { attributes: Record<string, unknown> }[]): unknown[] =>
    all.map(({ attributes }) => attributes['knoxcall.cost.total']);
  expect(costs(spans)).toEqual(Array<number>(10).fill(2));
  expect(costs(logs)).toEqual(Array<number>(5).fill(2));
});

it('holds no request longer than shutdown, while its answer is decoded', async () => {
  const gateway = await startGateway({
    options: { genAi: { price: () => 2 } },
    listener: (_request, response) => {
      const call = gateway.telemetry.genAi({ operation: 'chat' });
      const answer = new PassThrough();
      call.watch(answer, { headers: { 'content-encoding': 'gzip' } });
      pipeline(answer, response, () => void gateway.telemetry.shutdown());
      answer.end(gzipSync('{"id":"x"}'));
    },
  });
  await send(gateway.url);
  await gateway.operator.waitFor({ logs: 1 });
  expect(gateway.operator.logs).toHaveLength(1);
});
