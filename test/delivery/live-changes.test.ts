import { expect, it, describe, vi } from 'vitest';
import { droppedOf, eventually, inWorld, marksAt, pause, spanMarksAt, startHttp } from './support.js';
import type { World } from './support.js';

vi.setConfig({ maxConcurrency: 40 });

const headersAt = (world: World, name: string, header: string): (string | undefined)[] =>
  world.at(name).requests.map((request) => request.headers[header]);

describe.concurrent('a change serves every request that ends after the call', () => {
  it('setTenant moves a request that is running to the new place', () =>
    inWorld(
      { receivers: ['acme', 'acme-2'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
      async (world) => {
        const running = world.telemetry.begin({ method: 'GET', url: '/r/late', headers: {} });
        running.setTenant('acme');
        world.telemetry.setTenant('acme', world.to('acme-2'));
        running.end({ statusCode: 200 });
        await world.telemetry.flush();
        expect(marksAt(world.at('acme-2'))).toEqual(['late']);
        expect(world.at('acme').requests).toHaveLength(0);
      },
    ));

  it('setTenant gives destinations to a tenant that had none', () =>
    inWorld({ receivers: ['acme'] }, async (world) => {
      const running = world.telemetry.begin({ method: 'GET', url: '/r/1', headers: {} });
      world.telemetry.setTenant('acme', world.to('acme'));
      running.setTenant('acme');
      running.end({ statusCode: 200 });
      await world.telemetry.flush();
      expect(marksAt(world.at('acme'))).toEqual(['1']);
    }));

  it('setOperator moves span, log record and metrics of a request that is running', () =>
    inWorld({ receivers: ['operator-2'] }, async (world) => {
      const running = world.telemetry.begin({ method: 'GET', url: '/r/late', headers: {} });
      world.telemetry.setOperator(world.to('operator-2'));
      running.end({ statusCode: 200 });
      await world.telemetry.flush();
      expect(marksAt(world.at('operator-2'))).toEqual(['late']);
      expect(spanMarksAt(world.at('operator-2'))).toEqual(['late']);
      expect(world.at('operator-2').metricPoints).toHaveLength(2);
      expect(world.at('operator').requests).toHaveLength(0);
    }));

  it('null removes a tenant, and its requests go to the operator alone', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
      async (world) => {
        world.telemetry.setTenant('acme', null);
        world.send('acme', 1);
        await world.telemetry.flush();
        expect(world.at('acme').requests).toHaveLength(0);
        expect(marksAt(world.at('operator'))).toEqual(['1']);
        expect(world.telemetry.status('acme').state).toBe('none');
      },
    ));

  it('null removes the operator, and tenants go on', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
      async (world) => {
        world.telemetry.setOperator(null);
        world.send('acme', 1);
        await world.telemetry.flush();
        expect(world.at('operator').requests).toHaveLength(0);
        expect(marksAt(world.at('acme'))).toEqual(['1']);
      },
    ));

  it('a disabled destination gets nothing, and its state says so', () =>
    inWorld(
      {
        receivers: ['acme', 'acme-2'],
        configure: (to) => ({
          tenants: { acme: [to('acme', { name: 'off', disabled: true }), to('acme-2', { name: 'on' })] },
        }),
      },
      async (world) => {
        world.send('acme', 1);
        await world.telemetry.flush();
        expect(world.at('acme').requests).toHaveLength(0);
        expect(marksAt(world.at('acme-2'))).toEqual(['1']);
        const states = world.telemetry.status('acme').destinations.map(({ state }) => state);
        expect(states).toEqual(['disabled', 'receiving']);
      },
    ));

  it('a destination that is switched on again works', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme', { disabled: true }) } }) },
      async (world) => {
        world.send('acme', 1);
        world.telemetry.setTenant('acme', world.to('acme'));
        world.send('acme', 2);
        await world.telemetry.flush();
        expect(marksAt(world.at('acme'))).toEqual(['2']);
      },
    ));

  it('a signal that is switched off stops, and the others go on', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
      async (world) => {
        world.telemetry.setTenant('acme', world.to('acme', { signals: { logs: false } }));
        world.send('acme', 1);
        await world.telemetry.flush();
        expect(world.at('acme').logs).toHaveLength(0);
        expect(world.at('acme').metricPoints).toHaveLength(2);
      },
    ));
});

