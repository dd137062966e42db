/** Whatever a host passes to `telemetry.webhook()`: nothing throws, what is usable is recorded, the rest is reported. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Exchange, WebhookEnd, WebhookOptions, WritableHeaders } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';

const SECRET = 'tellnobody';
const CLIENT = 3;
const usable = { tenant: 'acme', eventType: 'order.created', url: 'http://hooks.example/' };

const throwing = (...fields: string[]): never => {
  const object = {};
  for (const field of fields)
    Object.defineProperty(object, field, {
      enumerable: true,
      get() {
        throw new Error(SECRET);
      },
    });
  return object as never;
};
const hostileProxy = new Proxy(
  {},
  {
    get() {
      throw new Error(SECRET);
    },
    ownKeys() {
      throw new Error(SECRET);
    },
    getPrototypeOf() {
      throw new Error(SECRET);
    },
  },
);

describe('what it is begun with', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['nothing', undefined, ['argument_invalid']],
    ['null', null, ['argument_invalid']],
    ['a text', SECRET, ['argument_invalid']],
    ['no fields', {}, ['argument_invalid']],
    ['a hostile proxy', hostileProxy, ['argument_invalid']],
    [
      'getters that throw',
      throwing(...Object.keys(usable), 'method', 'parent', 'exchange'),
      ['argument_invalid'],
    ],
    ['a tenant that is none', { ...usable, tenant: 17 }, ['tenant_id_invalid']],
    ['a tenant that is too long', { ...usable, tenant: 'x'.repeat(129) }, ['tenant_id_invalid']],
    ['an url that is none', { ...usable, url: `${SECRET} not a url` }, ['argument_invalid']],
    ['an url without a host', { ...usable, url: `file:///${SECRET}` }, ['argument_invalid']],
    [
      'an object for an url',
      { ...usable, url: { toString: () => `http://${SECRET}/` } },
      ['argument_invalid'],
    ],
    ['a method that is none', { ...usable, method: `GET / ${SECRET}` }, ['argument_invalid']],
    ['an event type that is none', { ...usable, eventType: { a: SECRET } }, ['argument_invalid']],
    ['a time that is none', { ...usable, startTimeMs: SECRET }, []],
    ['a time of another clock', { ...usable, startTimeMs: 17 }, []],
    ['a time to come', { ...usable, startTimeMs: Date.now() + 1e9 }, []],
    ['a request id that is none', { ...usable, requestId: { a: SECRET } }, []],
    ['an exchange that is none', { ...usable, exchange: { traceId: SECRET } as unknown as Exchange }, []],
    ['a hostile exchange', { ...usable, exchange: hostileProxy }, []],
    ['a hostile url', { ...usable, url: hostileProxy }, ['argument_invalid']],
    ['a hostile parent', { ...usable, parent: hostileProxy }, ['argument_invalid']],
    ['attributes that throw', { ...usable, attributes: throwing('a') }, ['argument_invalid']],
    ['attributes of a proxy', { ...usable, attributes: hostileProxy }, ['argument_invalid']],
    [
      'attributes that are none',
      { ...usable, attributes: { a: { b: SECRET }, c: Symbol(SECRET), d: () => SECRET } },
      [],
    ],
  ])('%s', async (_what, options, codes) => {
    const gateway = await startGateway({ options: { tenantRecords: { webhooks: true } } });
    const delivery = gateway.telemetry.webhook(options as WebhookOptions);
    delivery.inject({});
    delivery.end({ statusCode: 200 });
    await gateway.flush();
    expect(gateway.operator.logs).toHaveLength(1);
    expect(gateway.operator.spans).toHaveLength(1);
    expect(gateway.operator.spans[0]?.kind).toBe(CLIENT);
    const [span] = gateway.operator.spans;
    expect(Number((span?.endTimeUnixNano ?? 0n) - (span?.startTimeUnixNano ?? 0n)) / 1e6).toBeLessThan(
      60_000,
    );
    // One a minute for each code.
    expect(gateway.diagnostics.map(({ code }) => code)).toEqual(codes);
    const { diagnostics } = gateway;
    const received = [...gateway.operator.requests, ...gateway.acme.requests].map(({ bytes }) => bytes);
    const everything = `${Buffer.concat(received).toString('latin1')}${JSON.stringify(diagnostics)}`;
    expect(everything).not.toContain(SECRET);
    if (codes.includes('tenant_id_invalid')) expect(gateway.acme.logs).toEqual([]);
  });

  it('is bounded: names, attributes, the address', async () => {
    const gateway = await startGateway();
    const attributes = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`key${index}`, index]));
    gateway.telemetry
      .webhook({
        eventType: `a\u0000\n${'b'.repeat(1e6)}`,
        url: `http://hooks.example/${'p'.repeat(1e6)}`,
        requestId: 'r'.repeat(1e6),
        attributes: { long: 'v'.repeat(1e5), ...attributes },
      })
      .end({ statusCode: 200 });
    await gateway.flush();
    const [log] = gateway.operator.logs;
    const [span] = gateway.operator.spans;
    for (const record of [log, span]) {
      expect(record?.droppedAttributesCount).toBe(73);
      expect(record?.attributes['long']).toHaveLength(4_096);
      expect(record?.attributes['knoxcall.request_id']).toHaveLength(128);
      expect(record?.attributes['knoxcall.webhook.event_type']).toMatch(/^ab{100,254}$/);
    }
    expect(span?.attributes['url.full']).toHaveLength(4_096);
  });
});

describe('what it is ended with', () => {
  it.each<[string, unknown, number | undefined, string | undefined]>([
    ['null', null, undefined, 'no_response'],
    ['a text', SECRET, undefined, 'no_response'],
    ['a hostile proxy', hostileProxy, undefined, 'no_response'],
    ['a status that is none', { statusCode: SECRET }, undefined, 'no_response'],
    ['a status that HTTP cannot have', { statusCode: 99 }, undefined, 'no_response'],
    ['an error that throws', { error: throwing('code', 'name', 'cause') }, undefined, '_OTHER'],
    ['a hostile error', { error: hostileProxy }, undefined, '_OTHER'],
    ['an error with a long text', { error: SECRET.repeat(20) }, undefined, '_OTHER'],
    ['null for an error', { statusCode: 200, error: null }, 200, undefined],
    ['retries that are none', { statusCode: 200, retryCount: SECRET }, 200, undefined],
    ['retries below zero', { statusCode: 200, retryCount: -1 }, 200, undefined],
    ['half a retry', { statusCode: 200, retryCount: 0.5 }, 200, undefined],
  ])('%s', async (_what, end, statusCode, errorType) => {
    const gateway = await startGateway();
    gateway.telemetry.webhook(usable).end(end as WebhookEnd);
    await gateway.flush();
    for (const [record] of [gateway.operator.logs, gateway.operator.spans]) {
      expect(record?.attributes['http.response.status_code']).toBe(statusCode);
      expect(record?.attributes['error.type']).toBe(errorType);
      expect(record?.attributes['knoxcall.webhook.retry_count']).toBe(0);
      expect(JSON.stringify(record?.attributes)).not.toContain(SECRET);
    }
  });
});

describe('what it injects into', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a frozen object', Object.freeze({ traceparent: 'old' })],
    ['a hostile proxy', hostileProxy],
  ])('%s fails nothing', async (_what, headers) => {
    const gateway = await startGateway();
    const delivery = gateway.telemetry.webhook(usable);
    delivery.inject(headers as WritableHeaders);
    delivery.end({ statusCode: 200 });
    await gateway.flush();
    expect(gateway.operator.logs).toHaveLength(1);
    expect(gateway.diagnostics.map(({ code }) => code)).toEqual(['callback_failed']);
  });
});

it('shows nothing of itself to whoever inspects it', async () => {
  const gateway = await startGateway();
  const delivery = gateway.telemetry.webhook({ ...usable, url: `http://a.example/${SECRET}` });
  expect(inspect(delivery, { depth: 1 })).not.toContain(SECRET);
  expect(JSON.stringify(Object.keys(delivery))).toBe('["span"]');
});
