import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Destinations } from '../../src/index.js';
import { watchUnhandled } from '../support/unhandled.js';
import { droppedOf, eventually, inWorld, marksAt, pause, requestsCounted } from './support.js';

vi.setConfig({ maxConcurrency: 40 });

const KEY = 's3cret-key';

describe('a lookup that throws something odd', () => {
  const throwing = {
    get name(): string {
      throw new Error('no name');
    },
  };
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['what throws when it is looked at', throwing],
    ['what only looks like our own', { name: 'ConfigurationError', option: Symbol('x') }],
  ])('has failed, and nothing else: %s', (_what, thrown) =>
    inWorld(
      {
        receivers: ['acme'],
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- that is what is tested
        configure: () => ({ tenants: () => Promise.reject<Destinations>(thrown) }),
      },
      async (world) => {
        const unhandled = watchUnhandled();
        onTestFinished(unhandled.stop);
        world.send('acme', 1);
        await eventually(() =>
          expect(world.diagnostics.map(({ code }) => code)).toContain('tenant_lookup_failed'),
        );
        await pause(50);
        expect(unhandled.seen).toEqual([]);
        expect(world.telemetry.status('acme').state).toBe('resolving');
      },
    ),
  );
});

it('reports quote what a tenant chose, so that it begins no line of its own', () =>
  inWorld(
    {
      receivers: ['acme', 'globex'],
      configure: (to) => ({
        tenants: (id) =>
          Promise.resolve(
            id === 'acme'
              ? { ...to('acme'), ['x\n\u001b[31m'.repeat(1_000)]: 1 }
              : to('globex', { name: 'x"\n\u001b[31m' }),
          ),
      }),
    },
    async (world) => {
      world.at('globex').answerWith({ status: 400, times: 1 });
      world.send('acme', 1);
      world.send('globex', 1);
      await eventually(() => expect(world.telemetry.status('globex').state).not.toBe('resolving'));
      await world.telemetry.flush();
      await eventually(() => {
        const codes = world.diagnostics.map(({ code }) => code);
        expect(codes).toContain('tenant_lookup_failed');
        expect(codes).toContain('export_failed');
      });
      for (const { message } of world.diagnostics) {
        expect(message).not.toMatch(/[\u0000-\u001f]/);
        expect(message.length).toBeLessThan(1_500);
      }
    },
  ));

describe.concurrent('while a lookup is under way', () => {
  it('records wait and are delivered afterwards; logs and metrics count them', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: (id) => pause(200).then(() => to(id)) }) },
      async (world) => {
        for (const mark of [1, 2, 3]) world.send('acme', mark);
        expect(world.telemetry.status('acme').state).toBe('resolving');
        await eventually(() => expect(world.telemetry.status('acme').state).not.toBe('resolving'));
        world.send('acme', 4);
        await world.telemetry.flush();
        expect(marksAt(world.at('acme'))).toEqual(['1', '2', '3', '4']);
        expect(requestsCounted(world.at('acme'))).toBe(4);
        expect(requestsCounted(world.at('operator'))).toBe(4);
        expect(world.telemetry.status().tenants.totals.logs).toMatchObject({ accepted: 4, delivered: 4 });
      },
    ));

  it('a delta destination counts them too', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ tenants: (id) => pause(100).then(() => to(id, { temporality: 'delta' })) }),
      },
      async (world) => {
        world.send('acme', 1);
        await eventually(() => expect(world.telemetry.status('acme').state).not.toBe('resolving'));
        world.send('acme', 2);
        await world.telemetry.flush();
        world.send('acme', 3);
        await world.telemetry.flush();
        const counters = world.at('acme').metricPoints.filter((point) => point.type === 'sum');
        expect(counters.map((point) => point.value)).toEqual([2, 1]);
      },
    ));

  it('every destination of the answer gets them', () =>
    inWorld(
      {
        receivers: ['acme', 'acme-2'],
        configure: (to) => ({
          tenants: () => pause(50).then(() => [to('acme', { name: 'a' }), to('acme-2', { name: 'b' })]),
        }),
      },
      async (world) => {
        world.send('acme', 1);
        await eventually(() => expect(world.telemetry.status('acme').destinations).toHaveLength(2));
        await world.telemetry.flush();
        expect(marksAt(world.at('acme'))).toEqual(['1']);
        expect(marksAt(world.at('acme-2'))).toEqual(['1']);
        expect(requestsCounted(world.at('acme-2'))).toBe(1);
      },
    ));

  it('flush waits for the answer', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: (id) => pause(150).then(() => to(id)) }) },
      async (world) => {
        world.send('acme', 1);
        const { complete } = await world.telemetry.flush();
        expect(complete).toBe(true);
        expect(marksAt(world.at('acme'))).toEqual(['1']);
      },
    ));

  it('shutdown waits for the answer, within its time', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: (id) => pause(150).then(() => to(id)) }) },
      async (world) => {
        world.send('acme', 1);
        const { tenants } = await world.telemetry.shutdown({ timeoutMs: 3_000 });
        expect(marksAt(world.at('acme'))).toEqual(['1']);
        expect(tenants.logs).toMatchObject({ accepted: 1, delivered: 1 });
      },
    ));

  it('waiting records need neither an operator nor other traffic to be delivered', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ operator: null, tenants: (id) => pause(50).then(() => to(id)) }),
      },
      async (world) => {
        world.send('acme', 1);
        await world.at('acme').waitFor({ logs: 1 });
      },
    ));

  it('a tenant whose answer does not take logs loses none and breaks nothing', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ tenants: (id) => pause(50).then(() => to(id, { signals: { logs: false } })) }),
      },
      async (world) => {
        world.send('acme', 1);
        await eventually(() => expect(world.telemetry.status('acme').state).not.toBe('resolving'));
        await world.telemetry.flush();
        expect(world.at('acme').logs).toHaveLength(0);
        expect(requestsCounted(world.at('acme'))).toBe(1);
      },
    ));
});

