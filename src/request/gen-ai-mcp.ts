/** Calls by the Model Context Protocol: what a host tells of one, and how JSON-RPC says that it failed. */
import {
  ATTR_NETWORK_PROTOCOL_NAME,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_NETWORK_TRANSPORT,
} from '@opentelemetry/semantic-conventions';
import type { AttributeValue } from '../model/attributes.js';
import { exceptionText } from '../model/exception-text.js';
import { MAX_MESSAGE_LENGTH } from '../model/exception.js';
import { hasFields } from '../model/fields.js';
import type { GenAiNames } from '../model/gen-ai-names.js';
import type { Given } from './given.js';

/** Methods, sides and transports are short words. */
const MAX_WORD_LENGTH = 64;
/** The one method that is an operation of the conventions. */
const TOOL_CALL = 'tools/call';
const UNKNOWN_METHOD = '_OTHER';

const USUAL_JSON_RPC = '2.0';

/** Codes of JSON-RPC are whole numbers, of which it reserves some around -32,000. */
const CODE = /^-?\d{1,9}$/;

export type Put = (key: string, value: AttributeValue | undefined) => void;

export interface McpFacts {
  readonly method: string;
  readonly side: 'client' | 'server';
  readonly isToolCall: boolean;
  readonly promptName: string | undefined;
}

export function readMcp(given: Given | undefined, put: Put, names: GenAiNames): McpFacts | undefined {
  if (given === undefined) return undefined;
  const method = given.text('method', MAX_WORD_LENGTH);
  if (method === undefined) given.report('was given an mcp call without a method; it counts as _OTHER');
  const side = given.read('side') ?? 'client';
  if (side !== 'client' && side !== 'server')
    given.report('was given an mcp side that is neither client nor server; it counts as client');
  const promptName = given.text('promptName');
  const requestId = given.read('requestId');
  put(names.mcpMethodName, method ?? UNKNOWN_METHOD);
  put(names.jsonRpcRequestId, typeof requestId === 'number' ? String(requestId) : given.text('requestId'));
  put(names.mcpSessionId, given.text('sessionId'));
  put(names.mcpProtocolVersion, given.text('protocolVersion', MAX_WORD_LENGTH));
  put(names.mcpResourceUri, given.text('resourceUri'));
  put(names.promptName, promptName);
  put(ATTR_NETWORK_TRANSPORT, given.text('transport', MAX_WORD_LENGTH));
  put(ATTR_NETWORK_PROTOCOL_NAME, given.text('networkProtocolName', MAX_WORD_LENGTH)?.toLowerCase());
  put(ATTR_NETWORK_PROTOCOL_VERSION, given.text('networkProtocolVersion', MAX_WORD_LENGTH));
  const jsonRpcVersion = given.text('jsonRpcVersion', MAX_WORD_LENGTH);
  if (jsonRpcVersion !== USUAL_JSON_RPC) put(names.jsonRpcVersion, jsonRpcVersion);
  return {
    method: method ?? UNKNOWN_METHOD,
    side: side === 'server' ? 'server' : 'client',
    isToolCall: method === TOOL_CALL,
    promptName,
  };
}

export interface JsonRpcError {
  readonly code: string;
  readonly message: string | undefined;
}

/** An error object of JSON-RPC, or its code alone; `undefined`: it is no such error. */
export function jsonRpcError(error: unknown): JsonRpcError | undefined {
  let code: unknown = error;
  let message: unknown;
  try {
    if (hasFields(error)) ({ code, message } = error);
  } catch {
    return undefined;
  }
  const text = typeof code === 'number' ? String(code) : code;
  if (typeof text !== 'string' || !CODE.test(text)) return undefined;
  return {
    code: text,
    message:
      typeof message === 'string' && message !== '' ? exceptionText(message, MAX_MESSAGE_LENGTH) : undefined,
  };
}
