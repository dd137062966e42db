/** What ends the process: seen by the one event that changes nothing of how it ends. */

/** `lives`: the host handles it itself, and the process may well go on. */
export type OnProcessError = (thrown: unknown, origin: string, lives: boolean) => void;

/** Returns the end of it. Rejections come by the same event in Node's default mode. */
export function watchProcess(onError: OnProcessError): () => void {
  const listener = (thrown: unknown, origin: string): void => {
    const lives =
      process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
    try {
      onError(thrown, origin, lives);
    } catch {
      // A second error here would take the first one's place in what Node prints.
    }
  };
  process.on('uncaughtExceptionMonitor', listener);
  return () => void process.off('uncaughtExceptionMonitor', listener);
}
