/** What ratios decide on where there is no trace id. */
import { createHash, randomBytes } from 'node:crypto';

/** 32 hex digits, the same for the same text in every process; without a text, others each time. */
export function textId(text: string | undefined): string {
  if (text === undefined || text === '') return randomBytes(16).toString('hex');
  // A request id may be any text, in which no part is random.
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
