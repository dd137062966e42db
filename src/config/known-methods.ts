/** Which methods the records hold by name. */
import { fault } from '../model/configuration-error.js';
import { DEFAULTS } from './defaults.js';

/** All that the registry of methods knows, several times. */
const MAX_METHODS = 128;
/** A token, as long as records hold of a method. */
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}$/;
const DEFAULT_METHODS: ReadonlySet<string> = new Set(DEFAULTS.knownMethods);

export function asKnownMethods(value: unknown, option: string): ReadonlySet<string> {
  const isList = Array.isArray(value) && value.length > 0 && value.length <= MAX_METHODS;
  if (!isList || !value.every((method) => typeof method === 'string' && METHOD.test(method)))
    throw fault(option, `must be a list of 1 to ${MAX_METHODS} HTTP methods`);
  return new Set(value as readonly string[]);
}

/** The environment beats code, whose faults throw all the same. */
export function resolveKnownMethods(
  value: unknown,
  fromEnvironment: ReadonlySet<string> | undefined,
): ReadonlySet<string> {
  const inCode = value === undefined ? DEFAULT_METHODS : asKnownMethods(value, 'knownMethods');
  return fromEnvironment ?? inCode;
}
