/** What the end of a call to a model adds to its records, by the conventions. */
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import type { AttributeValue, MutableAttributes } from '../model/attributes.js';
import type { GenAiApiType, GenAiUsage } from '../model/gen-ai-answer.js';
import type { GenAiNames } from '../model/gen-ai-names.js';
import type { GenAiResponse } from '../model/gen-ai.js';
import type { GenAiOutcome } from './gen-ai-outcome.js';

/** Of the formats that answers have, those that the conventions name. */
const NAMED_API_TYPES: ReadonlySet<GenAiApiType | undefined> = new Set(['chat_completions', 'responses']);

export interface GenAiEndFacts {
  readonly response: GenAiResponse;
  readonly usage: GenAiUsage | undefined;
  readonly outcome: GenAiOutcome;
  readonly apiType: GenAiApiType | undefined;
  readonly isStream: boolean;
  readonly timeToFirstChunkMs: number | undefined;
  /** Attributes of OpenAI's own make sense. */
  readonly isOpenAi: boolean;
}

export function endAttributes(names: GenAiNames, facts: GenAiEndFacts): MutableAttributes {
  const { response, usage, outcome, timeToFirstChunkMs } = facts;
  const attributes: MutableAttributes = {};
  const put = (key: string, value: AttributeValue | undefined): void => {
    if (value !== undefined) attributes[key] = value;
  };
  // The conventions want it of streams only.
  put(names.requestStream, facts.isStream || undefined);
  put(names.responseId, response.id);
  put(names.responseModel, response.model);
  put(names.finishReasons, response.finishReasons?.length === 0 ? undefined : response.finishReasons);
  if (timeToFirstChunkMs !== undefined) put(names.timeToFirstChunk, secondsOf(timeToFirstChunkMs));
  put(names.inputTokens, usage?.inputTokens);
  put(names.outputTokens, usage?.outputTokens);
  put(names.cacheReadInputTokens, usage?.cacheReadInputTokens);
  put(names.cacheCreationInputTokens, usage?.cacheCreationInputTokens);
  put(names.reasoningOutputTokens, usage?.reasoningOutputTokens);
  if (facts.isOpenAi) {
    if (NAMED_API_TYPES.has(facts.apiType)) put(names.openAiApiType, facts.apiType);
    put(names.openAiResponseServiceTier, response.serviceTier);
    put(names.openAiSystemFingerprint, response.systemFingerprint);
  }
  put(names.rpcStatusCode, outcome.rpcCode);
  put(ATTR_ERROR_TYPE, outcome.errorType);
  return attributes;
}

/** To the microsecond, as far as the clock goes. */
function secondsOf(ms: number): number {
  return Math.round(ms * 1_000) / 1_000_000;
}
