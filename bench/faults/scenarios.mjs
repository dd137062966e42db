/**
 * The scenarios of `npm run bench:faults`, by their number in the reliability plan. A new one is a file and a line here.
 *
 * A scenario exports `title`, `run(pair)`, which resolves with the contestant's figures as `{ row: { figure: value } }`,
 * and what the two processes of a pair have to know:
 * `settings`: the contestant's times, the same for all contestants; see `contestants.mjs`.
 * `rows`: one pipeline each. `answer(call)` is what its collector does with a request; with `reads: false` it reads none.
 * `start(id, contestant, setup)`: in place of these rows, where a scenario has processes of its own.
 */
import * as T6 from './t06.mjs';
import * as T10 from './t10.mjs';
import * as T13 from './t13.mjs';
import * as T19 from './t19.mjs';
import * as T24 from './t24.mjs';

export const SCENARIOS = { T6, T10, T13, T19, T24 };
