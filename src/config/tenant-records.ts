/** `tenantRecords`: what tenants receive beside the records of their requests. */
import { fault } from '../model/configuration-error.js';
import { asBoolean, asObject, checkFields } from './checks.js';
import type { TenantRecordOptions } from './options.js';

export function resolveTenantRecords(value: unknown): Required<TenantRecordOptions> {
  const given = value === undefined ? {} : asObject(value, 'tenantRecords');
  checkFields(given, 'tenantRecords', ['webhooks', 'securityEvents', 'genAi']);
  const said = (field: 'webhooks' | 'securityEvents'): boolean =>
    given[field] === undefined ? false : asBoolean(given[field], `tenantRecords.${field}`);
  return Object.freeze({
    webhooks: said('webhooks'),
    securityEvents: said('securityEvents'),
    genAi: resolveGenAi(given['genAi']),
  });
}

function resolveGenAi(value: unknown): boolean | 'with_cost' {
  if (value === undefined) return false;
  if (typeof value === 'boolean' || value === 'with_cost') return value;
  throw fault('tenantRecords.genAi', "must be true, false or 'with_cost'");
}