describe.concurrent('an answer of null', () => {
  it.each([
    ['null', null],
    ['undefined', undefined],
    ['an empty list', []],
  ])('%s discards what waits and counts it as unrouted', (_what, answer) =>
    inWorld({ receivers: ['acme'], configure: () => ({ tenants: async () => answer }) }, async (world) => {
      world.send('acme', 1);
      world.send('acme', 2);
      await eventually(() => expect(world.telemetry.status('acme').unrouted).toBe(2));
      expect(world.telemetry.status().tenants.totals.logs).toMatchObject({
        accepted: 2,
        dropped: { unrouted: 2 },
        buffered: 0,
      });
      await world.telemetry.flush();
      expect(marksAt(world.at('operator'))).toEqual(['1', '2']);
    }),
  );

  it('is still in the account after shutdown', () =>
    inWorld({ receivers: [], configure: () => ({ tenants: async () => null }) }, async (world) => {
      world.send('acme', 1);
      await eventually(() => expect(world.telemetry.status('acme').unrouted).toBe(1));
      const { tenants } = await world.telemetry.shutdown();
      expect(tenants.logs).toMatchObject({ accepted: 1, dropped: { unrouted: 1 } });
    }));

  it('is asked again after the shorter of 10 s and the time to live, not before', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => {
          let asked = 0;
          return { tenantTtlMs: 2_000, tenants: async (id) => (asked++ === 0 ? null : to(id)) };
        },
      },
      async (world) => {
        world.send('acme', 1);
        await eventually(() => expect(world.telemetry.status('acme').unrouted).toBe(1));
        await pause(300);
        world.send('acme', 'too early');
        await pause(1_800);
        // This one asks; it is not known yet that it has a destination.
        world.send('acme', 'asks');
        await eventually(() => expect(world.telemetry.status('acme').state).not.toBe('none'));
        world.send('acme', 'after');
        await world.telemetry.flush();
        expect(marksAt(world.at('acme'))).toEqual(['after']);
      },
    ));
});

