/** Random trace and span ids, drawn from a pool because one draw per id would cost more than all the rest. */
import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 8192;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

const ZERO_TRACE_ID = '0'.repeat(2 * TRACE_ID_BYTES);
const ZERO_SPAN_ID = '0'.repeat(2 * SPAN_ID_BYTES);

/** Makes ids that are never all zero. */
export interface IdGenerator {
  traceId(): string;
  spanId(): string;
}

export function createIdGenerator(): IdGenerator {
  const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
  let position = POOL_BYTES;
  const draw = (bytes: number): string => {
    if (position + bytes > POOL_BYTES) {
      randomFillSync(pool);
      position = 0;
    }
    const id = pool.toString('hex', position, position + bytes);
    position += bytes;
    return id;
  };
  const nonZero = (bytes: number): string => {
    for (;;) {
      const id = draw(bytes);
      // Once in 2^64 draws, and still a rule of the standard.
      if (id !== ZERO_TRACE_ID && id !== ZERO_SPAN_ID) return id;
    }
  };
  return { traceId: () => nonZero(TRACE_ID_BYTES), spanId: () => nonZero(SPAN_ID_BYTES) };
}
