/** Endpoint rules of the OTLP exporter specification, and the sentences for the usual mistakes. */
import type { Signal } from '../model/signal.js';
import { fault } from '../model/configuration-error.js';
import type { EgressPolicy } from '../model/egress.js';

/** 4317 is the port of OTLP/gRPC, which this library does not speak; 4318 is that of OTLP/HTTP. */
const GRPC_PORT = '4317';
const HTTP_PORT = '4318';
const MAX_LENGTH = 2048;

/** The address that OTLP/HTTP would have, for the answer to a gRPC address or one without scheme. No user info. */
function httpAddress(url: URL | undefined, scheme = url?.protocol ?? 'http:'): string {
  if (url === undefined) return `${scheme}//host:${HTTP_PORT}`;
  const port = url.port === GRPC_PORT || url.port === '' ? HTTP_PORT : url.port;
  // A path that holds an @ is user info gone astray after a mistyped scheme; so is a host that looks like a scheme.
  if (/@|%40/i.test(url.pathname + url.search + url.hash) || /^(https?|grpcs?|unix)$/.test(url.hostname))
    return `${scheme}//host:${HTTP_PORT}`;
  return `${scheme}//${url.hostname}:${port}${url.pathname === '/' ? '' : url.pathname}`;
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** Reads an endpoint. `option` is what the error names. A tenant's is judged by the egress policy too. */
export function parseEndpoint(text: unknown, option: string, egress?: EgressPolicy): URL {
  const url = readEndpoint(text, option, egress?.isOpen === false ? 'https:' : undefined);
  // The same host: what counts requests to an origin must not count it twice.
  if (egress !== undefined && url.hostname.endsWith('.')) url.hostname = url.hostname.replace(/\.+$/, '');
  const refusal = egress?.refusalOf(url);
  if (refusal !== undefined) throw fault(option, refusal);
  // No affair of the policy's, which a test of a destination asks later, without it.
  if (egress !== undefined && url.hash !== '')
    throw fault(option, 'must not have a fragment, which would not be sent');
  // Setting it parses the URL again.
  if (url.href.includes('#')) url.hash = '';
  return url;
}

/** `scheme` is what an address to use begins with that was given without one. Default: http, or https for `grpcs`. */
function readEndpoint(text: unknown, option: string, scheme?: 'https:'): URL {
  if (typeof text !== 'string')
    throw fault(option, 'must be a string with the URL of an OTLP/HTTP collector');
  const trimmed = text.trim();
  if (trimmed === '') throw fault(option, 'must not be empty');
  if (trimmed.length > MAX_LENGTH) throw fault(option, `must be at most ${MAX_LENGTH} characters long`);
  // As a shell, but no file of variables, takes them off. An address to use would be made of what is no host.
  if (/^["'`]|["'`]$/.test(trimmed)) throw fault(option, 'must not be in quotation marks');
  // WHATWG parsing would silently drop these, and turn a backslash into a slash.
  if (/[\u0000-\u0020\\]/.test(trimmed))
    throw fault(option, 'must not contain spaces, control characters or backslashes');
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)) {
    const guess = parse(`http://${trimmed.replace(/^\/\//, '')}`);
    throw fault(option, `has no scheme: use ${httpAddress(guess, scheme)}`);
  }
  const url = parse(trimmed);
  if (url === undefined) throw fault(option, 'is not a valid URL');
  if (url.protocol === 'grpc:' || url.protocol === 'grpcs:') {
    // `grpc:` is not a special scheme, so the rest has to be parsed again as http to get at host and port.
    const guess = parse(trimmed.replace(/^grpc/i, 'http'));
    throw fault(
      option,
      `is an OTLP/gRPC address, which is not spoken here: use ${httpAddress(guess, scheme)}`,
    );
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw fault(option, `must begin with http:// or https://, not ${url.protocol}//`);
  }
  if (url.port === GRPC_PORT) {
    throw fault(
      option,
      `points at port 4317, the OTLP/gRPC port, which is not spoken here: use ${httpAddress(url)}`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw fault(option, 'must not carry a user name or password: put credentials into headers');
  }
  return url;
}

/** A base that ends in a signal's path would have it twice. */
export function refuseSignalPath(base: URL, option: string): void {
  const match = /^(.*)\/v1\/(traces|logs|metrics)\/*$/.exec(base.pathname);
  if (match === null) return;
  const address = `${base.protocol}//${base.host}${match[1] ?? ''}`;
  throw fault(
    option,
    `ends in /v1/${match[2]}, which is appended: use ${address}, or the endpoint of that signal alone`,
  );
}

/** A base endpoint's URL for one signal: `v1/<signal>` relative to it, with exactly one slash between. */
export function signalUrl(base: URL, signal: Signal): string {
  // Put together, because parsing it again costs more than the rest of a destination.
  return `${base.protocol}//${base.host}${base.pathname.replace(/\/+$/, '')}/v1/${signal}${base.search}`;
}
