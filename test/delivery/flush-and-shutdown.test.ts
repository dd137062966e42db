import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { createGatewayTelemetry, type Exchange, type ReadyMadeExporter } from '../../src/index.js';
import {
  eventually,
  inWorld,
  marksAt,
  pause,
  refusingUrl,
  requestsCounted,
  startHttp,
  timed,
} from './support.js';
import type { World } from './support.js';

vi.setConfig({ maxConcurrency: 40 });

/** Slack for a busy machine. */
const SLACK_MS = 2_000;

const hangingWorld = (scenario: (world: World) => Promise<void>): Promise<void> =>
  inWorld({ receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme') } }) }, async (world) => {
    for (const name of ['operator', 'acme']) world.at(name).answerWith({ hang: true });
    world.send('acme', 1);
    await scenario(world);
  });

const withAcme = (scenario: (world: World) => Promise<void>): Promise<void> =>
  inWorld({ receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme') } }) }, scenario);

describe('flush', () => {
  it('delivers everything when all is well', () =>
    withAcme(async (world) => {
      for (let mark = 0; mark < 2_000; mark++) world.send('acme', mark);
      const { complete, operator, tenants } = await world.telemetry.flush();
      expect(complete).toBe(true);
      expect(operator.logs).toMatchObject({ accepted: 2_000, delivered: 2_000, buffered: 0 });
      expect(operator.traces).toMatchObject({ accepted: 2_000, delivered: 2_000, buffered: 0 });
      expect(tenants.logs).toMatchObject({ accepted: 2_000, delivered: 2_000, buffered: 0 });
      expect(world.at('operator').spans).toHaveLength(2_000);
      expect(world.at('acme').logs).toHaveLength(2_000);
    }));

  it.each(['flush', 'shutdown'] as const)(
    '%s tells the metrics also of requests that ended while a reading was under way',
    (end) =>
      withAcme(async (world) => {
        for (const name of ['operator', 'acme']) world.at(name).answerWith({ delayMs: 300 });
        world.send('acme', 1);
        void world.telemetry.flush();
        await eventually(() => {
          for (const name of ['operator', 'acme'])
            expect(world.at(name).requests.filter(({ signal }) => signal === 'metrics')).toHaveLength(1);
        });
        world.send('acme', 2);
        expect(await world.telemetry[end]()).toMatchObject({ complete: true });
        for (const name of ['operator', 'acme']) expect(requestsCounted(world.at(name))).toBe(2);
      }),
  );

  it('resolves in time when collectors hang', () =>
    hangingWorld(async (world) => {
      const { value, ms } = await timed(world.telemetry.flush({ timeoutMs: 300 }));
      expect(ms).toBeLessThan(300 + SLACK_MS);
      expect(ms).toBeGreaterThan(250);
      expect(value.complete).toBe(false);
      expect(value.operator.logs).toMatchObject({ accepted: 1, buffered: 1 });
    }));

  it('with no time at all resolves at once', () =>
    hangingWorld(async (world) => {
      expect((await timed(world.telemetry.flush({ timeoutMs: 0 }))).ms).toBeLessThan(SLACK_MS);
    }));

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, '5' as never])(
    'with a time of %s still works',
    (timeoutMs) =>
      withAcme(async (world) => {
        world.send('acme', 1);
        expect(await world.telemetry.flush({ timeoutMs })).toMatchObject({ complete: true });
      }),
  );

  it('does not wait for its time when a collector refuses', async () => {
    const url = await refusingUrl();
    await inWorld({ receivers: [], configure: () => ({ operator: { endpoint: url } }) }, async (world) => {
      world.send(undefined, 1);
      const { value, ms } = await timed(world.telemetry.flush({ timeoutMs: 10_000 }));
      expect(ms).toBeLessThan(SLACK_MS);
      expect(value).toMatchObject({ complete: false, operator: { logs: { buffered: 1 } } });
    });
  });

  it('does not wait for its time when there is nothing to do', () =>
    withAcme(async (world) => {
      const { value, ms } = await timed(world.telemetry.flush({ timeoutMs: 10_000 }));
      expect(ms).toBeLessThan(SLACK_MS);
      expect(value.complete).toBe(true);
    }));

  it('one hanging collector does not keep the others from being flushed', async () => {
    const hanging = await startHttp((request) => request.resume());
    try {
      await inWorld(
        {
          receivers: ['acme'],
          configure: (to) => ({ operator: { endpoint: hanging.url }, tenants: { acme: to('acme') } }),
        },
        async (world) => {
          world.send('acme', 1);
          await world.telemetry.flush({ timeoutMs: 400 });
          expect(marksAt(world.at('acme'))).toEqual(['1']);
        },
      );
    } finally {
      await hanging.close();
    }
  });

  it('several at once each resolve, and each record goes once', () =>
    withAcme(async (world) => {
      for (let mark = 0; mark < 600; mark++) world.send('acme', mark);
      const results = await Promise.all([1, 2, 3, 4, 5].map(() => world.telemetry.flush()));
      expect(results.map(({ complete }) => complete)).toEqual([true, true, true, true, true]);
      expect(world.at('acme').logs).toHaveLength(600);
      expect(world.at('operator').logs).toHaveLength(600);
    }));

  it('takes what came before the call, also while more keeps coming', () =>
    withAcme(async (world) => {
      let mark = 0;
      const timer = setInterval(() => world.send('acme', `later-${mark++}`), 1);
      world.send('acme', 'before');
      const { ms } = await timed(world.telemetry.flush({ timeoutMs: 5_000 }));
      clearInterval(timer);
      expect(ms).toBeLessThan(3_000);
      expect(marksAt(world.at('acme'))).toContain('before');
    }));

  it('is not held up by a custom instrument whose callback hangs', () =>
    withAcme(async (world) => {
      world.telemetry.meter.createObservableGauge('stuck').addCallback(() => new Promise(() => undefined));
      world.send('acme', 1);
      const { ms } = await timed(world.telemetry.flush({ timeoutMs: 700 }));
      expect(ms).toBeLessThan(700 + SLACK_MS);
      expect(marksAt(world.at('acme'))).toEqual(['1']);
    }));
});

