/** Texts that nobody has written for publication, such as errors' messages: bounded, without what looks like a secret. */
import { cutText } from './clean-values.js';
import { redactText } from './redact-text.js';
import { SECRET_WORDS } from './secret-names.js';

const REDACTED = 'REDACTED';
/** So much is looked through; redaction before the cut, or half a secret would not be known as one. */
const MAX_LOOKED_THROUGH = 16_384;
const MAX_WORD = 2_048;

/** Line ends and tabs stay: stack traces live by them. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** What has more than one word, which no other text has a place for. Each is linear in the text's length. */
const PRIVATE_KEY =
  /-----BEGIN [A-Z ]{0,32}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----)[^])*(?:-----END [A-Z ]{0,32}PRIVATE KEY(?: BLOCK)?-----)?/g;
const COOKIES = /((?:set-)?cookie2?["']?\s{0,4}[=:]\s{0,4})[^\n]+/gi;
const QUOTED = new RegExp(
  String.raw`((?:${SECRET_WORDS}|pwd)\\*["']?\s{0,16}[=:]>?\s{0,16}(?:\[\s{0,16})?)(\\+"[^"\n]*"?|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)`,
  'gi',
);

/** Cut to `maxLength` characters, without control characters. */
export function exceptionText(text: string, maxLength: number): string {
  const plain = lookedThrough(text)
    .replace(CONTROL, '')
    .replace(PRIVATE_KEY, REDACTED)
    .replace(COOKIES, `$1${REDACTED}`)
    .replace(QUOTED, `$1${REDACTED}`);
  return cutText(redactText(plain), maxLength);
}

/** Ends with a whole word, unless it is a very long one: half of one could be half of a secret. */
function lookedThrough(text: string): string {
  if (text.length <= MAX_LOOKED_THROUGH) return text;
  const cut = text.slice(0, MAX_LOOKED_THROUGH);
  const space = Math.max(cut.lastIndexOf(' '), cut.lastIndexOf('\n'));
  return space > MAX_LOOKED_THROUGH - MAX_WORD ? cut.slice(0, space) : cut;
}
