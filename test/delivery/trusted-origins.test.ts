/** What bounds all tenants' requests to one origin does not hold at a vendor that the operator has named. */
import { expect, it } from 'vitest';
import { expectLaw, send, startHttp, withTelemetry } from './support.js';

const TENANTS = Array.from({ length: 40 }, (_, index) => `tenant-${index}`);
const MAX_AT_ONE_ORIGIN = 8;

it.each([
  ['a stranger', false],
  ['a trusted one', true],
])('the requests at a time to an origin that is %s', async (_what, isTrusted) => {
  let underWay = 0;
  let most = 0;
  let mostWaiting = 0;
  let exportsNow = (): { readonly underWay: number; readonly waiting: number } => ({
    underWay: 0,
    waiting: 0,
  });
  const vendor = await startHttp((request, response) => {
    most = Math.max(most, ++underWay);
    mostWaiting = Math.max(mostWaiting, exportsNow().waiting);
    request.resume();
    setTimeout(() => {
      underWay--;
      response.end();
    }, 50);
  });
  try {
    await withTelemetry(
      {
        tenants: Object.fromEntries(TENANTS.map((id) => [id, { endpoint: vendor.url }])),
        tenantEgress: { policy: 'open', trustedOrigins: isTrusted ? [vendor.url] : [] },
        metrics: { intervalMs: 86_400_000 },
        delivery: { cpuShareOfTenants: 1 },
      },
      async (telemetry) => {
        exportsNow = () => telemetry.status().tenants.exports;
        for (const round of [1, 2, 3]) {
          for (const id of TENANTS) send(telemetry, id, round);
          await telemetry.flush({ timeoutMs: 10_000 });
        }
        expect(telemetry.status().tenants.totals.logs).toMatchObject({ delivered: 3 * TENANTS.length });
        if (isTrusted) expect(most).toBeGreaterThan(MAX_AT_ONE_ORIGIN);
        else expect(most).toBeLessThanOrEqual(MAX_AT_ONE_ORIGIN);
        if (!isTrusted) expect(mostWaiting).toBeGreaterThan(TENANTS.length / 2);
        expect(exportsNow()).toEqual({ underWay: 0, waiting: 0 });
        expectLaw(telemetry, TENANTS);
      },
    );
  } finally {
    await vendor.close();
  }
});
