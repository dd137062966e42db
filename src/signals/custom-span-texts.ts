/** What the SDK's span holds of errors: their texts are nobody's for publication, whoever records them. */
import { ATTR_EXCEPTION_MESSAGE, ATTR_EXCEPTION_STACKTRACE } from '@opentelemetry/semantic-conventions';
import { MAX_MESSAGE_LENGTH, MAX_STACK_LENGTH } from '../model/exception.js';
import { exceptionText } from '../model/exception-text.js';

/** As those of a request's own exceptions. */
const MAX_LENGTHS: readonly (readonly [key: string, maxLength: number])[] = [
  [ATTR_EXCEPTION_MESSAGE, MAX_MESSAGE_LENGTH],
  [ATTR_EXCEPTION_STACKTRACE, MAX_STACK_LENGTH],
];

/** The part of the SDK's ended span that is looked at. */
export interface EndedSpan {
  status: { readonly code: number; readonly message?: string };
  readonly events: readonly { readonly attributes?: object }[];
}

/** Without what looks like a secret, in place: whoever gets the span gets it so. Most spans have neither. */
export function redactErrors(span: EndedSpan, maxLength: number): void {
  const { code, message } = span.status;
  if (typeof message === 'string') span.status = { code, message: exceptionText(message, maxLength) };
  for (const { attributes } of span.events) {
    const fields = attributes as Record<string, unknown> | undefined;
    if (fields === undefined) continue;
    for (const [key, maxTextLength] of MAX_LENGTHS) {
      const text = fields[key];
      if (typeof text === 'string') fields[key] = exceptionText(text, maxTextLength);
    }
  }
}
