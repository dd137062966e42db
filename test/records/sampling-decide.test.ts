/** `sampling.decide`, and the traces that `telemetry.tracer` begins. */
import { randomBytes } from 'node:crypto';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import type { BeginOptions, SamplingOptions } from '../../src/index.js';
import { collector, instance, reportingInstance } from '../config/support.js';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { counters, total } from '../support/readings.js';

const ENDPOINT = { operator: { endpoint: 'http://127.0.0.1:9' } };
const PARENT_ID = 'b7ad6b7169203331';
/** The ratio takes it from 0.5 on, and not below. */
const HALF = '0af7651916cd43dd8480000000000000';

const from = (traceId: string, flags: string): Record<string, string> => ({
  traceparent: `00-${traceId}-${PARENT_ID}-${flags}`,
});

function flagWith(sampling: SamplingOptions, headers: Record<string, string> = {}): number {
  const telemetry = instance({ ...ENDPOINT, propagation: { extract: ['w3c', 'b3'] }, sampling });
  return telemetry.begin({ method: 'GET', url: '/', headers }).span.spanContext().traceFlags & 1;
}

describe('decide', () => {
  it('is told what begin was told, once for each request that gets a span', async () => {
    const asked: BeginOptions[] = [];
    const gateway = await startGateway({
      options: { sampling: { decide: (request) => void asked.push(request) } },
      adapter: { ignore: ({ url }) => url === '/ignored' },
    });
    await send(`${gateway.url}/a?b=1`, { headers: { 'x-plan': 'gold' } });
    await send(`${gateway.url}/ignored`);
    expect(
      asked.map(({ method, url, headers }) => [method, url, (headers as Record<string, string>)['x-plan']]),
    ).toEqual([['GET', '/a?b=1', 'gold']]);
    gateway.telemetry.setOperator({ endpoint: gateway.operator.url, signals: { traces: false } });
    await send(`${gateway.url}/without-traces`);
    expect(asked).toHaveLength(1);
  });

  it.each([
    [true, '00', 1],
    [true, '01', 1],
    [false, '01', 0],
    [false, '00', 0],
  ])('%s wins over a caller that says %s', (decided, flags, expected) => {
    for (const parent of ['follow', 'follow-drop', 'ignore'] as const)
      expect(flagWith({ ratio: decided ? 0 : 1, parent, decide: () => decided }, from(HALF, flags))).toBe(
        expected,
      );
  });

  it('a number stands in for the ratio, where the caller has not decided', () => {
    const undecided = { b3: `${HALF}-${PARENT_ID}` };
    expect(flagWith({ ratio: 1, decide: () => 0.49 }, undecided)).toBe(0);
    expect(flagWith({ ratio: 0, decide: () => 0.5 }, undecided)).toBe(1);
    expect(flagWith({ ratio: 0, decide: () => 1 }, from(HALF, '00'))).toBe(0);
    expect(flagWith({ ratio: 1, decide: () => 0 }, from(HALF, '01'))).toBe(1);
    expect(flagWith({ parent: 'follow-drop', decide: () => 0 }, from(HALF, '01'))).toBe(0);
    expect(flagWith({ parent: 'ignore', decide: () => 1 }, from(HALF, '00'))).toBe(1);
  });

  it('undefined leaves it to the usual rules', () => {
    const decide = (): undefined => undefined;
    expect(flagWith({ ratio: 0, decide }, from(HALF, '01'))).toBe(1);
    expect(flagWith({ ratio: 0, decide })).toBe(0);
    expect(flagWith({ ratio: 1, decide })).toBe(1);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('canary');
      },
    ],
    ['rejects', () => Promise.reject(new Error('canary'))],
    ['never answers', () => new Promise(() => undefined)],
    ['gives a number over 1', () => 1.5],
    ['gives a negative number', () => -1],
    ['gives NaN', () => Number.NaN],
    ['gives a text', () => 'true'],
    ['gives null', () => null],
    ['gives an object', () => ({ valueOf: () => 1 })],
  ])('one that %s is reported and has not decided', async (_, decide) => {
    const { telemetry, reports } = reportingInstance({
      ...ENDPOINT,
      sampling: { ratio: 0, decide: decide as () => boolean },
    });
    const flagOf = (headers: Record<string, string>): number =>
      telemetry.begin({ method: 'GET', url: '/', headers }).span.spanContext().traceFlags & 1;
    expect(flagOf({})).toBe(0);
    expect(flagOf(from(HALF, '01'))).toBe(1);
    await new Promise(setImmediate);
    expect(reports.map(({ code }) => code)).toEqual(['callback_failed']);
    expect(reports[0]?.message).toMatch(/^sampling\.decide /);
    expect(reports[0]?.message).not.toContain('canary');
  });

  it('a request that it leaves out still has its log record and its metrics', async () => {
    const gateway = await startGateway({
      options: { sampling: { decide: ({ url }) => url !== '/health' } },
      adapter: { tenant: 'acme' },
    });
    await send(`${gateway.url}/health`);
    await send(`${gateway.url}/orders`);
    await gateway.flush();
    expect(gateway.operator.spans.map(({ attributes }) => attributes['url.path'])).toEqual(['/orders']);
    expect(gateway.operator.logs).toHaveLength(2);
    expect(gateway.acme.logs).toHaveLength(2);
    expect(total(counters(gateway.operator))).toBe(2);
  });
});

