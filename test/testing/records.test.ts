import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { encodeOfficially } from './official-decoder.js';
import { post } from './post.js';
import { PARENT_ID, RICH_REQUESTS, SPAN_ID, TRACE_ID } from './rich-requests.js';

let receiver: OtlpReceiver;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  for (const signal of ['traces', 'logs', 'metrics'] as const) {
    const headers = { 'x-tenant': signal };
    await post(`${receiver.url}/v1/${signal}`, encodeOfficially(signal, RICH_REQUESTS[signal]), { headers });
  }
});
afterAll(() => receiver.close());

const attributes = {
  text: 'Grüße, 世界 🌍',
  yes: true,
  no: false,
  int: 42,
  negative: -7,
  largest: 9223372036854775807n,
  smallest: -9223372036854775808n,
  lastSafe: 9007199254740991,
  firstUnsafe: 9007199254740992n,
  double: 0.1,
  nan: NaN,
  infinite: -Infinity,
  minusZero: -0,
  bytes: new Uint8Array([0, 255, 16]),
  noBytes: new Uint8Array(),
  list: ['a', 1, null],
  emptyList: [],
  map: { inner: { x: '' } },
  emptyMap: {},
  empty: null,
  unset: null,
};

const origin = (signal: string) => ({
  scope: { name: 'scope', version: '1.2.3', attributes },
  resource: { 'service.name': 'gateway', ...attributes },
  schemaUrl: 'https://example.com/scope',
  resourceSchemaUrl: 'https://example.com/resource',
  requestHeaders: expect.objectContaining({ 'x-tenant': signal, 'content-type': 'application/x-protobuf' }),
});

