import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { httpTelemetry } from '../../src/adapters/http.js';
import { createGatewayTelemetry, type GatewayTelemetry } from '../../src/index.js';
import { startOtlpReceiver } from '../../src/testing/index.js';
import {
  CANARY_KEY,
  canaryOf,
  expectLaw,
  expectNoForeignCanaries,
  expectOfficialPayloads,
  marksAt,
  requestsCounted,
  send,
} from './support.js';

vi.setConfig({ maxConcurrency: 40 });

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ask = (url: string): Promise<void> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => response.resume().on('end', resolve)).on('error', reject);
  });

/** A real gateway: its tenant is the path's first segment. */
const gatewayOf = (telemetry: GatewayTelemetry): Server =>
  createServer(
    httpTelemetry(
      telemetry,
      (request, response, exchange) => {
        const tenantId = (request.url ?? '').split('/')[1] ?? '';
        exchange.setTenantAttribute(CANARY_KEY, canaryOf(tenantId));
        response.end(tenantId);
      },
      { tenant: (request) => (request.url ?? '').split('/')[1] },
    ),
  );

describe.concurrent('two instances in one process', () => {
  it('do not see each other: configuration, records, metrics, status and shutdown', async () => {
    const receivers = await Promise.all(Array.from({ length: 4 }, () => startOtlpReceiver()));
    const [operatorA, operatorB, acmeA, acmeB] = receivers as [
      (typeof receivers)[0],
      (typeof receivers)[0],
      (typeof receivers)[0],
      (typeof receivers)[0],
    ];
    const make = (operator: string, acme: string): GatewayTelemetry =>
      createGatewayTelemetry({
        env: false,
        tenantEgress: 'open',
        operator: { endpoint: operator },
        tenants: { acme: { endpoint: acme } },
      });
    const a = make(operatorA.url, acmeA.url);
    const b = make(operatorB.url, acmeB.url);
    try {
      send(a, 'acme', 'a1');
      send(b, 'acme', 'b1');
      send(b, 'acme', 'b2');
      a.setTenant('acme', { endpoint: acmeA.url, headers: 'x-of=a' });
      await Promise.all([a.flush(), b.flush()]);
      expect(marksAt(operatorA)).toEqual(['a1']);
      expect(marksAt(acmeA)).toEqual(['a1']);
      expect(marksAt(operatorB)).toEqual(['b1', 'b2']);
      expect(marksAt(acmeB)).toEqual(['b1', 'b2']);
      expect([requestsCounted(acmeA), requestsCounted(acmeB)]).toEqual([1, 2]);
      expect(acmeB.requests.every(({ headers }) => headers['x-of'] === undefined)).toBe(true);
      expect(acmeA.logs[0]?.resource['service.instance.id']).not.toBe(
        acmeB.logs[0]?.resource['service.instance.id'],
      );
      await a.shutdown();
      send(b, 'acme', 'b3');
      await b.flush();
      expect(marksAt(acmeB)).toEqual(['b1', 'b2', 'b3']);
      for (const telemetry of [a, b]) expectLaw(telemetry, ['acme']);
      expectOfficialPayloads(receivers);
    } finally {
      await Promise.all([a.shutdown(), b.shutdown()]);
      await Promise.all(receivers.map((receiver) => receiver.close()));
    }
  });
});

describe.concurrent('a real gateway', () => {
  it('keeps ten tenants apart under concurrent requests on real sockets', async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `tenant-${index}`);
    const receivers = new Map(
      await Promise.all(ids.map(async (id) => [id, await startOtlpReceiver()] as const)),
    );
    const operator = await startOtlpReceiver();
    const telemetry = createGatewayTelemetry({
      env: false,
      tenantEgress: 'open',
      operator: { endpoint: operator.url },
      tenants: Object.fromEntries([...receivers].map(([id, { url }]) => [id, { endpoint: url }])),
    });
    const gateway = gatewayOf(telemetry);
    try {
      const url = await listen(gateway);
      for (let round = 0; round < 10; round++)
        await Promise.all(ids.map((id) => ask(`${url}/${id}/${round}`)));
      await ask(`${url}/nobody/1`);
      await telemetry.flush();
      for (const [id, receiver] of receivers) {
        expect(receiver.logs.map((log) => log.attributes['url.path']).sort()).toEqual(
          Array.from({ length: 10 }, (_, round) => `/${id}/${round}`),
        );
        expect(receiver.logs.every((log) => log.attributes[CANARY_KEY] === canaryOf(id))).toBe(true);
        expect(requestsCounted(receiver)).toBe(10);
      }
      expect(operator.logs).toHaveLength(101);
      expect(operator.spans).toHaveLength(101);
      expect(requestsCounted(operator)).toBe(101);
      expectLaw(telemetry, ids);
      expectNoForeignCanaries(new Map([...receivers].map(([id, receiver]) => [id, [receiver]])));
      expectOfficialPayloads([operator, ...receivers.values()]);
    } finally {
      gateway.close();
      await telemetry.shutdown();
      await Promise.all([operator, ...receivers.values()].map((receiver) => receiver.close()));
    }
  });
});
