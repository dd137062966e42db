/** The metrics of calls to models in one table: the operator's, or one tenant's. Each is made with the first call that it measures. */
import {
  ATTR_ERROR_TYPE,
  ATTR_NETWORK_TRANSPORT,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import type { FinishedGenAi } from '../model/finished-gen-ai.js';
import { EXECUTE_TOOL, INVOKE_AGENT, INVOKE_WORKFLOW, type GenAiNames } from '../model/gen-ai-names.js';
import type { CallDimensions } from './gen-ai-dimensions.js';
import type { InstrumentTable } from './instrument-table.js';
import type { Instrument, InstrumentHead } from './instrument.js';
import type { Room } from './rooms.js';

/** Seconds, as the conventions advise: each twice the one before. */
const DURATION_BOUNDARIES_S = Array.from({ length: 14 }, (_unused, index) => 2 ** index / 100);
/** As they advise: each four times the one before, from 1 to 4^13. */
const TOKEN_BOUNDARIES = Array.from({ length: 14 }, (_unused, index) => 4 ** index);
/** Those of the Model Context Protocol. */
const MCP_BOUNDARIES_S = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
/** An agent makes several calls: ten times as long, up to seven minutes. */
const AGENT_BOUNDARIES_S = Array.from({ length: 13 }, (_unused, index) => 2 ** index / 10);
const WORKFLOW_BOUNDARIES_S = [1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200];

export interface GenAiInstrumentsOptions {
  readonly names: GenAiNames;
  /** `{ns}.tenant_id`, on points that tell tenants apart. */
  readonly tenantKey: string;
  /** For the series of one metric. Default: the table's. */
  readonly newRoom?: () => Room;
  readonly hasExemplars: boolean;
}

/** Dimensions in their order: name and value, or nothing. */
type Pairs = readonly (readonly [key: string, value: string | number | undefined])[];

export class GenAiInstruments {
  readonly #table: InstrumentTable;
  readonly #options: GenAiInstrumentsOptions;
  readonly #instruments = new Map<string, Instrument>();

  constructor(table: InstrumentTable, options: GenAiInstrumentsOptions) {
    this.#table = table;
    this.#options = options;
  }

  /** `tenant`: as which the series show it. */
  record(call: FinishedGenAi, shown: CallDimensions, tenant: string | undefined): void {
    const { names, tenantKey } = this.#options;
    // Tenant ids may hold anything, so they stand last.
    const last: Pairs = [[tenantKey, tenant]];
    const common: Pairs = [
      [names.operationName, shown.operation],
      [names.providerName, shown.provider],
      [names.requestModel, shown.requestModel],
      [names.responseModel, shown.responseModel],
      [ATTR_SERVER_ADDRESS, shown.serverAddress],
      [ATTR_SERVER_PORT, shown.serverPort],
    ];
    const { head, pairs } =
      call.mcp === undefined
        ? (this.#ownDuration(call, shown) ?? {
            head: timeOf(names.operationDuration, 'GenAI operation duration.'),
            pairs: common,
          })
        : this.#mcpDuration(call.mcp, shown);
    this.#put(call, head, call.durationMs / 1_000, [...pairs, [ATTR_ERROR_TYPE, shown.errorType], ...last]);
    if (call.mcp === undefined) this.#recordAnswer(call, [...common, ...last]);
  }

  /** Whatever the duration is told by. */
  #recordAnswer(call: FinishedGenAi, pairs: Pairs): void {
    const { names } = this.#options;
    const { timeToFirstChunkMs, usage } = call;
    if (timeToFirstChunkMs !== undefined) {
      const head = timeOf(names.firstChunkHistogram, 'Time to receive the first chunk.');
      this.#put(call, head, timeToFirstChunkMs / 1_000, pairs);
    }
    const tokens = (type: string, count: number | undefined): void => {
      if (count === undefined) return;
      const description = 'Number of input and output tokens used.';
      const head = { name: names.tokenUsage, description, unit: '{token}', boundaries: TOKEN_BOUNDARIES };
      this.#put(call, head, count, [[names.tokenType, type], ...pairs]);
    };
    tokens('input', usage?.inputTokens);
    tokens('output', usage?.outputTokens);
  }

  #mcpDuration({ side }: NonNullable<FinishedGenAi['mcp']>, shown: CallDimensions): OwnDuration {
    const { names } = this.#options;
    const isServer = side === 'server';
    const name = isServer ? names.mcpServerDuration : names.mcpClientDuration;
    const pairs: Pairs = [
      [names.mcpMethodName, shown.method],
      [names.operationName, shown.method === 'tools/call' ? EXECUTE_TOOL : undefined],
      [names.toolName, shown.tool],
      [names.promptName, shown.prompt],
      [names.rpcStatusCode, shown.rpcStatusCode],
      [names.mcpProtocolVersion, shown.protocolVersion],
      [ATTR_NETWORK_TRANSPORT, shown.transport],
      // A gateway that answers is the server itself.
      [ATTR_SERVER_ADDRESS, isServer ? undefined : shown.serverAddress],
      [ATTR_SERVER_PORT, isServer ? undefined : shown.serverPort],
    ];
    return { head: timeOf(name, 'Duration of an MCP request or notification.', MCP_BOUNDARIES_S), pairs };
  }

  /** What the later version of the conventions measures by a metric of its own. */
  #ownDuration({ operation }: FinishedGenAi, shown: CallDimensions): OwnDuration | undefined {
    const { names } = this.#options;
    const { executeToolDuration, invokeAgentDuration, workflowDuration } = names;
    if (operation === EXECUTE_TOOL && executeToolDuration !== undefined) {
      const head = timeOf(executeToolDuration, 'The duration of a single tool execution.');
      const pairs: Pairs = [
        [names.toolName, shown.tool],
        [names.agentName, shown.agent],
        [names.toolType, shown.toolType],
      ];
      return { head, pairs };
    }
    if (operation === INVOKE_AGENT && invokeAgentDuration !== undefined) {
      const head = timeOf(
        invokeAgentDuration,
        'The duration of a single agent invocation.',
        AGENT_BOUNDARIES_S,
      );
      const pairs: Pairs = [
        [names.agentName, shown.agent],
        [names.requestModel, shown.requestModel],
      ];
      return { head, pairs };
    }
    if (operation === INVOKE_WORKFLOW && workflowDuration !== undefined) {
      const head = timeOf(workflowDuration, 'GenAI workflow duration.', WORKFLOW_BOUNDARIES_S);
      return { head, pairs: [[names.workflowName, shown.workflow]] };
    }
    return undefined;
  }

  #put(call: FinishedGenAi, head: Head, value: number, pairs: Pairs): void {
    let instrument = this.#instruments.get(head.name);
    if (instrument === undefined) {
      const { newRoom, hasExemplars: wanted } = this.#options;
      // Of a value that leads to a trace: what took so long. Tokens are told by the span itself.
      const hasExemplars = wanted && head.unit === 's';
      instrument = this.#table.add({ ...head, kind: 'histogram', hasExemplars }, newRoom?.());
      this.#instruments.set(head.name, instrument);
    }
    // None of it has control characters, so a separator cannot be misread.
    const key = pairs.map(([, shown]) => shown ?? '\t').join('\n');
    instrument.record(key, pairs, attributesOf, value, call);
  }
}

type Head = Pick<InstrumentHead, 'name' | 'description' | 'unit' | 'boundaries'>;

interface OwnDuration {
  readonly head: Head;
  readonly pairs: Pairs;
}

const timeOf = (name: string, description: string, boundaries = DURATION_BOUNDARIES_S): Head => ({
  name,
  description,
  unit: 's',
  boundaries,
});

function attributesOf(pairs: Pairs): MutableAttributes {
  const attributes: MutableAttributes = {};
  for (const [key, value] of pairs) if (value !== undefined) attributes[key] = value;
  return attributes;
}