describe.concurrent('same URL, new headers', () => {
  it('queued records of a tenant arrive with the new credentials and never again with the old ones', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ tenants: { acme: to('acme', { headers: { 'x-key': 'old' } }) } }),
      },
      async (world) => {
        world.at('acme').answerWith({ status: 503 });
        world.send('acme', 1);
        await world.telemetry.flush();
        const before = world.at('acme').requests.length;
        expect(before).toBeGreaterThan(0);
        world.telemetry.setTenant('acme', world.to('acme', { headers: { 'x-key': 'new' } }));
        world.at('acme').answerWith({ status: 200 });
        world.send('acme', 2);
        await world.flushUntilLogs('acme', 2);
        expect(marksAt(world.at('acme'))).toEqual(['1', '2']);
        const keys = headersAt(world, 'acme', 'x-key');
        expect(new Set(keys.slice(0, before))).toEqual(new Set(['old']));
        expect(new Set(keys.slice(before))).toEqual(new Set(['new']));
        expect(droppedOf(world.telemetry.status().tenants.totals.logs)).toBe(0);
      },
    ));

  it('queued records of the operator arrive with the new credentials', () =>
    inWorld(
      {
        receivers: [],
        configure: (to) => ({ operator: to('operator', { headers: 'x-key=old' }) }),
      },
      async (world) => {
        world.at('operator').answerWith({ status: 429 });
        world.send(undefined, 1);
        await world.telemetry.flush();
        const before = world.at('operator').requests.length;
        world.telemetry.setOperator(world.to('operator', { headers: 'x-key=new' }));
        world.at('operator').answerWith({ status: 200 });
        await world.flushUntilLogs('operator', 1);
        expect(new Set(headersAt(world, 'operator', 'x-key').slice(before))).toEqual(new Set(['new']));
        // The answer comes a moment after the record.
        await eventually(() =>
          expect(world.telemetry.status().operator[0]?.signals.logs?.ledger).toMatchObject({
            accepted: 1,
            delivered: 1,
          }),
        );
      },
    ));

  it('new resource attributes hold for records of later requests only', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ tenants: { acme: to('acme', { serviceName: 'before' }) } }),
      },
      async (world) => {
        world.send('acme', 1);
        world.telemetry.setTenant('acme', world.to('acme', { serviceName: 'after' }));
        world.send('acme', 2);
        await world.telemetry.flush();
        expect(world.at('acme').logs.map((log) => log.resource['service.name'])).toEqual(['before', 'after']);
      },
    ));

  it('the same again does not break up the batch that is being filled', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ tenants: { acme: to('acme', { signals: { metrics: false } }) } }),
      },
      async (world) => {
        for (const mark of [1, 2, 3]) {
          world.send('acme', mark);
          world.telemetry.setTenant('acme', world.to('acme', { signals: { metrics: false } }));
        }
        await world.telemetry.flush();
        expect(marksAt(world.at('acme'))).toEqual(['1', '2', '3']);
        expect(world.at('acme').requests).toHaveLength(1);
      },
    ));

  it('another requestsPerMinute holds from the next request on', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({
          tenants: { acme: to('acme', { requestsPerMinute: 1, signals: { metrics: false } }) },
        }),
      },
      async (world) => {
        world.send('acme', 1);
        await world.telemetry.flush();
        world.send('acme', 2);
        await world.telemetry.flush({ timeoutMs: 300 });
        expect(marksAt(world.at('acme'))).toEqual(['1']);
        world.telemetry.setTenant('acme', world.to('acme', { signals: { metrics: false } }));
        await world.flushUntilLogs('acme', 2);
        expect(marksAt(world.at('acme'))).toEqual(['1', '2']);
      },
    ));

  it('the cumulative counter of a destination goes on through a change of headers', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
      async (world) => {
        world.send('acme', 1);
        await world.telemetry.flush();
        world.telemetry.setTenant('acme', world.to('acme', { headers: 'a=b' }));
        world.send('acme', 2);
        await world.telemetry.flush();
        const counters = world.at('acme').metricPoints.filter((point) => point.type === 'sum');
        expect(counters.map((point) => point.value)).toEqual([1, 2]);
        expect(new Set(counters.map((point) => point.startTimeUnixNano)).size).toBe(1);
      },
    ));
});

