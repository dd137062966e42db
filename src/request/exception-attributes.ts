/** An exception by its conventions: on log records, and on events of spans. */
import {
  ATTR_EXCEPTION_MESSAGE,
  ATTR_EXCEPTION_STACKTRACE,
  ATTR_EXCEPTION_TYPE,
} from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import type { ExceptionFacts } from '../model/exception.js';

export function exceptionAttributes({ type, message, stacktrace }: ExceptionFacts): MutableAttributes {
  const attributes: MutableAttributes = {};
  if (type !== undefined) attributes[ATTR_EXCEPTION_TYPE] = type;
  if (message !== undefined) attributes[ATTR_EXCEPTION_MESSAGE] = message;
  if (stacktrace !== undefined) attributes[ATTR_EXCEPTION_STACKTRACE] = stacktrace;
  return attributes;
}
