/** The public face of calls to models: what a gateway tells of one, and what it reads out of the answer that passes through. */
import type { Span } from '@opentelemetry/api';
import type { Attributes } from './attributes.js';
import type { Exchange, WritableHeaders } from './exchange.js';
import type { GenAiUsage } from './gen-ai-answer.js';
import type { Attribution, BudgetFact, CostFact, EvaluationFact, PolicyFact } from './governance.js';
import type { StoredParent } from './webhook.js';

/** The operations that the conventions name; any other short name is taken too. */
export type GenAiOperation =
  | 'chat'
  | 'generate_content'
  | 'text_completion'
  | 'embeddings'
  | 'retrieval'
  | 'create_agent'
  | 'invoke_agent'
  | 'execute_tool'
  | 'invoke_workflow'
  | (string & {});

/** What the caller has asked the model for. Never messages, prompts or definitions of tools: content is not recorded. */
export interface GenAiRequest {
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly stopSequences?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  readonly choiceCount?: number | undefined;
  /** The answer is to come as a stream. Default: what the answer turns out to be. */
  readonly stream?: boolean | undefined;
  /** `text`, `json`, `image` or `speech`. */
  readonly outputType?: string | undefined;
  /** Of embeddings. */
  readonly encodingFormats?: readonly string[] | undefined;
  readonly dimensionCount?: number | undefined;
  /** OpenAI's. */
  readonly serviceTier?: string | undefined;
}

/** What a request asks of a model, without what it says to it. Values that are not of the right kind are left out. */
export interface GenAiAsked extends Omit<GenAiRequest, 'outputType'> {
  readonly model?: string | undefined;
}

/** Of `invoke_agent` and `create_agent`. */
export interface GenAiAgent {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly version?: string | undefined;
}

/** Of `execute_tool`, without arguments and result. */
export interface GenAiTool {
  readonly name: string;
  readonly callId?: string | undefined;
  /** `function`, `extension` or `datastore`. */
  readonly type?: string | undefined;
  readonly description?: string | undefined;
}

/** Of a call by the Model Context Protocol. */
export interface McpCall {
  /** Such as `tools/call`. */
  readonly method: string;
  /** `client` (default): the gateway asks a server. `server`: it answers one. */
  readonly side?: 'client' | 'server' | undefined;
  readonly requestId?: string | number | undefined;
  readonly sessionId?: string | undefined;
  readonly protocolVersion?: string | undefined;
  readonly resourceUri?: string | undefined;
  readonly promptName?: string | undefined;
  /** `tcp` (HTTP), `pipe` (stdio) or `quic`. */
  readonly transport?: string | undefined;
  /** `http` or `websocket`, where it is one of these. */
  readonly networkProtocolName?: string | undefined;
  /** Such as `1.1` or `2`. */
  readonly networkProtocolVersion?: string | undefined;
  /** Recorded where it is another than `2.0`. */
  readonly jsonRpcVersion?: string | undefined;
}

/** One call. Nothing of it throws, and what cannot be used is reported (`argument_invalid`) and left out. */
export interface GenAiOptions {
  /** Default: `execute_tool` where `tool` or `mcp` is given. Without it and without both, which is reported, `_OTHER`. */
  readonly operation?: GenAiOperation | undefined;
  /** By the conventions' names, such as `openai`, `anthropic`, `azure.ai.openai`, `aws.bedrock`, `gcp.gemini`. */
  readonly provider?: string | undefined;
  /** The model that is asked for; the one that answers is read from the answer. Cut to 256 characters. */
  readonly model?: string | undefined;
  readonly request?: GenAiRequest | undefined;
  /** Where it goes: `server.address` and `server.port`. The rest of it is not recorded. */
  readonly url?: string | URL | undefined;
  readonly conversationId?: string | undefined;
  /** Of `retrieval`: what is searched. */
  readonly dataSourceId?: string | undefined;
  /** Of `invoke_workflow`: its name. */
  readonly workflow?: string | undefined;
  readonly agent?: GenAiAgent | undefined;
  readonly tool?: GenAiTool | undefined;
  readonly mcp?: McpCall | undefined;
  /** Whose call it is. `null`: nobody's. Default: the tenant of the exchange, as it stands when the call ends. */
  readonly tenant?: string | null | undefined;
  /** Whose work it is. Default: what `setAttribution` has said of the exchange. */
  readonly attribution?: Attribution | undefined;
  /** The exchange that it belongs to, for listeners outside of its context. Default: the running one. */
  readonly exchange?: Exchange | undefined;
  /** Where in a trace it belongs when it is not made inside an exchange. */
  readonly parent?: string | StoredParent | undefined;
  /** Epoch milliseconds when the call began, a day back at most. Default: now. */
  readonly startTimeMs?: number | undefined;
  /** Of the operator's span and log event only. */
  readonly attributes?: Attributes | undefined;
}

