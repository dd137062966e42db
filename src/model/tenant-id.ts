/** What a tenant id may be: a string of 1 to 128 bytes. */

export const MAX_TENANT_ID_BYTES = 128;

/** Cheap for the usual id: only long non-ASCII strings are measured in bytes. */
export function isTenantId(id: unknown): id is string {
  if (typeof id !== 'string' || id.length === 0 || id.length > MAX_TENANT_ID_BYTES) return false;
  return id.length * 3 <= MAX_TENANT_ID_BYTES || Buffer.byteLength(id) <= MAX_TENANT_ID_BYTES;
}
