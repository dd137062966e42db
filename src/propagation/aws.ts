/** AWS X-Ray: `X-Amzn-Trace-Id: Root=1-{8 hex}-{24 hex};Parent={16 hex};Sampled={0|1|?}`, in any order. */
import { FoundContext, type Format } from './format.js';
import { idIn, spanIdOf } from './hex.js';
import { withoutSpace } from './text.js';

const HEADER = 'x-amzn-trace-id';
/** Fields of others (`Self`, `Lineage`, custom ones of up to 256 characters) are skipped. */
const MAX_LENGTH = 4096;
const ROOT_LENGTH = 35;
const DASH = 0x2d;

function rootOf(text: string): string | undefined {
  if (text.length !== ROOT_LENGTH || !text.startsWith('1-') || text.charCodeAt(10) !== DASH) return undefined;
  const digits = text.slice(2, 10) + text.slice(11);
  return idIn(digits, 0, digits.length);
}

function formatRoot(traceId: string): string {
  return `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`;
}

/** `Root` alone is what load balancers send. `Sampled=?` asks for a decision, which is none. One bad id, and none counts. */
function parse(raw: string): FoundContext | undefined {
  if (raw.length > MAX_LENGTH) return undefined;
  let traceId: string | undefined;
  let spanId: string | undefined;
  let sampled: boolean | undefined;
  for (let from = 0; from <= raw.length;) {
    let to = raw.indexOf(';', from);
    if (to < 0) to = raw.length;
    const equals = raw.indexOf('=', from);
    if (equals > from && equals < to) {
      const key = withoutSpace(raw.slice(from, equals));
      const value = withoutSpace(raw.slice(equals + 1, to));
      if (key === 'Root') {
        traceId = rootOf(value);
        if (traceId === undefined) return undefined;
      } else if (key === 'Parent') {
        spanId = spanIdOf(value);
        if (spanId === undefined) return undefined;
      } else if (key === 'Sampled') {
        sampled = value === '1' ? true : value === '0' ? false : undefined;
      }
    }
    from = to + 1;
  }
  return traceId === undefined ? undefined : new FoundContext('aws', traceId, spanId, sampled);
}

export const aws: Format = {
  headers: [HEADER],
  extract(headers) {
    const raw = headers.get(HEADER);
    return raw === undefined ? undefined : parse(raw);
  },
  traceId: formatRoot,
  inject(outgoing, context) {
    if (context === undefined) return;
    let value = `Root=${formatRoot(context.traceId)}`;
    if (context.spanId !== undefined) value += `;Parent=${context.spanId}`;
    if (context.sampled !== undefined) value += context.sampled ? ';Sampled=1' : ';Sampled=0';
    outgoing.put(HEADER, value);
  },
};
