/**
 * Makes loop tokens. Whoever receives a tenant's telemetry sees them, and could put one on requests of its own, which that
 * tenant would then not be told of: so they are the tenant's alone, and soon worth nothing. The key never leaves the process.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { LoopTokens } from '../model/loop-token.js';

const MINUTE_MS = 60_000;
/** 132 bits. */
const LENGTH = 22;

export function createLoopTokens(monotonicMs: () => number): LoopTokens {
  const key = randomBytes(32);
  const minute = (): number => Math.floor(monotonicMs() / MINUTE_MS);
  const make = (tenantId: string, at: number): string =>
    createHmac('sha256', key).update(`${at} ${tenantId}`).digest('base64url').slice(0, LENGTH);
  return {
    of: (tenantId) => make(tenantId, minute()),
    isOf(tenantId, token) {
      const given = Buffer.from(token);
      if (given.length !== LENGTH) return false;
      const now = minute();
      // The one before too: an export may have begun in it.
      return [now, now - 1].some((at) => timingSafeEqual(Buffer.from(make(tenantId, at)), given));
    },
  };
}