describe.concurrent('an operator URL that changes', () => {
  it('lets the old queue drain to the old place while new requests go to the new one', () =>
    inWorld({ receivers: ['operator-2'] }, async (world) => {
      world.at('operator').answerWith({ status: 503, times: 1, signal: 'logs' });
      world.send(undefined, 'old');
      world.telemetry.setOperator(world.to('operator-2'));
      world.send(undefined, 'new');
      await world.telemetry.flush();
      await world.flushUntilLogs('operator', 1);
      expect(marksAt(world.at('operator'))).toEqual(['old']);
      expect(spanMarksAt(world.at('operator'))).toEqual(['old']);
      expect(marksAt(world.at('operator-2'))).toEqual(['new']);
      expect(spanMarksAt(world.at('operator-2'))).toEqual(['new']);
      const { operator } = await world.telemetry.flush();
      expect(operator.logs).toMatchObject({ accepted: 2, delivered: 2, dropped: {} });
    }));

  it('loses no metrics: what the old place had not been told yet still goes there', () =>
    inWorld({ receivers: ['operator-2'] }, async (world) => {
      world.send(undefined, 'old');
      world.telemetry.setOperator(world.to('operator-2'));
      world.send(undefined, 'new');
      await world.telemetry.flush();
      await world.at('operator').waitFor({ logs: 1 });
      const counted = (name: string): number[] =>
        world
          .at(name)
          .metricPoints.filter((point) => point.type === 'sum')
          .map((point) => Number(point.value));
      expect(counted('operator-2')).toEqual([1]);
      await eventually(() => expect(counted('operator')).toEqual([1]), 1_500);
    }));

  it('drains a removed operator destination too', () =>
    inWorld({ receivers: [] }, async (world) => {
      world.send(undefined, 1);
      world.telemetry.setOperator(null);
      await world.at('operator').waitFor({ logs: 1, spans: 1 });
      const { operator } = await world.telemetry.flush();
      expect(operator.logs).toMatchObject({ accepted: 1, delivered: 1 });
    }));

  it('closes the sockets of the old place once it is drained', async () => {
    const old = await startHttp((request, response) => {
      request.resume().on('end', () => response.end());
    });
    try {
      await inWorld(
        { receivers: [], configure: () => ({ operator: { endpoint: old.url } }) },
        async (world) => {
          world.send(undefined, 1);
          await world.telemetry.flush();
          expect(old.openSockets()).toBeGreaterThan(0);
          world.send(undefined, 2);
          world.telemetry.setOperator(world.to('operator'));
          await eventually(() => expect(old.openSockets()).toBe(0), 2_000);
        },
      );
    } finally {
      await old.close();
    }
  });
});

