/** T6: collectors that keep an export busy without ever finishing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { mapRows } from './rows.mjs';

/** The figure of the reliability plan. */
const LOOK_MS = 15_000;
/** A stock exporter has 30 slots; with a batch every 1.2 s they are taken after 36 s. */
const HOSTILE_MS = 45_000;
/** The longest wait between two attempts, a last attempt of a second, and room. */
const RECOVERY_MS = 10_000;

export const title = `collectors that never finish, for ${HOSTILE_MS / 1e3} s; then they are well`;
/** Short, so that a run is short too; the longest wait is the one that the stock exporter has. */
export const settings = {
  timeoutMs: 1_000,
  stockExportTimeoutMs: 1_000,
  batchDelayMs: 200,
  longestWaitMs: 5_000,
};
export const rows = {
  'body, 1 byte in 300 ms': {
    answer: ({ socket }) => drip(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n', 'x', 300),
  },
  'headers, 1 in 300 ms': { answer: ({ socket }) => drip(socket, 'HTTP/1.1 200 OK\r\n', 'x-y: z\r\n', 300) },
  '103 without end': { answer: ({ socket }) => drip(socket, '', 'HTTP/1.1 103 Early Hints\r\n\r\n', 50) },
  'peer that never reads': { reads: false },
};

function drip(socket, begin, drop, everyMs) {
  socket.write(begin);
  const timer = setInterval(() => socket.write(drop), everyMs);
  socket.on('close', () => clearInterval(timer));
}

export async function run({ gateway, collector, untilAllBegun, requestsUntil }) {
  await gateway.ask('keepRecording');
  await untilAllBegun();
  await sleep(LOOK_MS);
  const early = await gateway.ask('overTime');
  await sleep(HOSTILE_MS - LOOK_MS);
  const late = await gateway.ask('overTime');
  const healedMs = await collector.ask('heal');
  const isAfter = ({ atMs }) => atMs > healedMs;
  const requests = await requestsUntil((seen) => seen.some(isAfter), RECOVERY_MS);
  return mapRows(requests, (seen, row) => {
    const next = seen.find(isAfter);
    return {
      [`exports over time, after ${LOOK_MS / 1e3} s`]: early[row],
      [`exports over time, after ${HOSTILE_MS / 1e3} s`]: late[row],
      'once it is well, ms until the next batch':
        next === undefined ? `none in ${RECOVERY_MS / 1e3} s` : Math.round(next.atMs - healedMs),
    };
  });
}