describe('received spans', () => {
  it('hold everything that was sent', () => {
    expect(receiver.spans).toHaveLength(3);
    expect(receiver.spans[0]).toEqual({
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      parentSpanId: PARENT_ID,
      traceState: 'vendor=1',
      name: 'GET /things',
      kind: 2,
      startTimeUnixNano: 1700000000000000001n,
      endTimeUnixNano: 18446744073709551615n,
      flags: 0xffffffff,
      status: { code: 2, message: 'broken' },
      attributes,
      events: [
        { name: 'event', timeUnixNano: 1700000000000000002n, attributes, droppedAttributesCount: 4 },
        { name: '', timeUnixNano: 0n, attributes: {}, droppedAttributesCount: 0 },
      ],
      links: [
        {
          traceId: TRACE_ID,
          spanId: PARENT_ID,
          traceState: 'vendor=2',
          flags: 0x301,
          attributes,
          droppedAttributesCount: 5,
        },
        { traceId: '', spanId: '', flags: 0, attributes: {}, droppedAttributesCount: 0 },
      ],
      droppedAttributesCount: 1,
      droppedEventsCount: 2,
      droppedLinksCount: 300,
      ...origin('traces'),
    });
  });

  it('have defaults for what was not sent', () => {
    const bare = {
      traceId: '',
      spanId: '',
      kind: 0,
      startTimeUnixNano: 0n,
      endTimeUnixNano: 0n,
      flags: 0,
      status: { code: 0 },
      attributes: {},
      events: [],
      links: [],
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
    expect(receiver.spans[1]).toEqual({ ...bare, name: 'bare', ...origin('traces') });
    expect(receiver.spans[2]).toEqual({
      ...bare,
      name: 'no scope',
      ...origin('traces'),
      scope: { name: '', attributes: {} },
      schemaUrl: undefined,
    });
    expect(Object.keys(receiver.spans[2] ?? {})).not.toContain('parentSpanId');
  });
});

describe('received logs', () => {
  it('hold everything that was sent', () => {
    expect(receiver.logs).toHaveLength(4);
    expect(receiver.logs[0]).toEqual({
      timeUnixNano: 1700000000000000001n,
      observedTimeUnixNano: 1700000000000000002n,
      severityNumber: 17,
      severityText: 'ERROR',
      body: attributes,
      attributes,
      eventName: 'gateway.request',
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      flags: 1,
      droppedAttributesCount: 6,
      ...origin('logs'),
    });
  });

  it('have defaults for what was not sent', () => {
    expect(receiver.logs[1]).toEqual({
      timeUnixNano: 0n,
      observedTimeUnixNano: 0n,
      severityNumber: 0,
      severityText: '',
      body: undefined,
      attributes: {},
      eventName: '',
      traceId: '',
      spanId: '',
      flags: 0,
      droppedAttributesCount: 0,
      ...origin('logs'),
    });
    expect(receiver.logs.map((log) => log.body).slice(1)).toEqual([undefined, null, 'plain']);
  });
});

describe('received metric points', () => {
  const times = { startTimeUnixNano: 1700000000000000001n, timeUnixNano: 18446744073709551615n };
  const exemplars = [
    {
      value: 1.5,
      timeUnixNano: 1700000000000000003n,
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      filteredAttributes: attributes,
    },
    { value: -5, timeUnixNano: 0n, traceId: '', spanId: '', filteredAttributes: {} },
  ];
  const rich = { ...times, attributes, flags: 1, exemplars, ...origin('metrics') };
  const metric = (name: string) => ({ name, description: '', unit: '', metadata: {} });
  const plain = { attributes: {}, flags: 0, exemplars: [], ...origin('metrics') };

  it('hold everything that was sent', () => {
    const gauge = {
      name: 'a.gauge',
      description: 'A gauge.',
      unit: '1',
      metadata: attributes,
      type: 'gauge',
    };
    expect(receiver.metricPoints).toEqual([
      { ...gauge, ...rich, value: 0 },
      { ...gauge, ...plain, ...times, value: -9223372036854775808n },
      { ...gauge, ...plain, startTimeUnixNano: 0n, timeUnixNano: 0n },
      {
        ...metric('a.sum'),
        ...plain,
        ...times,
        type: 'sum',
        temporality: 'cumulative',
        isMonotonic: true,
        value: 12,
      },
      {
        ...metric('a.histogram'),
        unit: 's',
        ...rich,
        type: 'histogram',
        temporality: 'delta',
        count: 6,
        sum: 12.25,
        min: 0,
        max: 11,
        bucketCounts: [1, 2, 3],
        explicitBounds: [0.5, 10],
      },
      {
        ...metric('a.histogram'),
        unit: 's',
        ...plain,
        startTimeUnixNano: 0n,
        timeUnixNano: 0n,
        type: 'histogram',
        temporality: 'delta',
        count: 0,
        bucketCounts: [],
        explicitBounds: [],
      },
      {
        ...metric('an.exponential.histogram'),
        ...rich,
        type: 'exponentialHistogram',
        temporality: 'delta',
        count: 9,
        sum: -3.5,
        min: -2,
        max: 2,
        scale: -4,
        zeroCount: 2,
        zeroThreshold: 0.001,
        positive: { offset: -1, bucketCounts: [1, 300, 18446744073709552000] },
        negative: { offset: 2147483647, bucketCounts: [4] },
      },
      {
        ...metric('a.summary'),
        ...rich,
        exemplars: [],
        type: 'summary',
        count: 4,
        sum: 8,
        quantileValues: [
          { quantile: 0.5, value: 2 },
          { quantile: 1, value: 3 },
          { quantile: 0, value: 0 },
        ],
      },
    ]);
  });

  it('leave out what was not sent', () => {
    expect(Object.keys(receiver.metricPoints[2] ?? {})).not.toContain('value');
    expect(Object.keys(receiver.metricPoints[5] ?? {})).not.toContain('sum');
    expect(Object.keys(receiver.metricPoints[0] ?? {})).not.toContain('temporality');
  });
});

describe('attribute keys', () => {
  it('may be called like members of Object.prototype', async () => {
    const pairs = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''].map((key) => ({
      key,
      value: { kvlistValue: { values: [{ key: '__proto__', value: { stringValue: 'polluted' } }] } },
    }));
    const request = {
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes: pairs, eventName: 'proto' }] }] }],
    };
    await post(`${receiver.url}/v1/logs`, encodeOfficially('logs', request));
    const log = await receiver.waitForLog((candidate) => candidate.eventName === 'proto');
    expect(Object.getPrototypeOf(log.attributes)).toBeNull();
    expect(Object.keys(log.attributes)).toEqual([
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      '',
    ]);
    const inner = log.attributes['__proto__'];
    expect(Object.getPrototypeOf(inner)).toBeNull();
    expect(Object.entries(inner as object)).toEqual([['__proto__', 'polluted']]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('keep the last value when sent twice', async () => {
    const twice = [1, 2].map((intValue) => ({ key: 'twice', value: { intValue } }));
    const request = {
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes: twice, eventName: 'twice' }] }] }],
    };
    await post(`${receiver.url}/v1/logs`, encodeOfficially('logs', request));
    const log = await receiver.waitForLog((candidate) => candidate.eventName === 'twice');
    expect(log.attributes).toEqual({ twice: 2 });
  });
});