describe.concurrent('a tenant URL that changes or goes', () => {
  it.each([
    [
      'changed',
      'destination_changed',
      (world: World) => world.telemetry.setTenant('acme', world.to('acme-2')),
    ],
    ['removed', 'destination_changed', (world: World) => world.telemetry.setTenant('acme', null)],
    [
      'removed by setTenants',
      'destination_changed',
      (world: World) => world.telemetry.setTenants({}, { force: true }),
    ],
    [
      'disabled',
      'disabled',
      (world: World) => world.telemetry.setTenant('acme', world.to('acme', { disabled: true })),
    ],
  ])('%s: the queue is dropped at once and counted as %s', (_how, reason, change) =>
    inWorld(
      { receivers: ['acme', 'acme-2'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
      async (world) => {
        world.at('acme').answerWith({ status: 503 });
        world.send('acme', 1);
        await world.telemetry.flush();
        world.send('acme', 2);
        change(world);
        expect(world.telemetry.status().tenants.totals.logs).toMatchObject({
          accepted: 2,
          delivered: 0,
          dropped: { [reason]: 2 },
          buffered: 0,
        });
        world.at('acme').answerWith({ status: 200 });
        await world.telemetry.flush();
        await pause(1_500);
        expect(world.at('acme').logs).toHaveLength(0);
        expect(world.at('acme-2').logs).toHaveLength(0);
      },
    ),
  );

  it('aborts what is in flight and closes the sockets within a second', async () => {
    const hanging = await startHttp((request) => request.resume());
    try {
      await inWorld(
        { receivers: ['acme'], configure: () => ({ tenants: { acme: { endpoint: hanging.url } } }) },
        async (world) => {
          world.send('acme', 1);
          void world.telemetry.flush({ timeoutMs: 100 });
          await eventually(() => expect(hanging.openSockets()).toBe(2));
          world.telemetry.setTenant('acme', world.to('acme'));
          await eventually(() => expect(hanging.openSockets()).toBe(0), 1_000);
          expect(world.telemetry.status().tenants.totals.logs?.dropped).toEqual({ destination_changed: 1 });
        },
      );
    } finally {
      await hanging.close();
    }
  });

  it('closes idle sockets within a second', async () => {
    const healthy = await startHttp((request, response) => {
      request.resume().on('end', () => response.end());
    });
    try {
      await inWorld(
        { receivers: ['acme'], configure: () => ({ tenants: { acme: { endpoint: healthy.url } } }) },
        async (world) => {
          world.send('acme', 1);
          await world.telemetry.flush();
          expect(healthy.openSockets()).toBe(2);
          world.telemetry.setTenant('acme', world.to('acme'));
          await eventually(() => expect(healthy.openSockets()).toBe(0), 1_000);
        },
      );
    } finally {
      await healthy.close();
    }
  });

  it('never sends with the old credentials once the place is gone, even while they are being fetched', () =>
    inWorld(
      {
        receivers: ['acme', 'acme-2'],
        configure: (to) => ({
          tenants: { acme: to('acme', { headers: () => pause(200).then(() => ({ 'x-key': 'old' })) }) },
        }),
      },
      async (world) => {
        world.send('acme', 1);
        void world.telemetry.flush({ timeoutMs: 50 });
        await pause(100);
        world.telemetry.setTenant('acme', world.to('acme-2'));
        await pause(400);
        expect(world.at('acme').requests).toHaveLength(0);
      },
    ));

  it('the status of the destination goes on counting what the change cost', () =>
    inWorld(
      { receivers: ['acme', 'acme-2'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
      async (world) => {
        world.send('acme', 1);
        world.telemetry.setTenant('acme', world.to('acme-2'));
        world.send('acme', 2);
        await world.telemetry.flush();
        const [destination] = world.telemetry.status('acme').destinations;
        expect(destination?.signals.logs?.ledger).toMatchObject({
          accepted: 2,
          delivered: 1,
          dropped: { destination_changed: 1 },
        });
      },
    ));
});

describe.concurrent('several destinations of one tenant', () => {
  it('each get every record', () =>
    inWorld(
      {
        receivers: ['acme', 'acme-2'],
        configure: (to) => ({ tenants: { acme: [to('acme', { name: 'a' }), to('acme-2', { name: 'b' })] } }),
      },
      async (world) => {
        world.send('acme', 1);
        await world.telemetry.flush();
        for (const name of ['acme', 'acme-2']) {
          expect(marksAt(world.at(name))).toEqual(['1']);
          expect(world.at(name).metricPoints).toHaveLength(2);
        }
      },
    ));

  it('keep their queues by name, whatever the order and the others', () =>
    inWorld(
      {
        receivers: ['acme', 'acme-2', 'acme-3'],
        configure: (to) => ({ tenants: { acme: [to('acme', { name: 'a' }), to('acme-2', { name: 'b' })] } }),
      },
      async (world) => {
        world.at('acme').answerWith({ status: 503 });
        world.at('acme-2').answerWith({ status: 503 });
        world.send('acme', 1);
        await world.telemetry.flush();
        world.telemetry.setTenant('acme', [
          world.to('acme-3', { name: 'c' }),
          world.to('acme-2', { name: 'b' }),
        ]);
        world.at('acme').answerWith({ status: 200 });
        world.at('acme-2').answerWith({ status: 200 });
        world.send('acme', 2);
        await world.flushUntilLogs('acme-2', 2);
        expect(marksAt(world.at('acme-2'))).toEqual(['1', '2']);
        expect(marksAt(world.at('acme-3'))).toEqual(['2']);
        expect(marksAt(world.at('acme'))).toEqual([]);
      },
    ));

  it('one that is dead does not hold up the other', async () => {
    const hanging = await startHttp((request) => request.resume());
    try {
      await inWorld(
        {
          receivers: ['acme'],
          configure: (to) => ({
            tenants: { acme: [{ endpoint: hanging.url, name: 'dead' }, to('acme', { name: 'well' })] },
          }),
        },
        async (world) => {
          world.send('acme', 1);
          await world.at('acme').waitFor({ logs: 1 });
          world.send('acme', 2);
          await world.at('acme').waitFor({ logs: 2 });
        },
      );
    } finally {
      await hanging.close();
    }
  });
});

describe.concurrent('setTenants', () => {
  const four = (to: World['to']) => ({ a: to('a'), b: to('b'), c: to('c'), d: to('d') });
  const receivers = ['a', 'b', 'c', 'd', 'e'];

  it('replaces the whole set', () =>
    inWorld({ receivers, configure: (to) => ({ tenants: four(to) }) }, async (world) => {
      const { a, b } = four(world.to);
      world.telemetry.setTenants({ a, b, e: world.to('e') });
      for (const id of receivers) world.send(id, id);
      await world.telemetry.flush();
      const arrived = receivers.filter((id) => marksAt(world.at(id)).includes(id));
      expect(arrived).toEqual(['a', 'b', 'e']);
      expect(marksAt(world.at('operator'))).toHaveLength(5);
    }));

  it.each([
    ['leaves them out', (world: World) => ({ a: world.to('a') })],
    ['says null', (world: World) => ({ ...four(world.to), a: null, b: null, c: [] })],
    ['is empty', () => ({})],
  ])('refuses to take more than half away when the new set %s, and changes nothing', (_how, next) =>
    inWorld({ receivers, configure: (to) => ({ tenants: four(to) }) }, async (world) => {
      for (const id of ['a', 'b']) world.send(id, 'queued');
      expect(() => world.telemetry.setTenants(next(world))).toThrow(/force/);
      for (const id of ['a', 'b', 'c', 'd']) world.send(id, id);
      await world.telemetry.flush();
      expect(marksAt(world.at('a'))).toEqual(['queued', 'a']);
      expect(marksAt(world.at('d'))).toEqual(['d']);
      expect(droppedOf(world.telemetry.status().tenants.totals.logs)).toBe(0);
    }),
  );

  it('does take more than half away with force', () =>
    inWorld({ receivers, configure: (to) => ({ tenants: four(to) }) }, async (world) => {
      world.telemetry.setTenants({ a: world.to('a') }, { force: true });
      for (const id of ['a', 'b', 'c', 'd']) world.send(id, id);
      await world.telemetry.flush();
      expect(['a', 'b', 'c', 'd'].filter((id) => world.at(id).logs.length > 0)).toEqual(['a']);
      expect(world.telemetry.status().tenants.count).toBe(1);
    }));

  it('keeps the queue of a tenant that stays', () =>
    inWorld({ receivers, configure: (to) => ({ tenants: four(to) }) }, async (world) => {
      world.send('a', 1);
      world.telemetry.setTenants({ a: world.to('a'), b: world.to('b') });
      await world.telemetry.flush();
      expect(marksAt(world.at('a'))).toEqual(['1']);
    }));

  it('does not bring a tenant back whose lookup was under way', () =>
    inWorld(
      {
        receivers: ['a', 'b'],
        configure: (to) => ({ tenants: (id) => pause(150).then(() => to(id)) }),
      },
      async (world) => {
        world.send('a', 1);
        await pause(30);
        world.telemetry.setTenants({ b: world.to('b') });
        expect(world.telemetry.status().tenants.totals.logs).toMatchObject({
          accepted: 1,
          dropped: { destination_changed: 1 },
        });
        await pause(300);
        expect(world.telemetry.status().tenants.totals.logs).toMatchObject({ accepted: 1 });
        expect(world.telemetry.status().tenants.count).toBe(1);
      },
    ));
});

describe.concurrent('bad input', () => {
  const bad: readonly [string, (world: World) => void][] = [
    ['a URL without a scheme', (w) => w.telemetry.setTenant('acme', { endpoint: 'collector:4318' })],
    ['the gRPC port', (w) => w.telemetry.setTenant('acme', { endpoint: 'http://127.0.0.1:4317' })],
    [
      'traces for a tenant',
      (w) => w.telemetry.setTenant('acme', w.to('acme-2', { signals: { traces: true } })),
    ],
    ['two of one name', (w) => w.telemetry.setTenant('acme', [w.to('acme-2'), w.to('acme-2')])],
    ['a number', (w) => w.telemetry.setTenant('acme', 7 as never)],
    ['an empty id', (w) => w.telemetry.setTenant('', w.to('acme-2'))],
    ['an id of 129 bytes', (w) => w.telemetry.setTenant('x'.repeat(129), w.to('acme-2'))],
    ['an id that is a number', (w) => w.telemetry.setTenant(1 as never, w.to('acme-2'))],
    ['a bad header', (w) => w.telemetry.setTenant('acme', w.to('acme-2', { headers: { 'a b': 's3cret' } }))],
    ['a bad operator', (w) => w.telemetry.setOperator({ endpoint: 'nonsense' })],
    ['an operator without a place', (w) => w.telemetry.setOperator({})],
    [
      'one bad tenant among good ones',
      (w) => w.telemetry.setTenants({ acme: w.to('acme-2'), globex: { endpoint: 'nope' } }),
    ],
    ['a set that is no object', (w) => w.telemetry.setTenants([] as never)],
  ];

  it.each(bad)('%s throws one sentence and changes nothing', (_what, change) =>
    inWorld(
      { receivers: ['acme', 'acme-2'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
      async (world) => {
        world.send('acme', 1);
        let thrown: unknown;
        try {
          change(world);
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toMatchObject({ name: 'ConfigurationError' });
        expect(String(thrown)).not.toContain('s3cret');
        world.send('acme', 2);
        await world.telemetry.flush();
        expect(marksAt(world.at('acme'))).toEqual(['1', '2']);
        expect(marksAt(world.at('operator'))).toEqual(['1', '2']);
        expect(world.at('acme-2').requests).toHaveLength(0);
      },
    ),
  );
});

describe('an operator that is switched off', () => {
  it('wants nothing any more, although its former queue still drains', () =>
    inWorld({ receivers: [] }, async (world) => {
      world.at('operator').answerWith({ hang: true });
      world.send(undefined, 1);
      world.telemetry.setOperator(world.to('operator', { disabled: true }));
      expect(world.telemetry.status().enabled).toBe(false);
      expect(world.telemetry.begin({ method: 'GET', url: '/', headers: {} }).recording).toBe(false);
    }));
});

describe('status().memory', () => {
  it('holds what a removed operator destination still drains', () =>
    inWorld({ receivers: [] }, async (world) => {
      world.at('operator').answerWith({ hang: true });
      world.send(undefined, 1);
      const { operatorBytes } = world.telemetry.status().memory;
      expect(operatorBytes).toBeGreaterThan(0);
      world.telemetry.setOperator(world.to('operator', { name: 'another' }));
      expect(world.telemetry.status().memory.operatorBytes).toBeGreaterThanOrEqual(operatorBytes);
    }));
});

it('an operator URL that changes all the time leaves few former places draining, and every loss is counted', () =>
  inWorld({ receivers: [] }, async (world) => {
    world.at('operator').answerWith({ hang: true });
    const { url } = world.at('operator');
    const oneQueue = world.telemetry.status().memory.operatorMaxBytes / 3;
    for (let change = 0; change < 30; change++) {
      world.send(undefined, change);
      world.telemetry.setOperator({ endpoint: `${url}/${change}` });
    }
    expect(world.telemetry.status().memory.operatorMaxBytes / oneQueue).toBeLessThanOrEqual(3 + 8);
    for (let change = 0; change < 30; change++) {
      world.send(undefined, change);
      world.telemetry.setOperator({ name: `n-${change}`, endpoint: url });
    }
    expect(world.telemetry.status().memory.operatorMaxBytes / oneQueue).toBeLessThanOrEqual(3 + 8 * 3);
    const { operator } = await world.telemetry.shutdown({ timeoutMs: 300 });
    expect(operator.logs?.accepted).toBe(60);
  }));
