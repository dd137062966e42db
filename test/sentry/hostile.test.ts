/** Whatever was thrown, and whatever it holds: one report, and no harm. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventOfCrash, eventOfError, type EventFacts } from '../../src/sentry/event.js';
import type { ServerError } from '../../src/model/server-error.js';
import { watchUnhandled } from '../support/unhandled.js';
import { startSentry } from './sentry-server.js';
import { fail, loadSdk, startReporting } from './support.js';

const FACTS: EventFacts = {
  release: undefined,
  environment: undefined,
  defaultEnvironment: undefined,
  serverName: undefined,
};
const { defaultStackParser: parse } = loadSdk<{ defaultStackParser: (stack: string) => object[] }>(
  '@sentry/node',
);

const SERVER_ERROR: ServerError = {
  error: undefined,
  errorId: 'a'.repeat(32),
  errorType: 'boom',
  requestId: 'r1',
  method: 'GET',
  path: '/',
  timeMs: 1,
};

function throwing(): never {
  throw new Error('a getter of the host');
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function cycle(): Error {
  const error = new Error('a');
  error.cause = new Error('b', { cause: error });
  return error;
}

const THROWN: Readonly<Record<string, () => unknown>> = {
  'a revoked proxy': revoked,
  'an error whose cause is a revoked proxy': () => new Error('x', { cause: revoked() }),
  'a cycle of causes': cycle,
  'getters that throw': () =>
    Object.create(
      Error.prototype,
      Object.fromEntries(
        ['name', 'code', 'message', 'stack', 'cause', 'errors', 'address'].map((name) => [
          name,
          { get: throwing },
        ]),
      ),
    ) as unknown,
  'fields of wrong types': () =>
    Object.assign(new Error('x'), { name: {}, code: {}, message: [], stack: 7, cause: 'c' }),
  'an AggregateError': () => new AggregateError([new Error('inner')]),
  'a promise that is rejected later': () => {
    const promise = Promise.reject(new Error('late'));
    promise.catch(() => undefined);
    return promise;
  },
  'a stack of 10 MB': () =>
    Object.assign(new Error('x'), { stack: `Error: x\n${'    at f (/a.js:1:1)\n'.repeat(500_000)}` }),
  'a line of 10 MB': () =>
    Object.assign(new Error('x'), { stack: `Error: x\n    at ${'('.repeat(10_000_000)}` }),
  'a message that looks like calls': () => new Error('x\n    at secret (/secret.js:1:1)'),
  'half a surrogate pair': () => new Error('\ud800'),
  'control characters': () => new Error('a\u0000b\u001bc'),
};

describe('what was thrown', () => {
  it.each(Object.keys(THROWN))('%s', async (what) => {
    const faults = watchUnhandled();
    const sentry = await startSentry();
    const reporting = startReporting({ dsn: sentry.dsn() });
    const before = performance.now();
    fail(reporting, THROWN[what]?.());
    expect(await reporting.errors.flush()).toBe(true);
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(reporting.errors.status()).toMatchObject({ reported: 1, sent: 1, dropped: {} });
    expect(sentry.events[0]).toHaveProperty('exception.values');
    expect(sentry.envelopes[0]?.text.length).toBeLessThan(50_000);
    faults.stop();
    expect(faults.seen).toEqual([]);
  });

  it('has no calls of its message', () => {
    const event = eventOfError(
      { ...SERVER_ERROR, error: THROWN['a message that looks like calls']?.() },
      FACTS,
      parse,
    );
    expect(JSON.stringify(event.exception?.values.map(({ stacktrace }) => stacktrace))).not.toContain(
      'secret',
    );
  });

  it('is anything at all', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }),
        (error) => {
          const event = eventOfError({ ...SERVER_ERROR, error }, FACTS, parse);
          expect(typeof JSON.stringify(event)).toBe('string');
          expect(typeof JSON.stringify(eventOfCrash(error, 'x', 'id', 1, FACTS, parse))).toBe('string');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('may have a parser of the host that tells more than leaves', () => {
    const told = {
      function: 'pay',
      lineno: 7,
      vars: { card: '4111' },
      context_line: 'pay(4111)',
      abs_path: '/home/ada',
    };
    const event = eventOfError({ ...SERVER_ERROR, error: new Error('x') }, FACTS, () => [told]);
    expect(event.exception?.values[0]?.stacktrace?.frames).toEqual([{ function: 'pay', lineno: 7 }]);
  });

  it('may have a parser of the host that fails', () => {
    const event = eventOfError({ ...SERVER_ERROR, error: new Error('x') }, FACTS, throwing);
    expect(event.exception?.values).toEqual([
      expect.not.objectContaining({ stacktrace: expect.anything() as object }),
    ]);
  });
});

describe('names that Sentry does not take', () => {
  it.each(['a b', 'a/b', 'None', 'x'.repeat(65), ''])('environment %j of a request', (environment) => {
    const error = { ...SERVER_ERROR, environment };
    expect(eventOfError(error, FACTS, parse)).not.toHaveProperty('environment');
    expect(eventOfError(error, { ...FACTS, defaultEnvironment: 'prod' }, parse)).toMatchObject({
      environment: 'prod',
    });
  });

  it('tags of many lines, and long ones', () => {
    const { tags } = eventOfError(
      { ...SERVER_ERROR, tenantId: 'a\nb', requestId: 'r'.repeat(500) },
      FACTS,
      parse,
    );
    expect(tags['tenant_id']).toBe('a b');
    expect(tags['request_id']).toHaveLength(200);
  });
});

describe('hooks of the host', () => {
  const HOOKS: Readonly<Record<string, () => unknown>> = {
    throws: throwing,
    rejects: () => Promise.reject(new Error('late')),
    hangs: () => new Promise(() => undefined),
    lies: () => 7,
  };

  it.each(Object.keys(HOOKS))('onDiagnostic %s', async (what) => {
    const faults = watchUnhandled();
    const onDiagnostic: (diagnostic: object) => unknown = () => HOOKS[what]?.();
    const { errors } = startReporting({ env: { SENTRY_DSN_BACKEND: 'nonsense' }, onDiagnostic });
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors.status().notices).toHaveLength(1);
    faults.stop();
    expect(faults.seen).toEqual([]);
  });

  it('redact calls back', async () => {
    const [first, second] = [await startSentry(), await startSentry()];
    const reporting = startReporting({
      dsn: first.dsn(),
      redact(event) {
        const { errors } = reporting;
        errors.setDsn(second.dsn());
        void errors.flush();
        if (event.tags['route'] === 'orders') fail(reporting, new Error('again'), 404);
        return event;
      },
    });
    fail(reporting, new Error('first'));
    fail(reporting, new Error('second'));
    expect(await reporting.errors.flush()).toBe(true);
    expect(first.events).toHaveLength(2);
    fail(reporting, new Error('third'));
    expect(await reporting.errors.close()).toBe(true);
    expect(second.events).toHaveLength(1);
    expect(reporting.errors.status()).toMatchObject({ enabled: false, reported: 3, sent: 3, waiting: 0 });
  });

  it.each<[string, unknown]>([
    ['no number', 'soon'],
    ['nothing', undefined],
    ['a negative one', -1],
    ['more than timers can', 1e12],
  ])('a time that is %s', async (_, timeoutMs) => {
    const { errors } = startReporting({});
    expect(await errors.flush({ timeoutMs } as never)).toBe(true);
    expect(await errors.close({ timeoutMs } as never)).toBe(true);
    expect(await errors.close()).toBe(true);
  });
});
