/** `metrics.operatorTenantDimension`: under which name a tenant's requests count in the operator's metrics. */
import type { Diagnostic } from '../model/diagnostic.js';
import type { OperatorTenantDimension } from '../model/metric-choices.js';
import { containRejection } from '../model/settle.js';
import { isTenantId } from '../model/tenant-id.js';

/** Tenants whose label is remembered; the one that was asked about first makes room. About 2 MB with ids of usual length. */
export const MAX_REMEMBERED_LABELS = 10_000;

/** The label of a tenant; `undefined`: it is counted without one. */
export type TenantLabels = (tenantId: string | undefined) => string | undefined;

/** `undefined`: every tenant counts under its own id. */
export function createTenantLabels(
  dimension: OperatorTenantDimension,
  report: (diagnostic: Diagnostic) => void,
): TenantLabels | undefined {
  if (dimension === true) return undefined;
  if (dimension === false) return () => undefined;
  const remembered = new Map<string, string | undefined>();
  const ask = (tenantId: string): string | undefined => {
    try {
      const answer: unknown = dimension(tenantId);
      if (answer === undefined || isTenantId(answer)) return answer;
      containRejection(answer);
      report({
        code: 'callback_failed',
        message: 'metrics.operatorTenantDimension must give a string of 1 to 128 bytes, or undefined',
      });
    } catch {
      report({
        code: 'callback_failed',
        message: 'metrics.operatorTenantDimension threw; the tenant counts without a label',
      });
    }
    return undefined;
  };
  return (tenantId) => {
    if (tenantId === undefined) return undefined;
    if (remembered.has(tenantId)) return remembered.get(tenantId);
    const label = ask(tenantId);
    for (const first of remembered.keys()) {
      if (remembered.size < MAX_REMEMBERED_LABELS) break;
      remembered.delete(first);
    }
    remembered.set(tenantId, label);
    return label;
  };
}
