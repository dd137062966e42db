/** What was told of an answer before its body came. */
import { hasFields } from '../model/fields.js';
import type { GenAiAnswerHead } from '../model/gen-ai-answer.js';
import { cleanStatus } from './limits.js';

/** Of an `IncomingMessage`, of what `fetch` gives, or of undici's and reply-from's answers. */
export function statusOf(told: unknown): number | undefined {
  try {
    if (!hasFields(told)) return undefined;
    const { statusCode, status } = told;
    return cleanStatus(statusCode ?? status);
  } catch {
    return undefined;
  }
}

/** Without what is not known, which stands in the source itself. */
export function headOf(told: unknown): GenAiAnswerHead | undefined {
  try {
    if (!hasFields(told)) return undefined;
    const { headers } = told;
    if (!hasFields(headers)) return undefined;
    // A `Response` of fetch's: its body is decoded already, whatever the header says.
    if (typeof headers['get'] === 'function')
      return text('contentType', (headers as unknown as Headers).get('content-type'));
    return {
      ...text('contentType', headers['content-type']),
      ...text('contentEncoding', headers['content-encoding']),
    };
  } catch {
    return undefined;
  }
}

function text(field: keyof GenAiAnswerHead, value: unknown): GenAiAnswerHead {
  return typeof value === 'string' ? { [field]: value } : {};
}
