import { expect, it } from 'vitest';
import { startExample } from './example-process.js';

it.each([
  ['the SDK’s, which the exchange joins', {}, '@opentelemetry/instrumentation-http'],
  ['the library’s, where the incoming part is switched off', { INCOMING: 'off' }, 'gateway-otel'],
])('each request of the example has one SERVER span: %s', { timeout: 60_000 }, async (_, env, maker) => {
  const gateway = startExample('beside-sdk/gateway.cjs', [], { PORT: '0', ...env });
  try {
    const [url] = await gateway.waitForLine(/^http:\S+$/);
    for (const id of [1, 2]) await fetch(`${url}/orders/${id}`, { headers: { connection: 'close' } });
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toBe(0);
  } finally {
    gateway.signal('SIGKILL');
  }
  const spans = gateway.lines.filter((line) => line.includes('GET'));
  const span = expect.stringMatching(new RegExp(`^${maker}: GET /orders/:id [0-9a-f-]{36}$`)) as string;
  expect(spans).toEqual([span, span]);
  expect(gateway.errors()).toBe('');
});
