/** The options of `sentryErrors`, checked and completed. Faults of code throw; those of the environment are notices. */
import { fault, faultSentence } from '../model/configuration-error.js';
import type { Diagnostic, DiagnosticListener } from '../model/diagnostic.js';
import { hasFields } from '../model/fields.js';
import type { ServiceIdentity } from '../model/service-identity.js';
import { parseDsn, type Dsn } from './dsn.js';
import { readVariables, type Environment } from './environment.js';
import { isEnvironmentName, isReleaseName, type EventFacts } from './event.js';
import type { RedactEvent, SentryErrorsOptions } from './options.js';
import type { SentryClient } from './sdk.js';

/** Sentry's own quotas count by event: an outage must not use them up in its first minute. */
const DEFAULT_PER_MINUTE = 60;
/** As long as a supervisor would hardly notice. */
const DEFAULT_PROCESS_TIMEOUT_MS = 2_000;

const FIELDS = [
  'dsn',
  'client',
  'release',
  'environment',
  'report',
  'maxReportsPerMinute',
  'captureProcessErrors',
  'processErrorTimeoutMs',
  'redact',
  'serverName',
  'env',
  'onDiagnostic',
];

export interface SentrySettings {
  /** The one in force. */
  readonly dsn: Dsn | undefined;
  /** The environment defines it: code has no say. */
  readonly isDsnOfEnvironment: boolean;
  readonly client: SentryClient | undefined;
  readonly facts: EventFacts;
  readonly reportsAll: boolean;
  readonly maxReportsPerMinute: number;
  readonly capturesProcessErrors: boolean;
  readonly processErrorTimeoutMs: number;
  readonly redact: RedactEvent | undefined;
  readonly onDiagnostic: DiagnosticListener | undefined;
  readonly notices: readonly Diagnostic[];
}

export const OVERRIDDEN: Diagnostic = Object.freeze({
  code: 'overridden_by_environment',
  message: 'The DSN in code is inactive: SENTRY_DSN_BACKEND defines where error reports go',
});

export function resolveSettings(
  value: SentryErrorsOptions | undefined,
  service: ServiceIdentity,
): SentrySettings {
  const given = fieldsOf(value);
  const notices: Diagnostic[] = [];
  const client = asClient(given['client']);
  const inCode = given['dsn'] === undefined ? undefined : parseDsn(given['dsn'], 'dsn');
  if (client !== undefined && inCode !== undefined)
    throw fault('dsn', 'cannot stand beside client, which has its own');
  const release = asName(given['release'], 'release', isReleaseName);
  const environment = asName(given['environment'], 'environment', isEnvironmentName);
  const variables = readVariables(asEnvironment(given['env']));

  /** A variable that cannot be used counts as unset. */
  const checked = <T>(name: string, text: string | undefined, check: (text: string) => T): T | undefined => {
    if (text === undefined) return undefined;
    try {
      return check(text);
    } catch (error) {
      notices.push({
        code: 'environment_invalid',
        message: `${faultSentence(error)}; ${name} counts as unset`,
      });
      return undefined;
    }
  };
  const dsnName = 'SENTRY_DSN_BACKEND';
  const inEnvironment = checked(dsnName, variables.dsn, (text) => parseDsn(text, dsnName));
  const ofEnvironment = (name: string, text: string | undefined, check: (text: string) => boolean) =>
    checked(name, text, (value) => asName(value, name, check));
  const environmentInForce =
    ofEnvironment('SENTRY_ENVIRONMENT', variables.environment, isEnvironmentName) ?? environment;
  const releaseOfEnvironment = ofEnvironment('SENTRY_RELEASE', variables.release, isReleaseName);
  if (client !== undefined && inEnvironment !== undefined)
    notices.push({
      code: 'environment_invalid',
      message: `${dsnName} has no effect: error reports go through the client that was given`,
    });
  else if (inCode !== undefined && inEnvironment !== undefined && inCode.text !== inEnvironment.text)
    notices.push(OVERRIDDEN);
  const { version } = service;
  return {
    dsn: client === undefined ? (inEnvironment ?? inCode) : undefined,
    isDsnOfEnvironment: client === undefined && inEnvironment !== undefined,
    client,
    facts: {
      release:
        release ??
        releaseOfEnvironment ??
        (version !== undefined && isReleaseName(version) ? version : undefined),
      environment: environmentInForce,
      defaultEnvironment: service.environment,
      serverName: asName(given['serverName'], 'serverName', (text) => text.length <= 256),
    },
    reportsAll: asReport(given['report']),
    maxReportsPerMinute: asWhole(
      given['maxReportsPerMinute'],
      'maxReportsPerMinute',
      1,
      6_000,
      DEFAULT_PER_MINUTE,
    ),
    capturesProcessErrors: asSwitch(given['captureProcessErrors'], 'captureProcessErrors'),
    processErrorTimeoutMs: asWhole(
      given['processErrorTimeoutMs'],
      'processErrorTimeoutMs',
      100,
      10_000,
      DEFAULT_PROCESS_TIMEOUT_MS,
    ),
    redact: asFunction<RedactEvent>(given['redact'], 'redact'),
    onDiagnostic: asFunction<DiagnosticListener>(given['onDiagnostic'], 'onDiagnostic'),
    notices,
  };
}

type Given = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Given {
  if (value === undefined) return {};
  if (!hasFields(value)) throw fault('options', 'must be an object');
  for (const field of Object.keys(value))
    if (value[field] !== undefined && !FIELDS.includes(field))
      throw fault(field, `is not a known option; known are ${FIELDS.join(', ')}`);
  return value;
}

function asClient(value: unknown): SentryClient | undefined {
  if (value === undefined) return undefined;
  const client = (value ?? {}) as Readonly<Partial<Record<keyof SentryClient, unknown>>>;
  const isClient = (['captureEvent', 'getOptions', 'getDsn', 'on', 'flush'] as const).every(
    (method) => typeof client[method] === 'function',
  );
  if (!isClient) throw fault('client', 'must be a client of Sentry, such as Sentry.getClient() gives');
  return value as SentryClient;
}

function asName(value: unknown, option: string, check: (text: string) => boolean): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '' || !check(value))
    throw fault(option, 'must be a name that Sentry takes: a short text without line ends and slashes');
  return value;
}

function asEnvironment(value: unknown): Environment | false | undefined {
  if (value === undefined || value === false) return value;
  if (!hasFields(value)) throw fault('env', 'must be an object, or false');
  return value as Environment;
}

function asReport(value: unknown): boolean {
  if (value === undefined || value === 'exceptions') return false;
  if (value !== 'all') throw fault('report', 'must be one of exceptions, all');
  return true;
}

function asWhole(value: unknown, option: string, min: number, max: number, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw fault(option, `must be a whole number from ${min} to ${max}`);
  return value;
}

function asSwitch(value: unknown, option: string): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'boolean') throw fault(option, 'must be true or false');
  return value;
}

function asFunction<T>(value: unknown, option: string): T | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'function') throw fault(option, 'must be a function');
  return value as T;
}
