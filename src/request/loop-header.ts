/** Exports of tenants' telemetry that have come back to the gateway: see `model/loop-token.ts`. */
import type { ReadableHeaders, WritableHeaders } from '../model/exchange.js';
import { LOOP_HEADER } from '../model/loop-token.js';
import { headerOf } from './header-of.js';

/** One property, as every request pays for it: our exports, and Node's header objects, have the name in lower case. */
export function loopTokenOf(headers: ReadableHeaders): string | undefined {
  if (Array.isArray(headers) || typeof (headers as Partial<Headers>).get === 'function')
    return headerOf(headers, LOOP_HEADER);
  const token: unknown = (headers as Readonly<Record<string, unknown>>)[LOOP_HEADER];
  return typeof token === 'string' ? token : undefined;
}

/** It is nobody's affair behind the gateway. Headers that cannot be written to are reported by what else is written there. */
export function removeLoopHeader(headers: WritableHeaders): void {
  try {
    if (Array.isArray(headers)) {
      const kept = headers.filter(([name]) => name.toLowerCase() !== LOOP_HEADER);
      headers.splice(0, headers.length, ...kept);
    } else if (typeof (headers as Partial<Headers>).delete === 'function') {
      (headers as Headers).delete(LOOP_HEADER);
    } else {
      delete (headers as Record<string, unknown>)[LOOP_HEADER];
    }
  } catch {
    // Frozen, for example.
  }
}
