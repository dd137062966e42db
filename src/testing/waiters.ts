/** Promises that wait for a condition which is looked at again on every change. */
export interface Waiters {
  /**
   * Resolves with the first value of `poll` that is not undefined. Rejects after `timeoutMs` with the text of
   * `describe`, with what `poll` throws, or when all is failed.
   */
  wait<T>(poll: () => T | undefined, describe: () => string, timeoutMs: number): Promise<T>;
  /** Polls everyone who waits. */
  notify(): void;
  /** Rejects everyone who waits, and from now on everyone who would have to. */
  failAll(text: string): void;
}

// Node's timers fire at once for anything longer.
const MAX_TIMEOUT_MS = 0x7fffffff;

/** Nobody waits yet. */
export function createWaiters(): Waiters {
  const waiting = new Set<{ readonly check: () => void; readonly fail: (text: string) => void }>();
  let failure: string | undefined;
  return {
    wait<T>(poll: () => T | undefined, describe: () => string, timeoutMs: number) {
      return new Promise<T>((resolve, reject) => {
        const now = poll();
        if (now !== undefined) {
          resolve(now);
          return;
        }
        if (failure !== undefined) {
          reject(new Error(`${failure} ${describe()}`));
          return;
        }
        const finish = (settle: () => void) => {
          clearTimeout(timer);
          waiting.delete(waiter);
          settle();
        };
        const fail = (text: string) => {
          finish(() => {
            reject(new Error(`${text} ${describe()}`));
          });
        };
        const check = () => {
          try {
            const value = poll();
            if (value !== undefined) {
              finish(() => {
                resolve(value);
              });
            }
          } catch (error) {
            finish(() => {
              reject(error instanceof Error ? error : new Error(String(error)));
            });
          }
        };
        const waiter = { check, fail };
        const timer = setTimeout(
          () => {
            fail(`Waited ${String(timeoutMs)} ms.`);
          },
          Math.min(timeoutMs, MAX_TIMEOUT_MS),
        );
        waiting.add(waiter);
      });
    },
    notify() {
      for (const waiter of [...waiting]) waiter.check();
    },
    failAll(text) {
      failure = text;
      for (const waiter of [...waiting]) waiter.fail(text);
    },
  };
}
