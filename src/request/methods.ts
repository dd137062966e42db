/** HTTP methods in records: a client must not be able to invent names. */

/** The methods of the HTTP conventions; every other one counts as `_OTHER`. */
const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
]);
const OTHER_METHOD = '_OTHER';

export const MAX_METHOD_LENGTH = 32;

export function knownMethod(method: string): string {
  return KNOWN_METHODS.has(method) ? method : OTHER_METHOD;
}

/** The conventions: in a span's name an unknown method is `HTTP`. */
export function spanMethod(method: string): string {
  return method === OTHER_METHOD ? 'HTTP' : method;
}
