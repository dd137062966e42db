/** The log event of a call to a model: what was asked and answered, without content. */
import { ATTR_ERROR_TYPE, ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from '@opentelemetry/semantic-conventions';
import type { Attributes, MutableAttributes } from '../model/attributes.js';
import type { FinishedGenAi } from '../model/finished-gen-ai.js';
import type { GenAiNames } from '../model/gen-ai-names.js';
import type { Names } from '../model/names.js';
import type { LogRecordData } from '../model/records.js';
import { severityText } from './severity-text.js';

/**
 * What a tenant may know of its own call, and nothing that is added later unseen: what it has asked for, what it was
 * answered, what it is charged by, and where it went, as on the log record of its request. Agents, sessions and ids within the
 * gateway are the operator's.
 */
export function tenantKeys(names: GenAiNames): ReadonlySet<string> {
  return new Set([
    names.operationName,
    names.providerName,
    names.requestModel,
    names.requestMaxTokens,
    names.requestTemperature,
    names.requestTopP,
    names.requestTopK,
    names.retrievalTopK,
    names.requestFrequencyPenalty,
    names.requestPresencePenalty,
    names.requestSeed,
    names.requestChoiceCount,
    names.requestStream,
    names.outputType,
    names.dimensionCount,
    names.responseId,
    names.responseModel,
    names.finishReasons,
    names.timeToFirstChunk,
    names.inputTokens,
    names.outputTokens,
    names.cacheReadInputTokens,
    names.cacheCreationInputTokens,
    names.reasoningOutputTokens,
    names.toolName,
    names.mcpMethodName,
    ATTR_SERVER_ADDRESS,
    ATTR_SERVER_PORT,
    ATTR_ERROR_TYPE,
  ]);
}

export interface GenAiLogOptions {
  readonly names: Names;
  readonly genAiNames: GenAiNames;
  readonly doubleKeys: readonly string[];
  readonly tenantKeys: ReadonlySet<string>;
}

/** `chat gpt-4o 120+45 tokens 812ms`, or what it failed with. */
function lineOf(call: FinishedGenAi): string {
  const { mcp, operation, toolName, responseModel, requestModel, usage, errorType, durationMs } = call;
  const what = `${mcp?.method ?? operation} ${toolName ?? responseModel ?? requestModel ?? '-'}`;
  const tokens = usage && `${usage.inputTokens ?? '-'}+${usage.outputTokens ?? '-'} tokens`;
  return `${what} ${errorType ?? tokens ?? 'ok'} ${Math.round(durationMs)}ms`;
}

/** As its tenant may have it. */
export function genAiLog(call: FinishedGenAi, options: GenAiLogOptions): LogRecordData {
  const { endMs, severityNumber, tenantId, traceId, spanId, traceFlags } = call;
  const attributes: MutableAttributes = {};
  for (const [key, value] of Object.entries(call.attributes))
    if (options.tenantKeys.has(key)) attributes[key] = value as MutableAttributes[string];
  if (tenantId !== undefined) attributes[options.names.tenantId] = tenantId;
  return {
    timeMs: endMs,
    observedTimeMs: endMs,
    severityNumber,
    severityText: severityText(severityNumber),
    body: lineOf(call),
    eventName: options.genAiNames.detailsEvent,
    attributes,
    doubleKeys: options.doubleKeys,
    traceId,
    spanId,
    traceFlags,
  };
}

/** What the operator's record has beyond that. */
export function operatorPart(call: FinishedGenAi, names: Names): Attributes {
  const { requestId, answerFault } = call;
  return {
    ...call.operatorAttributes,
    ...call.attributes,
    ...call.governance?.attributes,
    ...(requestId !== undefined && { [names.requestId]: requestId }),
    ...(answerFault !== undefined && { [names.answerFault]: answerFault }),
  };
}
