/**
 * What the series of calls to models tell apart. Nearly all of it is text that clients or providers can choose, so it is shown only
 * if it is from a closed set, or one of so many names of which it is known that something stands behind them.
 */
import { ATTR_NETWORK_TRANSPORT } from '@opentelemetry/semantic-conventions';
import type { FinishedGenAi } from '../model/finished-gen-ai.js';
import type { GenAiNames } from '../model/gen-ai-names.js';
import { KnownNames, OTHER } from './known-names.js';
import type { Room } from './rooms.js';

/** Models that have answered. */
const MAX_KNOWN_MODELS = 1_000;
/** Tools, prompts, agents and workflows that have. */
const MAX_KNOWN_TOOLS = 1_000;
/** Of operations, of providers and of addresses, whatever comes first. */
const MAX_WORDS = 200;
const MAX_ERROR_TYPES = 200;
const MAX_PROTOCOL_VERSIONS = 20;

/** A short name in the manner of the conventions. */
const WORD = /^[\w.:/-]{1,64}$/;
const TOOL_TYPES: ReadonlySet<unknown> = new Set(['function', 'extension', 'datastore']);
const TRANSPORTS: ReadonlySet<unknown> = new Set(['tcp', 'pipe', 'quic', 'unix', 'udp']);

const OPERATIONS: ReadonlySet<string> = new Set([
  'chat',
  'generate_content',
  'text_completion',
  'embeddings',
  'retrieval',
  'create_agent',
  'invoke_agent',
  'execute_tool',
  'invoke_workflow',
]);

/** The requests and notifications of the protocol, up to its version 2026-07-28. */
const MCP_METHODS: ReadonlySet<string> = new Set([
  'completion/complete',
  'elicitation/create',
  'initialize',
  'logging/setLevel',
  'notifications/cancelled',
  'notifications/elicitation/complete',
  'notifications/initialized',
  'notifications/message',
  'notifications/progress',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/roots/list_changed',
  'notifications/tasks/status',
  'notifications/tools/list_changed',
  'ping',
  'prompts/get',
  'prompts/list',
  'resources/list',
  'resources/read',
  'resources/subscribe',
  'resources/templates/list',
  'resources/unsubscribe',
  'roots/list',
  'sampling/createMessage',
  'server/discover',
  'subscriptions/listen',
  'tasks/cancel',
  'tasks/get',
  'tasks/list',
  'tasks/result',
  'tools/call',
  'tools/list',
]);

/** A call as its series show it. No text in it has control characters. */
export interface CallDimensions {
  readonly operation: string;
  readonly provider: string | undefined;
  readonly requestModel: string | undefined;
  readonly responseModel: string | undefined;
  readonly serverAddress: string | undefined;
  readonly serverPort: number | undefined;
  readonly errorType: string | undefined;
  /** What JSON-RPC says of an error. */
  readonly rpcStatusCode: string | undefined;
  /** Of the Model Context Protocol. */
  readonly method: string | undefined;
  readonly protocolVersion: string | undefined;
  readonly transport: string | undefined;
  readonly tool: string | undefined;
  readonly toolType: string | undefined;
  readonly prompt: string | undefined;
  readonly agent: string | undefined;
  readonly workflow: string | undefined;
}

export interface GenAiDimensionsOptions {
  readonly names: GenAiNames;
  /** Models that are known from the beginning. */
  readonly models: ReadonlySet<string>;
  /** For names of one kind, of which there may be so many. */
  roomFor(max: number): Room;
}

function hasTokens({ usage }: FinishedGenAi): boolean {
  return usage?.inputTokens !== undefined || usage?.outputTokens !== undefined;
}

/** Of the operator's metrics, or of one tenant's: what one of them has made known tells another nothing. */
export class GenAiDimensions {
  readonly #names: GenAiNames;
  readonly #models: KnownNames;
  readonly #tools: KnownNames;
  readonly #operations: KnownNames;
  readonly #providers: KnownNames;
  readonly #addresses: KnownNames;
  readonly #errorTypes: KnownNames;
  readonly #protocolVersions: KnownNames;

