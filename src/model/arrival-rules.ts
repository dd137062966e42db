/** What a configuration says about reading requests that arrive; the same for all requests of an instance. */
import type { SpanAttributeRules } from './span-attributes.js';

/**
 * May the hop with this address be believed? 0 is the other end of the socket, whose address is empty where it has none (a
 * Unix socket), 1 the one that this hop names, and so on.
 */
export type TrustedHop = (address: string, hop: number) => boolean;

/** How much of clients' addresses is recorded. */
export type ClientAddressDetail = 'full' | 'truncated' | 'off';

export interface ArrivalRules {
  /** `undefined`: nobody is believed, and no forwarding header is read. */
  readonly trustProxy: TrustedHop | undefined;
  readonly clientAddress: ClientAddressDetail;
  /** Case-sensitive; every other method counts as `_OTHER`. */
  readonly knownMethods: ReadonlySet<string>;
  /** Opt-in attributes of SERVER spans. */
  readonly spanAttributes: SpanAttributeRules['server'];
  /** Query keys whose values are secret besides the usual ones, as `comparableName` gives them. */
  readonly secretKeys: ReadonlySet<string> | undefined;
}
