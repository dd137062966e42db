/** One case of `propagation.mjs`, ours and stock in turns, in a process of its own. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import {
  ROOT_CONTEXT,
  TraceFlags,
  defaultTextMapGetter,
  defaultTextMapSetter,
  trace,
} from '@opentelemetry/api';
import { createPropagation } from 'gateway-otel/propagation';
import { answerParent } from './processes.mjs';
import { CASES, ORDINARY_HEADERS, makeIds } from './propagation-cases.mjs';

/** Requests in rotation, each with ids of its own. */
const REQUESTS = 64;
const BATCHES_PER_ROUND = 10;
const BATCH = 512;
/** A batch of something slow is made shorter than `BATCH`, to about so long. */
const BATCH_NS = 5e6;
const WARM_UP_MS = 600;
/** What takes longer than so is measured once. */
const ENDLESS_NS = 50e6;

const { name, rounds } = JSON.parse(process.argv[2]);
// The Google propagator warns that it will be archived.
process.noDeprecation = true;

const one = CASES.find((each) => each.name === name);
const requests = await asNodeHasThem(
  Array.from({ length: REQUESTS }, () => {
    const ids = makeIds();
    return { ids, headers: [...ORDINARY_HEADERS, ...one.carries(ids)] };
  }),
);

answerParent({
  ready: () => ({}),
  measure() {
    const sides = { ours: ours(createPropagation(one.ours)) };
    if (one.stock !== undefined) sides.stock = stock(one.stock());
    if (one.hostile !== true) for (const [side, pass] of Object.entries(sides)) verify(side, pass);
    const all = Object.entries(sides).map(([side, pass]) => ({ side, pass, times: [batch(pass, 1)] }));
    const measured = all.filter(({ times }) => times[0] < ENDLESS_NS);
    const end = performance.now() + WARM_UP_MS * measured.length;
    for (const each of measured) each.size = sizeOf(each.pass);
    while (performance.now() < end) for (const { pass, size } of measured) batch(pass, size);
    for (const each of measured) Object.assign(each, { size: sizeOf(each.pass), times: [] });

    for (let round = 0; round < rounds; round++) {
      const spent = measured.map(() => 0);
      for (let index = 0; index < BATCHES_PER_ROUND; index++) {
        measured.forEach(({ pass, size }, side) => (spent[side] += batch(pass, size)));
      }
      measured.forEach(({ size, times }, side) => times.push(spent[side] / (BATCHES_PER_ROUND * size)));
      // Whoever comes second finds the caches as the other left them.
      measured.reverse();
    }
    return Object.fromEntries(all.map(({ side, times }) => [side, median(times)]));
  },
});

/** Sent and received, so that objects and strings are those that a server of Node's gets. */
async function asNodeHasThem(all) {
  const received = [];
  const server = createServer((incoming, response) => {
    received.push(incoming.headers);
    response.end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  for (const { headers } of all) {
    const [response] = await once(request({ port, host: '127.0.0.1', headers }).end(), 'response');
    await once(response.resume(), 'end');
  }
  server.close();
  server.closeAllConnections();
  return all.map(({ ids }, index) => ({ ids, headers: received[index] }));
}

function ours(propagation) {
  return (headers, out, { newTraceId, newSpanId }) => {
    const extracted = propagation.extract(headers);
    const context = {
      traceId: extracted?.traceId ?? newTraceId,
      spanId: newSpanId,
      sampled: extracted?.sampled ?? true,
      random: extracted?.random,
    };
    propagation.inject(out, context, extracted);
  };
}

function stock(propagator) {
  return (headers, out, { newTraceId, newSpanId }) => {
    const extracted = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
    const parent = trace.getSpanContext(extracted);
    const context = trace.setSpanContext(extracted, {
      traceId: parent?.traceId ?? newTraceId,
      spanId: newSpanId,
      traceFlags: parent?.traceFlags ?? TraceFlags.SAMPLED,
      traceState: parent?.traceState,
    });
    propagator.inject(context, out, defaultTextMapSetter);
  };
}

/** Nanoseconds for `size` passes. The outgoing headers are copied before. */
function batch(pass, size) {
  const outgoing = Array.from({ length: size }, (_, index) => ({ ...requests[index % REQUESTS].headers }));
  const start = process.hrtime.bigint();
  for (let index = 0; index < size; index++) {
    const { headers, ids } = requests[index % REQUESTS];
    pass(headers, outgoing[index], ids);
  }
  return Number(process.hrtime.bigint() - start);
}

function sizeOf(pass) {
  return Math.min(BATCH, Math.max(1, Math.floor(BATCH_NS / (batch(pass, 3) / 3))));
}

/** The trace goes on under the new span id, and of what came in all goes out again. */
function verify(side, pass) {
  for (const { headers, ids } of requests) {
    const out = { ...headers };
    pass(headers, out, ids);
    const names = Object.keys(headers).filter((key) => side === 'stock' || !one.gone?.includes(key));
    const missing = names.find((key) => typeof out[key] !== 'string');
    if (missing !== undefined) throw new Error(`${name}: ${side} lost ${missing}.`);
    const read = readBack(side, out);
    const traceId = one.begins ? ids.newTraceId : ids.traceId;
    // Of a trace id, OT carries the second half.
    if (read?.traceId?.slice(16) !== traceId.slice(16) || read.spanId !== ids.newSpanId) {
      throw new Error(`${name}: ${side} wrote what it does not read: ${JSON.stringify(out)}.`);
    }
  }
}

function readBack(side, out) {
  if (side === 'ours') return createPropagation(one.ours).extract(out);
  return trace.getSpanContext(one.stock().extract(ROOT_CONTEXT, out, defaultTextMapGetter));
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
