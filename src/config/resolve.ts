/** Completes the options: checked, copied, frozen, with every question answered once. */
import type { ArrivalRules, ClientAddressDetail } from '../model/arrival-rules.js';
import { fault } from '../model/configuration-error.js';
import type { TenantLookup } from '../model/destination.js';
import type { Diagnostic, DiagnosticListener } from '../model/diagnostic.js';
import type { EgressPolicy } from '../model/egress.js';
import type { ExceptionDetail } from '../model/exception.js';
import type { HostSpanProcessor } from '../model/host-span-processor.js';
import type { Outcome } from '../model/outcome.js';
import type { PropagationOptions } from '../model/propagation.js';
import type { DeliveryBounds } from '../model/queue-options.js';
import type { ResolvedDestination } from '../model/resolved-destination.js';
import type { RecordLimits } from '../model/record-limits.js';
import type { Redact } from '../model/redaction.js';
import { comparableName } from '../model/secret-names.js';
import type { SpanAttributeRules } from '../model/span-attributes.js';
import type { DestinationStateListener } from '../model/status.js';
import { TRUSTS, type Trust } from '../model/trust.js';
import {
  asBoolean,
  asFunction,
  asHeaderName,
  asObject,
  asOneOf,
  asText,
  asTextList,
  asWhole,
  checkFields,
} from './checks.js';
import { DEFAULTS } from './defaults.js';
import { resolveDestinations } from './destination.js';
import { resolveTenantEgress } from './egress.js';
import {
  ENVIRONMENT_DESTINATION,
  environmentOf,
  readEnvironment,
  type EnvironmentSettings,
} from './environment.js';
import { resolveExceptions } from './exceptions.js';
import { resolveGenAi, type GenAiSettings } from './gen-ai.js';
import { resolveLimits } from './limits.js';
import { resolveKnownMethods } from './known-methods.js';
import { resolveMetrics, type MetricSettings } from './metrics.js';
import { effectiveOperator } from './operator.js';
import { resolveDelivery } from './queues.js';
import { resolveResource, type ResourceSettings } from './resource-options.js';
import { resolveRuntimeLogs, type RuntimeLogSettings } from './runtime-logs.js';
import { resolveSampling, type Sampling } from './sampling.js';
import { resolveTenantRecords } from './tenant-records.js';
import { resolveSpanAttributes } from './span-attributes.js';
import { createTenantResolver, type TenantDestinations, type TenantResolver } from './tenants.js';
import { resolveTrustProxy } from './trust-proxy.js';
import type {
  GatewayOptions,
  GatewayPropagationOptions,
  ResponseHeaderOptions,
  TenantRecordOptions,
} from './options.js';

const FIELDS = [
  'serviceName',
  'serviceVersion',
  'serviceInstanceId',
  'namespace',
  'governanceNamespace',
  'environment',
  'resourceAttributes',
  'resourceDetectors',
  'resourceDetectionTimeoutMs',
  'operator',
  'tenants',
  'tenantTtlMs',
  'tenantEgress',
  'tenantRecords',
  'propagation',
  'sampling',
  'responseHeaders',
  'spans',
  'spanProcessors',
  'eventNameAttribute',
  'trustProxy',
  'clientAddress',
  'knownMethods',
  'clientDisconnect',
  'timeToFirstByte',
  'longLived',
  'bodySizes',
  'redact',
  'limits',
  'sensitiveQueryKeys',
  'spanAttributes',
  'exceptions',
  'runtimeLogs',
  'severity',
  'genAi',
  'metrics',
  'selfMetrics',
  'delivery',
  'registerGlobals',
  'env',
  'onDestinationState',
  'onRequestSpans',
  'onDiagnostic',
];
const PROPAGATION_FIELDS = ['extract', 'clear', 'inject', 'defaultFormat', 'baggage', 'trust', 'propagators'];

