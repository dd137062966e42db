/** T48: hooks of the host that throw, hang, lie, change what they are given, or call back: contained, everywhere. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import type { Diagnostic, GatewayTelemetry } from '../../src/index.js';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { eventually, expectLaw, pause } from '../delivery/support.js';
import { assertLedgerLaw } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { watchUnhandled } from '../support/unhandled.js';
import { declaredHooks } from './declared-hooks.js';
import { HOOK_FAULTS, UNANSWERED } from './hook-faults.js';
import { FURTHER_PLACES, HOOK_PLACES } from './hook-places.js';
import { figure } from './support.js';

const REQUESTS = 3;
const PLACES = { ...HOOK_PLACES, ...FURTHER_PLACES };
const ids = Object.keys(PLACES);

const receivers: Record<string, OtlpReceiver> = {};
const at = (name: string): OtlpReceiver => receivers[name] as OtlpReceiver;

beforeAll(async () => {
  for (const name of ['witness', 'hooked', 'acme']) receivers[name] = await startOtlpReceiver();
});
afterAll(async () => {
  await Promise.all(Object.values(receivers).map((receiver) => receiver.close()));
});

it('T48: every hook that the types declare has its row, and no other', () => {
  expect(declaredHooks()).toEqual(Object.keys(HOOK_PLACES).sort());
  figure(
    'T48',
    `${ids.length} hooks × ${Object.keys(HOOK_FAULTS).length} faults, none of them reaches a request`,
  );
});

describe.each(ids)('T48: %s', (id) => {
  it.each(Object.keys(HOOK_FAULTS))('%s', async (what) => {
    for (const receiver of Object.values(receivers)) receiver.reset();
    const place = PLACES[id] ?? {};
    const faults = watchUnhandled();
    const diagnostics: Diagnostic[] = [];
    let telemetry: GatewayTelemetry | undefined = undefined as GatewayTelemetry | undefined;
    const hook = HOOK_FAULTS[what]?.(() => telemetry) as never;
    const hooked = place.destination?.(hook);
    const running = (telemetry = createGatewayTelemetry({
      env: false,
      tenantEgress: 'open',
      spans: 'server+client',
      tenantRecords: { webhooks: true, securityEvents: true, genAi: true },
      genAi: { events: true },
      tenants: { acme: { endpoint: at('acme').url } },
      onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
      ...place.options?.(hook),
      operator: [
        { name: 'witness', endpoint: at('witness').url },
        ...(hooked === undefined
          ? []
          : [
              {
                name: 'hooked',
                ...(hooked.exporters === undefined && { endpoint: at('hooked').url }),
                ...hooked,
              },
            ]),
      ],
    }));
    place.before?.(running, hook);
    const thrown: unknown[] = [];
    const serve = running.instrument(place.adapter?.(hook), place.facts?.(hook));
    const server = createServer((request, response) => {
      try {
        serve(request, request, response, (exchange) => {
          if (place.adapter === undefined) exchange.setTenant('acme');
          const call = exchange.startUpstreamCall({ url: 'http://up.test/' });
          call.inject({});
          call.end({ statusCode: 200 });
          exchange.recordPolicy({ name: 'p', result: 'passed' });
          // Asks the adapter's tenant before its time.
          running.genAi({ operation: 'chat', model: 'm' }).end({ usage: { inputTokens: 1 } });
          running.tracer.startActiveSpan('inner', (span) => span.end());
          place.inRequest?.(running, hook);
          exchange.inject({});
        });
      } catch (error) {
        thrown.push(error);
      }
      response.end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a?b=1`;
    try {
      const headers = {
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
        'x-forwarded-for': '192.0.2.1, 192.0.2.2',
      };
      for (let request = 0; request < REQUESTS; request++)
        expect((await send(url, { headers })).status).toBe(200);
      expect(thrown).toEqual([]);
      await eventually(() => expect(running.status().openExchanges).toBe(0));
      running.webhook({ eventType: 'e', url: 'http://hook.test/', tenant: 'acme' }).end({ statusCode: 200 });
      running.securityEvent({ name: 'a.b', outcome: 'denied', tenant: 'acme' });
      running.logger.info('witness');
      await running.flush({ timeoutMs: 300 });
      if (what !== 'shuts down') await expectRecords(running, id, what);
      expectLaw(running, ['acme']);
      const result = await running.shutdown({ timeoutMs: 300 });
      for (const owner of ['operator', 'tenants'] as const)
        for (const [signal, ledger] of Object.entries(result[owner]))
          assertLedgerLaw(`${owner}/${signal}`, ledger);
      await pause(5);
      expect(faults.seen).toEqual([]);
      // Of a span that a processor has emptied nothing can be told but that.
      if (!id.startsWith('HostSpanProcessor.'))
        expect(diagnostics.filter(({ code }) => code === 'internal_error')).toEqual([]);
    } finally {
      faults.stop();
      await running.shutdown({ timeoutMs: 1 });
      server.closeAllConnections();
      server.close();
    }
  });
});

/** At the destination that has no hook of its own. */
async function expectRecords(telemetry: GatewayTelemetry, id: string, what: string): Promise<void> {
  const witness = at('witness');
  const account = (): Readonly<Record<string, number>> =>
    telemetry.status().operator[0]?.signals.logs?.ledger.dropped ?? {};
  if (id === 'GatewayOptions.redact' && UNANSWERED.includes(what)) {
    // What could not be redacted is not sent, and is not forgotten either.
    expect(witness.logs).toEqual([]);
    expect(witness.spans).toEqual([]);
    expect(at('acme').logs).toEqual([]);
    expect(account()['redaction_failed']).toBeGreaterThanOrEqual(REQUESTS + 1);
    return;
  }
  await eventually(() => {
    expect(
      witness.logs.filter(({ body }) => body === 'witness' || id === 'GatewayOptions.redact').length,
    ).toBeGreaterThan(0);
    const requests = witness.logs.filter(({ eventName }) => eventName === 'knoxcall.proxy.request');
    // What a redaction writes itself cannot be redacted: it is counted.
    const failed = id === 'GatewayOptions.redact' ? (account()['redaction_failed'] ?? 0) : 0;
    expect(requests.length + failed).toBeGreaterThanOrEqual(REQUESTS);
  });
}
