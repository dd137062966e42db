/** What Express itself uses to read addresses and blocks; loaded only where `trustProxy` has some. See `signals/load-sdk.cts`. */
interface ProxyAddr {
  /** Throws on what is no address, no block and no name of a range. */
  compile(addresses: readonly string[]): (address: string, hop: number) => boolean;
}

export function loadProxyAddr(): ProxyAddr {
  return require('proxy-addr') as ProxyAddr;
}
