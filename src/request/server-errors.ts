/** Who is told of exchanges that ended through a fault of the gateway. */
import type { Diagnostic } from '../model/diagnostic.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { Outcome } from '../model/outcome.js';
import type { ServerError, ServerErrorListener } from '../model/server-error.js';
import { containRejection } from '../model/settle.js';
import { CLIENT_DISCONNECT, OTHER_ERROR, SHUTDOWN } from './error-type.js';

export interface ServerErrorListeners {
  /** Without one, exchanges are what they would be without all this. */
  readonly any: boolean;
  /** Returns the end of it. */
  add(listener: ServerErrorListener): () => void;
  /** Never throws. */
  tell(error: ServerError): void;
}

export function createServerErrorListeners(report: (diagnostic: Diagnostic) => void): ServerErrorListeners {
  /** Boxes, because the same function may be added twice. */
  const boxes = new Set<{ readonly listener: ServerErrorListener }>();
  const failed = (): void =>
    report({ code: 'callback_failed', message: 'A listener of onServerError threw' });
  return {
    get any() {
      return boxes.size > 0;
    },
    add(listener) {
      const box = { listener };
      boxes.add(box);
      return () => void boxes.delete(box);
    },
    tell(error) {
      // Those of now: one that adds itself again would be told for ever.
      for (const { listener } of [...boxes]) {
        try {
          containRejection(listener(error), failed);
        } catch {
          failed();
        }
      }
    },
  };
}

/** A 5xx, or no answer at all that is neither the client's doing nor a shutdown's. */
export function isServerError({ statusCode, errorType, isError }: Outcome): boolean {
  if (statusCode !== undefined) return statusCode >= 500;
  return isError && errorType !== CLIENT_DISCONNECT && errorType !== SHUTDOWN;
}

/** `request.errorId` is there: it was made for this. */
export function serverErrorOf(
  request: FinishedRequest,
  errorId: string,
  userId: string | undefined,
  error: unknown,
): ServerError {
  const { outcome, responseSource, tenantId, routeName, environment } = request;
  return {
    error,
    errorId,
    ...(outcome.statusCode !== undefined && { statusCode: outcome.statusCode }),
    ...(responseSource !== undefined && { responseSource }),
    errorType: outcome.errorType ?? OTHER_ERROR,
    ...(tenantId !== undefined && { tenantId }),
    ...(userId !== undefined && { userId }),
    requestId: request.requestId,
    method: request.method,
    path: request.path,
    ...(routeName !== undefined && { routeName }),
    timeMs: request.endMs,
    ...(environment !== undefined && { environment }),
  };
}
