/** Invented ids, and a lookup that knows at once that there is no such tenant: asking again is spread over many turns. */
import { expect, it } from 'vitest';
import { withTelemetry } from './support.js';

const IDS = 3_000;
const MOST_AT_ONCE = 200;

it('ids for which the lookup fails at once are not all asked about again in one turn of the event loop', async () => {
  let calls = 0;
  const lookup = (): never => {
    calls++;
    throw new Error('no such tenant');
  };
  await withTelemetry({ tenants: lookup }, async (telemetry) => {
    const nextTurn = () => new Promise((resolve) => void setImmediate(resolve));
    for (let id = 0; id < IDS; id++) {
      const exchange = telemetry.begin({ method: 'GET', url: '/', headers: {} });
      exchange.setTenant(`invented-${id}`);
      exchange.end({ statusCode: 200 });
      if (id % 100 === 99) await nextTurn();
    }
    await nextTurn();
    expect(calls).toBe(IDS);
    let most = 0;
    for (const endMs = performance.now() + 3_000; performance.now() < endMs;) {
      const before = calls;
      await nextTurn();
      most = Math.max(most, calls - before);
    }
    expect(calls).toBeGreaterThan(IDS + MOST_AT_ONCE);
    expect(most).toBeLessThanOrEqual(MOST_AT_ONCE);
  });
}, 20_000);
