/** The names of severities, with their numbers by the logs data model: its own short names, and those of syslog. */

export type LogLevel =
  | 'trace'
  | 'debug'
  | 'info'
  | 'notice'
  | 'warn'
  | 'error'
  | 'crit'
  | 'critical'
  | 'alert'
  | 'fatal'
  | 'emerg'
  | 'emergency';

export const LOG_LEVELS: Readonly<Record<LogLevel, number>> = Object.freeze({
  trace: 1,
  debug: 5,
  info: 9,
  notice: 10,
  warn: 13,
  error: 17,
  crit: 18,
  critical: 18,
  alert: 19,
  fatal: 21,
  emerg: 21,
  emergency: 21,
});
