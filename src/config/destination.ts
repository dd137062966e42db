/** Checks a `Destination` and completes it. Shared by operator, tenants, lookups and the environment. */
import type { Destination, ReadyMadeExporter } from '../model/destination.js';
import type { EgressPolicy } from '../model/egress.js';
import { isStandardExporter } from '../model/standard-exporter.js';
import { SIGNALS, type Signal } from '../model/signal.js';
import { asAttributes, asBoolean, asObject, asOneOf, asText, checkFields } from './checks.js';
import { parseEndpoint, refuseSignalPath, signalUrl } from './endpoint.js';
import { fault } from '../model/configuration-error.js';
import type { Audience, HeaderSource, ResolvedDestination, Target } from '../model/resolved-destination.js';
import { checkHeaders, mergeHeaders, resolveHeaders } from './headers.js';
import { resolveSelection } from './selection.js';
import { resolveRequestsPerMinute, resolveSending } from './sending.js';
import { MAX_PEM_BYTES, pemLength, resolveTls, type FoundGood } from './tls.js';

/** Per owner. Each destination of an owner costs a copy of every record. */
const MAX_DESTINATIONS = 16;
/** A tenant's resource: kept for each of its destinations, encoded with each answer of a lookup, sent with each request. */
const TENANT_ATTRIBUTES = { maxAttributes: 128, maxLength: 16 * 1024 };

/** All destinations of a tenant together: kept as long as they are, and parsed on the event loop. */
const MAX_TENANT_PEM_LENGTH = 3 * MAX_PEM_BYTES;

type OtlpTarget = Extract<Target, { kind: 'otlp' }>;

/** Nobody can leave a tenant's policy out by oversight; the operator has none. */
type OwnerArguments =
  | [owner: 'operator', egress?: undefined, foundGood?: undefined]
  | [owner: 'tenant', egress: EgressPolicy, foundGood?: FoundGood];
interface Owner {
  readonly owner: Audience;
  readonly egress: EgressPolicy | undefined;
}

const FIELDS = [
  'name',
  'endpoint',
  'headers',
  'signals',
  'traces',
  'logs',
  'metrics',
  'exporters',
  'serviceName',
  'resourceAttributes',
  'temporality',
  'timeoutMs',
  'connectTimeoutMs',
  'compression',
  'maxRequestBytes',
  'requestsPerMinute',
  'tls',
  'sampling',
  'filter',
  'disabled',
];

function resolveExporter(value: unknown, option: string, owner: Audience): ReadyMadeExporter {
  const exporter = value as Partial<ReadyMadeExporter> | null;
  if (
    typeof exporter !== 'object' ||
    typeof exporter?.export !== 'function' ||
    typeof exporter.shutdown !== 'function'
  ) {
    throw fault(option, 'must be an OpenTelemetry exporter, with export() and shutdown()');
  }
  if (owner === 'tenant' && isStandardExporter(exporter)) {
    throw fault(
      option,
      'is made by standardExporters(), which would send the headers of OTEL_EXPORTER_OTLP_HEADERS to the tenant: give the endpoint instead',
    );
  }
  return exporter as ReadyMadeExporter;
}

function switchedOn(signals: Readonly<Record<string, unknown>>, signal: Signal, option: string): boolean {
  return signals[signal] === undefined ? true : asBoolean(signals[signal], `${option}.signals.${signal}`);
}

function resolveTarget(
  signal: Signal,
  destination: Destination,
  base: URL | undefined,
  baseHeaders: HeaderSource,
  how: Pick<OtlpTarget, 'sending' | 'tls'>,
  option: string,
  { owner, egress }: Owner,
): Target | undefined {
  const own = destination[signal];
  let url: string | undefined;
  let headers = baseHeaders;
  if (own !== undefined) {
    checkFields(asObject(own, `${option}.${signal}`), `${option}.${signal}`, ['endpoint', 'headers']);
    if (own.endpoint !== undefined)
      url = parseEndpoint(own.endpoint, `${option}.${signal}.endpoint`, egress).href;
    const path = `${option}.${signal}.headers`;
    headers = mergeHeaders(baseHeaders, resolveHeaders(own.headers, path, owner));
    // The limits hold for both together too.
    checkHeaders(headers.fixed, path, owner);
  }
  if (destination.exporters?.[signal] !== undefined) {
    return {
      kind: 'exporter',
      exporter: resolveExporter(destination.exporters[signal], `${option}.exporters.${signal}`, owner),
    };
  }
  url ??= base && signalUrl(base, signal);
  if (url === undefined) return undefined;
  if (how.tls !== undefined && !url.startsWith('https:'))
    throw fault(`${option}.tls`, `has no effect: the endpoint of ${signal} says plain http, not https`);
  const isTrustedOrigin = egress?.isTrustedOrigin(url) ?? true;
  const { sending, tls } = how;
  return { kind: 'otlp', url, headers, sending, tls, audience: owner, isTrustedOrigin };
}

