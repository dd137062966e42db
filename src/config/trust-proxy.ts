/** The option `trustProxy`, with the values of Express's setting `trust proxy`. */
import type { TrustedHop } from '../model/arrival-rules.js';
import { fault } from '../model/configuration-error.js';
import { loadProxyAddr } from './load-proxy-addr.cjs';

/** As `trustProxy` takes it. */
export type TrustProxy = boolean | number | string | readonly string[] | TrustedHop;

const OPTION = 'trustProxy';
const MUST =
  'must be true, false, a number of hops, addresses, CIDR blocks, loopback, linklocal or uniquelocal, or a function';

/** `undefined`: nobody is trusted. */
export function resolveTrustProxy(value: unknown): TrustedHop | undefined {
  if (value === undefined || value === false || value === 0) return undefined;
  if (value === true) return () => true;
  if (typeof value === 'function') return value as TrustedHop;
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || value < 0) throw fault(OPTION, 'must be a whole number of hops');
    return (_, hop) => hop < value;
  }
  if (typeof value === 'string') return compiled(value.split(',').map((item) => item.trim()));
  if (!Array.isArray(value)) throw fault(OPTION, MUST);
  return value.length === 0 ? undefined : compiled(value as readonly unknown[]);
}

function compiled(items: readonly unknown[]): TrustedHop {
  const { compile } = loadProxyAddr();
  const texts = items.map((item) => {
    if (typeof item !== 'string') throw fault(OPTION, MUST);
    // An address to the library, 0.0.0.2, and a number of hops to whoever has read it from a variable.
    if (/^\d+$/.test(item)) throw fault(OPTION, 'must be a number, not a string, to mean a number of hops');
    return item;
  });
  try {
    return compile(texts);
  } catch {
    throw fault(OPTION, MUST);
  }
}
