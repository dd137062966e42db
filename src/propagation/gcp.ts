/** Google Cloud: `X-Cloud-Trace-Context: {32 hex}[/{decimal span}][;o={0|1}]`. */
import { decimalOfHex, hexOfDecimal } from './decimal.js';
import { FoundContext, type Format } from './format.js';
import { idIn, ZERO_16 } from './hex.js';
import { withoutSpace } from './text.js';

const HEADER = 'x-cloud-trace-context';
/** 32 digits, a slash, 20 digits, `;o=1`, and some room. */
const MAX_LENGTH = 64;
const OPTIONS = ';o=';

/** No span, or span 0: the trace goes on without a parent. No option, or an empty one: undecided. */
function parse(raw: string): FoundContext | undefined {
  if (raw.length > MAX_LENGTH) return undefined;
  const text = withoutSpace(raw);
  const traceId = idIn(text, 0, 32);
  if (traceId === undefined) return undefined;
  let end = text.indexOf(';');
  if (end < 0) end = text.length;
  let spanId: string | undefined;
  if (end > 32) {
    if (text[32] !== '/') return undefined;
    if (end > 33) {
      spanId = hexOfDecimal(text, 33, end);
      if (spanId === undefined) return undefined;
      if (spanId === ZERO_16) spanId = undefined;
    }
  }
  let sampled: boolean | undefined;
  if (end < text.length) {
    if (!text.startsWith(OPTIONS, end)) return undefined;
    const option = text.slice(end + OPTIONS.length);
    if (option === '1') sampled = true;
    else if (option === '0') sampled = false;
  }
  return new FoundContext('gcp', traceId, spanId, sampled);
}

export const gcp: Format = {
  headers: [HEADER],
  extract(headers) {
    const raw = headers.get(HEADER);
    return raw === undefined ? undefined : parse(raw);
  },
  traceId: (traceId) => traceId,
  inject(outgoing, context) {
    if (context === undefined) return;
    let value = context.traceId;
    if (context.spanId !== undefined) value += `/${decimalOfHex(context.spanId)}`;
    if (context.sampled !== undefined) value += context.sampled ? `${OPTIONS}1` : `${OPTIONS}0`;
    outgoing.put(HEADER, value);
  },
};
