import { afterEach, describe, expect, it } from 'vitest';
import { startExample } from './example-process.js';
import type { ExampleProcess } from './example-process.js';

let demo: ExampleProcess | undefined;
afterEach(() => demo?.signal('SIGKILL'));

interface Counts {
  readonly spans: number;
  readonly logs: number;
  readonly metricPoints: number;
}

describe('the demo', { timeout: 60_000 }, () => {
  it('ends by itself with --exit, and its last line tells what arrived', async () => {
    demo = startExample('demo/main.mjs', ['--exit']);
    const code = await demo.ended;
    expect(demo.errors()).toBe('');
    expect(code).toBe(0);

    const { operator, tenants } = JSON.parse(demo.lines.at(-1) ?? '') as {
      operator: Counts;
      tenants: Record<string, Counts>;
    };
    expect(operator).toMatchObject({ spans: 37, logs: 39 });
    expect(Object.keys(tenants)).toEqual(['acme', 'globex']);
    expect(tenants['acme']).toMatchObject({ spans: 0, logs: 14 });
    expect(tenants['globex']).toMatchObject({ spans: 0, logs: 13 });
    // Cumulative: how often each series was read depends on the time that the traffic took.
    for (const { metricPoints } of [operator, ...Object.values(tenants)]) {
      expect(metricPoints).toBeGreaterThan(0);
      expect(metricPoints % 2).toBe(0);
    }
  });

  it('shows tables, the trace and the accounts', async () => {
    demo = startExample('demo/main.mjs', ['--exit']);
    await demo.ended;
    const text = demo.lines.join('\n');
    expect(text).toMatch(/^ {2}logs +39 +INFO 30, WARN 2, ERROR 5, and 2 exceptions behind them$/m);
    expect(text).toMatch(/^trace 4bf92f3577b34da6a3ce929d0e0e4736$/m);
    const spanId = /gateway +span ([0-9a-f]{16})/.exec(text)?.[1] ?? '';
    expect(text).toContain(`upstream was sent traceparent 00-4bf92f3577b34da6a3ce929d0e0e4736-${spanId}-01`);
    expect(text).toMatch(/^ {2}acme +logs +14 +14 +0 +0 /m);
  });

  it('stays up without the flag, shows what arrives, and ends on SIGINT', async () => {
    demo = startExample('demo/main.mjs');
    const [, url = ''] = await demo.waitForLine(/stays up at (http:\S+)/);
    const response = await fetch(`${url}/orders/555`, { headers: { 'x-tenant': 'acme' } });
    expect(await response.json()).toEqual({ id: 555, item: 'book' });
    await demo.waitForLine(/^acme ← 1 log: GET \/orders\/555 200 \d+ms$/);
    await demo.waitForLine(/^operator ← 1 span: GET \/orders\/555 200 \d+ms$/);
    await demo.waitForLine(/^acme ← \d+ metric points: /);
    demo.signal('SIGINT');
    expect(await demo.ended).toBe(0);
    expect(demo.lines.at(-1)).toBe('Done.');
    expect(demo.lines.filter((line) => line.startsWith('globex ←'))).toEqual([]);
  });

  it('says what is wrong with its options', async () => {
    demo = startExample('demo/main.mjs', ['--port', 'many']);
    expect(await demo.ended).toBe(2);
    expect(demo.errors()).toMatch(/^The port must be 0 to 65535\.\nUsage: /);
  });
});
