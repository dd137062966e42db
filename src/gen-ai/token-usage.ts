/** The providers' counts, brought to the rules of the semantic conventions: input with the cached, output with reasoning. */
import type { GenAiUsage } from '../model/gen-ai-answer.js';
import type { Field } from './answer-fields.js';

export type Counts = (field: Field) => number | undefined;

/** `undefined` where the answer counts nothing. */
export function tokenUsage(counts: Counts): GenAiUsage | undefined {
  const reasoning = counts('reasoningTokens') ?? counts('thoughtsTokens');
  const input = inputTokens(counts);
  const output = outputTokens(counts);
  const cacheRead =
    counts('cachedInsideTokens') ?? counts('promptCacheHitTokens') ?? counts('cachedApartTokens');
  const cacheCreation = counts('writtenInsideTokens') ?? counts('writtenApartTokens');
  if ((input ?? output ?? cacheRead ?? cacheCreation ?? reasoning) === undefined) return undefined;
  return {
    ...(input !== undefined && { inputTokens: input }),
    ...(output !== undefined && { outputTokens: output }),
    ...(cacheRead !== undefined && { cacheReadInputTokens: cacheRead }),
    ...(cacheCreation !== undefined && { cacheCreationInputTokens: cacheCreation }),
    ...(reasoning !== undefined && { reasoningOutputTokens: reasoning }),
  };
}

function inputTokens(counts: Counts): number | undefined {
  const prompt = counts('promptTokens');
  if (prompt !== undefined) return sum(prompt, counts('toolUsePromptTokens'));
  const input = counts('inputTokens');
  if (input === undefined || counts('cachedInsideTokens') !== undefined) return input;
  return sum(input, counts('cachedApartTokens'), counts('writtenApartTokens'));
}

function outputTokens(counts: Counts): number | undefined {
  const thoughts = counts('thoughtsTokens');
  const candidates = counts('candidatesTokens');
  if (thoughts !== undefined || candidates !== undefined) return sum(candidates ?? 0, thoughts);
  const output = counts('outputTokens');
  const reasoning = counts('reasoningTokens');
  if (output === undefined || reasoning === undefined) return output;
  const total = counts('totalTokens');
  const prompt = counts('promptTokens');
  if (total === undefined || prompt === undefined) return output;
  // Only the total tells whether reasoning is counted apart, as xAI does.
  return prompt + output + reasoning === total ? output + reasoning : output;
}

/** A sum that is no longer exact is not a count. */
function sum(first: number, ...others: (number | undefined)[]): number | undefined {
  const total = others.reduce<number>((before, other) => before + (other ?? 0), first);
  return Number.isSafeInteger(total) ? total : undefined;
}
