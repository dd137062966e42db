/** Random choices that can be repeated: everything follows from the seed. */

export interface Random {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** Hex digits, not all of them zero. */
  hex(digits: number): string;
  text(alphabet: string, length: number): string;
}

/** Mulberry32: small, and good enough to choose mutations. */
export function randomOf(seed: number): Random {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const text = (alphabet: string, length: number): string => {
    let result = '';
    while (result.length < length) result += alphabet[below(alphabet.length)];
    return result;
  };
  return {
    below,
    chance: (probability) => next() < probability,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new Error('There is nothing to pick from.');
      return list[below(list.length)] as T;
    },
    hex(digits) {
      const id = text('0123456789abcdef', digits);
      return /^0*$/.test(id) ? `${id.slice(1)}1` : id;
    },
    text,
  };
}
