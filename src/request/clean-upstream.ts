/** What a host says of its upstream. */
import type { UpstreamFacts } from '../model/exchange.js';
import { cleanName, cleanStatus } from './limits.js';

/** Without what cannot be one of the facts; it was not said then. Throws where the host's object does. */
export function cleanUpstream(given: UpstreamFacts): UpstreamFacts {
  const { latencyMs, attempts } = given;
  const address = cleanName(given.address);
  const statusCode = cleanStatus(given.statusCode);
  return {
    ...(address !== undefined && { address }),
    ...(statusCode !== undefined && { statusCode }),
    ...(Number.isFinite(latencyMs) && { latencyMs }),
    ...(Number.isInteger(attempts) && { attempts }),
  };
}
