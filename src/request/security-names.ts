/** Names of security events: few, fixed, and of code's choosing, because backends index them and people read them. */
import type { Given } from './given.js';

/** More come from a client's text, sooner or later. */
const MAX_NAMES = 200;
const NAME = /^[a-z][a-z0-9_.]{0,63}$/;

/** What stands for a name that is none, and for those beyond the bound. */
const INVALID_NAME = 'invalid_name';
const TOO_MANY_NAMES = 'too_many_names';

export class SecurityNames {
  /** At most `MAX_NAMES`. */
  readonly #seen = new Set<string>();

  /** The name to be recorded. What was given is neither recorded nor reported where it is refused. */
  of(given: Given): string {
    const name = given.read('name');
    if (typeof name !== 'string' || !NAME.test(name)) {
      given.report(
        'was given a name that is none: lower-case letters, digits, underscores and dots, beginning with a letter, up to 64',
      );
      return INVALID_NAME;
    }
    if (this.#seen.has(name)) return name;
    if (this.#seen.size >= MAX_NAMES) {
      given.report(
        `was given more than ${MAX_NAMES} different names; names are chosen by code, never by clients`,
      );
      return TOO_MANY_NAMES;
    }
    this.#seen.add(name);
    return name;
  }
}
