/** What is known of a model's answer: what was read of it, and what the host says, whose word wins. */
import type { GenAiAnswer, GenAiUsage } from '../model/gen-ai-answer.js';
import type { GenAiResponse } from '../model/gen-ai.js';
import { redactText, type FurtherKeys } from '../model/redact-text.js';
import type { Given } from './given.js';

const MAX_FINISH_REASONS = 16;

const USAGE_FIELDS = [
  'inputTokens',
  'outputTokens',
  'cacheReadInputTokens',
  'cacheCreationInputTokens',
  'reasoningOutputTokens',
] as const satisfies readonly (keyof GenAiUsage)[];

/** As OpenAI and Anthropic write them: an answer's own `usage`, handed over as it is, would count for nothing in silence. */
const PROVIDERS_FIELDS = ['prompt_tokens', 'completion_tokens', 'input_tokens', 'output_tokens'];

type MutableUsage = { -readonly [Field in keyof GenAiUsage]: GenAiUsage[Field] };

export function readResponse(given: Given): GenAiResponse {
  const usage = given.inner('usage');
  return {
    id: given.text('id'),
    model: given.text('model'),
    finishReasons: given.texts('finishReasons', MAX_FINISH_REASONS),
    usage: usage === undefined ? undefined : readUsage(usage),
    serviceTier: given.text('serviceTier'),
    systemFingerprint: given.text('systemFingerprint'),
  };
}

function readUsage(given: Given): GenAiUsage | undefined {
  const usage: MutableUsage = {};
  for (const field of USAGE_FIELDS) usage[field] = given.whole(field);
  if (knownUsage(usage) === undefined && PROVIDERS_FIELDS.some((field) => given.read(field) !== undefined))
    given.report(`was given the usage of an answer as it is; its fields are ${USAGE_FIELDS.join(', ')}`);
  return usage;
}

/** What was read: bounded already, but servers repeat what their clients have asked for, secrets too. */
export function redacted(answer: GenAiAnswer, further: FurtherKeys): GenAiResponse {
  const { id, model, finishReasons, usage, serviceTier, systemFingerprint } = answer;
  const plain = (text: string | undefined): string | undefined => text && redactText(text, further);
  return {
    id: plain(id),
    model: plain(model),
    finishReasons: finishReasons?.map((reason) => redactText(reason, further)),
    usage,
    serviceTier: plain(serviceTier),
    systemFingerprint: plain(systemFingerprint),
  };
}

/** Field by field, what `first` says wins. */
export function merged(first: GenAiResponse, second: GenAiResponse): GenAiResponse {
  return {
    id: first.id ?? second.id,
    model: first.model ?? second.model,
    finishReasons: first.finishReasons ?? second.finishReasons,
    usage: mergedUsage(first.usage, second.usage),
    serviceTier: first.serviceTier ?? second.serviceTier,
    systemFingerprint: first.systemFingerprint ?? second.systemFingerprint,
  };
}

function mergedUsage(first: GenAiUsage | undefined, second: GenAiUsage | undefined): GenAiUsage | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  const usage: MutableUsage = {};
  for (const field of USAGE_FIELDS) usage[field] = first[field] ?? second[field];
  return usage;
}

/** `undefined` where no count is known at all. */
export function knownUsage(usage: GenAiUsage | undefined): GenAiUsage | undefined {
  return usage !== undefined && USAGE_FIELDS.some((field) => usage[field] !== undefined) ? usage : undefined;
}
