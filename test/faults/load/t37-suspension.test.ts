/**
 * T37: a process that is really stopped and goes on, as after a suspension. The full form is stopped for ten minutes under
 * the defaults, the short one for a little more than the age that it gives its records.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeOtlpRequest, startOtlpReceiver } from '../../../src/testing/index.js';
import type { FlushResult } from '../../../src/index.js';
import { createChildRunner, type ChildRunner } from '../../delivery/child.js';
import { spanMarksAt } from '../../delivery/support.js';
import { OK, startCollector } from '../support.js';

const IS_SHORT = process.env['GATEWAY_OTEL_LONG'] === 'short';
const STOPPED_MS = IS_SHORT ? 1_500 : 600_000;
const DESTINATION = IS_SHORT ? { timeoutMs: 1_000, connectTimeoutMs: 500 } : {};
const QUEUE = IS_SHORT ? { maxAgeMs: 1_000, flushIntervalMs: 100 } : {};
const TENANT_TTL_MS = IS_SHORT ? 1_000 : 60_000;
/** What has come due during the stop does so at once after it, or not at all. */
const AFTERWARDS_MS = IS_SHORT ? 600 : 5_000;

/** JSON has no large integers. */
const textOf = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

let children: ChildRunner;
beforeAll(() => {
  children = createChildRunner();
});
afterAll(() => children.close());

/** Waits until its export is in flight, has itself stopped, and says what it has noticed. */
const PROGRAM = `
  const { spawn } = require('node:child_process');
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  let asked = 0;
  const tenants = () => (asked++, argument.destination);
  const telemetry = gateway.createGatewayTelemetry({ ...argument.options, tenants });
  const begin = (mark) => {
    const exchange = telemetry.begin({ method: 'GET', url: '/r/' + mark, headers: {} });
    exchange.setTenant('acme');
    return exchange;
  };
  const run = async () => {
    begin('before').end({ statusCode: 200 });
    const across = begin('across');
    await new Promise((resolve) => http.get(argument.isInFlight, (answer) => answer.resume().on('end', resolve)));
    const waker = spawn('sh', ['-c', 'sleep ' + argument.stoppedMs / 1000 + '; kill -CONT ' + process.pid]);
    await new Promise((resolve) => waker.on('spawn', resolve));
    const askedBefore = asked;
    const start = performance.now();
    process.kill(process.pid, 'SIGSTOP');
    const stoppedMs = performance.now() - start;
    across.end({ statusCode: 200 });
    begin('after').end({ statusCode: 200 });
    await pause(argument.afterwardsMs);
    const askedAfterwards = asked - askedBefore;
    const { destinations } = telemetry.status('acme');
    const result = await telemetry.shutdown({ timeoutMs: 3000 });
    console.log(JSON.stringify({ stoppedMs, askedAfterwards, destinations, result }));
  };
  void run();`;

it('T37: after a stop with an export in flight nothing storms, what is too old is counted, what is new arrives', async () => {
  const operator = await startOtlpReceiver();
  // The first export is never answered.
  const acme = await startCollector({
    onCall: ({ socket, index }) => void (index > 0 && socket.write(OK)),
  });
  const gate = await startCollector({
    onCall({ socket }) {
      const poll = setInterval(() => {
        if (acme.calls.length === 0) return;
        clearInterval(poll);
        socket.write(OK);
      }, 10);
      socket.on('close', () => clearInterval(poll));
    },
  });
  try {
    const { code, errors, output } = await children.run(
      PROGRAM,
      {
        stoppedMs: STOPPED_MS,
        afterwardsMs: AFTERWARDS_MS,
        isInFlight: gate.url,
        destination: { endpoint: acme.url, signals: { metrics: false }, ...DESTINATION },
        options: {
          env: false,
          tenantEgress: 'open',
          tenantTtlMs: TENANT_TTL_MS,
          operator: { endpoint: operator.url },
          delivery: { operator: QUEUE, tenants: QUEUE },
        },
      },
      STOPPED_MS + 60_000,
    );
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    const said = JSON.parse(output) as {
      readonly stoppedMs: number;
      readonly askedAfterwards: number;
      readonly destinations: readonly {
        readonly signals: { readonly logs: { readonly lastError: string } };
      }[];
      readonly result: FlushResult;
    };
    expect(said.stoppedMs).toBeGreaterThan(STOPPED_MS - 100);
    // Its deadline has passed; however many lookups and attempts would have been due, each is made up for once at most.
    expect(said.destinations[0]?.signals.logs.lastError).toBe('timeout');
    expect(said.askedAfterwards).toBeLessThanOrEqual(1);
    const marks = acme.calls.map(({ body }) =>
      [...JSON.stringify(decodeOtlpRequest('logs', body), textOf).matchAll(/"\/r\/(\w+)"/g)].map(
        ([, mark]) => mark,
      ),
    );
    expect(marks[0]).toEqual(['before']);
    expect(marks.slice(1).flat()).toEqual(['across', 'after']);
    expect(said.result.tenants.logs).toEqual({
      accepted: 3,
      delivered: 2,
      rejected: 0,
      dropped: { expired: 1 },
      buffered: 0,
    });
    expect(said.result.operator.traces).toMatchObject({ accepted: 3, delivered: 3, dropped: {} });
    expect(spanMarksAt(operator).sort()).toEqual(['across', 'after', 'before']);
    const durationsMs = operator.spans.map(
      ({ startTimeUnixNano, endTimeUnixNano }) => Number(endTimeUnixNano - startTimeUnixNano) / 1e6,
    );
    expect(Math.min(...durationsMs)).toBeGreaterThanOrEqual(0);
    // The one that was open has lasted as long as its client has waited.
    expect(Math.max(...durationsMs)).toBeGreaterThan(STOPPED_MS - 100);
    expect(operator.requests.filter(({ signal }) => signal === 'metrics').length).toBeLessThanOrEqual(2);
    console.log(
      `T37: stopped for ${Math.round(said.stoppedMs)} ms: ${acme.calls.length} exports in all, ` +
        `${said.askedAfterwards} lookups afterwards, 1 of 3 expired, negative durations 0`,
    );
  } finally {
    await Promise.all([operator.close(), acme.close(), gate.close()]);
  }
});
