/** A sender whose first requests wait for what has to be known before: their batches stay in their queue's account. */
import type { Sender, SendResult } from '../model/delivery.js';

/** The lane has given the batch up, so nobody reads it. */
const GIVEN_UP: SendResult = { kind: 'retry', errorClass: 'aborted' };

/** `pending` gives a promise that never rejects, and `undefined` when there is nothing to wait for any more. */
export function holdSender(sender: Sender, pending: () => Promise<void> | undefined): Sender {
  if (pending() === undefined) return sender;
  return {
    get needsHandshake() {
      return sender.needsHandshake === true;
    },
    update: (target) => sender.update(target),
    async send(batch, signal) {
      const known = pending();
      if (known !== undefined) {
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
          void known.then(resolve);
        });
        if (signal.aborted) return GIVEN_UP;
      }
      return sender.send(batch, signal);
    },
    close: () => sender.close(),
  };
}
