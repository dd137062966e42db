/** An exception by its conventions, on the log records that tell of one. */
import {
  ATTR_EXCEPTION_MESSAGE,
  ATTR_EXCEPTION_STACKTRACE,
  ATTR_EXCEPTION_TYPE,
} from '@opentelemetry/semantic-conventions';
import type { ExceptionFacts } from '../model/exception.js';

export function putException(
  attributes: Record<string, unknown>,
  { type, message, stacktrace }: ExceptionFacts,
): void {
  if (type !== undefined) attributes[ATTR_EXCEPTION_TYPE] = type;
  if (message !== undefined) attributes[ATTR_EXCEPTION_MESSAGE] = message;
  if (stacktrace !== undefined) attributes[ATTR_EXCEPTION_STACKTRACE] = stacktrace;
}
