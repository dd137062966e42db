/** OTLP requests as rows with typed attributes: what the plain records of the receiver do not tell apart, an integer and a double. */
import { decodeOtlpRequest } from '../../src/testing/index.js';
import type { DecodedMessage, OtlpSignal } from '../../src/testing/index.js';

/** Whose collector received it. */
export type Owner = 'operator' | 'tenant';

export interface Payload {
  readonly owner: Owner;
  readonly signal: OtlpSignal;
  readonly bytes: Uint8Array;
}

/** The name of a value's kind, and the value. */
export interface TypedValue {
  readonly type: string;
  readonly value: unknown;
}

export interface Row {
  readonly owner: Owner;
  readonly scope: string;
  readonly record: DecodedMessage;
  readonly attributes: ReadonlyMap<string, TypedValue>;
}

export interface MetricRow extends Row {
  readonly metric: DecodedMessage;
  /** `sum`, `gauge`, `histogram` … */
  readonly kind: string;
  readonly isMonotonic: boolean;
}

export interface Rows {
  readonly spans: readonly Row[];
  readonly logs: readonly Row[];
  readonly points: readonly MetricRow[];
  readonly resources: readonly Row[];
}

export const childrenOf = (message: DecodedMessage | undefined, field: string): readonly DecodedMessage[] =>
  (message?.[field] as readonly DecodedMessage[] | undefined) ?? [];
export const textOf = (message: DecodedMessage | undefined, field: string): string =>
  (message?.[field] as string | undefined) ?? '';
export const numberOf = (message: DecodedMessage | undefined, field: string): number =>
  Number((message?.[field] as number | bigint | undefined) ?? 0);

const TYPES: Readonly<Record<string, string>> = {
  stringValue: 'string',
  intValue: 'int',
  doubleValue: 'double',
  boolValue: 'boolean',
  bytesValue: 'bytes',
  kvlistValue: 'map',
};

function typed(value: DecodedMessage | undefined): TypedValue {
  const [kind, held] = Object.entries(value ?? {})[0] ?? ['empty', undefined];
  if (kind !== 'arrayValue') return { type: TYPES[kind] ?? kind, value: held };
  const items = childrenOf(held as DecodedMessage, 'values').map(typed);
  const types = [...new Set(items.map(({ type }) => type))];
  return { type: `${types.join('|')}[]`, value: items.map((item) => item.value) };
}

export function attributesOf(message: DecodedMessage | undefined): ReadonlyMap<string, TypedValue> {
  return new Map(
    childrenOf(message, 'attributes').map((pair) => [
      textOf(pair, 'key'),
      typed(pair['value'] as DecodedMessage | undefined),
    ]),
  );
}

const KINDS = ['sum', 'gauge', 'histogram', 'exponentialHistogram', 'summary'];

export function rowsOf(payloads: readonly Payload[]): Rows {
  const spans: Row[] = [];
  const logs: Row[] = [];
  const points: MetricRow[] = [];
  const resources: Row[] = [];
  const groups = {
    traces: ['resourceSpans', 'scopeSpans'],
    logs: ['resourceLogs', 'scopeLogs'],
    metrics: ['resourceMetrics', 'scopeMetrics'],
  } as const;
  for (const { owner, signal, bytes } of payloads) {
    for (const ofResource of childrenOf(decodeOtlpRequest(signal, bytes), groups[signal][0])) {
      const resource = ofResource['resource'] as DecodedMessage;
      resources.push({ owner, scope: '', record: resource, attributes: attributesOf(resource) });
      for (const ofScope of childrenOf(ofResource, groups[signal][1])) {
        const scope = textOf(ofScope['scope'] as DecodedMessage | undefined, 'name');
        const row = (record: DecodedMessage): Row => ({
          owner,
          scope,
          record,
          attributes: attributesOf(record),
        });
        spans.push(...childrenOf(ofScope, 'spans').map(row));
        logs.push(...childrenOf(ofScope, 'logRecords').map(row));
        for (const metric of childrenOf(ofScope, 'metrics')) {
          const kind = KINDS.find((name) => metric[name] !== undefined) ?? 'none';
          const data = metric[kind] as DecodedMessage | undefined;
          const isMonotonic = data?.['isMonotonic'] === true;
          for (const point of childrenOf(data, 'dataPoints'))
            points.push({ ...row(point), metric, kind, isMonotonic });
        }
      }
    }
  }
  return { spans, logs, points, resources };
}
