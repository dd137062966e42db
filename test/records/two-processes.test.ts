import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { counters, histograms } from '../support/readings.js';
import { assertSameAsOfficial } from '../testing/official-decoder.js';

const SCRIPT = fileURLToPath(new URL('fixtures/gateway-process.mjs', import.meta.url));

interface GatewayProcess {
  /** Resolves when so many requests have ended and are flushed. */
  requests(count: number): Promise<void>;
  /** Resolves with the exit code after a clean end. */
  end(): Promise<number | null>;
}

async function startProcess(operator: OtlpReceiver, tenant: OtlpReceiver): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [SCRIPT, operator.url, tenant.url], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const expectLine = async (wanted: string): Promise<void> => {
    expect(await lines.next()).toEqual({ done: false, value: wanted });
  };
  await expectLine('ready');
  return {
    async requests(count) {
      child.stdin.write(`${count}\n`);
      await expectLine('done');
    },
    end() {
      child.stdin.end();
      return ended;
    },
  };
}

const instanceOf = ({ resource }: { readonly resource: Readonly<Record<string, unknown>> }): unknown =>
  resource['service.instance.id'];

describe('two processes of one gateway', () => {
  it('send series of a tenant that do not collide', { timeout: 60_000 }, async () => {
    const [operator, acme] = await Promise.all([startOtlpReceiver(), startOtlpReceiver()]);
    onTestFinished(async () => {
      await Promise.all([operator.close(), acme.close()]);
    });
    const [first, second] = await Promise.all([startProcess(operator, acme), startProcess(operator, acme)]);
    await first.requests(2);
    await second.requests(3);
    await first.requests(4);
    await second.requests(1);
    expect(await Promise.all([first.end(), second.end()])).toEqual([0, 0]);

    for (const receiver of [operator, acme]) {
      const instances = [...new Set(counters(receiver).map(instanceOf))];
      expect(instances).toHaveLength(2);
      // Without the id the four points would be one series that jumps up and down.
      expect(new Set(counters(receiver).map(({ attributes }) => JSON.stringify(attributes))).size).toBe(1);
      for (const points of [counters(receiver), histograms(receiver)]) {
        const series = instances.map((id) =>
          points.filter((point) => instanceOf(point) === id).map(({ value, count }) => value ?? count),
        );
        expect(series).toEqual([
          [2, 6],
          [3, 4],
        ]);
      }
      expect(receiver.logs.map(instanceOf)).toEqual(expect.arrayContaining(instances) as unknown);
      expect(receiver.logs).toHaveLength(10);
      for (const { signal, bytes } of receiver.requests) {
        if (signal !== undefined) assertSameAsOfficial(signal, bytes);
      }
    }
    const tenantIds = new Set(acme.logs.map(instanceOf));
    expect(operator.logs.map(instanceOf).filter((id) => tenantIds.has(id))).toEqual([]);
  });
});
