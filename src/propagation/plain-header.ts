/** A plain header as source of the trace id, such as a request id that a load balancer made. */
import { FoundContext, type Format } from './format.js';
import { sizedTraceId, traceIdOf } from './hex.js';
import { withoutSpace } from './text.js';

const UUID_LENGTH = 36;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** 16 or 32 hex digits or a UUID; the trace is continued without a parent and without a decision. */
export function plainHeader(name: string): Format {
  return {
    headers: [name],
    extract(headers) {
      const raw = headers.get(name);
      if (raw === undefined) return undefined;
      const text = withoutSpace(raw);
      const isUuid = text.length === UUID_LENGTH && UUID.test(text);
      const traceId = traceIdOf(isUuid ? text.replaceAll('-', '') : text);
      return traceId === undefined ? undefined : new FoundContext('header', traceId, undefined, undefined);
    },
    traceId: (traceId, state) => sizedTraceId(traceId, state?.traceIdDigits),
    inject(outgoing, context, state) {
      if (context !== undefined) outgoing.put(name, sizedTraceId(context.traceId, state?.traceIdDigits));
    },
  };
}