/** The configuration in force when the instance is made. */
export interface Settings extends ResourceSettings {
  readonly namespace: string;
  readonly governanceNamespace: string;
  readonly environment: string | undefined;
  readonly operator: readonly ResolvedDestination[];
  readonly tenants: TenantDestinations;
  readonly tenantResolver: TenantResolver;
  readonly tenantLookup: TenantLookup | undefined;
  readonly tenantTtlMs: number;
  readonly tenantEgress: EgressPolicy;
  readonly tenantRecords: Required<TenantRecordOptions>;
  /** As code says. */
  readonly propagation: PropagationOptions;
  /** Code said something about it. */
  readonly propagates: boolean;
  readonly trust: NonNullable<GatewayPropagationOptions['trust']>;
  readonly sampling: Sampling;
  readonly responseHeaders:
    { readonly traceId: string | undefined; readonly serverTiming: boolean } | undefined;
  readonly clientSpans: boolean;
  readonly callAttributes: SpanAttributeRules['client'];
  readonly spanProcessors: readonly HostSpanProcessor[];
  readonly arrivals: ArrivalRules;
  readonly eventNameAttribute: boolean;
  readonly clientDisconnect: 'error' | 'unset';
  readonly timeToFirstByte: boolean;
  readonly longLived: 'full' | 'headers';
  readonly bodySizes: boolean;
  readonly limits: RecordLimits;
  readonly redact: Redact | undefined;
  readonly exceptions: ExceptionDetail;
  readonly runtimeLogs: RuntimeLogSettings;
  readonly severity: ((outcome: Outcome) => number | undefined) | undefined;
  readonly genAi: GenAiSettings;
  readonly metrics: MetricSettings;
  readonly selfMetrics: boolean;
  readonly delivery: DeliveryBounds;
  readonly registerGlobals: boolean;
  readonly onDestinationState: DestinationStateListener | undefined;
  readonly onRequestSpans: ((text: string) => void) | undefined;
  readonly onDiagnostic: DiagnosticListener | undefined;
  readonly environmentSettings: EnvironmentSettings;
  readonly notices: readonly Diagnostic[];
  readonly operatorNotices: readonly Diagnostic[];
}

function resolveSpanProcessors(value: unknown): readonly HostSpanProcessor[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw fault('spanProcessors', 'must be an array of span processors');
  return value.map((item: unknown, index) => {
    const processor = item as Partial<HostSpanProcessor> | null;
    if (typeof processor?.onStart !== 'function' || typeof processor.onEnd !== 'function') {
      throw fault(`spanProcessors[${index}]`, 'must be a span processor, with onStart() and onEnd()');
    }
    return processor as HostSpanProcessor;
  });
}

function resolveSecretKeys(value: unknown): ReadonlySet<string> | undefined {
  if (value === undefined) return undefined;
  const names = asTextList(value, 'sensitiveQueryKeys').map(comparableName);
  if (names.includes('')) throw fault('sensitiveQueryKeys', 'must hold names with letters or digits');
  return names.length === 0 ? undefined : new Set(names);
}

function resolveTrust(value: unknown): Settings['trust'] {
  if (value === undefined) return 'continue';
  if (typeof value === 'function') return value as Exclude<Settings['trust'], string>;
  if (!TRUSTS.includes(value as Trust)) {
    throw fault('propagation.trust', `must be one of ${TRUSTS.join(', ')}, or a function`);
  }
  return value as Trust;
}

function resolveResponseHeaders(value: ResponseHeaderOptions | undefined): Settings['responseHeaders'] {
  if (value === undefined) return undefined;
  const given: ResponseHeaderOptions = asObject(value, 'responseHeaders');
  checkFields(given as Readonly<Record<string, unknown>>, 'responseHeaders', ['traceId', 'serverTiming']);
  const { traceId, serverTiming } = given;
  return {
    traceId: traceId === undefined ? undefined : asHeaderName(traceId, 'responseHeaders.traceId'),
    serverTiming:
      serverTiming === undefined ? false : asBoolean(serverTiming, 'responseHeaders.serverTiming'),
  };
}

function asNamespace(value: unknown, option: string): string {
  const namespace = asText(value, option, 64);
  if (!/^[a-z][a-z0-9_.-]*$/i.test(namespace) || namespace.endsWith('.')) {
    throw fault(
      option,
      'must begin with a letter and hold letters, digits, dots, dashes and underscores only',
    );
  }
  return namespace;
}

/** The operator's destinations in code. The environment's has a name of its own, which is not to be taken. */
export function resolveOperator(value: unknown): readonly ResolvedDestination[] {
  const destinations = resolveDestinations(value, 'operator', 'operator');
  if (destinations.some(({ name }) => name === ENVIRONMENT_DESTINATION)) {
    throw fault(
      'operator.name',
      `must not be ${ENVIRONMENT_DESTINATION}, the name of the destination that OTEL_* variables define`,
    );
  }
  return destinations;
}

