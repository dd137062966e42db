/** E-mail addresses and IP addresses in texts that leave the house, such as the messages of errors. */
import { isIP } from 'node:net';
import { cutText } from '../model/clean-values.js';
import { exceptionText } from '../model/exception-text.js';

/** As much as `exceptionText` looks through. */
const MAX_LOOKED_THROUGH = 16_384;
/** Bounded at every step, so linear in the text's length. Not `package@1.2.3`. */
const EMAIL = /[\w.+%-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){0,7}\.[a-z]{2,63}/gi;
/** What is left of a user in a URL: whose host may be known. */
const REDACTED_USER = /^REDACTED(?:@|%40)/;
/** What could be an address, of either family; a port may follow. */
const ADDRESS =
  /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?![\w.]*\w)/gi;

function withoutPersonalData(text: string, known: string | undefined): string {
  return text
    .replace(EMAIL, (found) => (REDACTED_USER.test(found) ? found : '[email]'))
    .replace(ADDRESS, (found) => (isIP(found) === 0 || found === known ? found : '[ip]'));
}

/**
 * Ready to leave: without secrets and personal data, and cut. Secrets go first, because half of one would no longer be known as
 * one. `known`: an address that may stay, because it is the one that the gateway itself has asked.
 */
export function reportText(text: string, maxLength: number, known?: string): string {
  return cutText(withoutPersonalData(exceptionText(text, MAX_LOOKED_THROUGH), known), maxLength);
}