describe('a trace that telemetry.tracer begins', () => {
  it('goes by the ratio, decided as for a request of the same id', async () => {
    const operator = await collector();
    const telemetry = instance({ operator: { endpoint: operator.url }, sampling: { ratio: 0.5 } });
    let sampled = 0;
    for (let times = 0; times < 2000; times++) {
      const span = telemetry.tracer.startSpan('job');
      const { traceId, traceFlags } = span.spanContext();
      expect([traceId, traceFlags & 1]).toEqual([
        traceId,
        Number(Number.parseInt(traceId.slice(18, 20), 16) >= 128),
      ]);
      sampled += traceFlags & 1;
      span.end();
    }
    // Four standard deviations and more.
    expect(sampled).toBeGreaterThan(880);
    expect(sampled).toBeLessThan(1120);
    await telemetry.flush();
    expect(operator.spans).toHaveLength(sampled);
  });

  it.each([
    [undefined, 1, 0],
    ['follow', 1, 0],
    ['follow-drop', 0, 0],
    ['ignore', 0, 0],
  ] as const)(
    'with parent %s and ratio 0 goes on after a remote yes: %d, a remote no: %d',
    (parent, yes, no) => {
      const telemetry = instance({
        ...ENDPOINT,
        sampling: { ratio: 0, ...(parent !== undefined && { parent }) },
      });
      const flagAfter = (traceFlags: number): number => {
        const spanContext = {
          traceId: randomBytes(16).toString('hex'),
          spanId: PARENT_ID,
          traceFlags,
          isRemote: true,
        };
        const span = telemetry.tracer.startSpan('job', {}, trace.setSpanContext(ROOT_CONTEXT, spanContext));
        return span.spanContext().traceFlags & 1;
      };
      expect([flagAfter(1), flagAfter(0)]).toEqual([yes, no]);
    },
  );

  it('with parent ignore and ratio 1 goes on after a remote no', () => {
    const telemetry = instance({ ...ENDPOINT, sampling: { parent: 'ignore' } });
    const remote = { traceId: HALF, spanId: PARENT_ID, traceFlags: 0, isRemote: true };
    const span = telemetry.tracer.startSpan('job', {}, trace.setSpanContext(ROOT_CONTEXT, remote));
    expect(span.spanContext().traceFlags & 1).toBe(1);
  });

  it('inside an exchange follows the exchange', async () => {
    const gateway = await startGateway({
      options: { sampling: { ratio: 0, decide: ({ url }) => (url === '/yes' ? true : undefined) } },
      listener: (_request, response, exchange) => {
        exchange.run(() => gateway.telemetry.tracer.startSpan('inside').end());
        response.end('ok');
      },
    });
    await send(`${gateway.url}/yes`);
    await send(`${gateway.url}/no`);
    await gateway.flush();
    const [server] = gateway.operator.spans.filter(({ name }) => name === 'GET');
    expect(gateway.operator.spans.map(({ name }) => name).sort()).toEqual(['GET', 'inside']);
    expect(gateway.operator.spans.every(({ traceId }) => traceId === server?.traceId)).toBe(true);
  });
});
