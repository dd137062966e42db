/** A name server for whole instances: in the tests that mock the resolver's module with `withNameServer`, it is the only one. */
import type * as resolverModule from '../../src/transport/resolver.js';

type Resolvers = typeof resolverModule;

/** `servers` is read when an instance is made. */
export const nameServers = { servers: [] as readonly string[], minTtlMs: 1 };

export const withNameServer = async (original: () => Promise<Resolvers>): Promise<Resolvers> => {
  const resolvers = await original();
  return {
    ...resolvers,
    createResolver: (options) =>
      resolvers.createResolver({
        ...options,
        servers: nameServers.servers,
        bounds: { minTtlMs: nameServers.minTtlMs },
      }),
  };
};
