/** HTTP methods in records: a client must not be able to invent names. */

const OTHER_METHOD = '_OTHER';

export const MAX_METHOD_LENGTH = 32;

/** A token, as a method is; anything else that a host passes may be a request line with secrets in it. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;

export function isMethod(value: unknown): value is string {
  return typeof value === 'string' && TOKEN.test(value);
}

export function knownMethod(method: string, known: ReadonlySet<string>): string {
  return known.has(method) ? method : OTHER_METHOD;
}

/** The conventions: in a span's name an unknown method is `HTTP`. */
export function spanMethod(method: string): string {
  return method === OTHER_METHOD ? 'HTTP' : method;
}
