/**
 * What it costs to watch a model's answer, per streamed chunk of about 200 bytes: `npm run bench -- --gen-ai`.
 *
 * `pipe`: pushed into a Node stream that is piped into nothing, the least that a gateway does for a chunk. `http`: from a
 * provider through a gateway to a client, each chunk sent by itself over loopback sockets, all three in this process, CPU time.
 * `web`: pulled out of a web stream. `reader`: the reader alone, without any stream.
 * Bare and watched take turns, batch by batch; the figure is the lower quartile over the rounds,
 * as in the other benchmarks.
 */
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { Readable, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { createGenAiReader } from '../dist/esm/gen-ai/answer-reader.js';
import { watchGenAiAnswer } from '../dist/esm/gen-ai/watch-answer.js';
import { answerParent } from './processes.mjs';

const CHUNKS = 2_000;
/** A chunk over sockets takes a hundred times as long. */
const SOCKET_CHUNKS = 300;
const WARM_UP_ROUNDS = 5;

const { rounds } = JSON.parse(process.argv[2]);

const word = (index) => ['tide', ' table', ' for', ' the', ' harbour', '\\n', ' "5 m"', ' später'][index % 8];
const event = (document) => Buffer.from(`data: ${JSON.stringify(document)}\n\n`);
const FORMATS = {
  'chat completions': (index) =>
    event({
      id: 'chatcmpl-9Zq1',
      object: 'chat.completion.chunk',
      created: 1_760_000_000,
      model: 'gpt-4o-2024-08-06',
      choices: [{ index: 0, delta: { content: word(index) }, logprobs: null, finish_reason: null }],
      usage: null,
    }),
  responses: (index) =>
    event({
      type: 'response.output_text.delta',
      sequence_number: index,
      item_id: 'msg_67c9fdcf37fc8190ba82116e33fb28c507b8b0ad4e5eb654',
      output_index: 0,
      content_index: 0,
      delta: word(index),
      obfuscation: 'Kq3ZsF9',
    }),
  messages: (index) =>
    Buffer.concat([
      Buffer.from('event: content_block_delta\n'),
      event({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: `${word(index)}${' and the moon'.repeat(5)}` },
      }),
    ]),
};

answerParent({ ready: () => ({}), measure });

async function measure() {
  const results = [];
  for (const [format, make] of Object.entries(FORMATS)) {
    const chunks = Array.from({ length: CHUNKS }, (_, index) => make(index));
    const bytes = Math.round(chunks.reduce((sum, { length }) => sum + length, 0) / CHUNKS);
    for (const [way, run] of Object.entries({ pipe, web, http })) {
      const few = run === http ? chunks.slice(0, SOCKET_CHUNKS) : chunks;
      results.push({ format, way, bytes, ...(await compare(run, few, run === http ? rounds * 2 : rounds)) });
    }
    results.push({ format, way: 'reader', bytes, ...(await compare(reader, chunks, rounds)) });
  }
  return results;
}

async function compare(run, chunks, rounds) {
  const sides = [
    { name: 'bare', isWatched: false, times: [] },
    { name: 'watched', isWatched: true, times: [] },
  ];
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const { isWatched, times } of sides) {
      const ns = (await run(chunks, isWatched)) / chunks.length;
      if (round >= 0) times.push(ns);
    }
    // Whoever comes second finds the caches as the other left them.
    sides.reverse();
  }
  return Object.fromEntries(sides.map(({ name, times }) => [name, lowerQuartile(times)]));
}

/** Throws where watching did not see every chunk: a figure of something broken is none. */
function observer(count) {
  let seen = 0;
  return {
    onChunks: (more) => (seen += more),
    onEnd: () => undefined,
    onAnswer(answer) {
      if (answer.chunks !== count || seen !== count)
        throw new Error(`${answer.chunks} of ${count} chunks were seen.`);
    },
  };
}

const head = { contentType: 'text/event-stream' };
const nothing = () => new Writable({ write: (_chunk, _encoding, done) => done() });

async function pipe(chunks, isWatched) {
  const source = new Readable({ read: () => undefined });
  if (isWatched) watchGenAiAnswer(source, observer(chunks.length), head);
  const sink = source.pipe(nothing());
  await turn();
  const started = process.hrtime.bigint();
  for (const chunk of chunks) source.push(chunk);
  const ns = Number(process.hrtime.bigint() - started);
  source.push(null);
  await once(sink, 'finish');
  return ns;
}

async function web(chunks, isWatched) {
  let next = 0;
  const source = new ReadableStream(
    {
      pull(controller) {
        if (next === chunks.length) controller.close();
        else controller.enqueue(chunks[next++]);
      },
    },
    { highWaterMark: 0 },
  );
  const stream = isWatched ? watchGenAiAnswer(source, observer(chunks.length), head) : source;
  const started = process.hrtime.bigint();
  for (const reader = stream.getReader(); !(await reader.read()).done;);
  return Number(process.hrtime.bigint() - started);
}

async function http(chunks, isWatched) {
  let received = 0;
  const provider = createServer(async (_request, response) => {
    response.socket.setNoDelay(true);
    for (const chunk of chunks) {
      const before = received;
      response.write(chunk);
      while (received === before) await turn();
    }
    response.end();
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const gateway = createServer((_request, response) => {
    get({ port: provider.address().port, host: '127.0.0.1', agent: false }, (answer) => {
      (isWatched ? watchGenAiAnswer(answer, observer(chunks.length)) : answer).pipe(response);
    });
  }).listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const [answer] = await once(
    get({ port: gateway.address().port, host: '127.0.0.1', agent: false }),
    'response',
  );
  const before = process.cpuUsage();
  for await (const chunk of answer) received += chunk.length;
  const { user, system } = process.cpuUsage(before);
  provider.close();
  gateway.close();
  return (user + system) * 1_000;
}

async function reader(chunks, isWatched) {
  const one = createGenAiReader(head);
  const started = process.hrtime.bigint();
  if (isWatched) for (const chunk of chunks) one.write(chunk);
  return Number(process.hrtime.bigint() - started);
}

function lowerQuartile(times) {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 4)];
}
