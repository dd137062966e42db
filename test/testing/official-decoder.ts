import { AssertionError } from 'node:assert';
import { createRequire } from 'node:module';
import { decodeOtlpRequest } from '../../src/testing/index.js';
import type { OtlpSignal } from '../../src/testing/index.js';

/** A class of the official generated protobuf code, as far as the tests use it. */
export interface OfficialMessage {
  readonly prototype: object;
  create(properties: object): object;
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): Record<string, unknown>;
  fromObject(object: object): object;
}

const load = createRequire(import.meta.url);
const generated = load('otlp-transformer-0.208/build/src/generated/root') as {
  opentelemetry: { proto: unknown };
};

/** The official class at a path below `opentelemetry.proto`, such as `trace.v1.Span`. */
export function officialMessage(path: string): OfficialMessage {
  const found = path
    .split('.')
    .reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], generated.opentelemetry.proto);
  if (typeof found !== 'function') throw new Error(`There is no official message ${path}.`);
  return found as unknown as OfficialMessage;
}

const REQUESTS: Readonly<Record<OtlpSignal, string>> = {
  traces: 'collector.trace.v1.ExportTraceServiceRequest',
  logs: 'collector.logs.v1.ExportLogsServiceRequest',
  metrics: 'collector.metrics.v1.ExportMetricsServiceRequest',
};

/** The official class of a signal's export request. */
export function officialRequest(signal: OtlpSignal): OfficialMessage {
  return officialMessage(REQUESTS[signal]);
}

/** Encodes a request with the official code. */
export function encodeOfficially(signal: OtlpSignal, request: object): Uint8Array {
  const message = officialRequest(signal);
  return new Uint8Array(message.encode(message.fromObject(request)).finish());
}

/** Decodes with the official code: only fields that were sent, 64-bit integers as decimal strings. */
export function decodeOfficially(signal: OtlpSignal, bytes: Uint8Array): Record<string, unknown> {
  const message = officialRequest(signal);
  return message.toObject(message.decode(bytes), { longs: String });
}

/**
 * Asserts that our decoder and the official one read the same from a payload: the same fields, no more and no
 * fewer, with the same values. As a payload of which both read nothing proves nothing, it must not decode to
 * an empty tree.
 *
 * @throws AssertionError that names the first differences by path.
 */
export function assertSameAsOfficial(signal: OtlpSignal, bytes: Uint8Array): void {
  const ours = leavesOf(decodeOtlpRequest(signal, bytes));
  const theirs = leavesOf(decodeOfficially(signal, bytes));
  const differences = [...new Set([...ours.keys(), ...theirs.keys()])]
    .filter((path) => ours.get(path) !== theirs.get(path))
    .map((path) => `${path}: ours ${ours.get(path) ?? 'missing'}, official ${theirs.get(path) ?? 'missing'}`);
  if (ours.size === 0) differences.push('both decoders read an empty request');
  if (differences.length > 0) {
    throw new AssertionError({
      message: `The ${signal} request is read differently:\n${differences.slice(0, 20).join('\n')}`,
      actual: Object.fromEntries(ours),
      expected: Object.fromEntries(theirs),
      operator: 'assertSameAsOfficial',
    });
  }
}

/**
 * Every value of a tree as text by path. An empty message is a value too; an empty list is the same as none.
 */
function leavesOf(tree: unknown): Map<string, string> {
  const leaves = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    if (value instanceof Uint8Array) {
      leaves.set(path, `bytes ${Buffer.from(value).toString('hex')}`);
    } else if (Array.isArray(value)) {
      value.forEach((item, index) => {
        visit(item, `${path}[${String(index)}]`);
      });
    } else if (typeof value === 'object' && value !== null) {
      const fields = Object.entries(value);
      if (fields.length === 0 && path !== '') leaves.set(path, 'empty message');
      for (const [name, field] of fields) visit(field, path === '' ? name : `${path}.${name}`);
    } else if (typeof value === 'bigint' || (typeof value === 'string' && isLongPath(path))) {
      leaves.set(path, `integer ${value.toString()}`);
    } else {
      leaves.set(
        path,
        `${typeof value} ${Object.is(value, -0) ? '-0' : JSON.stringify(value) + String(value)}`,
      );
    }
  };
  visit(tree, '');
  return leaves;
}

/** The official tree has 64-bit integers as strings, so that only the name tells them from texts. */
function isLongPath(path: string): boolean {
  const name =
    path
      .replace(/\[\d+\]$/, '')
      .split('.')
      .at(-1) ?? '';
  return /^(?:.*UnixNano|intValue|asInt|count|zeroCount|bucketCounts)$/.test(name);
}
