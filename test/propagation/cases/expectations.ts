/** Checks of what was read and what went out against a case. */
import { expect } from 'vitest';
import { parseBaggage } from '../../../src/propagation/index.js';
import type { ExtractedContext, HeaderValue } from '../../../src/propagation/index.js';
import type { Pairs, PropagationCase } from './case.js';

/** The ids that placeholders stand for. */
export interface NewIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** As Node's server makes it: lower-case names, repeats joined. */
export function nodeObject(headers: Pairs): Record<string, string> {
  const object: Record<string, string> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    object[key] = key in object ? `${object[key]}, ${value}` : value;
  }
  return object;
}

/** As Node's server makes it with `headersDistinct`. */
export function arrayObject(headers: Pairs): Record<string, string[]> {
  const object: Record<string, string[]> = {};
  for (const [name, value] of headers) (object[name.toLowerCase()] ??= []).push(value);
  return object;
}

export function fetchHeaders(headers: Pairs): Headers {
  const list = new Headers();
  for (const [name, value] of headers) list.append(name, value);
  return list;
}

function decimal(hex: string): string {
  return BigInt(`0x${hex}`).toString();
}

function filled(pattern: string, { traceId, spanId }: NewIds): string {
  const values: Readonly<Record<string, string>> = {
    span: spanId,
    span_dec: decimal(spanId),
    newtrace: traceId,
    newtrace_low: traceId.slice(16),
    newtrace_low_dec: decimal(traceId.slice(16)),
    newtrace_0_8: traceId.slice(0, 8),
    newtrace_8_32: traceId.slice(8),
    newflags: '03',
  };
  return pattern.replace(/\{(\w+)\}/g, (_whole, name: string) => values[name] ?? `{${name}}`);
}

const readable = (baggage: string | undefined) =>
  parseBaggage(baggage).map(({ key, value, properties }) => [key, value, properties]);

export function expectFound(one: PropagationCase, extracted: ExtractedContext | undefined): void {
  expect(extracted?.traceId).toBe(one.found?.traceId);
  expect(extracted?.spanId).toBe(one.found?.spanId);
  expect(extracted?.sampled).toBe(one.sampled);
  expect(extracted?.debug ?? false).toBe(one.debug ?? false);
  if (one.random !== undefined || extracted?.format === 'w3c') {
    expect(extracted?.random).toBe(one.random ?? false);
  }
  if (one.datadog !== undefined) expect(extracted?.datadog).toMatchObject(one.datadog);
  if (one.datadog?.tags !== undefined) expect(extracted?.datadog?.tags).toEqual(one.datadog.tags);
  if (one.baggage !== undefined) expect(readable(extracted?.baggage)).toEqual(one.baggage);
}

/** `ids` are those of the new span and, where nothing was continued, of the new trace. */
export function expectSent(
  one: PropagationCase,
  propagators: string,
  sent: Readonly<Record<string, HeaderValue>>,
  ids: NewIds,
): void {
  for (const [name, patterns] of Object.entries(one.out ?? {})) {
    const values = (typeof patterns === 'string' ? [patterns] : patterns).map((text) => filled(text, ids));
    expect(values, name).toContain(sent[name]);
  }
  for (const name of one.absent ?? []) expect(sent).not.toHaveProperty(name);
  for (const [name, parts] of Object.entries(one.contains ?? {})) {
    for (const part of parts) expect(sent[name], name).toContain(part);
  }
  for (const [name, parts] of Object.entries(one.lacks ?? {})) {
    for (const part of parts) expect(sent[name] ?? '', name).not.toContain(part);
  }
  if (propagators === 'tracecontext') {
    if (one.traceState === undefined) expect(sent).not.toHaveProperty('tracestate');
    else expect(one.traceState).toContain(sent['tracestate']);
  }
  if (one.baggage !== undefined) {
    expect(readable(sent['baggage'] as string | undefined)).toEqual(one.baggage);
  }
}
