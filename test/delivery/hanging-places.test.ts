/** Destinations that were quick until they had everybody's places, and then answer no more. */
import { expect, it } from 'vitest';
import { expectLaw, send, startHttp, withTelemetry } from './support.js';

const PLACES = 64;
const HOSTILE = Array.from({ length: PLACES }, (_, index) => `hostile-${index}`);

it('those that hang in every place there is keep nobody waiting for as long as they like', async () => {
  const answered = new Set<string>();
  let hanging = 0;
  const server = await startHttp((request, response) => {
    request.resume();
    const { url = '' } = request;
    if (url.startsWith('/good') || !answered.has(url)) {
      answered.add(url);
      response.end();
    } else hanging++;
  });
  const hostile = (id: string) => ({
    endpoint: `${server.url}/${id}`,
    signals: { metrics: false },
    timeoutMs: 600_000,
  });
  try {
    await withTelemetry(
      {
        tenants: {
          ...Object.fromEntries(HOSTILE.map((id) => [id, hostile(id)])),
          good: { endpoint: `${server.url}/good`, signals: { metrics: false } },
        },
        tenantEgress: { policy: 'open', trustedOrigins: [server.url] },
        delivery: { cpuShareOfTenants: 1, tenants: { flushIntervalMs: 100 } },
      },
      async (telemetry) => {
        for (const id of [...HOSTILE, 'good']) send(telemetry, id, 1);
        await telemetry.flush({ timeoutMs: 10_000 });
        expect(answered.size).toBe(PLACES + 1);
        for (const id of HOSTILE) send(telemetry, id, 2);
        await expect.poll(() => hanging, { timeout: 5_000 }).toBe(PLACES);
        send(telemetry, 'good', 2);
        const delivered = () => telemetry.status('good').destinations[0]?.signals.logs?.ledger.delivered;
        await expect.poll(delivered, { timeout: 5_000 }).toBe(2);
        expectLaw(telemetry, [...HOSTILE, 'good']);
      },
    );
  } finally {
    await server.close();
  }
}, 30_000);
