/**
 * A tenant is as its worst destination, so that a dead one cannot hide behind a healthy one. One that is switched off is
 * neither: it counts only where there is no other.
 */
import type { DestinationState } from '../model/status.js';

const WORST_FIRST: readonly DestinationState[] = ['failing', 'pending', 'receiving', 'active', 'disabled'];

export function worstState(states: readonly DestinationState[]): DestinationState | undefined {
  return WORST_FIRST.find((state) => states.includes(state));
}
