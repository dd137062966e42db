/** Memory pressure: when it begins and ends, and what is shed in which order. */
import { describe, expect, it } from 'vitest';
import { Pressure } from '../../src/delivery/pressure.js';
import type { Ledger } from '../../src/index.js';
import type { OutgoingRecord } from '../../src/model/delivery.js';
import { operatorAt, startDelivery, tenantAt, type DeliveryBench } from './delivery-bench.js';
import { recordOf } from './lane-bench.js';
import { droppedOf, eventually } from './support.js';

interface Gauge {
  readonly pressure: Pressure;
  readonly changes: string[];
  readings: number;
  /** A second later, with so much in use. */
  check(share: number): string;
}

function startGauge(): Gauge {
  let nowMs = 0;
  let inUse = 0;
  const gauge: Gauge = {
    pressure: new Pressure({
      read() {
        gauge.readings++;
        return inUse;
      },
      monotonicMs: () => nowMs,
      onChange: (level, before) => gauge.changes.push(`${before} > ${level}`),
    }),
    changes: [],
    readings: 0,
    check(share) {
      nowMs += 1_000;
      inUse = share;
      gauge.pressure.check();
      return gauge.pressure.level;
    },
  };
  return gauge;
}

const settle = (gauge: Gauge, share: number): string => {
  gauge.check(share);
  return gauge.check(share);
};

describe('the level', () => {
  it.each([
    [0, 'none'],
    [0.8, 'none'],
    [0.81, 'high'],
    [0.9, 'high'],
    [0.91, 'critical'],
    [1.5, 'critical'],
  ])('at %d of the limit is %s', (share, level) => {
    expect(settle(startGauge(), share)).toBe(level);
  });

  it('changes only when two checks in a row agree, because a heap is full just before it is collected', () => {
    const gauge = startGauge();
    for (const share of [0.95, 0.1, 0.95, 0.1, 0.85, 0.95, 0.85]) expect(gauge.check(share)).toBe('none');
    expect(gauge.check(0.85)).toBe('high');
    for (const share of [0.95, 0.5, 0.95, 0.5, 0.85]) expect(gauge.check(share)).toBe('high');
    expect(gauge.changes).toEqual(['none > high']);
  });

  it('ends ten points below where it began', () => {
    const gauge = startGauge();
    expect(settle(gauge, 0.95)).toBe('critical');
    expect(settle(gauge, 0.81)).toBe('critical');
    expect(settle(gauge, 0.79)).toBe('high');
    expect(settle(gauge, 0.71)).toBe('high');
    // Critical begins where it always does.
    expect(settle(gauge, 0.89)).toBe('high');
    expect(settle(gauge, 0.69)).toBe('none');
    expect(settle(gauge, 0.75)).toBe('none');
    expect(settle(gauge, 0.95)).toBe('critical');
    expect(settle(gauge, 0.5)).toBe('none');
    expect(gauge.changes).toEqual([
      'none > critical',
      'critical > high',
      'high > none',
      'none > critical',
      'critical > none',
    ]);
  });

  it('is read once a second, however often it is asked for', () => {
    const gauge = startGauge();
    gauge.check(0.1);
    for (let turn = 0; turn < 100; turn++) gauge.pressure.check();
    expect(gauge.readings).toBe(1);
  });
});

const KIB = 1024;
const errorOf = (size: number): OutgoingRecord => ({ ...recordOf(size), isError: true });

/** Long enough for two checks in a row. */
async function press(bench: DeliveryBench, share: number, isReached: () => boolean): Promise<void> {
  bench.memoryShare = share;
  await eventually(() => {
    bench.nowMs += 1_000;
    expect(isReached()).toBe(true);
  });
}

const operatorLogs = ({ delivery }: DeliveryBench): Ledger | undefined =>
  delivery.status().operator[0]?.signals.logs?.ledger;
const tenantLogs = ({ delivery }: DeliveryBench): Ledger | undefined => delivery.status().tenants.totals.logs;

function expectLawOf(ledger: Ledger | undefined, accepted: number): void {
  if (ledger === undefined) throw new Error('There is no ledger.');
  const { delivered, rejected, buffered } = ledger;
  expect(ledger.accepted).toBe(accepted);
  expect(delivered + rejected + droppedOf(ledger) + buffered).toBe(accepted);
}

