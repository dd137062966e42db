/** A trace context that was stored with a job: text from a database, so it is read as strictly as a header. */
import type { Propagation } from '../model/propagation.js';
import type { Given } from './given.js';
import type { StoredPlace } from './related-trace.js';

/** `w3c` reads nothing but W3C, whatever formats the instance speaks with others. */
export function storedPlace(given: Given, w3c: Propagation): StoredPlace | undefined {
  const parent = given.read('parent');
  if (parent === undefined) return undefined;
  try {
    const isText = typeof parent === 'string';
    const { traceparent, tracestate, as } = (isText ? { traceparent: parent } : parent) as Readonly<
      Record<string, unknown>
    >;
    const headers = {
      traceparent: typeof traceparent === 'string' ? traceparent : '',
      ...(typeof tracestate === 'string' && { tracestate }),
    };
    const context = w3c.extract(headers);
    const isKnown = as === undefined || as === 'parent' || as === 'link';
    if (!isKnown)
      given.report("was given a parent whose 'as' is neither parent nor link; it counts as parent");
    if (context !== undefined) return { context, as: as === 'link' ? 'link' : 'parent' };
  } catch {
    // Reported below.
  }
  given.report('was given a parent that is no traceparent; it was left out');
  return undefined;
}