/** Checks and completes the options. Throws one sentence; the environment never makes it throw. */
export function resolveSettings(options: GatewayOptions | undefined): Settings {
  const given = options === undefined ? {} : (asObject(options, 'options') as GatewayOptions);
  checkFields(given as Readonly<Record<string, unknown>>, '', FIELDS);
  if (given.env !== undefined && given.env !== false) asObject(given.env, 'env');
  const environmentSettings = readEnvironment(environmentOf(given.env));
  const namespace = asNamespace(
    given.namespace === undefined ? DEFAULTS.namespace : given.namespace,
    'namespace',
  );
  const operatorInCode = resolveOperator(given.operator);
  const operator = effectiveOperator(operatorInCode, environmentSettings);
  const { trust, ...propagation } =
    given.propagation === undefined
      ? {}
      : (asObject(given.propagation, 'propagation') as GatewayPropagationOptions);
  if (given.propagation !== undefined) {
    checkFields(asObject(given.propagation, 'propagation'), 'propagation', PROPAGATION_FIELDS);
  }
  const sampling = resolveSampling(given.sampling, environmentSettings.sampler);
  const spanAttributes = resolveSpanAttributes(given.spanAttributes);
  const tenantEgress = resolveTenantEgress(given.tenantEgress);
  const tenantResolver = createTenantResolver(tenantEgress);
  const genAi = resolveGenAi(given.genAi, environmentSettings.genAiSemconv);
  const metrics = resolveMetrics(given.metrics, environmentSettings);
  const isLookup = typeof given.tenants === 'function';
  return Object.freeze({
    ...resolveResource(given, environmentSettings),
    namespace,
    governanceNamespace: asNamespace(
      given.governanceNamespace === undefined ? namespace : given.governanceNamespace,
      'governanceNamespace',
    ),
    environment: given.environment === undefined ? undefined : asText(given.environment, 'environment'),
    operator: operator.destinations,
    tenants: isLookup
      ? new Map<string, readonly ResolvedDestination[]>()
      : tenantResolver.resolveAll(given.tenants, 'tenants'),
    tenantResolver,
    tenantLookup: isLookup ? given.tenants : undefined,
    tenantTtlMs:
      given.tenantTtlMs === undefined
        ? DEFAULTS.tenantTtlMs
        : asWhole(given.tenantTtlMs, 'tenantTtlMs', 1_000, 86_400_000),
    tenantEgress,
    tenantRecords: resolveTenantRecords(given.tenantRecords),
    propagation,
    propagates: given.propagation !== undefined,
    trust: resolveTrust(trust),
    sampling: sampling.inForce,
    responseHeaders: resolveResponseHeaders(given.responseHeaders),
    clientSpans:
      given.spans !== undefined && asOneOf(given.spans, 'spans', ['server', 'server+client']) !== 'server',
    callAttributes: spanAttributes.client,
    spanProcessors: resolveSpanProcessors(given.spanProcessors),
    arrivals: {
      trustProxy: resolveTrustProxy(given.trustProxy),
      clientAddress:
        given.clientAddress === undefined
          ? 'full'
          : asOneOf<ClientAddressDetail>(given.clientAddress, 'clientAddress', ['full', 'truncated', 'off']),
      spanAttributes: spanAttributes.server,
      secretKeys: resolveSecretKeys(given.sensitiveQueryKeys),
      knownMethods: resolveKnownMethods(given.knownMethods, environmentSettings.knownMethods),
    },
    eventNameAttribute:
      given.eventNameAttribute === undefined
        ? true
        : asBoolean(given.eventNameAttribute, 'eventNameAttribute'),
    clientDisconnect:
      given.clientDisconnect === undefined
        ? 'error'
        : asOneOf(given.clientDisconnect, 'clientDisconnect', ['error', 'unset']),
    timeToFirstByte:
      given.timeToFirstByte === undefined
        ? given.longLived === 'headers'
        : asBoolean(given.timeToFirstByte, 'timeToFirstByte') || given.longLived === 'headers',
    longLived:
      given.longLived === undefined ? 'full' : asOneOf(given.longLived, 'longLived', ['full', 'headers']),
    bodySizes:
      (given.bodySizes === undefined ? false : asBoolean(given.bodySizes, 'bodySizes')) ||
      metrics.countsBodies,
    limits: resolveLimits(given.limits, environmentSettings.limits),
    redact: given.redact === undefined ? undefined : asFunction<Redact>(given.redact, 'redact'),
    exceptions: resolveExceptions(given.exceptions),
    runtimeLogs: resolveRuntimeLogs(given.runtimeLogs),
    severity:
      given.severity === undefined
        ? undefined
        : asFunction<NonNullable<GatewayOptions['severity']>>(given.severity, 'severity'),
    genAi: genAi.inForce,
    metrics,
    selfMetrics: given.selfMetrics === undefined ? false : asBoolean(given.selfMetrics, 'selfMetrics'),
    delivery: resolveDelivery(given.delivery),
    registerGlobals:
      given.registerGlobals === undefined ? false : asBoolean(given.registerGlobals, 'registerGlobals'),
    onDestinationState:
      given.onDestinationState === undefined
        ? undefined
        : asFunction<DestinationStateListener>(given.onDestinationState, 'onDestinationState'),
    onRequestSpans:
      given.onRequestSpans === undefined
        ? undefined
        : asFunction<NonNullable<GatewayOptions['onRequestSpans']>>(given.onRequestSpans, 'onRequestSpans'),
    onDiagnostic:
      given.onDiagnostic === undefined
        ? undefined
        : asFunction<DiagnosticListener>(given.onDiagnostic, 'onDiagnostic'),
    environmentSettings,
    notices: [...environmentSettings.notices, ...sampling.notices, ...genAi.notices],
    operatorNotices: operator.notices,
  });
}
