/** What only the system knows is asked one name at a time, and nobody waits for that without end. */
import { expect, it, vi } from 'vitest';
import { SYSTEM_LOOKUP_WAIT_MS } from '../../src/transport/bounds.js';
import { createSystemLookup } from '../../src/transport/system-lookup.js';

const ADDRESSES = [{ address: '127.0.0.1', family: 4 }];

it('asks one name at a time, in order, whatever becomes of them', async () => {
  let running = 0;
  let most = 0;
  const asked: string[] = [];
  const lookup = createSystemLookup(async (host) => {
    asked.push(host);
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    if (host === 'bad') throw new Error('ENOTFOUND');
    return ADDRESSES;
  });
  const found = await Promise.all(['a', 'bad', 'b'].map((host) => lookup(host)));
  expect(found).toEqual([ADDRESSES, undefined, ADDRESSES]);
  expect(asked).toEqual(['a', 'bad', 'b']);
  expect(most).toBe(1);
  expect(await lookup('c')).toEqual(ADDRESSES);
});

it('lets those go that wait too long behind a name that nobody knows, and asks for them no more', async () => {
  vi.useFakeTimers();
  try {
    let end = (): void => undefined;
    const asked: string[] = [];
    const lookup = createSystemLookup((host) => {
      asked.push(host);
      return new Promise((resolve) => (end = () => resolve(ADDRESSES)));
    });
    const stuck = lookup('stuck');
    const waiting = ['a', 'b'].map((host) => lookup(host));
    await vi.advanceTimersByTimeAsync(SYSTEM_LOOKUP_WAIT_MS);
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    const last = lookup('last');
    end();
    expect(await stuck).toEqual(ADDRESSES);
    await vi.advanceTimersByTimeAsync(0);
    end();
    expect(await last).toEqual(ADDRESSES);
    expect(asked).toEqual(['stuck', 'last']);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
