/** What a host tells of a call to a model, a tool or an agent when it begins. */
import { ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import {
  CREATE_AGENT,
  EXECUTE_TOOL,
  INVOKE_AGENT,
  INVOKE_WORKFLOW,
  RETRIEVAL,
  type GenAiNames,
} from '../model/gen-ai-names.js';
import type { CustomAttributes } from './custom-attributes.js';
import { KIND_CLIENT, KIND_INTERNAL, KIND_SERVER } from './exchange-span.js';
import { readMcp, type McpFacts, type Put } from './gen-ai-mcp.js';
import { putRequest } from './gen-ai-request.js';
import { isInstance, type Given } from './given.js';
import { addressOf, parseUrl, portOf } from './upstream-url.js';

/** Of operations and providers; a client's own idea of one is cut. */
const MAX_WORD_LENGTH = 64;
const MAX_DESCRIPTION_LENGTH = 1024;
const UNKNOWN_OPERATION = '_OTHER';

/** Telemetry in OpenAI's flavour has attributes of its own. */
const OPENAI: ReadonlySet<string | undefined> = new Set([undefined, 'openai', 'azure.ai.openai']);

export interface GenAiFacts {
  readonly operation: string;
  readonly provider: string | undefined;
  readonly model: string | undefined;
  readonly isOpenAi: boolean;
  /** As it was asked for. */
  readonly isStream: boolean | undefined;
  readonly serverAddress: string | undefined;
  readonly serverPort: number | undefined;
  readonly mcp: McpFacts | undefined;
  readonly toolName: string | undefined;
  readonly agentName: string | undefined;
  readonly workflowName: string | undefined;
  readonly startTimeMs: number | undefined;
  readonly kind: number;
  readonly spanName: string;
  /** By the conventions. */
  readonly attributes: MutableAttributes;
  readonly custom: CustomAttributes | undefined;
}

export function readGenAi(given: Given, names: GenAiNames): GenAiFacts {
  const attributes: MutableAttributes = {};
  const put: Put = (key, value) => {
    if (value !== undefined) attributes[key] = value;
  };
  const tool = given.inner('tool');
  const toolName = tool?.text('name');
  const mcp = readMcp(given.inner('mcp'), put, names);
  const operation = readOperation(given, tool !== undefined || mcp !== undefined);
  // Other methods of that protocol are no operations of the conventions.
  if (mcp === undefined || mcp.isToolCall) put(names.operationName, operation);
  const provider = given.text('provider', MAX_WORD_LENGTH);
  put(names.providerName, provider);
  const model = given.text('model');
  put(names.requestModel, model);
  const isOpenAi = OPENAI.has(provider);
  const request = given.inner('request');
  const topK = operation === RETRIEVAL ? names.retrievalTopK : names.requestTopK;
  if (request !== undefined) putRequest(request, put, names, { topK, isOpenAi });
  const url = readUrl(given);
  const serverAddress = url && addressOf(url);
  const serverPort = url && portOf(url);
  put(ATTR_SERVER_ADDRESS, serverAddress);
  put(ATTR_SERVER_PORT, serverPort);
  const dataSource = given.text('dataSourceId');
  const workflowName = given.text('workflow');
  put(names.conversationId, given.text('conversationId'));
  put(names.dataSourceId, dataSource);
  put(names.workflowName, workflowName);
  put(names.toolName, toolName);
  if (tool !== undefined) putTool(tool, put, names);
  const agent = given.inner('agent');
  const agentName = agent?.text('name');
  put(names.agentName, agentName);
  if (agent !== undefined) putAgent(agent, put, names);
  const target = {
    [EXECUTE_TOOL]: toolName,
    [INVOKE_AGENT]: agentName,
    [CREATE_AGENT]: agentName,
    [INVOKE_WORKFLOW]: workflowName,
    [RETRIEVAL]: dataSource,
  };
  return {
    operation,
    provider,
    model,
    isOpenAi,
    isStream: request?.flag('stream'),
    serverAddress,
    serverPort,
    mcp,
    toolName,
    agentName,
    workflowName,
    startTimeMs: given.number('startTimeMs'),
    kind: kindOf(operation, mcp, url !== undefined),
    spanName:
      mcp === undefined
        ? named(
            operation,
            Object.hasOwn(target, operation) ? target[operation as keyof typeof target] : model,
          )
        : named(mcp.method, toolName ?? mcp.promptName),
    attributes,
    custom: given.customAttributes(),
  };
}

function readOperation(given: Given, isTool: boolean): string {
  const operation = given.text('operation', MAX_WORD_LENGTH) ?? (isTool ? EXECUTE_TOOL : undefined);
  if (operation === undefined) given.report('was given no operation; it counts as _OTHER');
  return operation ?? UNKNOWN_OPERATION;
}

/** Only what is meant as one: any object has some text. */
function readUrl(given: Given): URL | undefined {
  const value = given.read('url');
  if (value === undefined) return undefined;
  const url = typeof value === 'string' || isInstance(value, URL) ? parseUrl(value) : undefined;
  if (url === undefined) given.report('was given a url that is not absolute');
  return url;
}

function putTool(tool: Given, put: Put, names: GenAiNames): void {
  put(names.toolCallId, tool.text('callId'));
  put(names.toolType, tool.text('type', MAX_WORD_LENGTH));
  put(names.toolDescription, tool.text('description', MAX_DESCRIPTION_LENGTH));
}

function putAgent(agent: Given, put: Put, names: GenAiNames): void {
  put(names.agentId, agent.text('id'));
  put(names.agentDescription, agent.text('description', MAX_DESCRIPTION_LENGTH));
  put(names.agentVersion, agent.text('version'));
}

/** The conventions': what runs in the process is INTERNAL. An agent runs elsewhere where it has an address. */
function kindOf(operation: string, mcp: McpFacts | undefined, isRemote: boolean): number {
  if (mcp !== undefined) return mcp.side === 'server' ? KIND_SERVER : KIND_CLIENT;
  if (operation === EXECUTE_TOOL || operation === INVOKE_WORKFLOW) return KIND_INTERNAL;
  return operation === INVOKE_AGENT && !isRemote ? KIND_INTERNAL : KIND_CLIENT;
}

function named(what: string, target: string | undefined): string {
  return target === undefined ? what : `${what} ${target}`;
}
