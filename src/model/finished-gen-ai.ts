/** What the request stage hands over when a call to a model has ended: immutable, the source of its records. */
import type { Attributes } from './attributes.js';
import type { ExceptionFacts } from './exception.js';
import type { GenAiReadFault, GenAiUsage } from './gen-ai-answer.js';
import type { GovernanceFacts } from './governance.js';
import type { SpanRecord } from './records.js';

export interface FinishedGenAi {
  /** Epoch milliseconds, with a fraction. */
  readonly startMs: number;
  readonly endMs: number;
  readonly durationMs: number;
  /** From the beginning of the call; of streams only. */
  readonly timeToFirstChunkMs: number | undefined;
  readonly operation: string;
  readonly provider: string | undefined;
  readonly requestModel: string | undefined;
  readonly responseModel: string | undefined;
  readonly serverAddress: string | undefined;
  readonly serverPort: number | undefined;
  readonly errorType: string | undefined;
  readonly usage: GenAiUsage | undefined;
  /** Why the answer, or a part of it, could not be read: the operator's affair alone. */
  readonly answerFault: GenAiReadFault | undefined;
  /** Of a call by the Model Context Protocol: its method, and on which side the gateway stands. */
  readonly mcp: { readonly method: string; readonly side: 'client' | 'server' } | undefined;
  readonly toolName: string | undefined;
  readonly agentName: string | undefined;
  readonly workflowName: string | undefined;
  /** What was answered; `undefined` where that is not known. */
  readonly statusCode: number | undefined;
  readonly severityNumber: number;
  readonly tenantId: string | undefined;
  /** Policies, costs and evaluations of this call, with the attribution that holds for it. */
  readonly governance: GovernanceFacts | undefined;
  /** By the conventions: what the span and the log event say of the call. No content. */
  readonly attributes: Attributes;
  /** What it failed with, where the operator is to be told; nobody else ever is. */
  readonly exception: ExceptionFacts | undefined;
  /** The operator's affair alone. */
  readonly requestId: string | undefined;
  readonly operatorAttributes: Attributes | undefined;
  readonly droppedAttributes: number;
  /** Empty where there are none. */
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  /** An untrusted caller has chosen the trace id. */
  readonly isIdChosen: boolean;
  /** The finished span, if it is sampled. It is handed over by itself, as those of upstream calls are. */
  readonly span: SpanRecord | undefined;
}

/** Takes finished calls. Called synchronously, once per call; must not throw. */
export interface GenAiSink {
  genAiFinished(call: FinishedGenAi): void;
}
