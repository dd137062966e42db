/** Short names of severity numbers, as the logs data model has them. */

const NAMES = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;

/** `INFO` for 9 to 12, `WARN` for 13 to 16, `ERROR` for 17 to 20 … */
export function severityText(severityNumber: number): string {
  return NAMES[(severityNumber - 1) >> 2] ?? 'INFO';
}
