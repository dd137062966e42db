/** How an instance knows its own exports when they come back to it: a tenant may have aimed them at the gateway itself. */

/** On exports to tenants, whatever the namespace is. */
export const LOOP_HEADER = 'gateway-otel-loop';

export interface LoopTokens {
  /** For the exports of this tenant, now. */
  of(tenantId: string): string;
  /** `token` was made here, for this tenant, a minute or two ago at most. */
  isOf(tenantId: string, token: string): boolean;
}
