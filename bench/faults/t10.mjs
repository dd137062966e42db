/** T10: 429 and every sort of `Retry-After`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { mapRows } from './rows.mjs';

const WINDOW_MS = 10_000;
/** From an export's beginning until the collector has all of it. */
const ON_ITS_WAY_MS = 500;
const HOUR_MS = 3_600_000;

const inTime = (ms) => new Date(Date.now() + ms).toUTCString();
const slowDown = (value) => ({
  answer: ({ response }) =>
    response.writeHead(429, value === undefined ? {} : { 'retry-after': value() }).end(),
});

export const title = 'every answer is a 429';
/** The default of ours and of the stock log processor; the stock span processor would wait 5 s. */
export const settings = { batchDelayMs: 1_000 };
export const rows = {
  'Retry-After: 0': slowDown(() => '0'),
  'Retry-After: -5': slowDown(() => '-5'),
  'Retry-After: soon': slowDown(() => 'soon'),
  'Retry-After: 1e9': slowDown(() => '1e9'),
  'Retry-After: 99999999': slowDown(() => '99999999'),
  'Retry-After: (an hour ago)': slowDown(() => inTime(-HOUR_MS)),
  'Retry-After: (in 90 days)': slowDown(() => inTime(90 * 24 * HOUR_MS)),
  'no Retry-After': slowDown(undefined),
};

export async function run({ gateway, collector, untilAllBegun }) {
  await gateway.ask('keepRecording');
  await untilAllBegun();
  await sleep(WINDOW_MS + ON_ITS_WAY_MS);
  return mapRows(await collector.ask('requests'), (seen) => {
    const times = seen.map(({ atMs }) => atMs).filter((atMs) => atMs - seen[0].atMs < WINDOW_MS);
    const gaps = times.slice(1).map((atMs, index) => atMs - times[index]);
    return {
      [`requests in ${WINDOW_MS / 1e3} s`]: times.length,
      'shortest gap, ms': gaps.length === 0 ? 'none' : Math.round(Math.min(...gaps)),
    };
  });
}
