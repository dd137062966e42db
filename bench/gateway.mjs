/** One contestant in its own process: `gateway.mjs '{"name": …, "upstreamPort": …, "collector": …, …}'`. */
import http from 'node:http';
import { CONTESTANTS } from './contestants.mjs';
import { answerParent } from './processes.mjs';
import { createForward } from './proxy.mjs';

const setup = JSON.parse(process.argv[2]);
const contestant = await CONTESTANTS[setup.name].create({
  ...setup,
  forward: createForward(setup.upstreamPort),
});
let requests = 0;
const server = http.createServer((request, response) => {
  requests++;
  contestant.handle(request, response);
});
await new Promise((resolve) => {
  server.listen(0, '127.0.0.1', resolve);
});

answerParent({
  ready: () => ({ port: server.address().port }),
  usage() {
    const { user, system } = process.cpuUsage();
    return { userUs: user, systemUs: system, requests, rss: process.memoryUsage.rss() };
  },
  async drain() {
    await contestant.drain();
    return {};
  },
});
