/** The option `genAi`, and whose names are written. */
import { describe, expect, it } from 'vitest';
import { createGatewayTelemetry, type Diagnostic, type GatewayOptions } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';
import { rowsOf } from '../conventions/payload.js';

const OPT_IN = 'OTEL_SEMCONV_STABILITY_OPT_IN';
const OLD = 'gen_ai.usage.cache_creation.input_tokens';
const NEW = 'gen_ai.usage.cache_write.input_tokens';

type Row = readonly [GatewayOptions['genAi'], string | undefined, string, boolean];
const rows: readonly Row[] = [
  [undefined, undefined, OLD, false],
  [{ semconv: '1.41' }, undefined, OLD, false],
  [{ semconv: 'latest' }, undefined, NEW, false],
  [{}, 'gen_ai_latest_experimental', NEW, false],
  [{}, ' http , GEN_AI_LATEST_EXPERIMENTAL,database', NEW, false],
  [{ semconv: 'latest' }, 'gen_ai_latest_experimental', NEW, false],
  [{ semconv: '1.41' }, 'gen_ai_latest_experimental', NEW, true],
  [{ semconv: 'latest' }, 'http/dup', NEW, false],
  [{}, 'gen_ai_oldest', OLD, false],
];

describe('whose names are written', () => {
  it.each(rows)('%j with %j: %s', async (genAi, word, name, isTold) => {
    const gateway = await startGateway({
      options: { genAi: { ...genAi, events: true }, env: word === undefined ? false : { [OPT_IN]: word } },
    });
    gateway.telemetry.genAi({ operation: 'chat' }).end({ usage: { cacheCreationInputTokens: 3 } });
    await gateway.flush();
    for (const [record] of [gateway.operator.spans, gateway.operator.logs]) {
      expect(record?.attributes[name]).toBe(3);
      expect(record?.attributes).not.toHaveProperty([name === OLD ? NEW : OLD]);
    }
    const notices = gateway.telemetry
      .status()
      .notices.filter((notice: Diagnostic) => notice.message.includes(OPT_IN));
    expect(notices.map(({ code }) => code)).toEqual(isTold ? ['overridden_by_environment'] : []);
  });
});

describe('how many of the likeliest words a model chooses from', () => {
  it.each([
    ['1.41', 'chat', 40, { 'gen_ai.request.top_k': { type: 'double', value: 40 } }],
    ['1.41', 'retrieval', 0.5, { 'gen_ai.request.top_k': { type: 'double', value: 0.5 } }],
    ['latest', 'chat', 40, { 'gen_ai.request.top_k': { type: 'int', value: 40n } }],
    ['latest', 'chat', 0.5, {}],
    ['latest', 'retrieval', 5, { 'gen_ai.retrieval.top_k': { type: 'int', value: 5n } }],
  ] as const)('by %s, of %s: %d', async (semconv, operation, topK, attributes) => {
    const gateway = await startGateway({ options: { genAi: { semconv, events: true } } });
    gateway.telemetry.genAi({ operation, request: { topK } }).end();
    await gateway.flush();
    const { spans, logs } = rowsOf(
      gateway.operator.requests.flatMap(({ signal, bytes }) =>
        signal === undefined ? [] : [{ owner: 'operator' as const, signal, bytes }],
      ),
    );
    expect([...spans, ...logs]).toHaveLength(2);
    for (const row of [...spans, ...logs])
      expect(Object.fromEntries([...row.attributes].filter(([name]) => name.endsWith('.top_k')))).toEqual(
        attributes,
      );
  });
});

describe('faults of the option', () => {
  const create = (options: object) => () => createGatewayTelemetry({ env: false, ...options });
  it.each([
    [{ genAi: true }, 'genAi must be an object, not a boolean'],
    [{ genAi: { content: true } }, 'genAi.content is not a known option'],
    [{ genAi: { semconv: '1.36' } }, 'genAi.semconv must be one of 1.41, latest'],
    [{ genAi: { events: 'yes' } }, 'genAi.events must be true or false, not a string'],
    [{ genAi: { price: 0.1 } }, 'genAi.price must be a function, not a number'],
    [{ tenantRecords: { genAi: 'all' } }, "tenantRecords.genAi must be true, false or 'with_cost'"],
  ])('%j: %s', (options, sentence) => {
    expect(create(options)).toThrow(sentence);
  });
});
