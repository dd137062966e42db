/** How a call to a model came out, from what was told of it and what was seen. */
import type { GenAiAnswer, GenAiAnswerEnd, GenAiReadFault } from '../model/gen-ai-answer.js';
import { ABORTED } from './aborted.js';
import { CLIENT_DISCONNECT, errorTypeOf, UPSTREAM_RESET } from './error-type.js';
import { isException } from './exceptions.js';
import { jsonRpcError } from './gen-ai-mcp.js';

const INFO = 9;
const WARN = 13;
const ERROR = 17;

export interface GenAiEndingFacts {
  readonly statusCode: number | undefined;
  /** What the host says; `undefined`: nothing. */
  readonly error: unknown;
  readonly isMcp: boolean;
  readonly answer: GenAiAnswer | undefined;
  /** How the bytes ended, where they were watched. */
  readonly seen: GenAiAnswerEnd | undefined;
}

export interface GenAiOutcome {
  readonly statusCode: number | undefined;
  readonly errorType: string | undefined;
  /** Of an error of JSON-RPC. */
  readonly rpcCode: string | undefined;
  readonly rpcMessage: string | undefined;
  readonly severityNumber: number;
  readonly answerFault: GenAiReadFault | undefined;
  /** What was thrown, if it is one to tell the operator of. */
  readonly thrown: unknown;
}

export function genAiOutcome(facts: GenAiEndingFacts, clientDisconnect: 'error' | 'unset'): GenAiOutcome {
  const { statusCode, error, seen, answer } = facts;
  const rpc = facts.isMcp ? jsonRpcError(error ?? answer?.errorType) : undefined;
  const cause = error ?? (seen?.outcome === 'failed' ? seen.error : undefined);
  const type = rpc?.code ?? typeOf(facts);
  const isLeft = type === CLIENT_DISCONNECT || ABORTED.has(type);
  const isUnset = type === undefined || (isLeft && clientDisconnect === 'unset');
  const isRefused = statusCode !== undefined && statusCode >= 400 && statusCode < 500;
  return {
    statusCode,
    errorType: isUnset ? undefined : isLeft ? CLIENT_DISCONNECT : type,
    rpcCode: rpc?.code,
    rpcMessage: rpc?.message,
    severityNumber: isUnset ? INFO : isLeft || isRefused ? WARN : ERROR,
    answerFault: faultOf(facts, type),
    thrown:
      cause !== undefined && type !== undefined && !isLeft && rpc === undefined && isException(cause, type)
        ? cause
        : undefined,
  };
}

/** That an answer which broke off is not whole is no news. */
function faultOf({ answer }: GenAiEndingFacts, type: string | undefined): GenAiReadFault | undefined {
  return answer?.fault === 'incomplete' && type !== undefined ? undefined : answer?.fault;
}

/**
 * The host's word first; then the provider's, which may come in the middle of a stream whose status was 200; then what befell
 * the bytes. Whoever goes once the model has said why it finished has all that there was.
 */
function typeOf({ error, answer, seen, statusCode }: GenAiEndingFacts): string | undefined {
  if (error !== undefined) return errorTypeOf(error);
  if (answer?.errorType !== undefined) return answer.errorType;
  if (seen?.outcome === 'failed') return seen.error === undefined ? UPSTREAM_RESET : errorTypeOf(seen.error);
  const isFinished = answer?.finishReasons !== undefined && answer.finishReasons.length > 0;
  if (seen?.outcome === 'aborted' && !isFinished) return CLIENT_DISCONNECT;
  return statusCode !== undefined && statusCode >= 400 ? String(statusCode) : undefined;
}