describe.concurrent('a lookup that fails', () => {
  const failures: readonly [string, () => Promise<Destinations> | Destinations][] = [
    ['rejects', () => Promise.reject(new Error(`password ${KEY}`))],
    [
      'throws',
      () => {
        throw new Error(`password ${KEY}`);
      },
    ],
    ['answers traces for a tenant', () => ({ endpoint: 'http://127.0.0.1:1', traces: { headers: KEY } })],
    ['answers a bad URL', () => ({ endpoint: KEY, headers: { authorization: KEY } })],
    [
      'answers bad headers',
      () => ({ endpoint: 'http://127.0.0.1:1', headers: { authorization: `${KEY}\n` } }),
    ],
    ['answers a number', () => 7 as never],
    [
      'answers an object whose getter throws',
      () =>
        ({
          get endpoint() {
            throw new Error(KEY);
          },
        }) as never,
    ],
  ];

  it.each(failures)(
    'that %s is reported without a secret, and what waits is delivered after the retry',
    (_how, fail) =>
      inWorld(
        {
          receivers: ['acme'],
          configure: (to) => {
            let asked = 0;
            return { tenants: (id) => (asked++ === 0 ? fail() : to(id)) };
          },
        },
        async (world) => {
          world.send('acme', 1);
          await eventually(() =>
            expect(world.diagnostics).toContainEqual(
              expect.objectContaining({ code: 'tenant_lookup_failed', tenantId: 'acme' }),
            ),
          );
          expect(JSON.stringify(world.diagnostics)).not.toContain(KEY);
          world.send('acme', 2);
          await world.at('acme').waitFor({ logs: 2 }, { timeoutMs: 6_000 });
          expect(marksAt(world.at('acme'))).toEqual(['1', '2']);
        },
      ),
  );

  it('is retried although no request comes and nothing else is sent', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => {
          let asked = 0;
          return {
            operator: null,
            tenants: async (id) => {
              if (asked++ === 0) throw new Error('not now');
              return to(id);
            },
          };
        },
      },
      async (world) => {
        world.send('acme', 1);
        await world.at('acme').waitFor({ logs: 1 }, { timeoutMs: 6_000 });
      },
    ));

  it('is retried with growing pauses', () => {
    const askedAt: number[] = [];
    return inWorld(
      {
        receivers: [],
        configure: () => ({
          tenants: () => {
            askedAt.push(performance.now());
            throw new Error('never');
          },
        }),
      },
      async (world) => {
        let sent = 0;
        await eventually(async () => {
          world.send('acme', sent++);
          await pause(50);
          expect(askedAt.length).toBeGreaterThanOrEqual(3);
        }, 15_000);
        const [first = 0, second = 0, third = 0] = askedAt;
        expect(second - first).toBeGreaterThanOrEqual(950);
        expect(third - second).toBeGreaterThanOrEqual(1_950);
        await world.telemetry.flush();
        expect(world.at('operator').logs).toHaveLength(sent);
      },
    );
  });

  it('keeps the last good answer', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => {
          let asked = 0;
          return {
            tenantTtlMs: 1_000,
            tenants: async (id) => {
              if (asked++ > 0) throw new Error('down');
              return to(id);
            },
          };
        },
      },
      async (world) => {
        world.send('acme', 1);
        await pause(2_000);
        world.send('acme', 2);
        await eventually(() =>
          expect(world.diagnostics.map(({ code }) => code)).toContain('tenant_lookup_failed'),
        );
        world.send('acme', 3);
        await world.flushUntilLogs('acme', 3);
        expect(marksAt(world.at('acme'))).toEqual(['1', '2', '3']);
        expect(droppedOf(world.telemetry.status().tenants.totals.logs)).toBe(0);
      },
    ));
});

