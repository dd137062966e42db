import type { OtlpSignal } from '../../src/testing/index.js';

// One request per signal that together set every field of every message, in the input form of the official
// encoder.

const bytes = (hex: string) => Buffer.from(hex, 'hex');

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
export const SPAN_ID = 'b7ad6b7169203331';
export const PARENT_ID = '00f067aa0ba902b7';

const attributes = [
  { key: 'text', value: { stringValue: 'Grüße, 世界 🌍' } },
  { key: 'yes', value: { boolValue: true } },
  { key: 'no', value: { boolValue: false } },
  { key: 'int', value: { intValue: 42 } },
  { key: 'negative', value: { intValue: '-7' } },
  { key: 'largest', value: { intValue: '9223372036854775807' } },
  { key: 'smallest', value: { intValue: '-9223372036854775808' } },
  { key: 'lastSafe', value: { intValue: '9007199254740991' } },
  { key: 'firstUnsafe', value: { intValue: '9007199254740992' } },
  { key: 'double', value: { doubleValue: 0.1 } },
  { key: 'nan', value: { doubleValue: NaN } },
  { key: 'infinite', value: { doubleValue: -Infinity } },
  { key: 'minusZero', value: { doubleValue: -0 } },
  { key: 'bytes', value: { bytesValue: bytes('00ff10') } },
  { key: 'noBytes', value: { bytesValue: bytes('') } },
  { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: 1 }, {}] } } },
  { key: 'emptyList', value: { arrayValue: {} } },
  {
    key: 'map',
    value: {
      kvlistValue: {
        values: [
          { key: 'inner', value: { kvlistValue: { values: [{ key: 'x', value: { stringValue: '' } }] } } },
        ],
      },
    },
  },
  { key: 'emptyMap', value: { kvlistValue: {} } },
  { key: 'empty', value: {} },
  { key: 'unset' },
];

const resource = {
  attributes: [{ key: 'service.name', value: { stringValue: 'gateway' } }, ...attributes],
  droppedAttributesCount: 3,
  entityRefs: [
    { schemaUrl: 'https://example.com/entity', type: 'service', idKeys: ['a', 'b'], descriptionKeys: ['c'] },
  ],
};

const scope = { name: 'scope', version: '1.2.3', attributes, droppedAttributesCount: 4294967295 };

const exemplars = [
  {
    filteredAttributes: attributes,
    timeUnixNano: '1700000000000000003',
    asDouble: 1.5,
    spanId: bytes(SPAN_ID),
    traceId: bytes(TRACE_ID),
  },
  { asInt: '-5' },
];

const times = { startTimeUnixNano: '1700000000000000001', timeUnixNano: '18446744073709551615' };

export const RICH_REQUESTS: Readonly<Record<OtlpSignal, object>> = {
  traces: {
    resourceSpans: [
      {
        resource,
        schemaUrl: 'https://example.com/resource',
        scopeSpans: [
          {
            scope,
            schemaUrl: 'https://example.com/scope',
            spans: [
              {
                traceId: bytes(TRACE_ID),
                spanId: bytes(SPAN_ID),
                traceState: 'vendor=1',
                parentSpanId: bytes(PARENT_ID),
                flags: 0xffffffff,
                name: 'GET /things',
                kind: 2,
                startTimeUnixNano: '1700000000000000001',
                endTimeUnixNano: '18446744073709551615',
                attributes,
                droppedAttributesCount: 1,
                events: [
                  {
                    timeUnixNano: '1700000000000000002',
                    name: 'event',
                    attributes,
                    droppedAttributesCount: 4,
                  },
                  {},
                ],
                droppedEventsCount: 2,
                links: [
                  {
                    traceId: bytes(TRACE_ID),
                    spanId: bytes(PARENT_ID),
                    traceState: 'vendor=2',
                    attributes,
                    droppedAttributesCount: 5,
                    flags: 0x301,
                  },
                  {},
                ],
                droppedLinksCount: 300,
                status: { code: 2, message: 'broken' },
              },
              { name: 'bare' },
            ],
          },
          { spans: [{ name: 'no scope' }] },
        ],
      },
      { scopeSpans: [] },
    ],
  },
  logs: {
    resourceLogs: [
      {
        resource,
        schemaUrl: 'https://example.com/resource',
        scopeLogs: [
          {
            scope,
            schemaUrl: 'https://example.com/scope',
            logRecords: [
              {
                timeUnixNano: '1700000000000000001',
                observedTimeUnixNano: '1700000000000000002',
                severityNumber: 17,
                severityText: 'ERROR',
                body: { kvlistValue: { values: attributes } },
                attributes,
                droppedAttributesCount: 6,
                flags: 1,
                traceId: bytes(TRACE_ID),
                spanId: bytes(SPAN_ID),
                eventName: 'gateway.request',
              },
              {},
              { body: {} },
              { body: { stringValue: 'plain' } },
            ],
          },
        ],
      },
    ],
  },
  metrics: {
    resourceMetrics: [
      {
        resource,
        schemaUrl: 'https://example.com/resource',
        scopeMetrics: [
          {
            scope,
            schemaUrl: 'https://example.com/scope',
            metrics: [
              {
                name: 'a.gauge',
                description: 'A gauge.',
                unit: '1',
                metadata: attributes,
                gauge: {
                  dataPoints: [
                    { ...times, attributes, asDouble: 0, exemplars, flags: 1 },
                    { ...times, asInt: '-9223372036854775808' },
                    {},
                  ],
                },
              },
              {
                name: 'a.sum',
                sum: { dataPoints: [{ ...times, asInt: 12 }], aggregationTemporality: 2, isMonotonic: true },
              },
              {
                name: 'a.histogram',
                unit: 's',
                histogram: {
                  dataPoints: [
                    {
                      ...times,
                      attributes,
                      count: '6',
                      sum: 12.25,
                      bucketCounts: ['1', '2', '3'],
                      explicitBounds: [0.5, 10],
                      exemplars,
                      flags: 1,
                      min: 0,
                      max: 11,
                    },
                    { count: '0' },
                  ],
                  aggregationTemporality: 1,
                },
              },
              {
                name: 'an.exponential.histogram',
                exponentialHistogram: {
                  dataPoints: [
                    {
                      ...times,
                      attributes,
                      count: '9',
                      sum: -3.5,
                      scale: -4,
                      zeroCount: '2',
                      positive: { offset: -1, bucketCounts: ['1', '300', '18446744073709551615'] },
                      negative: { offset: 2147483647, bucketCounts: ['4'] },
                      flags: 1,
                      exemplars,
                      min: -2,
                      max: 2,
                      zeroThreshold: 0.001,
                    },
                  ],
                  aggregationTemporality: 1,
                },
              },
              {
                name: 'a.summary',
                summary: {
                  dataPoints: [
                    {
                      ...times,
                      attributes,
                      count: '4',
                      sum: 8,
                      quantileValues: [{ quantile: 0.5, value: 2 }, { quantile: 1, value: 3 }, {}],
                      flags: 1,
                    },
                  ],
                },
              },
              { name: 'no data' },
            ],
          },
        ],
      },
    ],
  },
};
