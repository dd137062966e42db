/** `tenantRecords`: what tenants receive beside the records of their requests. */
import { asBoolean, asObject, checkFields } from './checks.js';
import type { TenantRecordOptions } from './options.js';

export function resolveTenantRecords(value: unknown): Required<TenantRecordOptions> {
  const given = value === undefined ? {} : asObject(value, 'tenantRecords');
  checkFields(given, 'tenantRecords', ['webhooks', 'securityEvents', 'genAi']);
  const said = (field: keyof TenantRecordOptions): boolean =>
    given[field] === undefined ? false : asBoolean(given[field], `tenantRecords.${field}`);
  return Object.freeze({
    webhooks: said('webhooks'),
    securityEvents: said('securityEvents'),
    genAi: said('genAi'),
  });
}
