/** One contestant in its own process, with a pipeline for each row of a scenario. */
import { subscribe } from 'node:diagnostics_channel';
import { answerParent } from '../processes.mjs';
import { CONTESTANTS } from './contestants.mjs';
import { mapRows } from './rows.mjs';

const RECORD_EVERY_MS = 100;
/** An export that has had its time-out and this much more is held up; it does not just happen to be under way. */
const SLACK_MS = 500;

const { contestant, ports, ...setup } = JSON.parse(process.argv[2]);
// The stock SDK would read them.
for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name];

/** When each export that is under way began, and how many began at all. Both contestants send with `node:http`. */
const underWay = new Map();
const begun = mapRows(ports, () => 0);
const rowOf = (request) =>
  Object.keys(ports).find((row) => request.getHeader('host') === `127.0.0.1:${ports[row]}`);
subscribe('http.client.request.start', ({ request }) => {
  begun[rowOf(request)]++;
  underWay.set(request, performance.now());
  request.once('close', () => underWay.delete(request));
});

let pipelines = {};
let reports = 0;
const recordAll = () => {
  for (const { record } of Object.values(pipelines)) record();
};

answerParent({
  ready: () => ({}),
  async open() {
    const onReport = () => void reports++;
    const opened = Object.entries(ports).map(async ([row, port]) => {
      const endpoint = `http://127.0.0.1:${port}`;
      return [row, await CONTESTANTS[contestant].open({ ...setup, endpoint, onReport })];
    });
    pipelines = Object.fromEntries(await Promise.all(opened));
  },
  record: recordAll,
  keepRecording() {
    setInterval(recordAll, RECORD_EVERY_MS);
  },
  async drain() {
    await Promise.all(Object.values(pipelines).map(({ drain }) => drain()));
  },
  begun: () => begun,
  /** By row: exports that should have ended. */
  overTime() {
    if (setup.timeoutMs === undefined) throw new Error('without timeoutMs, no export is over its time.');
    const since = performance.now() - setup.timeoutMs - SLACK_MS;
    const late = [...underWay].flatMap(([request, startMs]) => (startMs < since ? [rowOf(request)] : []));
    return mapRows(ports, (_, row) => late.filter((other) => other === row).length);
  },
  accounts: () => mapRows(pipelines, ({ account }) => account()),
  reports: () => reports,
});
