import type { Attributes } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../src/index.js';
import type { HttpTelemetryListener } from '../../src/adapters/http.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { newest, counters, total } from '../support/readings.js';

/** A listener that does something with the exchange and answers. */
const doing =
  (work: (exchange: Exchange) => void): HttpTelemetryListener =>
  (_request, response, exchange) => {
    work(exchange);
    response.end();
  };

async function once(work: (exchange: Exchange) => void): Promise<TestGateway> {
  const gateway = await startGateway({ adapter: { tenant: 'acme' }, listener: doing(work) });
  await send(gateway.url);
  await gateway.flush();
  return gateway;
}

describe('what the host adds to a span', () => {
  it('arrives with its types, from the exchange and from the span', async () => {
    const gateway = await once((exchange) => {
      exchange.setAttribute('text', 'ä');
      exchange.setAttributes({ whole: 7, fraction: 1.5, yes: true, list: ['a', 'b'] });
      exchange.span.setAttribute('on.span', [1, 2]);
      exchange.span.setAttributes({ 'also.on.span': false });
    });
    expect(gateway.operator.spans[0]?.attributes).toMatchObject({
      text: 'ä',
      whole: 7,
      fraction: 1.5,
      yes: true,
      list: ['a', 'b'],
      'on.span': [1, 2],
      'also.on.span': false,
    });
  });

  it('can be events, links and exceptions', async () => {
    const link = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
    const gateway = await once(({ span }) => {
      span.addEvent('cache.miss', { key: 'k' });
      span.recordException(Object.assign(new TypeError('broken'), { code: 'E_BROKEN' }));
      span.addLink({ context: link, attributes: { why: 'batch' } });
    });
    expect(gateway.operator.spans[0]).toMatchObject({
      events: [
        { name: 'cache.miss', attributes: { key: 'k' } },
        { name: 'exception', attributes: { 'exception.type': 'E_BROKEN', 'exception.message': 'broken' } },
      ],
      links: [{ traceId: link.traceId, spanId: link.spanId, attributes: { why: 'batch' } }],
    });
  });

  it('is taken anew from caller-owned values, not kept', async () => {
    const list = ['a'];
    const gateway = await once((exchange) => {
      exchange.setAttribute('list', list);
      list.push('later');
    });
    expect(gateway.operator.spans[0]?.attributes['list']).toEqual(['a']);
  });

  it('does not end the span early', async () => {
    const gateway = await once((exchange) => {
      exchange.span.end();
      exchange.setAttribute('after', 'end of span');
    });
    expect(gateway.operator.spans).toHaveLength(1);
    expect(gateway.operator.spans[0]?.attributes).toMatchObject({
      after: 'end of span',
      'http.response.status_code': 200,
    });
  });

  it.each([
    ['undefined', undefined],
    ['a symbol', Symbol('s')],
    ['an object', { a: 1 }],
    ['a mixed list', ['a', 1]],
    ['a function', () => 1],
  ])('is left out when it is %s', async (_what, value) => {
    const gateway = await once((exchange) => {
      exchange.setAttribute('odd', value as never);
      exchange.setTenantAttribute('odd.too', value as never);
      exchange.span.setAttribute('odd.three', value as never);
      exchange.setAttribute('', 'no key');
      exchange.setAttribute('__proto__', 'x');
    });
    const keys = Object.keys(gateway.operator.spans[0]?.attributes ?? {});
    expect(keys.filter((key) => key.startsWith('odd') || key === '' || key === '__proto__')).toEqual([]);
  });
});

