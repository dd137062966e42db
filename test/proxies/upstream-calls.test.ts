import { describe, it } from 'vitest';
import { describeUpstreamCalls } from '../cases/upstream-calls.js';
import { everyProxy } from './every-proxy.js';

for (const proxy of everyProxy) {
  if (proxy.skipped === undefined) describeUpstreamCalls(proxy);
  else describe.skip(`${proxy.name} (${proxy.skipped})`, () => it('makes upstream calls', () => undefined));
}
