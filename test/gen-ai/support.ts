import { createGenAiReader } from '../../src/gen-ai/answer-reader.js';
import type { GenAiAnswer } from '../../src/model/gen-ai-answer.js';

export function read(pieces: readonly (Uint8Array | string)[], contentType?: string): GenAiAnswer {
  const reader = createGenAiReader({ contentType });
  for (const piece of pieces) reader.write(piece);
  reader.end();
  return reader.answer;
}

/** The same numbers between 0 and 1 every time (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
