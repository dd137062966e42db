/** What ends the process, in processes of their own: reported, and ended as without. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runChild, type ChildResult } from '../config/child.js';
import { issue, issueCa } from '../support/certificates.js';
import { startSentry } from './sentry-server.js';

const PRELUDE = `
  import { createRequire } from 'node:module';
  import { createGatewayTelemetry } from './src/index.js';
  import { sentryErrors } from './src/sentry/index.js';
  const { DSN: dsn, CAPTURE, TIMEOUT } = process.env;
  const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('@sentry'));
  const telemetry = createGatewayTelemetry({ serviceVersion: '1.4.2' });
  const start = (more) => sentryErrors(telemetry, {
    ...(dsn && { dsn }),
    captureProcessErrors: CAPTURE === 'yes',
    ...(TIMEOUT && { processErrorTimeoutMs: Number(TIMEOUT) }),
    ...more,
  });
`;

interface Case {
  readonly dsn: string;
  readonly capture: boolean;
  readonly timeoutMs?: number;
}

const run = (script: string, { dsn, capture, timeoutMs }: Case): Promise<ChildResult> =>
  runChild(`${PRELUDE}\n${script}`, {
    DSN: dsn,
    CAPTURE: capture ? 'yes' : 'no',
    ...(timeoutMs !== undefined && { TIMEOUT: String(timeoutMs) }),
  });

/** Of a child that dies: its own deadline is generous, because the machine may be busy. */
const GENEROUS_MS = 10_000;

