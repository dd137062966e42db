import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { startExample } from './example-process.js';
import type { ExampleProcess } from './example-process.js';

const WARN = 13;
const ERROR = 17;

describe('the bridges of runtime logs', { timeout: 60_000 }, () => {
  let receiver: OtlpReceiver;
  let example: ExampleProcess | undefined;

  beforeEach(async () => {
    receiver = await startOtlpReceiver();
  });
  afterEach(async () => {
    example?.signal('SIGKILL');
    await receiver.close();
  });

  it.each([
    ['pino', 'cache is cold', { shard: 3, part: 'cache', password: '[Redacted]' }],
    ['winston', 'cache is cold', { shard: 3, part: 'cache' }],
    ['console', 'cache is cold: shard 3', {}],
  ])(
    '%s: level, message, attributes and error, with the ids of the request',
    async (name, message, attributes) => {
      example = startExample(`runtime-logs/${name}.mjs`, [], {
        PORT: '0',
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      });
      const [url] = await example.waitForLine(/^http:\S+$/);
      expect((await fetch(url)).status).toBe(200);
      example.signal('SIGTERM');
      expect(await example.ended).toBe(0);
      const [span] = receiver.spans;
      const ids = { traceId: span?.traceId, spanId: span?.spanId };
      const requestId = { 'knoxcall.request_id': span?.attributes['knoxcall.request_id'] };
      const logs = receiver.logs.filter(({ scope }) => scope.name === 'gateway-otel/runtime');
      expect(logs).toMatchObject([
        { ...ids, severityNumber: WARN, body: message, attributes: { ...requestId, ...attributes } },
        {
          ...ids,
          severityNumber: ERROR,
          attributes: {
            ...requestId,
            'exception.type': 'TypeError',
            'exception.message': 'cache is gone',
            'exception.stacktrace': expect.stringMatching(/^TypeError: cache is gone\n {4}at /),
          },
        },
      ]);
    },
  );
});
