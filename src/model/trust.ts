/**
 * How far a caller's trace context is believed.
 * - `continue`: its trace goes on, and so does its decision.
 * - `restart`: a new trace begins; the caller's becomes a span link. Nothing of its context goes on to the upstream, except
 *   baggage, which has an option of its own.
 * - `continue-unsampled`: its ids go on; its decision is ignored, and the gateway's own ratio decides.
 */
export type Trust = 'continue' | 'restart' | 'continue-unsampled';

export const TRUSTS: readonly Trust[] = ['continue', 'restart', 'continue-unsampled'];
