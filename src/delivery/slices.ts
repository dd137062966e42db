/**
 * Long work, a step at a time, while requests go on in between. All of it together has one slice of each turn of the event
 * loop: two pieces that each had their own would hold up a request for twice as long.
 */
import { SLICE_MS } from './bounds.js';

export interface Slices {
  /** Resolves when the work is done, has thrown, or the slices are closed. */
  run(steps: Iterator<unknown>): Promise<void>;
  close(): void;
}

export interface SlicesOptions {
  /** Calls back in the next turn, outside any request. */
  nextTurn(work: () => void): void;
  onError(error: unknown): void;
}

interface Piece {
  readonly steps: Iterator<unknown>;
  readonly finish: () => void;
}

export function createSlices({ nextTurn, onError }: SlicesOptions): Slices {
  /** As many as there are kinds of work: each waits for its own end before it begins again. */
  const pieces = new Set<Piece>();
  let isPlanned = false;
  let isClosed = false;

  const end = (piece: Piece): void => {
    pieces.delete(piece);
    piece.finish();
  };
  const step = (piece: Piece): void => {
    try {
      if (piece.steps.next().done !== true) return;
    } catch (error) {
      onError(error);
    }
    end(piece);
  };
  const plan = (): void => {
    if (isPlanned || isClosed) return;
    isPlanned = true;
    nextTurn(turn);
  };
  const turn = (): void => {
    isPlanned = false;
    const endMs = performance.now() + SLICE_MS;
    while (pieces.size > 0 && performance.now() < endMs) for (const piece of pieces) step(piece);
    if (pieces.size > 0) plan();
  };

  return {
    run: (steps) =>
      new Promise((finish) => {
        if (isClosed) return finish();
        pieces.add({ steps, finish });
        plan();
      }),
    close() {
      isClosed = true;
      for (const piece of pieces) end(piece);
    },
  };
}