describe('captureProcessErrors', () => {
  it.each([
    [
      'an uncaught exception',
      "setTimeout(() => { throw new TypeError('boom password=s3cret'); }, 1);",
      'TypeError',
    ],
    ['an unhandled rejection', "Promise.reject(new RangeError('boom'));", 'RangeError'],
    ['a text that was thrown', "setTimeout(() => { throw 'boom'; }, 1);", 'Error'],
    [
      'an exit code that was set before',
      "process.exitCode = 7; setTimeout(() => { throw new Error('boom'); }, 1);",
      'Error',
    ],
  ])('reports %s, and changes nothing of the end', async (_, script, type) => {
    const sentry = await startSentry();
    const dsn = sentry.dsn();
    const program = `start(); ${script}`;
    const without = await run(program, { dsn, capture: false });
    expect(sentry.envelopes).toEqual([]);
    const withReport = await run(program, { dsn, capture: true, timeoutMs: GENEROUS_MS });
    expect(withReport.code).toBe(without.code);
    expect(without.code).not.toBe(0);
    expect(withReport.stderr).toBe(without.stderr);
    expect(without.stderr).toContain('boom');
    expect(withReport.stdout).toBe(without.stdout);
    expect(sentry.events).toEqual([
      {
        event_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        timestamp: expect.closeTo(Date.now() / 1_000, -2) as number,
        platform: 'node',
        level: 'fatal',
        release: '1.4.2',
        tags: { errorId: sentry.events[0]?.event_id },
        exception: { values: [expect.objectContaining({ type }) as object] },
        sdk: { name: 'gateway-otel', version: expect.any(String) as string },
      },
    ]);
    const { values } = sentry.events[0]?.['exception'] as { values: { mechanism: object }[] };
    expect(values[0]?.mechanism).toMatchObject({ handled: false });
    expect(sentry.envelopes[0]?.text).not.toContain('s3cret');
    expect(sentry.envelopes[0]?.headers['x-sentry-auth']).toContain('sentry_key=publickey');
  });

  it('waits for a dead Sentry no longer than it may', async () => {
    const sentry = await startSentry();
    sentry.answer = 'hang';
    const script = `start(); const began = performance.now();
      process.on('exit', () => report(performance.now() - began));
      setTimeout(() => { throw new Error('boom'); }, 1);`;
    const child = await run(script, { dsn: sentry.dsn(), capture: true, timeoutMs: 1_500 });
    expect(child.code).toBe(1);
    expect(child.report).toBeGreaterThan(1_400);
    expect(child.report).toBeLessThan(1_500 + GENEROUS_MS);
  });

  it('blocks nobody who handles it himself: reported as any other', async () => {
    const sentry = await startSentry();
    const script = `const errors = start();
      let seen = 0;
      process.on('uncaughtException', () => seen++);
      setTimeout(() => { throw new Error('boom'); }, 1);
      setTimeout(async () => {
        const flushed = await errors.flush({ timeoutMs: ${GENEROUS_MS} });
        await errors.close();
        report({ seen, flushed, status: errors.status() });
      }, 50);`;
    const child = await run(script, { dsn: sentry.dsn(), capture: true });
    expect(child).toMatchObject({
      code: 0,
      stderr: '',
      report: { seen: 1, flushed: true, status: { reported: 1, sent: 1, dropped: {} } },
    });
    expect(sentry.events).toEqual([expect.objectContaining({ level: 'fatal' })]);
  });

  it('starts nothing of the host in the child that sends', async () => {
    const sentry = await startSentry();
    const folder = mkdtempSync(join(tmpdir(), 'gateway-otel-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [agent, seen] = [join(folder, 'agent.cjs'), join(folder, 'seen')];
    writeFileSync(agent, `require('node:fs').appendFileSync(${JSON.stringify(seen)}, 'x');`);
    const child = await runChild(`${PRELUDE}\nstart(); setTimeout(() => { throw new Error('boom'); }, 1);`, {
      DSN: sentry.dsn(),
      CAPTURE: 'yes',
      TIMEOUT: String(GENEROUS_MS),
      NODE_OPTIONS: `--require=${agent}`,
    });
    expect(child.code).toBe(1);
    expect(sentry.events).toHaveLength(1);
    expect(readFileSync(seen, 'utf8')).toBe('x');
  });

  it('speaks HTTPS as its parent does, and to nobody whose certificate it does not know', async () => {
    const ca = issueCa();
    const sentry = await startSentry(issue({ by: ca }));
    const folder = mkdtempSync(join(tmpdir(), 'gateway-otel-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'ca.pem');
    writeFileSync(file, ca.cert);
    const script = `const errors = start();
      telemetry.begin({ method: 'GET', url: '/', headers: {} }).end({ statusCode: 500, error: new Error('boom') });
      await errors.flush({ timeoutMs: ${GENEROUS_MS} });
      report(errors.status());
      setTimeout(() => { throw new Error('the end'); }, 1);`;
    const env = { DSN: sentry.dsn(), CAPTURE: 'yes', TIMEOUT: String(GENEROUS_MS) };
    const stranger = await runChild(`${PRELUDE}\n${script}`, env);
    expect(stranger.report).toMatchObject({ sent: 0, dropped: { network: 1 } });
    expect(sentry.requests).toBe(0);
    const child = await runChild(`${PRELUDE}\n${script}`, { ...env, NODE_EXTRA_CA_CERTS: file });
    expect(child.report).toMatchObject({ sent: 1, dropped: {} });
    expect(sentry.events.map(({ level }) => level)).toEqual(['error', 'fatal']);
  });

  it('listens to one event of the process, until close, and to none unasked', async () => {
    const script = `const names = () => process.eventNames().filter((name) => process.listenerCount(name) > 0).map(String).sort();
      const before = names();
      const errors = start();
      const during = names();
      await errors.close();
      report({ added: during.filter((name) => !before.includes(name)), left: names().filter((name) => !before.includes(name)) });`;
    const dsn = 'http://k@127.0.0.1:9/1';
    const asked = await run(script, { dsn, capture: true });
    expect(asked.report).toEqual({ added: ['uncaughtExceptionMonitor'], left: [] });
    const unasked = await run(script, { dsn, capture: false });
    expect(unasked.report).toEqual({ added: [], left: [] });
  });

  it('does nothing where there is no DSN, and then loads nothing', async () => {
    const script = `const errors = start();
      const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
      exchange.end({ statusCode: 500, error: new Error('boom') });
      await errors.flush();
      const without = loaded().length;
      errors.setDsn('http://k@127.0.0.1:9/1');
      const after = loaded().length;
      report({ without, after, status: errors.status() });
      await errors.close();
      setTimeout(() => { throw new Error('boom'); }, 1);`;
    const child = await run(script, { dsn: '', capture: true });
    expect(child.report).toMatchObject({ without: 0, status: { enabled: true, reported: 0 } });
    expect((child.report as { after: number }).after).toBeGreaterThan(10);
    expect(child.code).toBe(1);
  });
});

describe('the process', () => {
  it('is not kept alive, and ends in time after close', async () => {
    const sentry = await startSentry();
    sentry.answer = 'hang';
    const script = `const errors = start();
      telemetry.begin({ method: 'GET', url: '/', headers: {} }).end({ statusCode: 500, error: new Error('boom') });
      const began = performance.now();
      const closed = await errors.close({ timeoutMs: 200 });
      await telemetry.shutdown();
      process.on('exit', () => report({ closed, ms: performance.now() - began }));`;
    const child = await run(script, { dsn: sentry.dsn(), capture: false });
    expect(child).toMatchObject({ code: 0, stderr: '', report: { closed: false } });
    expect((child.report as { ms: number }).ms).toBeLessThan(8_000);
  });
});
