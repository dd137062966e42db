/** How long the gateway's own work on libuv's thread pool takes, and how much of the library's is there at once. */
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

export interface PoolFigures {
  readonly statMs: number[];
  readonly gzipMs: number[];
  /** Calls of the library's that were on the pool at the same time. */
  readonly mostAtOnce: number;
  readonly calls: number;
}

export interface PoolProbe {
  stop(): Promise<PoolFigures>;
}

/** The gateway's own answer, compressed. */
const BODY = Buffer.from(Array.from({ length: 4_000 }, (_unused, index) => `{"order":${index}}`).join('\n'));
const PROBE_EVERY_MS = 5;

const ownGzip = promisify(zlib.gzip);
let atOnce = 0;
let mostAtOnce = 0;
let calls = 0;

/**
 * Counts calls of `zlib.gzip`, the one function through which the library uses the pool. Before the library is loaded,
 * because it takes the function then.
 */
export function countCompressing(): void {
  const real = zlib.gzip as unknown as (...argument: unknown[]) => void;
  const counting = (...argument: unknown[]): void => {
    const settle = argument.pop() as (...result: unknown[]) => void;
    calls++;
    mostAtOnce = Math.max(mostAtOnce, ++atOnce);
    real(...argument, (...result: unknown[]) => {
      atOnce--;
      settle(...result);
    });
  };
  zlib.gzip = counting as unknown as typeof zlib.gzip;
}

/** A file is looked at, and a body compressed, again and again. */
export function probePool(): PoolProbe {
  const statMs: number[] = [];
  const gzipMs: number[] = [];
  const under = new Set<Promise<unknown>>();
  mostAtOnce = 0;
  calls = 0;
  const time = (work: Promise<unknown>, into: number[]): void => {
    const startMs = performance.now();
    const timed = work.then(() => {
      into.push(performance.now() - startMs);
      under.delete(timed);
    });
    under.add(timed);
  };
  const timer = setInterval(() => {
    time(stat(process.execPath), statMs);
    time(ownGzip(BODY), gzipMs);
  }, PROBE_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(under);
      return { statMs, gzipMs, mostAtOnce, calls };
    },
  };
}
