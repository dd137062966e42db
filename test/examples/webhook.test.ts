import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { root } from '../../scripts/root.mjs';
import { useExampleGateway } from './example-gateway.js';

const SERVER = 2;
const CLIENT = 3;
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const DEADLINE_MS = 20_000;

const gateway = useExampleGateway();

it(
  'delivers in the request’s trace, and retries in traces that link to it',
  { timeout: 60_000 },
  async () => {
    const answers = [503, 410, 200];
    const headers: unknown[] = [];
    gateway.upstream.removeAllListeners('request').on('request', (incoming, response) => {
      headers.push(incoming.headers['traceparent']);
      response.writeHead(answers[headers.length - 1] ?? 200).end();
    });
    const url = await gateway.start('webhook');
    const answer = await fetch(`${url}/orders`, {
      method: 'POST',
      headers: { connection: 'close', traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` },
    });
    expect(answer.status).toBe(202);
    for (const deadline = Date.now() + DEADLINE_MS; headers.length < 3 && Date.now() < deadline;)
      await pause(10);
    await gateway.stop();

    const server = gateway.receiver.spans.find(({ kind }) => kind === SERVER);
    const [first, ...retries] = gateway.receiver.spans.filter(({ kind }) => kind === CLIENT);
    expect(first).toMatchObject({ traceId: TRACE_ID, parentSpanId: server?.spanId, links: [] });
    expect(retries).toHaveLength(2);
    for (const span of retries) {
      expect(span.traceId).not.toBe(TRACE_ID);
      expect(span.links).toMatchObject([{ traceId: TRACE_ID, spanId: server?.spanId }]);
    }
    const spans = [first, ...retries];
    expect(headers.map((text) => String(text).slice(3, 52))).toEqual(
      spans.map((span) => `${span?.traceId}-${span?.spanId}`),
    );
    const logs = gateway.receiver.logs.filter(({ eventName }) => eventName === 'knoxcall.webhook.delivery');
    expect(logs.map(({ severityNumber }) => severityNumber)).toEqual([17, 13, 9]);
    expect(logs.map(({ attributes }) => attributes['knoxcall.webhook.retry_count'])).toEqual([0, 1, 2]);
  },
);

it('has the function that the README shows', () => {
  const shown = /^async function attempt\(job\) \{\n[^]*?\n\}\n/m;
  const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
  const inReadme = shown.exec(read('README.md'))?.[0];
  expect(inReadme).toBeDefined();
  expect(shown.exec(read('examples', 'webhook', 'gateway.mjs'))?.[0]).toBe(inReadme);
});