  constructor({ names, models, roomFor }: GenAiDimensionsOptions) {
    this.#names = names;
    this.#models = new KnownNames(roomFor(MAX_KNOWN_MODELS), models);
    this.#tools = new KnownNames(roomFor(MAX_KNOWN_TOOLS));
    this.#operations = new KnownNames(roomFor(MAX_WORDS), OPERATIONS);
    this.#providers = new KnownNames(roomFor(MAX_WORDS));
    this.#addresses = new KnownNames(roomFor(MAX_WORDS));
    this.#errorTypes = new KnownNames(roomFor(MAX_ERROR_TYPES));
    this.#protocolVersions = new KnownNames(roomFor(MAX_PROTOCOL_VERSIONS));
  }

  of(call: FinishedGenAi): CallDimensions {
    const owner = call.tenantId ?? '';
    const { requestModel, responseModel, errorType, endMs, attributes } = call;
    const names = this.#names;
    const isDone = errorType === undefined;
    // Not every provider names the model in its answer, but only one that has run it counts its tokens.
    const isAnswered = isDone && (responseModel !== undefined || hasTokens(call));
    const model = (name: string | undefined): string | undefined =>
      this.#models.shown(name, isAnswered, owner, endMs);
    const tool = (name: string | undefined): string | undefined =>
      this.#tools.shown(name, isDone, owner, endMs);
    const word = (known: KnownNames, text: unknown): string | undefined =>
      typeof text === 'string' ? known.shown(text, WORD.test(text), owner, endMs) : undefined;
    const server = this.#serverOf(call, owner);
    const transport = attributes[ATTR_NETWORK_TRANSPORT];
    const toolType = attributes[names.toolType];
    return {
      operation: word(this.#operations, call.operation) ?? OTHER,
      provider: word(this.#providers, call.provider),
      requestModel: model(requestModel),
      responseModel: model(responseModel),
      serverAddress: server?.address,
      serverPort: server?.port,
      errorType: word(this.#errorTypes, errorType),
      rpcStatusCode: word(this.#errorTypes, attributes[names.rpcStatusCode]),
      method: call.mcp && (MCP_METHODS.has(call.mcp.method) ? call.mcp.method : OTHER),
      protocolVersion: word(this.#protocolVersions, attributes[names.mcpProtocolVersion]),
      transport: TRANSPORTS.has(transport) ? (transport as string) : undefined,
      tool: tool(call.toolName),
      toolType: TOOL_TYPES.has(toolType) ? (toolType as string) : undefined,
      prompt: tool(attributes[names.promptName] as string | undefined),
      agent: tool(call.agentName),
      workflow: tool(call.workflowName),
    };
  }

  /** A model that is told beside a call, as what was paid for. */
  modelOf(name: string | undefined, { tenantId, endMs }: FinishedGenAi): string | undefined {
    return this.#models.shown(name, false, tenantId ?? '', endMs);
  }

  /** Hosts that pass calls on to wherever a client says would have as many as clients like. */
  #serverOf(
    { serverAddress, serverPort, endMs }: FinishedGenAi,
    owner: string,
  ): { readonly address: string; readonly port: number | undefined } | undefined {
    if (serverAddress === undefined) return undefined;
    const asShown = `${serverAddress} ${serverPort ?? ''}`;
    if (this.#addresses.shown(asShown, true, owner, endMs) !== asShown) return undefined;
    return { address: serverAddress, port: serverPort };
  }

  forgetUnused(nowMs: number): void {
    for (const known of [
      this.#models,
      this.#tools,
      this.#operations,
      this.#providers,
      this.#addresses,
      this.#errorTypes,
      this.#protocolVersions,
    ])
      known.forgetUnused(nowMs);
  }
}
