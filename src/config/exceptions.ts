/** The option `exceptions`. */
import type { ExceptionDetail } from '../model/exception.js';
import { asBoolean, asObject, checkFields } from './checks.js';

/** All of it, because whoever reads the operator's telemetry can read the gateway's own logs too. */
const DEFAULT_DETAIL: ExceptionDetail = { logs: true, spanEvents: true, stackTraces: true };

export function resolveExceptions(value: unknown): ExceptionDetail {
  if (value === undefined) return DEFAULT_DETAIL;
  const given = asObject(value, 'exceptions');
  checkFields(given, 'exceptions', Object.keys(DEFAULT_DETAIL));
  const read = (field: keyof ExceptionDetail): boolean =>
    given[field] === undefined ? DEFAULT_DETAIL[field] : asBoolean(given[field], `exceptions.${field}`);
  return { logs: read('logs'), spanEvents: read('spanEvents'), stackTraces: read('stackTraces') };
}
