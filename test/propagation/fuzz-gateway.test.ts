/** Fuzzed headers over raw sockets, and values of every type in every place of `begin`. */
import { describe, expect, it } from 'vitest';
import type { PropagationOptions } from '../../src/propagation/index.js';
import { finishRequest, instance, rawGet, startGateway } from '../config/support.js';
import { CAPABILITIES } from './capabilities.js';
import { createFuzzer, wireCharacter } from './fuzzer.js';
import { assertLegal, isOurs } from './grammar.js';
import { randomOf } from './random.js';

const SEED = 20_261_124;
const ROUNDS = 300;

const operator = { endpoint: 'http://127.0.0.1:9' };
const every: PropagationOptions = {
  extract: CAPABILITIES.map(({ reader }) => reader),
  inject: CAPABILITIES.map(({ format }) => format),
};

describe('a gateway', () => {
  it.each<[string, PropagationOptions | undefined]>([
    ['W3C', undefined],
    ['every format', every],
  ])(`is not stopped by fuzzed headers, with %s (seed ${SEED})`, async (what, propagation) => {
    const fuzzer = createFuzzer(SEED, wireCharacter);
    const telemetry = instance({ operator, ...(propagation !== undefined && { propagation }) });
    const gateway = await startGateway(telemetry);
    let answered = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const pairs = fuzzer.headers().filter(([name]) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name));
      const before = gateway.arrived.length;
      const status = await rawGet(gateway.port, pairs);
      // Node's own parser refuses some of them.
      if (gateway.arrived.length === before) continue;
      expect(status).toContain('200');
      const headers = gateway.arrived.at(-1)?.headers ?? {};
      const { traceId, spanId } = gateway.exchanges.at(-1) ?? {};
      if (propagation === undefined) {
        const { traceparent, tracestate, baggage } = headers;
        const sent = { traceparent, tracestate, baggage };
        assertLegal(Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined)));
      } else {
        assertLegal(Object.fromEntries(Object.entries(headers).filter(([name]) => isOurs(name))));
        expect(headers['x-cloud-trace-context']).toContain(traceId);
      }
      expect(String(headers['traceparent']).slice(3, 52)).toBe(`${traceId}-${spanId}`);
      answered++;
    }
    console.info(`fuzz, raw sockets with ${what}: ${answered} of ${ROUNDS} requests reached the gateway`);
    expect(answered).toBeGreaterThan(ROUNDS / 2);
    finishRequest(telemetry);
  });

  it('does not throw in begin() whatever the types', () => {
    const telemetry = instance({ operator, propagation: every });
    const random = randomOf(SEED + 1);
    const things: readonly unknown[] = [
      undefined,
      null,
      0,
      NaN,
      '',
      'traceparent',
      true,
      [],
      {},
      [[]],
      new Date(0),
      () => 1,
      5n,
      Symbol('x'),
      new Headers(),
    ];
    const thing = (): unknown => random.pick(things);
    for (let round = 0; round < 2_000; round++) {
      const headers = [
        thing(),
        [thing(), thing()],
        { traceparent: thing(), b3: thing(), 'uberctx-a': thing(), baggage: thing(), host: thing() },
        [[thing(), thing()], thing()],
      ];
      const request = { method: thing(), url: thing(), headers: headers[round % 4], startTimeMs: thing() };
      const exchange = telemetry.begin(request as never);
      exchange.inject({});
      exchange.inject(thing() as never);
      exchange.end({ statusCode: 200 });
    }
  });
});
