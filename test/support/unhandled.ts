/** Errors that reach the process: there must never be one. */
export function watchUnhandled(): { readonly seen: readonly unknown[]; stop(): void } {
  const seen: unknown[] = [];
  const note = (error: unknown): void => void seen.push(error);
  process.on('uncaughtExceptionMonitor', note);
  process.on('unhandledRejection', note);
  return {
    seen,
    stop() {
      process.off('uncaughtExceptionMonitor', note);
      process.off('unhandledRejection', note);
    },
  };
}
