/** HTTP methods in records: a client must not be able to invent names. */

const OTHER_METHOD = '_OTHER';

export const MAX_METHOD_LENGTH = 32;

export function knownMethod(method: string, known: ReadonlySet<string>): string {
  return known.has(method) ? method : OTHER_METHOD;
}

/** The conventions: in a span's name an unknown method is `HTTP`. */
export function spanMethod(method: string): string {
  return method === OTHER_METHOD ? 'HTTP' : method;
}
