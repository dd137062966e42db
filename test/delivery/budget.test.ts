/** The bound over all tenants: who holds most pays, the operator never, and the account says so. */
import { describe, expect, it } from 'vitest';
import { Budget, Share, type Evictable } from '../../src/delivery/budget.js';
import { droppedOf, eventually, inWorld, marksAt } from './support.js';

const MIB = 1024 * 1024;
const PAD = { pad: 'x'.repeat(3_000) };

/** A queue of blocks, as lanes are queues of batches. */
class Blocks implements Evictable {
  readonly sizes: { readonly bytes: number; readonly bornMs: number }[] = [];
  readonly #share: Share;
  lost = 0;

  constructor(share: Share) {
    this.#share = share;
    share.join(this);
  }

  add(bytes: number, bornMs: number): void {
    this.sizes.push({ bytes, bornMs });
    this.#share.change(bytes);
  }

  get oldestMs(): number | undefined {
    return this.sizes[0]?.bornMs;
  }

  evictOldest(): void {
    const oldest = this.sizes.shift();
    if (oldest === undefined) return;
    this.lost++;
    this.#share.change(-oldest.bytes);
  }
}

describe('the budget', () => {
  it('takes from whoever holds most, the oldest of all its queues first', () => {
    const budget = new Budget(1_000);
    const big = new Share(budget);
    const [logs, metrics] = [new Blocks(big), new Blocks(big)];
    const small = new Blocks(new Share(budget));
    small.add(100, 0);
    logs.add(300, 2);
    metrics.add(300, 1);
    logs.add(300, 3);
    expect(budget.bytes).toBe(1_000);
    small.add(1, 4);
    expect([small.lost, logs.lost, metrics.lost]).toEqual([0, 0, 1]);
    expect(budget.bytes).toBe(701);
  });

  it('is exceeded only by what is in flight', () => {
    const budget = new Budget(1_000);
    const stuck = new Share(budget);
    // Nothing of it can go: no member.
    stuck.change(2_000);
    const other = new Blocks(new Share(budget));
    other.add(10, 0);
    expect(other.lost).toBe(1);
    expect(budget.bytes).toBe(2_000);
    stuck.change(-2_000);
    other.add(10, 1);
    expect(other.lost).toBe(1);
    expect(budget.bytes).toBe(10);
  });

  it('holds over many random changes, and never takes from a share under an equal part', () => {
    const budget = new Budget(100_000);
    const tenants = Array.from({ length: 50 }, () => new Blocks(new Share(budget)));
    let state = 7;
    const below = (limit: number): number => (state = (state * 48_271) % 2_147_483_647) % limit;
    for (let step = 0; step < 20_000; step++) {
      // The first ten are greedy.
      const tenant = tenants[below(4) === 0 ? 10 + below(40) : below(10)];
      if (tenant === undefined) continue;
      const held = tenant.sizes.reduce((sum, { bytes }) => sum + bytes, 0);
      if (tenants.indexOf(tenant) < 10 || held < 500) tenant.add(1 + below(400), step);
      else tenant.evictOldest();
      expect(budget.bytes).toBeLessThanOrEqual(100_000);
    }
    const sum = tenants.flatMap(({ sizes }) => sizes).reduce((bytes, block) => bytes + block.bytes, 0);
    expect(budget.bytes).toBe(sum);
  });
});

describe('delivery.maxBytesOfAllTenants', () => {
  it('makes the greedy tenants pay, and neither the quiet one nor the operator', () =>
    inWorld(
      {
        receivers: ['acme', 'globex', 'quiet'],
        configure: (to) => ({
          tenants: { acme: to('acme'), globex: to('globex'), quiet: to('quiet') },
          delivery: { maxBytesOfAllTenants: MIB },
        }),
      },
      async (world) => {
        for (const name of ['acme', 'globex', 'quiet'])
          world.at(name).answerWith({ status: 503, signal: 'logs', times: 2 });
        world.send('quiet', 'first', PAD);
        for (let mark = 0; mark < 400; mark++) {
          world.send('acme', mark, PAD);
          world.send('globex', mark, PAD);
          const { tenantsBytes, tenantsMaxBytes } = world.telemetry.status().memory;
          expect(tenantsMaxBytes).toBe(MIB);
          expect(tenantsBytes).toBeLessThanOrEqual(MIB);
        }
        const logsOf = (id: string) => world.telemetry.status(id).destinations[0]?.signals.logs?.ledger;
        expect(droppedOf(logsOf('quiet'))).toBe(0);
        for (const id of ['acme', 'globex']) {
          expect(logsOf(id)?.dropped.budget_full).toBeGreaterThan(100);
          expect(logsOf(id)?.dropped.queue_full).toBeUndefined();
        }
        await world.flushUntilLogs('quiet', 1);
        await eventually(async () => {
          await world.telemetry.flush({ timeoutMs: 500 });
          expect(marksAt(world.at('acme'))).toContain('399');
          expect(marksAt(world.at('globex'))).toContain('399');
        });
        await world.flushUntilLogs('operator', 801);
        await eventually(() => expect(world.telemetry.status().memory.tenantsBytes).toBe(0));
      },
    ));

  it('counts what waits for a lookup', () => {
    let answer: ((value: null) => void) | undefined;
    return inWorld(
      {
        receivers: [],
        configure: () => ({
          tenants: () => new Promise((resolve) => (answer = resolve)),
          delivery: { maxBytesOfAllTenants: MIB },
        }),
      },
      async (world) => {
        // Each may wait with 256 KiB.
        for (let id = 0; id < 20; id++) for (let mark = 0; mark < 30; mark++) world.send(`t${id}`, mark, PAD);
        expect(world.telemetry.status().memory.tenantsBytes).toBeLessThanOrEqual(MIB);
        expect(world.telemetry.status().memory.tenantsBytes).toBeGreaterThan(MIB / 2);
        const { logs } = world.telemetry.status().tenants.totals;
        expect(logs?.dropped.budget_full).toBeGreaterThan(200);
        answer?.(null);
      },
    );
  });
});
