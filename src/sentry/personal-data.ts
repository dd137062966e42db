/** E-mail addresses and IP addresses in texts that leave the house, such as the messages of errors. */
import { isIP } from 'node:net';
import { cutText } from '../model/clean-values.js';
import { exceptionText } from '../model/exception-text.js';

/** As much as `exceptionText` looks through. */
const MAX_LOOKED_THROUGH = 16_384;
/** Bounded at every step, so linear in the text's length. Letters of any script. Not `package@1.2.3`. */
const EMAIL =
  /[\p{L}\p{M}\w.+%-][\p{L}\p{M}\w.+%'-]{0,63}(?:@|%40)[\p{L}\p{M}\w-]{1,63}(?:\.[\p{L}\p{M}\w-]{1,63}){0,7}\.[\p{L}\p{M}]{2,63}/gu;
/** What is left of a user in a URL: whose host may be known. */
const REDACTED_USER = /^REDACTED(?:@|%40)/;
/** What could be an address, of either family, also right behind a name and a colon; a port may follow. */
const ADDRESS =
  /(?:(?<![a-z\d.:])|(?<=[g-z]\w{0,32}:))(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?![\w.]*\w)/gi;

function withoutAddress(found: string, known: string | undefined): string {
  if (found === known) return found;
  if (isIP(found) !== 0) return '[ip]';
  // A name may have nothing but hexadecimal letters.
  const start = found.lastIndexOf(':') + 1;
  const last = found.slice(start);
  return isIP(last) === 0 || last === known ? found : `${found.slice(0, start)}[ip]`;
}

function withoutPersonalData(text: string, known: string | undefined): string {
  return text
    .replace(EMAIL, (found) => (REDACTED_USER.test(found) ? found : '[email]'))
    .replace(ADDRESS, (found) => withoutAddress(found, known));
}

/**
 * Ready to leave: without secrets and personal data, and cut. Secrets go first, because half of one would no longer be known as
 * one. `known`: an address that may stay, because it is the one that the gateway itself has asked.
 */
export function reportText(text: string, maxLength: number, known?: string): string {
  return cutText(withoutPersonalData(exceptionText(text, MAX_LOOKED_THROUGH), known), maxLength);
}