function refuseTraces(destination: Destination, option: string): void {
  const asked =
    (destination.traces !== undefined && `${option}.traces`) ||
    (destination.signals?.traces === true && `${option}.signals.traces`) ||
    (destination.exporters?.traces !== undefined && `${option}.exporters.traces`);
  if (asked) throw fault(asked, 'is not possible: a tenant never receives traces');
}

/**
 * Checks one destination. `option` is the path that errors name; `egress` is what a tenant's may not do without. Throws;
 * changes and keeps nothing of the argument.
 */
export function resolveDestination(
  value: unknown,
  option: string,
  ...[owner, egress, foundGood]: OwnerArguments
): ResolvedDestination {
  const destination = asObject(value, option) as Destination & Record<string, unknown>;
  checkFields(destination, option, FIELDS);
  const signals = destination.signals === undefined ? {} : asObject(destination.signals, `${option}.signals`);
  checkFields(signals, `${option}.signals`, SIGNALS);
  if (destination.exporters !== undefined) {
    checkFields(asObject(destination.exporters, `${option}.exporters`), `${option}.exporters`, SIGNALS);
  }
  if (owner === 'tenant') refuseTraces(destination, option);
  const base =
    destination.endpoint === undefined
      ? undefined
      : parseEndpoint(destination.endpoint, `${option}.endpoint`, egress);
  if (base !== undefined) refuseSignalPath(base, `${option}.endpoint`);
  const headers = resolveHeaders(destination.headers, `${option}.headers`, owner);
  const how = {
    sending: resolveSending(destination, option),
    tls: resolveTls(destination.tls, `${option}.tls`, owner, foundGood),
  };
  const targets: Partial<Record<Signal, Target>> = {};
  let reachable = false;
  let spoken = false;
  for (const signal of SIGNALS) {
    if (owner === 'tenant' && signal === 'traces') continue;
    const target = resolveTarget(signal, destination, base, headers, how, option, { owner, egress });
    reachable ||= target !== undefined;
    spoken ||= target?.kind === 'otlp';
    // Asked also where there is no target, so that a wrong value is found.
    const isOn = switchedOn(signals, signal, option);
    if (target !== undefined && isOn) targets[signal] = target;
  }
  const disabled =
    destination.disabled === undefined ? false : asBoolean(destination.disabled, `${option}.disabled`);
  if (!reachable && !disabled)
    throw fault(option, 'needs an endpoint (for all signals or for one) or exporters');
  // Whoever gives certificates must not find out from failing exports that nobody asks for them.
  if (how.tls !== undefined && reachable && !spoken)
    throw fault(`${option}.tls`, 'has no effect: ready-made exporters have certificates of their own');
  return {
    name: destination.name === undefined ? 'default' : asText(destination.name, `${option}.name`, 128),
    // With every signal switched off too: it would be pending for ever.
    disabled: disabled || Object.keys(targets).length === 0,
    targets,
    serviceName:
      destination.serviceName === undefined
        ? undefined
        : asText(destination.serviceName, `${option}.serviceName`),
    resourceAttributes:
      destination.resourceAttributes === undefined
        ? {}
        : asAttributes(
            destination.resourceAttributes,
            `${option}.resourceAttributes`,
            owner === 'tenant' ? TENANT_ATTRIBUTES : undefined,
          ),
    temporality:
      destination.temporality === undefined
        ? 'cumulative'
        : asOneOf(destination.temporality, `${option}.temporality`, ['cumulative', 'delta']),
    requestsPerMinute: resolveRequestsPerMinute(destination, option),
    selection: resolveSelection(destination, option, owner),
  };
}

function checkTenantTls(destinations: readonly unknown[], option: string): void {
  if (destinations.reduce<number>((sum, one) => sum + pemLength(one), 0) > MAX_TENANT_PEM_LENGTH)
    throw fault(
      option,
      `has more than ${MAX_TENANT_PEM_LENGTH} characters of certificates and keys in total`,
    );
}

/** Checks one destination, several or none. Names are unique per owner. */
export function resolveDestinations(
  value: unknown,
  option: string,
  ...of: OwnerArguments
): readonly ResolvedDestination[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return [resolveDestination(value, option, ...of)];
  if (value.length > MAX_DESTINATIONS)
    throw fault(option, `must have at most ${MAX_DESTINATIONS} destinations`);
  if (of[0] === 'tenant') checkTenantTls(value, option);
  const names = new Map<string, number>();
  return value.map((item, index) => {
    const resolved = resolveDestination(item, `${option}[${index}]`, ...of);
    const earlier = names.get(resolved.name);
    if (earlier !== undefined) {
      throw fault(
        `${option}[${index}].name`,
        `is the same as that of ${option}[${earlier}]: each needs a name of its own`,
      );
    }
    names.set(resolved.name, index);
    return resolved;
  });
}
