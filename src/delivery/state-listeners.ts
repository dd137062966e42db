/** Who is told of changes of destinations' states. */
import type { Diagnostic } from '../model/diagnostic.js';
import { containRejection } from '../model/settle.js';
import type { DestinationStateEvent, DestinationStateListener } from '../model/status.js';

export interface StateListeners {
  /** Returns the end of it. */
  add(listener: DestinationStateListener): () => void;
  tell(event: DestinationStateEvent): void;
}

export function createStateListeners(report: (diagnostic: Diagnostic) => void): StateListeners {
  /** Boxes, because the same function may be added twice. */
  const boxes = new Set<{ readonly listener: DestinationStateListener }>();
  let isTelling = false;
  const failed = (): void =>
    report({ code: 'callback_failed', message: 'A listener of onDestinationState threw' });
  const call = (listener: DestinationStateListener, event: DestinationStateEvent): void => {
    isTelling = true;
    try {
      containRejection(listener(event), failed);
    } catch {
      failed();
    } finally {
      isTelling = false;
    }
  };
  return {
    add(listener) {
      const box = { listener };
      boxes.add(box);
      return () => void boxes.delete(box);
    },
    tell(event) {
      // Not now: states change in the middle of sending. Of what a listener itself has brought about it hears in a later turn
      // of the event loop: one that changes the configuration at every event would keep everything else from running.
      const later = isTelling ? setImmediate : queueMicrotask;
      for (const box of boxes) later(() => boxes.has(box) && call(box.listener, event));
    },
  };
}
