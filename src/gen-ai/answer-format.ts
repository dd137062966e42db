/** What kind of text an answer is: from its first byte, and from its content type where that decides. */

/** `other`: nothing that is read here. */
export type AnswerFormat = 'json' | 'events' | 'other';

/** Media, and Bedrock's binary events: their first byte may be anything. */
const OTHER_TYPE = /^(?:audio|image|video|font)\/|eventstream$|octet-stream$/;

/** First letters of `data`, `event`, `id`, `retry`, and the colon of a comment. */
const FIRST_OF_EVENTS = new Set(Array.from('deir:', (letter) => letter.charCodeAt(0)));

/** By the first byte that is not white space: errors come as JSON whatever was asked for, and proxies lose content types. */
export function answerFormat(firstByte: number, contentType: string | undefined): AnswerFormat {
  const type = (contentType?.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (OTHER_TYPE.test(type)) return 'other';
  // `{` and `[`.
  if (firstByte === 0x7b || firstByte === 0x5b) return 'json';
  return type === 'text/event-stream' || FIRST_OF_EVENTS.has(firstByte) ? 'events' : 'other';
}