/** What the host knows of an answer; it wins over what was read. */
export interface GenAiResponse {
  readonly id?: string | undefined;
  readonly model?: string | undefined;
  readonly finishReasons?: readonly string[] | undefined;
  readonly usage?: GenAiUsage | undefined;
  readonly serviceTier?: string | undefined;
  readonly systemFingerprint?: string | undefined;
}

/** How a call ended. */
export interface GenAiEnd extends GenAiResponse {
  /** What the provider answered. From 400 on it is a failure: `error.type` is what the answer says, else the status. */
  readonly statusCode?: number | undefined;
  /**
   * Why there was no answer, or none that was whole: an error, or a short stable name. Wins over the status and over what the
   * answer says. Of the Model Context Protocol, where the answer is not watched: its error object, or the code; `tool_error` where
   * `isError` is true. An `AbortError` counts as a client that left: a gateway that breaks a call off does so for its client.
   */
  readonly error?: unknown;
}

/** What costs are computed from. */
export interface GenAiPriced {
  readonly provider: string | undefined;
  /** The model that answered, else the one that was asked for. */
  readonly model: string | undefined;
  readonly operation: string;
  readonly usage: GenAiUsage;
  readonly tenantId: string | undefined;
  /** Whose work it was: customers have prices, and teams have budgets. */
  readonly attribution: Attribution | undefined;
  readonly serviceTier: string | undefined;
}

/** What came of an answer before its body, as undici's `request`, reply-from and `fetch` give it. Wins over what the source says. */
export interface GenAiHead {
  readonly statusCode?: number | undefined;
  /** In place of `statusCode`. */
  readonly status?: number | undefined;
  /**
   * For `content-type` and `content-encoding`. Of a plain object: with names in lower case, and of the bytes as they pass. Of a
   * `Headers` only the type counts, because `fetch` has decoded the body.
   */
  readonly headers?: object | undefined;
}

/** A call under way. No method throws. One that is never ended leaves no record, and nothing keeps it in memory. */
export interface GenAiCall {
  /** 32 lower hex digits. Where nothing is traced: the parent's, or empty. */
  readonly traceId: string;
  /** 16 lower hex digits of the call's span. Where nothing is traced: the parent's, or empty. */
  readonly spanId: string;
  /** For the OpenTelemetry API. What is set on it goes to the operator only. */
  readonly span: Span;
  /** Writes the trace context into the headers of the call, as `exchange.inject` does. */
  inject(headers: WritableHeaders): void;
  /** Runs with the call's span as the active one: what is begun inside stands below it. */
  run<T>(fn: () => T): T;
  /**
   * Reads the answer while it passes, and ends the call with it: gives back what the host is to use in its place. A Node
   * stream (an `IncomingMessage` tells its status too) is the same object, a web stream or a fetch `Response` a new one with
   * the same bytes, chunk by chunk, without a buffer. To be called before the first byte is taken. Anything else is reported
   * and given back as it is. Other streams do not tell what stood before their bytes: `head` does.
   */
  watch<Source extends object>(source: Source, head?: GenAiHead): Source;
  /** Reads an answer that the host hands over piece by piece; the host ends the call. */
  read(chunk: Uint8Array | string): void;
  /** The first chunk is here, where the library does not see the answer. Only the first call counts. */
  firstChunk(): void;
  /** What the host knows of the answer. Later words win over earlier ones. */
  setResponse(response: GenAiResponse): void;
  /** What it has cost, in place of what `genAi.price` says. Counts for the exchange, too. */
  recordCost(cost: CostFact): void;
  recordPolicy(policy: PolicyFact): void;
  recordEvaluation(evaluation: EvaluationFact): void;
  setBudget(budget: BudgetFact): void;
  setAttribution(attribution: Attribution): void;
  /** Of the operator's span and log event only. */
  setAttribute(key: string, value: unknown): void;
  /** Ends and records it. Only the first end counts; after `shutdown` nothing is recorded any more. */
  end(end?: GenAiEnd): void;
}
