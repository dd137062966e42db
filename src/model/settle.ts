/** For callbacks of the host's that should give nothing and may give a promise: its rejection must not end the process. */
export function containRejection(answer: unknown, onRejected?: () => void): void {
  const { then } = (answer ?? {}) as Partial<PromiseLike<unknown>>;
  if (typeof then === 'function') then.call(answer, undefined, () => onRejected?.());
}
