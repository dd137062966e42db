/** Names that clients can invent, and who gets the room for them. */
import { describe, expect, it } from 'vitest';
import { KnownNames } from '../../src/signals/known-names.js';
import { CommonRoom, FairRoom } from '../../src/signals/rooms.js';

const DAY_MS = 86_400_000;

describe('a name', () => {
  it('is known once it is true, or from the beginning', () => {
    const known = new KnownNames(new CommonRoom(10), new Set(['always']));
    expect(known.shown('a', false, '', 0)).toBe('_OTHER');
    expect(known.shown('a', true, '', 0)).toBe('a');
    expect(known.shown('a', false, '', 0)).toBe('a');
    expect(known.shown('always', false, '', 0)).toBe('always');
    expect(known.shown(undefined, true, '', 0)).toBeUndefined();
    expect(known.shown('', true, '', 0)).toBeUndefined();
  });

  it('is forgotten when it has not been true for a day, and its room is free', () => {
    const known = new KnownNames(new CommonRoom(2));
    known.shown('a', true, '', 0);
    known.shown('b', true, '', 0);
    expect(known.shown('c', true, '', 1)).toBe('_OTHER');
    known.shown('a', true, '', DAY_MS - 1);
    // Failing is no use of a name.
    known.shown('b', false, '', DAY_MS - 1);
    known.forgetUnused(DAY_MS);
    expect(known.shown('a', false, '', DAY_MS)).toBe('a');
    expect(known.shown('b', false, '', DAY_MS)).toBe('_OTHER');
    expect(known.shown('c', true, '', DAY_MS)).toBe('c');
  });

  it.each(['sk-proj-abcdefghijklmnopqrstuvwx', 'https://user:password@host/model'])(
    'that looks like a secret never is: %s',
    (secret) => {
      const known = new KnownNames(new CommonRoom(10));
      expect(known.shown(secret, true, '', 0)).toBe('_OTHER');
    },
  );
});

describe('a fair room', () => {
  it('has at least one for each owner, as long as there are no more owners than room', () => {
    for (const greedy of [1, 2, 10, 99]) {
      const room = new FairRoom(100);
      const taken = new Map<string, number>();
      for (let round = 0; round < 200; round++)
        for (let owner = 0; owner < greedy; owner++)
          if (room.take(`greedy-${owner}`))
            taken.set(`greedy-${owner}`, (taken.get(`greedy-${owner}`) ?? 0) + 1);
      const shares = [...taken.values()];
      expect(shares).toHaveLength(greedy);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      expect(Math.max(...shares)).toBeLessThanOrEqual(Math.ceil(100 / (greedy + 1)));
      expect(room.take('late')).toBe(true);
    }
  });

  it('gives back to those who had it', () => {
    const room = new FairRoom(2);
    expect(room.take('a')).toBe(true);
    expect(room.take('a')).toBe(false);
    room.giveBack('b');
    expect(room.take('b')).toBe(true);
    expect(room.take('c')).toBe(false);
    room.giveBack('a');
    expect(room.take('c')).toBe(true);
  });
});