describe('limits of a span', () => {
  const many = (count: number): Attributes =>
    Object.fromEntries(Array.from({ length: count }, (_unused, index) => [`host.${index}`, index]));
  const hostKeys = (attributes: object | undefined): number =>
    Object.keys(attributes ?? {}).filter((key) => key.startsWith('host.')).length;

  it('are 128 attributes of the host, and all the conventions’ own beside them', async () => {
    const gateway = await once((exchange) => exchange.span.setAttributes(many(140)));
    const [span] = gateway.operator.spans;
    expect(hostKeys(span?.attributes)).toBe(128);
    expect(span?.droppedAttributesCount).toBe(12);
    expect(span?.attributes).toMatchObject({ 'http.request.method': 'GET', 'knoxcall.tenant_id': 'acme' });
  });

  it('are the same through the exchange, and tell how many attributes were dropped', async () => {
    const gateway = await once((exchange) => exchange.setAttributes(many(140)));
    const [span] = gateway.operator.spans;
    expect(hostKeys(span?.attributes)).toBe(128);
    expect(hostKeys(gateway.operator.logs[0]?.attributes)).toBe(128);
    expect(span?.droppedAttributesCount).toBe(12);
    expect(gateway.operator.logs[0]?.droppedAttributesCount).toBe(12);
  });

  it('count an attribute that is set again only once', async () => {
    const gateway = await once((exchange) => {
      for (let index = 0; index < 200; index++) exchange.setAttribute('progress', index);
      exchange.setAttribute('last', true);
    });
    expect(gateway.operator.spans[0]?.attributes).toMatchObject({ progress: 199, last: true });
    expect(gateway.operator.logs[0]?.attributes).toMatchObject({ progress: 199, last: true });
  });

  it('cut values at 4,096 characters, without half a character', async () => {
    const gateway = await once((exchange) => {
      exchange.setAttribute('long', 'x'.repeat(5_000));
      exchange.setAttribute('split', `${'x'.repeat(4_095)}😀`);
      exchange.setTenantAttribute('tenant.long', 'y'.repeat(5_000));
      exchange.span.setAttribute('in.list', ['z'.repeat(5_000)]);
    });
    const { attributes } = gateway.operator.spans[0] ?? {};
    expect(attributes?.['long']).toBe('x'.repeat(4_096));
    expect(attributes?.['split']).toBe('x'.repeat(4_095));
    expect(attributes?.['in.list']).toEqual(['z'.repeat(4_096)]);
    expect(gateway.acme.logs[0]?.attributes['tenant.long']).toBe('y'.repeat(4_096));
  });

  it('cut what a client sends: path, query, user agent', async () => {
    const gateway = await startGateway();
    await send(`${gateway.url}/${'p'.repeat(5_000)}?q=${'q'.repeat(5_000)}`, {
      headers: { 'user-agent': 'u'.repeat(2_000) },
    });
    await gateway.flush();
    const { attributes } = gateway.operator.spans[0] ?? {};
    expect(attributes?.['url.path']).toHaveLength(4_096);
    expect(attributes?.['url.query']).toHaveLength(4_096);
    expect(attributes?.['user_agent.original']).toHaveLength(512);
  });
});

describe('after its end', () => {
  it('nothing changes an exchange, and only the first end counts', async () => {
    const gateway = await startGateway();
    const exchange = gateway.telemetry.begin({ method: 'GET', url: '/a', headers: { host: 'a.example' } });
    exchange.setTenant('acme');
    exchange.setAttribute('when', 'before');
    exchange.end({ statusCode: 204 });
    exchange.end({ statusCode: 500, error: new Error('afterwards') });
    exchange.setTenant('globex');
    exchange.setRoute('afterwards');
    exchange.setHttpRoute('/afterwards');
    exchange.setEnvironment('afterwards');
    exchange.setUpstream({ address: 'afterwards' });
    exchange.setAttribute('when', 'afterwards');
    exchange.setTenantAttribute('afterwards', 'x');
    exchange.recordError('afterwards');
    exchange.span.setAttribute('when', 'afterwards').updateName('afterwards').setStatus({ code: 2 });
    exchange.span.addEvent('afterwards').addLink({ context: exchange.span.spanContext() });
    expect(exchange.span.isRecording()).toBe(false);
    await gateway.flush();

    expect(gateway.operator.spans).toMatchObject([
      { name: 'GET', status: { code: 0 }, events: [], links: [], attributes: { when: 'before' } },
    ]);
    expect(gateway.operator.logs).toMatchObject([{ body: expect.stringMatching(/^GET \/a 204 /) }]);
    expect(
      JSON.stringify([gateway.operator.spans[0]?.attributes, gateway.operator.logs[0]?.attributes]),
    ).not.toMatch(/afterwards|globex/);
    expect(gateway.acme.logs).toHaveLength(1);
    expect(gateway.globex.requests).toEqual([]);
    expect(total(newest(counters(gateway.operator)))).toBe(1);
  });
});
