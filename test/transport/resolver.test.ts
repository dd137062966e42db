/** The resolver's bounds, with a real name server on loopback. */
import type { LookupAddress } from 'node:dns';
import { expect, it, onTestFinished } from 'vitest';
import { createResolver, type Resolver, type ResolverOptions } from '../../src/transport/resolver.js';
import { eventually, pause } from '../delivery/support.js';
import { startFakeDns, type DnsAnswer, type FakeDns, type Question } from '../support/fake-dns.js';

async function start(
  answer: (question: Question, turn: number) => DnsAnswer,
  options: Partial<ResolverOptions> = {},
): Promise<{
  readonly dns: FakeDns;
  readonly resolver: Resolver;
  find(host: string): ReturnType<typeof find>;
}> {
  const dns = await startFakeDns(answer);
  const resolver = createResolver({
    servers: [dns.server],
    keep: (addresses) => addresses,
    ...options,
    bounds: { timeoutMs: 200, tries: 1, ...options.bounds },
  });
  onTestFinished(async () => {
    resolver.close();
    await dns.close();
  });
  return { dns, resolver, find: (host) => find(resolver, host) };
}

const find = (resolver: Resolver, host: string): Promise<readonly string[] | undefined> =>
  new Promise((resolve) => {
    resolver.lookup(host, (found: readonly LookupAddress[] | undefined) =>
      resolve(found?.map(({ address }) => address)),
    );
  });

const onlyA =
  (value: string, ttl?: number) =>
  ({ type }: Question): DnsAnswer =>
    type === 'A' ? [{ type: 'A', value, ...(ttl !== undefined && { ttl }) }] : [];

it('finds both families, IPv4 first', async () => {
  const { find: ask } = await start(({ type }) => [
    type === 'A' ? { type, value: '192.0.2.1' } : { type, value: '2001:db8::1' },
  ]);
  expect(await ask('both.example.com')).toEqual(['192.0.2.1', '2001:db8::1']);
});

it('takes a name with more addresses than anybody has for one without any', async () => {
  const { find: ask } = await start(({ name, type }) =>
    type === 'A'
      ? Array.from({ length: Number.parseInt(name, 10) }, (_, index) => ({
          type,
          value: `192.0.${index >> 8}.${index & 255}`,
        }))
      : [],
  );
  expect(await ask('1000.example.com')).toHaveLength(1_000);
  expect(await ask('1100.example.com')).toBeUndefined();
});

it('is content with one family, whatever became of the other', async () => {
  const { find: ask } = await start(({ name, type }) => {
    if ((type === 'A') === name.startsWith('four'))
      return [{ type, value: type === 'A' ? '192.0.2.1' : '2001:db8::1' }];
    return name.endsWith('silent.example.com') ? 'silent' : 'unknown';
  });
  expect(await ask('four.example.com')).toEqual(['192.0.2.1']);
  expect(await ask('six.example.com')).toEqual(['2001:db8::1']);
  expect(await ask('four.silent.example.com')).toEqual(['192.0.2.1']);
});

it('follows a chain of names', async () => {
  const { find: ask } = await start(({ name, type }) =>
    type === 'AAAA'
      ? []
      : [
          { type: 'CNAME', value: 'b.example.com' },
          { type: 'CNAME', name: 'b.example.com', value: 'c.example.com' },
          { type: 'A', name: 'c.example.com', value: name === 'a.example.com' ? '192.0.2.3' : '192.0.2.9' },
        ],
  );
  expect(await ask('a.example.com')).toEqual(['192.0.2.3']);
});

it.each<[string, DnsAnswer]>([
  ['there is no such name', 'unknown'],
  ['it has no address', []],
  ['nobody answers', 'silent'],
])('remembers that %s, and asks once', async (_what, answer) => {
  const { dns, find: ask } = await start(() => answer);
  expect(await ask('none.example.com')).toBeUndefined();
  const asked = dns.questions.length;
  expect(await ask('none.example.com')).toBeUndefined();
  expect(dns.questions).toHaveLength(asked);
});

it('asks again after the time to live, and not before the shortest', async () => {
  const { dns, find: ask } = await start(onlyA('192.0.2.1', 0), { bounds: { minTtlMs: 150 } });
  await ask('a.example.com');
  await ask('a.example.com');
  expect(dns.questions).toHaveLength(2);
  await pause(200);
  await ask('a.example.com');
  expect(dns.questions).toHaveLength(4);
});

it('does not believe a time to live that is longer than the longest', async () => {
  const { dns, find: ask } = await start(onlyA('192.0.2.1', 4_000_000), {
    bounds: { minTtlMs: 1, maxTtlMs: 100 },
  });
  await ask('a.example.com');
  await pause(150);
  await ask('a.example.com');
  expect(dns.questions).toHaveLength(4);
});

it('asks one question for all who ask for a name at a time, however it is written', async () => {
  const { dns, find: ask } = await start(onlyA('192.0.2.1'));
  const found = await Promise.all([ask('a.example.com'), ask('A.example.com'), ask('a.EXAMPLE.com')]);
  expect(found).toEqual([['192.0.2.1'], ['192.0.2.1'], ['192.0.2.1']]);
  expect(dns.questions).toHaveLength(2);
});

it('has so many look-ups under way and no more, and gets to all of them', async () => {
  const { dns, find: ask } = await start(() => 'silent', { bounds: { maxLookups: 4, timeoutMs: 300 } });
  const all = Promise.all(Array.from({ length: 10 }, (_, index) => ask(`n${index}.example.com`)));
  await pause(150);
  expect(new Set(dns.questions.map(({ name }) => name)).size).toBeLessThanOrEqual(4);
  await all;
  expect(new Set(dns.questions.map(({ name }) => name)).size).toBe(10);
});