describe.concurrent('refresh', () => {
  it('in the background follows a change after tenantTtlMs', () => {
    let place = 'acme';
    return inWorld(
      {
        receivers: ['acme', 'acme-2'],
        configure: (to) => ({ tenantTtlMs: 2_000, tenants: async () => to(place) }),
      },
      async (world) => {
        world.send('acme', 1);
        await world.flushUntilLogs('acme', 1);
        place = 'acme-2';
        world.send('acme', 'within the time to live');
        await world.flushUntilLogs('acme', 2);
        await pause(2_050);
        world.send('acme', 'asks');
        await world.telemetry.flush();
        world.send('acme', 'after');
        await world.flushUntilLogs('acme-2', 1);
        expect(marksAt(world.at('acme-2'))).toEqual(['after']);
      },
    );
  });

  it('asks once for many requests', () => {
    let asked = 0;
    return inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({
          tenants: async (id) => {
            asked++;
            await pause(100);
            return to(id);
          },
        }),
      },
      async (world) => {
        for (let mark = 0; mark < 50; mark++) world.send('acme', mark);
        await world.at('acme').waitFor({ logs: 50 });
        expect(asked).toBe(1);
      },
    );
  });

  it('setTenant wins over the lookup until refreshTenant', () => {
    let asked = 0;
    return inWorld(
      {
        receivers: ['acme', 'acme-2'],
        configure: (to) => ({
          tenantTtlMs: 1_000,
          tenants: async (id) => {
            asked++;
            return to(id);
          },
        }),
      },
      async (world) => {
        world.telemetry.setTenant('acme', world.to('acme-2'));
        world.send('acme', 1);
        await pause(1_100);
        world.send('acme', 2);
        await pause(100);
        expect(asked).toBe(0);
        await world.telemetry.flush();
        await world.telemetry.refreshTenant('acme');
        expect(asked).toBe(1);
        world.send('acme', 3);
        await world.telemetry.flush();
        expect(marksAt(world.at('acme-2'))).toEqual(['1', '2']);
        expect(marksAt(world.at('acme'))).toEqual(['3']);
      },
    );
  });

  it('setTenant to null wins over the lookup too', () => {
    let asked = 0;
    return inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({
          tenants: async (id) => {
            asked++;
            return to(id);
          },
        }),
      },
      async (world) => {
        world.telemetry.setTenant('acme', null);
        world.send('acme', 1);
        await world.telemetry.flush();
        expect(asked).toBe(0);
        await world.telemetry.refreshTenant('acme');
        world.send('acme', 2);
        await world.telemetry.flush();
        expect(marksAt(world.at('acme'))).toEqual(['2']);
      },
    );
  });

  it('setTenant wins over a lookup that is under way', () => {
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    return inWorld(
      {
        receivers: ['acme', 'acme-2'],
        configure: (to) => ({ tenants: (id) => asked.then(() => to(id)) }),
      },
      async (world) => {
        world.send('acme', 1);
        await pause(20);
        world.telemetry.setTenant('acme', world.to('acme-2'));
        answer();
        await pause(50);
        world.send('acme', 2);
        await world.telemetry.flush();
        expect(marksAt(world.at('acme-2'))).toEqual(['1', '2']);
        expect(world.at('acme').requests).toHaveLength(0);
      },
    );
  });

  it('refreshTenant waits for a fresh answer also when a lookup was under way', () => {
    let place = 'acme';
    return inWorld(
      {
        receivers: ['acme', 'acme-2'],
        configure: (to) => ({
          tenants: () => {
            const answer = to(place);
            return pause(100).then(() => answer);
          },
        }),
      },
      async (world) => {
        world.send('acme', 1);
        await pause(30);
        place = 'acme-2';
        await Promise.all([world.telemetry.refreshTenant('acme'), world.telemetry.refreshTenant('acme')]);
        world.send('acme', 2);
        await world.telemetry.flush();
        expect(marksAt(world.at('acme-2'))).toEqual(['2']);
      },
    );
  });

  it('refreshTenant resolves when the lookup fails, and keeps what was', () =>
    inWorld(
      { receivers: ['acme'], configure: () => ({ tenants: () => Promise.reject(new Error('down')) }) },
      async (world) => {
        world.telemetry.setTenant('acme', world.to('acme'));
        await world.telemetry.refreshTenant('acme');
        world.send('acme', 1);
        await world.telemetry.flush();
        expect(marksAt(world.at('acme'))).toEqual(['1']);
      },
    ));

  it('refreshTenant has no effect without a lookup, and on ids that are none', () =>
    inWorld({ receivers: [] }, async (world) => {
      await world.telemetry.refreshTenant('acme');
      await world.telemetry.refreshTenant('');
      await world.telemetry.refreshTenant(7 as never);
    }));

  it('with the same URL and new headers keeps the queue', () => {
    let key = 'old';
    return inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ tenants: async () => to('acme', { headers: { 'x-key': key } }) }),
      },
      async (world) => {
        world.at('acme').answerWith({ status: 503 });
        world.send('acme', 1);
        await eventually(async () => {
          await world.telemetry.flush();
          expect(world.at('acme').requests.length).toBeGreaterThan(0);
        });
        key = 'new';
        await world.telemetry.refreshTenant('acme');
        const before = world.at('acme').requests.length;
        world.at('acme').answerWith({ status: 200 });
        await world.flushUntilLogs('acme', 1);
        const after = world.at('acme').requests.slice(before);
        expect(new Set(after.map((request) => request.headers['x-key']))).toEqual(new Set(['new']));
      },
    );
  });
});

