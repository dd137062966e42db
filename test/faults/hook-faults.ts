/** What a host's hook can do wrong. */
import { IncomingMessage } from 'node:http';
import type { Context } from '@opentelemetry/api';
import type { GatewayTelemetry } from '../../src/index.js';
import type { Hook } from './hook-places.js';

/** Made for one instance, which is there when the hook is called first. */
type HookFault = (telemetry: () => GatewayTelemetry | undefined) => Hook;

const JUNK: readonly unknown[] = [
  42,
  -1,
  Number.NaN,
  'x'.repeat(300),
  '',
  Symbol('junk'),
  10n,
  null,
  {},
  [],
  [[]],
  () => 'junk',
  { then: 5 },
  {
    get then() {
      throw new Error('then');
    },
  },
  {
    then() {
      throw new Error('then()');
    },
  },
  new Proxy(
    {},
    {
      get() {
        throw new Error('proxy');
      },
    },
  ),
  new Date(Number.NaN),
];

/** Calls back so often at most: what a hook brings about may well ask it again. */
const MAX_CALLS = 40;

/** Only fields of the thing itself; a request's own parts are Node's and the host's. */
function spoil(thing: unknown, depth = 0): void {
  if (typeof thing !== 'object' || thing === null || depth > 2) return;
  if (thing instanceof IncomingMessage) {
    Object.assign(thing, { url: 5, method: undefined, headers: { host: {}, 'user-agent': 7 } });
    return;
  }
  // The root context is one object of the OpenTelemetry API for the whole process.
  if (typeof (thing as Partial<Context>).getValue === 'function') return;
  for (const [index, key] of Object.keys(thing).entries()) {
    const fields = thing as Record<string, unknown>;
    try {
      // Methods are nobody's data, and what the SDK marks as its own is not what a hook is given.
      if (typeof fields[key] === 'function' || key.startsWith('_')) continue;
      spoil(fields[key], depth + 1);
      if (index % 3 === 2) delete fields[key];
      else fields[key] = JUNK[index % JUNK.length];
    } catch {
      // Frozen.
    }
  }
}

/** Whose answer is none at all: nothing that it is asked about may go on as if it had agreed. */
export const UNANSWERED = ['throws', 'throws no error', 'rejects', 'never settles', 'gives junk'];

export const HOOK_FAULTS: Readonly<Record<string, HookFault>> = {
  throws: () => () => {
    throw new Error('hook');
  },
  'throws no error': () => {
    const thrown = ['text', undefined, null, Symbol('thrown')];
    let calls = 0;
    return () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- hosts do it
      throw thrown[calls++ % thrown.length];
    };
  },
  rejects: () => () => Promise.reject(new Error('hook')) as never,
  'never settles': () => () => new Promise(() => undefined) as never,
  'gives junk': () => {
    let calls = 0;
    return () => JUNK[calls++ % JUNK.length] as never;
  },
  'changes what it is given': () =>
    ((...given: readonly unknown[]) => {
      for (const thing of given) spoil(thing);
    }) as Hook,
  'calls back': (current) => {
    let calls = 0;
    let isInside = false;
    return (() => {
      const telemetry = current();
      if (telemetry === undefined || isInside || calls++ > MAX_CALLS) return;
      isInside = true;
      try {
        telemetry.current().setAttribute('called', true);
        telemetry.current().end({ statusCode: 500 });
        telemetry.logger.info('called back');
        telemetry.tracer.startSpan('called back').end();
        telemetry.securityEvent({ name: 'called.back', outcome: 'unknown' });
        telemetry.begin({ method: 'GET', url: '/called', headers: {} }).end({ statusCode: 200 });
        telemetry.status();
        void telemetry.flush({ timeoutMs: 50 });
      } finally {
        isInside = false;
      }
    }) as Hook;
  },
  'shuts down': (current) => (() => void current()?.shutdown({ timeoutMs: 100 })) as unknown as Hook,
};