describe('shutdown', () => {
  it('delivers everything when all is well, and then closes every socket', async () => {
    const collector = await startHttp((request, response) => {
      request.resume().on('end', () => response.end());
    });
    try {
      await inWorld(
        { receivers: [], configure: () => ({ operator: { endpoint: collector.url } }) },
        async (world) => {
          for (let mark = 0; mark < 1_000; mark++) world.send(undefined, mark);
          const { complete, operator } = await world.telemetry.shutdown();
          expect(complete).toBe(true);
          expect(operator.traces).toMatchObject({ accepted: 1_000, delivered: 1_000, dropped: {} });
          await eventually(() => expect(collector.openSockets()).toBe(0), 1_000);
        },
      );
    } finally {
      await collector.close();
    }
  });

  it('resolves in time when collectors hang, and counts what is left', () =>
    hangingWorld(async (world) => {
      const { value, ms } = await timed(world.telemetry.shutdown({ timeoutMs: 300 }));
      expect(ms).toBeLessThan(300 + SLACK_MS);
      expect(value.operator.logs).toMatchObject({ accepted: 1, dropped: { shutdown: 1 }, buffered: 0 });
      expect(value.operator.traces).toMatchObject({ accepted: 1, dropped: { shutdown: 1 }, buffered: 0 });
      expect(value.tenants.logs).toMatchObject({ accepted: 1, dropped: { shutdown: 1 }, buffered: 0 });
    }));

  it('is idempotent: every call gives the same result', () =>
    hangingWorld(async (world) => {
      const first = world.telemetry.shutdown({ timeoutMs: 100 });
      const second = world.telemetry.shutdown({ timeoutMs: 100 });
      const results = [await first, await second, await world.telemetry.shutdown()];
      expect(results[1]).toEqual(results[0]);
      expect(results[2]).toEqual(results[0]);
    }));

  it('a flush during it resolves in its own time', () =>
    hangingWorld(async (world) => {
      const ending = world.telemetry.shutdown({ timeoutMs: 2_500 });
      const { ms } = await timed(world.telemetry.flush({ timeoutMs: 100 }));
      expect(ms).toBeLessThan(100 + SLACK_MS);
      await ending;
    }));

  it('a flush after it answers with the account and takes no time', () =>
    withAcme(async (world) => {
      world.send('acme', 1);
      await world.telemetry.shutdown();
      const { value, ms } = await timed(world.telemetry.flush());
      expect(ms).toBeLessThan(SLACK_MS);
      expect(value).toMatchObject({ complete: true, operator: { logs: { delivered: 1 } } });
    }));

  it('requests that begin after it are not recorded, and nothing throws', () =>
    withAcme(async (world) => {
      await world.telemetry.shutdown();
      const exchange = world.telemetry.begin({ method: 'GET', url: '/r/1', headers: {} });
      expect(exchange.recording).toBe(false);
      exchange.end({ statusCode: 200 });
      world.telemetry.setOperator(world.to('operator'));
      world.telemetry.setTenant('acme', world.to('acme'));
      world.telemetry.setTenants({}, { force: true });
      await world.telemetry.refreshTenant('acme');
      expect(world.at('operator').requests).toHaveLength(0);
    }));

  it('delivers requests that are still open as ended by it, to operator and tenant, and not again when they end', () =>
    withAcme(async (world) => {
      const begin = (mark: string): Exchange => {
        const exchange = world.telemetry.begin({ method: 'GET', url: `/r/${mark}`, headers: {} });
        exchange.setTenant('acme');
        exchange.recordError('too_late_to_matter');
        return exchange;
      };
      const [first, second, third, fourth] = ['1', '2', '3', '4'].map(begin) as [
        Exchange,
        Exchange,
        Exchange,
        Exchange,
      ];
      // From the middle, the beginning and the end of what is open.
      for (const exchange of [second, first, fourth]) exchange.end({ statusCode: 200 });
      expect(world.telemetry.status().openExchanges).toBe(1);
      const { operator } = await world.telemetry.shutdown();
      expect(world.telemetry.status().openExchanges).toBe(0);
      third.end({ statusCode: 200 });
      for (const name of ['operator', 'acme']) {
        const told = world.at(name).logs.map(({ attributes, body }) => [body, attributes['error.type']]);
        expect(told).toEqual([
          [expect.stringMatching(/^GET \/r\/2 200 /), undefined],
          [expect.stringMatching(/^GET \/r\/1 200 /), undefined],
          [expect.stringMatching(/^GET \/r\/4 200 /), undefined],
          [expect.stringMatching(/^GET \/r\/3 - /), 'shutdown'],
        ]);
        expect(requestsCounted(world.at(name))).toBe(4);
      }
      expect(world.at('operator').spans.map(({ status }) => status.code)).toEqual([0, 0, 0, 2]);
      expect(operator).toMatchObject({ logs: { delivered: 4 }, traces: { delivered: 4 } });
      expect(await world.telemetry.flush()).toMatchObject({ operator });
    }));

  it('ends requests that a callback of another one begins or ends', () =>
    withAcme(async (world) => {
      const open = (mark: string): Exchange =>
        world.telemetry.begin({ method: 'GET', url: `/r/${mark}`, headers: {} });
      const handler = world.telemetry.instrument<{ readonly end: () => void }>({
        attributes: (source) => {
          source.end();
          return {};
        },
      });
      const others = [open('1'), open('2')];
      const request = Object.assign(new IncomingMessage(new Socket()), {
        method: 'GET',
        url: '/r/0',
        httpVersion: '1.1',
      });
      const response = new ServerResponse(request);
      const source = {
        end: () => {
          for (const other of others) other.end({ statusCode: 204 });
        },
      };
      handler(source, request, response, () => undefined);
      open('3');
      await world.telemetry.shutdown();
      expect(world.telemetry.status().openExchanges).toBe(0);
      const statuses = world
        .at('operator')
        .logs.map(({ attributes }) => attributes['http.response.status_code'] ?? attributes['error.type']);
      expect(statuses.sort()).toEqual([204, 204, 'shutdown', 'shutdown']);
    }));

  it('resolves in time while lookups hang, and counts what waited for them', () =>
    inWorld(
      { receivers: [], configure: () => ({ tenants: () => new Promise<never>(() => undefined) }) },
      async (world) => {
        for (const tenant of ['acme', 'globex']) world.send(tenant, tenant);
        const { value, ms } = await timed(world.telemetry.shutdown({ timeoutMs: 1_500 }));
        expect(ms).toBeLessThan(1_500 + SLACK_MS);
        expect(value.tenants.logs).toMatchObject({ accepted: 2, dropped: { shutdown: 2 }, buffered: 0 });
        expect(value.operator.logs).toMatchObject({ accepted: 2, delivered: 2 });
      },
    ));

  it('ends what a change has left draining', async () => {
    const url = await refusingUrl();
    await inWorld({ receivers: [], configure: () => ({ operator: { endpoint: url } }) }, async (world) => {
      world.send(undefined, 1);
      world.telemetry.setOperator(world.to('operator'));
      const { operator } = await world.telemetry.shutdown({ timeoutMs: 200 });
      expect(operator.logs).toMatchObject({ accepted: 1, dropped: { shutdown: 1 }, buffered: 0 });
      await pause(100);
    });
  });
});

describe('a ready-made exporter', () => {
  const exporterThat = (shutdown: () => Promise<void>): ReadyMadeExporter => ({
    export: (_items, done) => done({ code: 0 }),
    shutdown,
  });

  it('has shut down when shutdown resolves', async () => {
    let isDown = false;
    const exporter = exporterThat(async () => {
      await pause(150);
      isDown = true;
    });
    const telemetry = createGatewayTelemetry({ env: false, operator: { exporters: { logs: exporter } } });
    await telemetry.shutdown();
    expect(isDown).toBe(true);
  });

  it('that never shuts down is not waited for beyond the time', async () => {
    const exporter = exporterThat(() => new Promise(() => undefined));
    const telemetry = createGatewayTelemetry({ env: false, operator: { exporters: { logs: exporter } } });
    const { ms } = await timed(telemetry.shutdown({ timeoutMs: 200 }));
    expect(ms).toBeLessThan(1_500);
  });
});