describe.concurrent('lookups are bounded', () => {
  it('to 48 at once for ids that nobody knows', () => {
    let running = 0;
    let most = 0;
    return inWorld(
      {
        receivers: [],
        configure: () => ({
          tenants: async () => {
            most = Math.max(most, ++running);
            await pause(30);
            running--;
            return null;
          },
        }),
      },
      async (world) => {
        for (let tenant = 0; tenant < 300; tenant++) world.send(`tenant-${tenant}`, tenant);
        await eventually(() =>
          expect(world.telemetry.status().tenants.totals.logs).toMatchObject({ dropped: { unrouted: 300 } }),
        );
        expect(most).toBe(48);
      },
    );
  });

  it('and what waits for one that hangs is bounded too, oldest first', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ tenants: (id) => pause(600).then(() => to(id)) }),
      },
      async (world) => {
        for (let mark = 0; mark < 700; mark++) world.send('acme', mark);
        expect(world.telemetry.status().tenants.totals.logs).toMatchObject({
          accepted: 700,
          dropped: { queue_full: 188 },
          buffered: 512,
        });
        await world.at('acme').waitFor({ logs: 512 }, { timeoutMs: 15_000 });
        expect(marksAt(world.at('acme'))[0]).toBe('188');
        expect(marksAt(world.at('acme')).at(-1)).toBe('699');
        await world.telemetry.flush();
        expect(requestsCounted(world.at('acme'))).toBe(700);
      },
    ));

  it('in bytes as well', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: (id) => pause(600).then(() => to(id)) }) },
      async (world) => {
        for (let mark = 0; mark < 200; mark++) world.send('acme', mark, { pad: 'x'.repeat(4_000) });
        const waiting = world.telemetry.status().tenants.totals.logs?.buffered ?? 0;
        expect(waiting).toBeGreaterThan(40);
        expect(waiting * 4_000).toBeLessThan(256 * 1024);
        await world.at('acme').waitFor({ logs: waiting }, { timeoutMs: 15_000 });
        expect(marksAt(world.at('acme')).at(-1)).toBe('199');
      },
    ));
});

describe.concurrent('tenant ids', () => {
  it.each([
    ['a number', 7],
    ['null', null],
    ['an object', { toString: () => 'acme' }],
    ['a list', ['acme']],
    ['the empty string', ''],
    ['129 bytes', 'x'.repeat(129)],
    ['129 bytes in 43 characters', '€'.repeat(43)],
  ])('%s is no id: nothing is looked up and the operator alone gets the request', (_what, id) => {
    let asked = 0;
    return inWorld(
      {
        receivers: [],
        configure: (to) => ({
          tenants: async () => {
            asked++;
            return to('operator');
          },
        }),
      },
      async (world) => {
        const exchange = world.telemetry.begin({ method: 'GET', url: '/r/1', headers: {} });
        exchange.setTenant(id as never);
        exchange.end({ statusCode: 200 });
        await world.telemetry.flush();
        expect(asked).toBe(0);
        expect(marksAt(world.at('operator'))).toEqual(['1']);
        expect(world.at('operator').logs[0]?.attributes).not.toHaveProperty(['knoxcall.tenant_id']);
      },
    );
  });

  it.each(['__proto__', 'constructor', 'toString', '../../x', 'a\nb', '\0', '€'.repeat(42), 'x'.repeat(128)])(
    '%j is an ordinary id that a record does not have',
    (id) =>
      inWorld(
        { receivers: ['acme'], configure: (to) => ({ tenants: { acme: to('acme') } }) },
        async (world) => {
          world.send(id, 1);
          await world.telemetry.flush();
          expect(marksAt(world.at('operator'))).toEqual(['1']);
          expect(world.at('operator').logs[0]?.attributes['knoxcall.tenant_id']).toBe(id);
          expect(world.at('acme').requests).toHaveLength(0);
          expect(world.telemetry.status(id).state).toBe('none');
        },
      ),
  );

  it.each(['__proto__', 'constructor', '../../x'])('%j can be a tenant', (id) =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: async () => to('acme') }) },
      async (world) => {
        const exchange = world.telemetry.begin({ method: 'GET', url: '/r/1', headers: {} });
        exchange.setTenant(id);
        exchange.end({ statusCode: 200 });
        await world.flushUntilLogs('acme', 1);
        await world.telemetry.flush();
        expect(requestsCounted(world.at('acme'))).toBe(1);
        expect(requestsCounted(world.at('operator'), id)).toBe(1);
      },
    ),
  );

  it('looked up are given to the lookup as they are', () => {
    const asked: string[] = [];
    return inWorld(
      {
        receivers: [],
        configure: () => ({
          tenants: (id) => {
            asked.push(id);
            return null;
          },
        }),
      },
      async (world) => {
        for (const id of ['__proto__', '../../x', '%2e']) world.send(id, 1);
        await eventually(() => expect(asked).toEqual(['__proto__', '../../x', '%2e']));
      },
    );
  });
});

