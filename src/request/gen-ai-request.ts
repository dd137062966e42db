/** What a model was asked for, as attributes: numbers and short words, nothing of what was said to it. */
import type { GenAiNames } from '../model/gen-ai-names.js';
import type { Put } from './gen-ai-mcp.js';
import type { Given } from './given.js';

/** OpenAI takes 4 stop sequences, Anthropic a few more. */
const MAX_TEXTS = 16;

function nonEmpty(texts: readonly string[] | undefined): readonly string[] | undefined {
  return texts?.length === 0 ? undefined : texts;
}

/** `topK`: the name of that number. `isOpenAi`: attributes of OpenAI's own make sense. */
export function putRequest(
  given: Given,
  put: Put,
  names: GenAiNames,
  { topK, isOpenAi }: { readonly topK: string; readonly isOpenAi: boolean },
): void {
  put(names.requestMaxTokens, given.whole('maxTokens'));
  put(names.requestTemperature, given.number('temperature'));
  put(names.requestTopP, given.number('topP'));
  put(topK, names.doubleKeys.includes(topK) ? given.number('topK') : given.whole('topK'));
  put(names.requestFrequencyPenalty, given.number('frequencyPenalty'));
  put(names.requestPresencePenalty, given.number('presencePenalty'));
  put(names.requestStopSequences, nonEmpty(given.texts('stopSequences', MAX_TEXTS)));
  put(names.requestSeed, given.whole('seed', Number.MIN_SAFE_INTEGER));
  const choiceCount = given.whole('choiceCount');
  // The conventions want it only where it says something.
  put(names.requestChoiceCount, choiceCount === 1 ? undefined : choiceCount);
  put(names.outputType, given.text('outputType'));
  put(names.requestEncodingFormats, nonEmpty(given.texts('encodingFormats', MAX_TEXTS)));
  put(names.dimensionCount, given.whole('dimensionCount'));
  const serviceTier = given.text('serviceTier');
  // What it would be anyway, the conventions do not want.
  if (isOpenAi && serviceTier !== 'auto') put(names.openAiRequestServiceTier, serviceTier);
}
