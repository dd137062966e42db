/** The names of severities, with their numbers by the logs data model: its own short names, and those of syslog. */

export const LOG_LEVELS = Object.freeze({
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

export type LogLevel = keyof typeof LOG_LEVELS;