it('keeps half of the places for names that did not fail last time', async () => {
  let isDead = true;
  const {
    dns,
    resolver,
    find: ask,
  } = await start(
    ({ name, type }) => (name.startsWith('dead') && isDead ? 'silent' : onlyA('192.0.2.1')({ name, type })),
    { bounds: { maxLookups: 4, timeoutMs: 400 } },
  );
  const dead = Array.from({ length: 8 }, (_, index) => `dead${index}.example.com`);
  await Promise.all(dead.map(ask));
  // They have failed, and are due again.
  const later = resolverInLaterTime();
  onTestFinished(later.end);
  const before = dns.questions.length;
  const again = Promise.all(dead.map(ask));
  const startMs = later.realNow();
  expect(await ask('sound.example.com')).toEqual(['192.0.2.1']);
  expect(later.realNow() - startMs).toBeLessThan(300);
  expect(new Set(dns.questions.slice(before).map(({ name }) => name)).size).toBeLessThanOrEqual(3);
  isDead = false;
  await again;
  expect(resolver.size).toBe(9);
});

it('keeps a quarter of the places for names that had an address last time, however many new ones are dead', async () => {
  const { dns, find: ask } = await start(
    ({ name, type }) => (name.startsWith('dead') ? 'silent' : onlyA('192.0.2.1')({ name, type })),
    { bounds: { maxLookups: 4, timeoutMs: 2_000 } },
  );
  await ask('sound.example.com');
  const later = resolverInLaterTime();
  onTestFinished(later.end);
  const before = dns.questions.length;
  for (let index = 0; index < 50; index++) void ask(`dead${index}.example.com`);
  const startMs = later.realNow();
  expect(await ask('sound.example.com')).toEqual(['192.0.2.1']);
  expect(later.realNow() - startMs).toBeLessThan(1_000);
  const names = dns.questions.slice(before).map(({ name }) => name);
  expect(new Set(names.filter((name) => name.startsWith('dead'))).size).toBeLessThanOrEqual(3);
});

it('asks for no name that nobody waits for any more', async () => {
  const { dns, resolver } = await start(() => 'silent', { bounds: { maxLookups: 4, timeoutMs: 300 } });
  const answered: string[] = [];
  const asking = Array.from({ length: 6 }, (_, index) => {
    const name = `n${index}.example.com`;
    const answer = (): void => void answered.push(name);
    resolver.lookup(name, answer);
    return { name, answer };
  });
  const other = find(resolver, 'n5.example.com');
  // Those that run, and one that somebody else waits for too, go on.
  for (const { name, answer } of asking) resolver.withdraw(name.toUpperCase(), answer);
  expect(await other).toBeUndefined();
  expect([...new Set(dns.questions.map(({ name }) => name))].sort()).toEqual(
    ['n0', 'n1', 'n2', 'n5'].map((name) => `${name}.example.com`),
  );
  expect(answered).toEqual([]);
});

it('forgets the name that nobody has asked for the longest', async () => {
  const { dns, resolver, find: ask } = await start(onlyA('192.0.2.1'), { bounds: { maxNames: 2 } });
  for (const name of ['a', 'b', 'a', 'c']) await ask(`${name}.example.com`);
  expect(resolver.size).toBe(2);
  const asked = dns.questions.length;
  await ask('a.example.com');
  expect(dns.questions).toHaveLength(asked);
  await ask('b.example.com');
  expect(dns.questions).toHaveLength(asked + 2);
});

it('asks elsewhere for what DNS does not know, where it may', async () => {
  const asked: string[] = [];
  const { dns, find: ask } = await start(() => 'unknown', {
    elsewhere: (host) => {
      asked.push(host);
      return Promise.resolve(host === 'localhost' ? [{ address: '127.0.0.1', family: 4 }] : undefined);
    },
  });
  expect(await ask('localhost')).toEqual(['127.0.0.1']);
  expect(dns.questions).toHaveLength(0);
  expect(await ask('a.internal')).toBeUndefined();
  expect(asked).toEqual(['localhost', 'a.internal']);
});

it('ends what is under way when it is closed', async () => {
  const { dns, resolver, find: ask } = await start(() => 'silent', { bounds: { timeoutMs: 10_000 } });
  const found = ask('a.example.com');
  await eventually(() => expect(dns.questions.length).toBeGreaterThan(0));
  resolver.close();
  expect(await found).toBeUndefined();
});

it('asks nothing any more once it is closed, for those in line either', async () => {
  const {
    dns,
    resolver,
    find: ask,
  } = await start(() => 'silent', { bounds: { maxLookups: 4, timeoutMs: 10_000 } });
  const found = Array.from({ length: 20 }, (_, index) => ask(`n${index}.example.com`));
  await eventually(() => expect(dns.questions.length).toBeGreaterThan(3));
  resolver.close();
  expect(await Promise.all(found)).toEqual(found.map(() => undefined));
  const asked = dns.questions.length;
  expect(await ask('late.example.com')).toBeUndefined();
  await pause(50);
  expect(dns.questions).toHaveLength(asked);
});

/** The clock that the resolver sees, a minute ahead. */
function resolverInLaterTime(): { realNow(): number; end(): void } {
  const real = performance.now.bind(performance);
  performance.now = () => real() + 60_000;
  return { realNow: real, end: () => void (performance.now = real) };
}
