/** Bounds on everything that a client or a host can put into a record. */
export {
  cleanName,
  cleanValue,
  cutText,
  isUsableKey,
  MAX_NAME_LENGTH,
  MAX_VALUE_LENGTH,
} from '../model/clean-values.js';

export const MAX_REQUEST_ID_LENGTH = 128;

/** A status that HTTP can have; everything else counts as none. */
export function cleanStatus(status: unknown): number | undefined {
  return typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 999
    ? status
    : undefined;
}
