/**
 * Does the guard hold in this runtime? Asked once, of a guard with the public rules, whatever the configuration allows: a new
 * version of Node, another runtime or a patched `net` may no longer ask it.
 */
import type { EgressPolicy } from '../model/egress.js';
import { createAddressRule } from '../model/egress-addresses.js';
import { POOL_BOUNDS, SELF_TEST_TIMEOUT_MS } from './bounds.js';
import { classifyError } from './classify.js';
import { createEgressGuard, type EgressGuard } from './egress-guard.js';
import { createOpenSockets } from './open-sockets.js';
import { createOrigin } from './origin.js';
import { createPooledAgent } from './pooled-agent.js';
import { post } from './post.js';

/** Two that Node connects to without asking for a name, and a name. Nothing listens on port 1, should it come to that. */
const PLACES = ['http://127.0.0.1:1', 'http://[::ffff:127.0.0.1]:1', 'http://self-test.invalid:1'];

/** `true`: none of them was connected to. Never rejects. */
export async function selfTestEgress(): Promise<boolean> {
  const { allows } = createAddressRule({ isOpen: false, allow: [], deny: [] });
  const policy: EgressPolicy = {
    isOpen: false,
    refusalOf: () => undefined,
    isSelf: () => false,
    allowsAddress: allows,
    isTrustedOrigin: () => false,
    proxy: undefined,
  };
  const guard = createEgressGuard({
    policy,
    selfTest: () => Promise.resolve(true),
    onBroken: () => undefined,
    resolver: {
      lookup: (_host, answer) => process.nextTick(answer, [{ address: '127.0.0.1', family: 4 }]),
      close: () => undefined,
    },
  });
  const results = await Promise.all(PLACES.map((place) => isBlocked(guard, new URL(place))));
  return results.every(Boolean);
}

async function isBlocked(guard: EgressGuard, url: URL): Promise<boolean> {
  const { idleMs, lifeMs } = POOL_BOUNDS;
  const sockets = {
    origin: createOrigin(1),
    openSockets: createOpenSockets(1),
    idleMs,
    lifeMs,
    maxSockets: 1,
    isTrustedOrigin: false,
  };
  const agent = createPooledAgent(sockets, undefined, guard);
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), SELF_TEST_TIMEOUT_MS).unref();
  const { exchange } = post({
    url,
    agent,
    headers: {},
    body: new Uint8Array(),
    connectTimeoutMs: SELF_TEST_TIMEOUT_MS,
    signal: deadline.signal,
  });
  const result = await exchange;
  clearTimeout(timer);
  agent.destroy();
  return result.kind === 'failed' && classifyError(result.error, deadline.signal) === 'blocked';
}
