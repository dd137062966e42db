import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { OtlpSignal } from './schema-types.js';
import { encodePartialSuccess } from './partial-success.js';

/**
 * One rule that says how the receiver answers. Everything is optional; `{}` is the normal success.
 *
 * Only requests that are answered with a 2xx status add to `spans`, `logs` and `metricPoints`; a partial
 * success is one of them, and adds all the records of its request.
 */
export interface OtlpAnswer {
  /** The rule is for this signal only. Without it, for all three. */
  readonly signal?: OtlpSignal;
  /** HTTP status from 200 to 599. Default 200. */
  readonly status?: number;
  /** Added to the default headers, or in their place; for example `{ 'retry-after': '1' }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Default empty. A string goes out as `text/plain`, bytes as `application/x-protobuf`, unless `headers`
   * differ.
   */
  readonly body?: Uint8Array | string;
  /** How long to wait before the answer or before hanging up, in milliseconds. Default 0. */
  readonly delayMs?: number;
  /** Reads the request and never answers; the connection stays open until the client or `close` ends it. */
  readonly hang?: boolean;
  /** Destroys the connection instead of an answer: before the body is read, or after it. */
  readonly hangUp?: 'before' | 'after';
  /** Answers 200 with a body that says so many records were rejected. */
  readonly partialSuccess?: { readonly rejected: number; readonly message?: string };
  /**
   * The rule ends after so many requests. Without it, it stays until `reset` or the next rule for the same
   * signal.
   */
  readonly times?: number;
}

/** What the receiver does with one request; `delayMs` comes first in every case. */
export type AnswerPlan = { readonly delayMs: number } & (
  | { readonly kind: 'hang' }
  | { readonly kind: 'hangUp'; readonly when: 'before' | 'after' }
  | {
      readonly kind: 'respond';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array | string;
    }
);

/** The queue of rules. */
export interface AnswerScript {
  /** Adds a rule. Throws TypeError when it contradicts itself or a number is out of range. */
  add(answer: OtlpAnswer): void;
  /** Takes the plan for the next request of a signal, and counts it. */
  next(signal: OtlpSignal): AnswerPlan;
  clear(): void;
}

// Node's timers fire at once for anything longer.
const MAX_DELAY_MS = 0x7fffffff;

/** An empty script: every request succeeds. */
export function createAnswerScript(): AnswerScript {
  let rules: { readonly answer: OtlpAnswer; left: number }[] = [];
  return {
    add(answer) {
      validate(answer);
      const isReplaced = (old: OtlpAnswer) =>
        old.times === undefined &&
        (old.signal === undefined || answer.signal === undefined || old.signal === answer.signal);
      rules = rules.filter((rule) => !isReplaced(rule.answer));
      rules.push({ answer: { ...answer }, left: answer.times ?? Infinity });
    },
    next(signal) {
      const rule = rules.find(({ answer }) => answer.signal === undefined || answer.signal === signal);
      if (rule === undefined) return planOf({});
      rule.left -= 1;
      if (rule.left === 0) rules = rules.filter((other) => other !== rule);
      return planOf(rule.answer);
    },
    clear() {
      rules = [];
    },
  };
}

function planOf(answer: OtlpAnswer): AnswerPlan {
  const delayMs = answer.delayMs ?? 0;
  if (answer.hang === true) return { kind: 'hang', delayMs };
  if (answer.hangUp !== undefined) return { kind: 'hangUp', when: answer.hangUp, delayMs };
  const { partialSuccess } = answer;
  const body =
    answer.body ??
    (partialSuccess
      ? encodePartialSuccess(partialSuccess.rejected, partialSuccess.message)
      : new Uint8Array());
  const headers: Record<string, string> = { 'content-type': contentTypeOf(body) };
  for (const [name, value] of Object.entries(answer.headers ?? {})) headers[name.toLowerCase()] = value;
  return { kind: 'respond', status: answer.status ?? 200, headers, body, delayMs };
}

/** The content type of a body when nothing else is said. */
export function contentTypeOf(body: Uint8Array | string): string {
  return typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/x-protobuf';
}

function validate(answer: OtlpAnswer): void {
  const { status = 200, delayMs = 0, times = 1, partialSuccess } = answer;
  requireInteger('status', status, 200, 599);
  requireInteger('times', times, 1, Number.MAX_SAFE_INTEGER);
  if (!(delayMs >= 0 && delayMs <= MAX_DELAY_MS)) {
    throw new TypeError(`delayMs must be from 0 to ${String(MAX_DELAY_MS)}, got ${String(delayMs)}.`);
  }
  const ways = [answer.hang === true, answer.hangUp !== undefined, partialSuccess !== undefined];
  const responds = answer.status !== undefined || answer.body !== undefined || answer.headers !== undefined;
  if (ways.filter(Boolean).length > 1)
    throw new TypeError('Use only one of hang, hangUp and partialSuccess.');
  if (responds && (answer.hang === true || answer.hangUp !== undefined)) {
    throw new TypeError('hang and hangUp send no answer: leave out status, headers and body.');
  }
  if (partialSuccess !== undefined) {
    requireInteger('partialSuccess.rejected', partialSuccess.rejected, 0, Number.MAX_SAFE_INTEGER);
    if (status !== 200 || answer.body !== undefined) {
      throw new TypeError('partialSuccess is a 200 with a body of its own: leave out status and body.');
    }
  }
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
}

function requireInteger(what: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new TypeError(
      `${what} must be an integer from ${String(min)} to ${String(max)}, got ${String(value)}.`,
    );
  }
}
