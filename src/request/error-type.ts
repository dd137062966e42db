/** `error.type`: a low-cardinality name for whatever broke an exchange. The README has the list. */
import { redactText } from '../model/redact-text.js';

/** The client went away before it had the whole answer. */
export const CLIENT_DISCONNECT = 'client_disconnect';
/** The gateway itself broke off the answer. */
export const SERVER_ABORT = 'server_abort';
/** A request or socket time-out of the server. */
export const TIMEOUT = 'timeout';
export const UPSTREAM_CONNECT_ERROR = 'upstream_connect_error';
export const UPSTREAM_TIMEOUT = 'upstream_timeout';
export const UPSTREAM_RESET = 'upstream_reset';
/** Telemetry shut down while the request was running; what became of it is not known. */
export const SHUTDOWN = 'shutdown';
/** The exchange was ended without a status and without an error. */
export const NO_RESPONSE = 'no_response';
/** The conventions' name for everything without a name of its own. */
export const OTHER_ERROR = '_OTHER';

/** Codes of Node, undici and OpenSSL that a gateway meets when it asks its upstream. */
const BY_CODE: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', UPSTREAM_CONNECT_ERROR],
  ['ENOTFOUND', UPSTREAM_CONNECT_ERROR],
  ['EAI_AGAIN', UPSTREAM_CONNECT_ERROR],
  ['EHOSTUNREACH', UPSTREAM_CONNECT_ERROR],
  ['ENETUNREACH', UPSTREAM_CONNECT_ERROR],
  ['EADDRNOTAVAIL', UPSTREAM_CONNECT_ERROR],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UPSTREAM_CONNECT_ERROR],
  ['SELF_SIGNED_CERT_IN_CHAIN', UPSTREAM_CONNECT_ERROR],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UPSTREAM_CONNECT_ERROR],
  ['CERT_HAS_EXPIRED', UPSTREAM_CONNECT_ERROR],
  ['ERR_TLS_CERT_ALTNAME_INVALID', UPSTREAM_CONNECT_ERROR],
  ['UND_ERR_CONNECT_TIMEOUT', UPSTREAM_CONNECT_ERROR],
  // http-proxy-3.
  ['ECONNECT_TIMEOUT', UPSTREAM_CONNECT_ERROR],
  ['ETIMEDOUT', UPSTREAM_TIMEOUT],
  ['ESOCKETTIMEDOUT', UPSTREAM_TIMEOUT],
  ['UND_ERR_HEADERS_TIMEOUT', UPSTREAM_TIMEOUT],
  ['UND_ERR_BODY_TIMEOUT', UPSTREAM_TIMEOUT],
  // httpxy.
  ['ERR_UPSTREAM_UPGRADE_TIMEOUT', UPSTREAM_TIMEOUT],
  // @fastify/reply-from.
  ['FST_REPLY_FROM_TIMEOUT', UPSTREAM_TIMEOUT],
  ['FST_REPLY_FROM_GATEWAY_TIMEOUT', UPSTREAM_TIMEOUT],
  ['FST_REPLY_FROM_HTTP_REQUEST_TIMEOUT', UPSTREAM_TIMEOUT],
  ['FST_REPLY_FROM_HTTP2_REQUEST_TIMEOUT', UPSTREAM_TIMEOUT],
  ['FST_REPLY_FROM_HTTP2_SESSION_TIMEOUT', UPSTREAM_TIMEOUT],
  ['ECONNRESET', UPSTREAM_RESET],
  ['ECONNABORTED', UPSTREAM_RESET],
  ['EPIPE', UPSTREAM_RESET],
  ['UND_ERR_SOCKET', UPSTREAM_RESET],
  ['ERR_STREAM_PREMATURE_CLOSE', UPSTREAM_RESET],
  // The `fetch` of Node 22: the connection ended in the middle of an answer in chunks.
  ['HPE_INVALID_EOF_STATE', UPSTREAM_RESET],
]);

/** Identifiers and codes, nothing that could carry a client's text. */
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;

/** Keys of some services look like names. */
function isName(text: string): boolean {
  return NAME.test(text) && redactText(text) === text;
}

/** undici's, without a code: the connection ended in the middle of an answer. It has one for every answer that is none. */
const PARSER_ERROR = 'HTTPParserError';

/** @fastify/reply-from names what it answers, and has what really happened as its cause. */
const WRAPPER = /^FST_REPLY_FROM_/;

/** Where `fetch` hides what really happened. */
function causeOf(error: object): object | undefined {
  try {
    const { cause } = error as { cause?: unknown };
    return typeof cause === 'object' && cause !== null ? cause : undefined;
  } catch {
    return undefined;
  }
}

function read(error: object, field: 'code' | 'name'): string | undefined {
  try {
    const value = (error as Record<string, unknown>)[field];
    return typeof value === 'string' && isName(value) ? value : undefined;
  } catch {
    // A throwing getter.
    return undefined;
  }
}

/** The type of an error object, or of a short stable name. Never throws. */
export function errorTypeOf(error: unknown): string {
  if (typeof error === 'string') return isName(error) ? error : OTHER_ERROR;
  if (typeof error !== 'object' || error === null) return OTHER_ERROR;
  const name = read(error, 'name');
  if (name === 'TimeoutError') return UPSTREAM_TIMEOUT;
  const cause = causeOf(error);
  const own = read(error, 'code');
  const inner = cause && read(cause, 'code');
  const code = own === undefined || WRAPPER.test(own) ? (inner ?? own) : own;
  if (code !== undefined) return BY_CODE.get(code) ?? code;
  if (name === PARSER_ERROR || (cause && read(cause, 'name') === PARSER_ERROR)) return UPSTREAM_RESET;
  return name ?? OTHER_ERROR;
}
