/** One step of a destination, as it is told to the host. */
import type { DestinationState, DestinationStateEvent } from '../model/status.js';

export interface StateHome {
  epochMs(): number;
  onState(event: DestinationStateEvent): void;
}

export interface StateChange {
  readonly tenantId: string | undefined;
  readonly destination: string;
  readonly from: DestinationState;
  readonly to: DestinationState | 'removed';
}

/** Nothing is told where nothing has changed. */
export function tellChange(home: StateHome, { tenantId, destination, from, to }: StateChange): void {
  if (from === to) return;
  const event = { destination, state: to, previousState: from, atMs: Math.round(home.epochMs()) };
  home.onState(tenantId === undefined ? event : { ...event, tenantId });
}