describe('what is shed', () => {
  /** Nothing is ever answered, so that queues fill. Batches of 16 KiB. */
  const start = (): DeliveryBench => {
    const bench = startDelivery({
      operator: operatorAt('operator'),
      tenants: { acme: tenantAt('acme'), globex: tenantAt('globex') },
      queues: { maxBytes: 512 * KIB, maxBatchBytes: 16 * KIB, maxInFlight: 1, maxAgeMs: 86_400_000 },
      maxBytesOfAllTenants: KIB * KIB,
    });
    bench.answer = () => new Promise(() => undefined);
    return bench;
  };
  const fill = (bench: DeliveryBench, records: number): void => {
    for (let turn = 0; turn < records; turn++) {
      bench.delivery.operator('logs', recordOf(KIB));
      bench.delivery.tenant('acme')?.log(recordOf(KIB));
      bench.delivery.tenant('globex')?.log(recordOf(KIB));
    }
  };

  it('high: every queue has half its room, the oldest goes, and then there is room for new ones as before', async () => {
    const bench = start();
    const { delivery } = bench;
    fill(bench, 480);
    expect(droppedOf(operatorLogs(bench)) + droppedOf(tenantLogs(bench))).toBe(0);
    await press(bench, 0.85, () => droppedOf(operatorLogs(bench)) > 0);
    const { operatorBytes, tenantsBytes } = delivery.status().memory;
    expect(operatorBytes).toBeLessThanOrEqual(256 * KIB);
    expect(operatorBytes).toBeGreaterThan(200 * KIB);
    expect(tenantsBytes).toBeLessThanOrEqual(512 * KIB);
    expect(tenantsBytes).toBeGreaterThan(400 * KIB);
    expect(Object.keys(operatorLogs(bench)?.dropped ?? {})).toEqual(['memory_pressure']);
    expect(Object.keys(tenantLogs(bench)?.dropped ?? {})).toEqual(['memory_pressure']);
    // New records are taken; older ones go for them.
    const before = tenantLogs(bench)?.accepted ?? 0;
    fill(bench, 10);
    expect(tenantLogs(bench)?.accepted).toBe(before + 20);
    expect(delivery.status().memory.tenantsBytes).toBeLessThanOrEqual(512 * KIB);
    expectLawOf(operatorLogs(bench), 490);
    expectLawOf(tenantLogs(bench), 980);
    expect(bench.diagnostics.filter(({ code }) => code === 'memory_pressure')).toHaveLength(1);
    delivery.close();
    expectLawOf(delivery.result().tenants.logs, 980);
    expectLawOf(delivery.result().operator.logs, 490);
  });

  it('high: a queue that is opened meanwhile has half its room too, and all of it when that is over', async () => {
    const bench = start();
    const { delivery } = bench;
    fill(bench, 1);
    await press(bench, 0.85, () => bench.diagnostics.some(({ code }) => code === 'memory_pressure'));
    delivery.setOperator(operatorAt('elsewhere'));
    fill(bench, 480);
    expect(operatorLogs(bench)?.buffered).toBeLessThanOrEqual(257);
    await press(bench, 0.1, () => {
      const before = droppedOf(operatorLogs(bench));
      fill(bench, 20);
      return droppedOf(operatorLogs(bench)) === before;
    });
    delivery.close();
  });

  it("critical: tenants' records go and are taken no more, and of the operator's only errors are", async () => {
    const bench = start();
    const { delivery } = bench;
    fill(bench, 100);
    await eventually(() => expect(bench.sent).toHaveLength(3));
    await press(bench, 0.95, () => droppedOf(tenantLogs(bench)) > 0);
    const inFlight = bench.sent
      .filter(({ url }) => !url.includes('operator'))
      .reduce((sum, { items }) => sum + items, 0);
    // All that was not under way.
    expect(tenantLogs(bench)).toMatchObject({
      buffered: inFlight,
      dropped: { memory_pressure: 200 - inFlight },
    });
    expect(operatorLogs(bench)).toMatchObject({ buffered: 100, dropped: {} });
    fill(bench, 5);
    for (let turn = 0; turn < 3; turn++) {
      delivery.operator('logs', errorOf(KIB));
      delivery.operator('traces', errorOf(KIB));
      delivery.operator('traces', recordOf(KIB));
      delivery.tenant('acme')?.log(errorOf(KIB));
    }
    expect(operatorLogs(bench)).toMatchObject({ buffered: 103, dropped: { memory_pressure: 5 } });
    expect(delivery.status().operator[0]?.signals.traces?.ledger).toMatchObject({
      accepted: 6,
      buffered: 3,
      dropped: { memory_pressure: 3 },
    });
    expect(tenantLogs(bench)).toMatchObject({
      buffered: inFlight,
      dropped: { memory_pressure: 213 - inFlight },
    });
    expectLawOf(operatorLogs(bench), 108);
    expectLawOf(tenantLogs(bench), 213);
    delivery.close();
    expectLawOf(delivery.result().tenants.logs, 213);
  });

  it("critical: a tenant's batch that comes back from a failed attempt goes as well", async () => {
    const bench = start();
    let fail: () => void = () => undefined;
    bench.answer = () =>
      new Promise((resolve) => (fail = () => resolve({ kind: 'retry', errorClass: 'http_503' })));
    bench.delivery.tenant('acme')?.log(recordOf(KIB));
    await eventually(() => {
      bench.nowMs += 50;
      expect(bench.sent).toHaveLength(1);
    });
    bench.delivery.tenant('acme')?.log(recordOf(KIB));
    await press(bench, 0.95, () => droppedOf(tenantLogs(bench)) > 0);
    fail();
    await eventually(() =>
      expect(tenantLogs(bench)).toMatchObject({ buffered: 0, dropped: { memory_pressure: 2 } }),
    );
    expect(bench.delivery.status().memory.tenantsBytes).toBe(0);
    bench.delivery.close();
  });

  it('nothing any more when it is over, which is noticed although nothing waits', async () => {
    const bench = start();
    bench.answer = () => ({ kind: 'delivered', rejected: 0 });
    fill(bench, 1);
    await press(bench, 0.95, () => bench.diagnostics.some(({ code }) => code === 'memory_pressure'));
    await bench.delivery.flush();
    bench.delivery.tenant('acme')?.log(recordOf(KIB));
    const shed = droppedOf(tenantLogs(bench));
    expect(shed).toBeGreaterThan(0);
    let taken = 0;
    await press(bench, 0.1, () => {
      bench.delivery.tenant('acme')?.log(recordOf(KIB));
      taken++;
      return (tenantLogs(bench)?.buffered ?? 0) > 0;
    });
    await bench.delivery.flush();
    expect(tenantLogs(bench)).toMatchObject({ dropped: { memory_pressure: shed + taken - 1 }, buffered: 0 });
    expectLawOf(tenantLogs(bench), 2 + 1 + taken);
    bench.delivery.close();
  });
});
