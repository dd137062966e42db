/** One span, one log record and a count of one for each request, which all say the same. */
import { expect } from 'vitest';
import type { TestGateway } from '../support/gateway.js';
import { counters, newest, total } from '../support/readings.js';

export interface ExpectedRecord {
  /** None: no status was sent. */
  readonly status?: number;
  readonly errorType?: string;
}

/** In any order. */
export async function expectRecords(
  gateway: TestGateway,
  expected: readonly ExpectedRecord[],
): Promise<void> {
  await gateway.flush();
  const { spans, logs } = gateway.operator;
  const told = (attributes: Readonly<Record<string, unknown>>): string =>
    `${(attributes['http.response.status_code'] as number | undefined) ?? '-'} ${(attributes['error.type'] as string | undefined) ?? 'fine'}`;
  const wanted = expected.map(({ status, errorType }) => `${status ?? '-'} ${errorType ?? 'fine'}`).sort();
  expect(spans.map(({ attributes }) => told(attributes)).sort()).toEqual(wanted);
  expect(logs.map(({ attributes }) => told(attributes)).sort()).toEqual(wanted);
  expect(total(newest(counters(gateway.operator)))).toBe(expected.length);
  for (const { kind, status, attributes } of spans) {
    expect(kind).toBe(2);
    expect(status.code).toBe(attributes['error.type'] === undefined ? 0 : 2);
  }
  expect(gateway.telemetry.status().openExchanges).toBe(0);
}

export const expectOneRecord = (gateway: TestGateway, expected: ExpectedRecord): Promise<void> =>
  expectRecords(gateway, [expected]);