describe.concurrent('the request is not visible', () => {
  it('to lookups and header functions that its end starts', () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: [string, unknown][] = [];
    return inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({
          tenantTtlMs: 1_000,
          tenants: async (id) => {
            seen.push(['lookup', storage.getStore()]);
            await pause(10);
            return to(id, {
              headers: async () => {
                seen.push(['headers', storage.getStore()]);
                return {};
              },
            });
          },
        }),
      },
      async (world) => {
        await storage.run('a secret of the request', async () => {
          world.send('acme', 1);
          await world.flushUntilLogs('acme', 1);
          world.telemetry.setTenant('globex', world.to('acme', { headers: () => ({}) }));
          await world.telemetry.refreshTenant('acme');
          await world.telemetry.refreshTenant('other');
          world.send('acme', 2);
          await world.flushUntilLogs('acme', 2);
        });
        expect(seen.map(([what]) => what)).toEqual(expect.arrayContaining(['lookup', 'headers']));
        expect(seen.filter(([, store]) => store !== undefined)).toEqual([]);
      },
    );
  });
});

describe.concurrent('an answer after shutdown', () => {
  it('opens nothing and counts nothing twice', () =>
    inWorld(
      { receivers: ['acme'], configure: (to) => ({ tenants: (id) => pause(300).then(() => to(id)) }) },
      async (world) => {
        world.send('acme', 1);
        await pause(20);
        const { tenants } = await world.telemetry.shutdown({ timeoutMs: 50 });
        expect(tenants.logs).toMatchObject({ accepted: 1, dropped: { shutdown: 1 } });
        await pause(500);
        expect(world.telemetry.status().tenants).toMatchObject({
          count: 0,
          totals: { logs: { accepted: 1, dropped: { shutdown: 1 } } },
        });
        expect(world.at('acme').requests).toHaveLength(0);
      },
    ));
});

describe('after shutdown', () => {
  it('tenants that still waited for their turn are not looked up', () => {
    let calls = 0;
    const lookup = async (): Promise<null> => {
      calls++;
      await pause(100);
      return null;
    };
    return inWorld({ receivers: [], configure: () => ({ tenants: lookup }) }, async (world) => {
      for (let index = 0; index < 100; index++) world.send(`tenant-${index}`, index);
      await eventually(() => expect(calls).toBe(48));
      await world.telemetry.shutdown({ timeoutMs: 0 });
      await pause(300);
      expect(calls).toBe(48);
    });
  });
});

describe('the budget of all tenants', () => {
  it('counts what a waiting record occupies, not its bytes alone', () =>
    inWorld(
      { receivers: [], configure: () => ({ tenants: () => new Promise<never>(() => undefined) }) },
      async (world) => {
        for (let mark = 0; mark < 100; mark++) world.send('acme', mark);
        expect(world.telemetry.status().memory.tenantsBytes).toBeGreaterThan(100 * 1024);
        await world.telemetry.shutdown({ timeoutMs: 0 });
        expect(world.telemetry.status().memory.tenantsBytes).toBe(0);
      },
    ));
});
