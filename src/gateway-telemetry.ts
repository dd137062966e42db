/** The composition root: builds the stages from right to left; with `instance.ts` the only file that knows them. */
import { randomUUID } from 'node:crypto';
import { resolveDestination } from './config/destination.js';
import { NOTHING_TO_DETECT, startDetection } from './config/detection.js';
import { OperatorResource } from './config/operator-resource.js';
import type { GatewayOptions } from './config/options.js';
import { effectivePropagation, type EffectivePropagation } from './config/propagators.js';
import { createReporter } from './config/reporter.js';
import { resolveSettings, type Settings } from './config/resolve.js';
import { createResources } from './config/resource.js';
import { TenantResource } from './config/tenant-resource.js';
import { createDelivery, type Delivery } from './delivery/delivery.js';
import { createDestinationTests } from './delivery/destination-test.js';
import { outside } from './delivery/outside.js';
import { createStateListeners } from './delivery/state-listeners.js';
import { createGenAiReader } from './gen-ai/answer-reader.js';
import { watchGenAiAnswer } from './gen-ai/watch-answer.js';
import { Instance, type KeptSettings } from './instance.js';
import type { Attributes } from './model/attributes.js';
import type { DestinationResource, Scope } from './model/delivery.js';
import type { Destination, ReadyMadeExporter } from './model/destination.js';
import { genAiNames } from './model/gen-ai-names.js';
import { CUSTOM_SCOPE_NAME, namesFor, REQUEST_SCOPE_NAME, RUNTIME_SCOPE_NAME } from './model/names.js';
import type { Propagation } from './model/propagation.js';
import type { ResolvedDestination } from './model/resolved-destination.js';
import type { Signal } from './model/signal.js';
import type { GatewayTelemetry } from './model/telemetry.js';
import { VERSION } from './model/version.js';
import { decodePartialSuccess, isExportResponse } from './otlp/decode-response.js';
import { createEncoders, createEnvelopes } from './otlp/encoders.js';
import { createPropagation } from './propagation/policy.js';
import { createClock } from './request/clock.js';
import { createContexts } from './request/contexts.js';
import { createEventStage } from './request/event-stage.js';
import { Decodings } from './request/decodings.js';
import type { ExchangeHome } from './request/exchange-home.js';
import { createIdGenerator } from './request/ids.js';
import { OpenExchanges } from './request/open-exchanges.js';
import { createHeadSampling, guardDecision } from './request/sampling.js';
import { createRequestStage } from './request/request-stage.js';
import { createServerErrorListeners } from './request/server-errors.js';
import { guardSeverity } from './request/severity.js';
import { guardSpanProcessors } from './request/span-processors.js';
import { guardTrustedHop } from './request/trusted-hop.js';
import { createCustomSignals } from './signals/custom.js';
import { createEventSignals } from './signals/event-signals.js';
import { createGatewayMetrics } from './signals/gateway-metrics.js';
import { createIntakeChain } from './signals/intake-chain.js';
import { createOwnReadings } from './signals/own-readings.js';
import { createRequestSignals } from './signals/request-signals.js';
import { registerGlobals } from './signals/register-globals.js';
import { createSdkResources } from './signals/sdk-resource.js';
import { createTestRecords } from './signals/test-records.js';
import { createEgressGuard } from './transport/egress-guard.js';
import { selfTestEgress } from './transport/egress-self-test.js';
import { openExporterSender } from './transport/exporter-sender.js';
import { createCompressor } from './transport/gzip.js';
import { holdSender } from './transport/held-sender.js';
import { createLoopTokens } from './transport/loop-tokens.js';
import { openOtlpSender, type OtlpSenderOptions } from './transport/otlp-http-sender.js';
import { createPools } from './transport/pool.js';
import { makeStandardExporters } from './transport/standard-exporters.js';
import { openTestSender } from './transport/test-sender.js';

/** Begins with the product and ends with what OTLP receivers expect to see. */
const USER_AGENT = `gateway-otel/${VERSION} OTel-OTLP-Exporter-JavaScript/${VERSION}`;

/**
 * Makes an instance. Nothing global is touched unless `registerGlobals` is `true`, and no option object is kept or changed.
 * Throws a `ConfigurationError`, one sentence that names the option and the fault; faults of the environment are reported
 * instead and count as unset. Without any destination and propagation option, requests cost one check.
 */
export function createGatewayTelemetry(options?: GatewayOptions): GatewayTelemetry {
  // Apart, and not kept: what is removed later must not stay in what was configured first.
  const { tenants, ...settings } = resolveSettings(options);
  // Faults of code throw, even where the environment stands over it.
  const inCode = createPropagation(settings.propagation);
  const effective = effectivePropagation(settings.propagation, settings.environmentSettings.propagators);
  return compose(
    settings,
    tenants,
    effective.isSaid ? createPropagation(effective.options) : inCode,
    effective,
  );
}

export { readGenAiRequest } from './gen-ai/request-reader.js';

/**
 * The three stock OTLP exporters from a destination of the operator's, one for each signal with an endpoint, to be used as
 * its `exporters`. They are loaded with their first export, read the `OTEL_EXPORTER_OTLP_*` variables as they always do
 * (its headers included, which is why tenants are refused them), and bring retry and time-outs of their own. Of the
 * destination only endpoints, headers and signals are used, and `tls` is refused; the rest belongs to the destination that
 * gets the exporters.
 */
export function standardExporters(destination: Destination): Partial<Record<Signal, ReadyMadeExporter>> {
  return makeStandardExporters(resolveDestination(destination, 'destination', 'operator'));
}

function compose(
  settings: KeptSettings,
  tenants: Settings['tenants'],
  propagation: Propagation,
  { isSaid, faults }: EffectivePropagation,
): GatewayTelemetry {
  const clock = createClock();
  const nowMs = (): number => clock.epochMs(clock.monotonicMs());
  const reporter = createReporter(settings.onDiagnostic, clock.monotonicMs);
  const encoders = createEncoders();
  const envelopes = createEnvelopes();
  const contexts = createContexts();
  const names = namesFor(settings.namespace, settings.governanceNamespace);
  const { sdkDisabled } = settings.environmentSettings;
  const report = reporter.report.bind(reporter);
  const detection = sdkDisabled
    ? NOTHING_TO_DETECT
    : outside(() =>
        startDetection({
          sources: settings.resourceDetectors,
          timeoutMs: settings.resourceDetectionTimeoutMs,
          notice: (message) => reporter.notice({ code: 'resource_detector_failed', message }),
        }),
      );
  const resources = createResources({ ...settings, detected: () => detection.found });
  const scopeOf = (name: string, version: string): Scope => ({
    name,
    version,
    bytes: envelopes.scope(name, version),
  });
  const { ratio, parent, decide } = settings.sampling;
  const sampling = createHeadSampling(ratio, parent, guardDecision(decide, report));
  const requestScope = scopeOf(REQUEST_SCOPE_NAME, VERSION);
  let isShutDown = false;
  let isConfigured = settings.operator.length > 0 || tenants.size > 0 || settings.tenantLookup !== undefined;
  const isDisabled = (): boolean => sdkDisabled || isShutDown;

  const detecting = (): Promise<void> | undefined => detection.pending;
  const ofOperator = (attributes: () => Attributes): DestinationResource =>
    new OperatorResource(attributes, (of) => envelopes.resource(of), detecting);
  const resourceFor = (
    tenantId: string | undefined,
    destination: ResolvedDestination,
  ): DestinationResource => {
    if (tenantId !== undefined)
      return new TenantResource(resources, tenantId, destination, (of) => envelopes.resource(of));
    return ofOperator(() => resources.attributesFor(undefined, destination));
  };
  const operatorResource = ofOperator(() => resources.operator());
  const openExchanges = new OpenExchanges();
  const bornMs = nowMs();
  const callNames = genAiNames(settings.genAi.semconv);
  const metrics = createGatewayMetrics({
    ...settings.metrics,
    genAiNames: callNames,
    genAiModels: settings.genAi.models,
    genAiToTenants: settings.tenantRecords.genAi,
    openRequests: () => openExchanges,
    bornMs,
    names,
    scope: requestScope,
    encoders,
    nowMs,
    report,
  });
  const chain = createIntakeChain({
    // Custom signals hand over to delivery, and delivery reads the custom instruments: one of them has to come late.
    delivery: () => delivery,
    printsSpans: settings.environmentSettings.printsSpans,
    onRequestSpans: settings.onRequestSpans,
    spanProcessors: guardSpanProcessors(settings.spanProcessors, report),
    redact: settings.redact,
    limits: settings.limits,
    report,
  });
  const { intake, processors } = chain;
  const resourceObject = createSdkResources();
  const guard = createEgressGuard({
    policy: settings.tenantEgress,
    selfTest: selfTestEgress,
    onBroken: () =>
      reporter.notice({
        code: 'egress_guard_failed',
        message:
          "Nothing is sent to tenants: in this runtime the egress guard does not keep connections out of the gateway's network",
      }),
  });
  const sending: OtlpSenderOptions = {
    userAgent: USER_AGENT,
    decodeResponse: decodePartialSuccess,
    isResponse: isExportResponse,
    compressor: createCompressor(),
    pools: createPools({}, guard),
    onTlsFault: (message) => report({ code: 'tls_files_unusable', message }),
  };
  const loopTokens = createLoopTokens(clock.monotonicMs);
  const exporterUses = new WeakMap<ReadyMadeExporter, number>();
  const closingExporters = new Set<Promise<void>>();
  const custom = createCustomSignals(
    {
      encoders,
      intake,
      processors,
      activeContext: () => contexts.active(),
      runIn: (active, fn) => contexts.with(active, fn),
      isDisabled,
      names,
      requestIdOf: (active) => contexts.exchange(active)?.requestId,
      minSeverity: settings.runtimeLogs.minSeverity,
      exceptions: settings.exceptions,
      limits: settings.limits,
      sampling: settings.sampling,
      report,
      sdkResource: () => resourceObject(operatorResource),
      resourceObject,
    },
    scopeOf(CUSTOM_SCOPE_NAME, VERSION),
    scopeOf(RUNTIME_SCOPE_NAME, VERSION),
    scopeOf,
  );
  const openOwnReadings = createOwnReadings({
    openFurtherReadings: metrics.openFurtherReadings,
    openCallReadings: metrics.openCallReadings,
    names,
    scope: requestScope,
    encoders,
    selfCounts: settings.selfMetrics ? () => delivery.selfCounts() : undefined,
    bornMs,
  });
  const stateListeners = createStateListeners(report);
  if (settings.onDestinationState !== undefined) stateListeners.add(settings.onDestinationState);
  const delivery: Delivery = createDelivery({
    envelopes,
    metrics,
    customMetrics: custom.metrics,
    resourceFor,
    report,
    monotonicMs: clock.monotonicMs,
    epochMs: nowMs,
    openSender(target, tenantId) {
      const loopToken = tenantId === undefined ? undefined : () => loopTokens.of(tenantId);
      const sender =
        target.kind === 'otlp'
          ? openOtlpSender(target, sending, loopToken)
          : openExporterSender(target.exporter, {
              resourceObject,
              uses: exporterUses,
              closing: closingExporters,
            });
      return tenantId === undefined ? holdSender(sender, detecting) : sender;
    },
    operator: sdkDisabled ? [] : settings.operator,
    tenants: sdkDisabled ? new Map<string, readonly ResolvedDestination[]>() : tenants,
    tenantLookup: sdkDisabled ? undefined : settings.tenantLookup,
    tenantTtlMs: settings.tenantTtlMs,
    metricIntervalMs: settings.metrics.intervalMs,
    bounds: settings.delivery,
    onState: (event) => stateListeners.tell(event),
    keep: settings.sampling.keep,
    keyedId: sampling.keyedId,
    isIdChosen: (traceId) => sampling.chosenIds.has(traceId),
    openOwnReadings,
    resolveTenant: (answer, before) => settings.tenantResolver.resolve(answer, 'tenants', before),
  });
  const sink = createRequestSignals({
    names,
    eventNameAttribute: settings.eventNameAttribute,
    intake,
    metrics,
    encoders,
    scope: requestScope,
    resourceObject,
  });
  const eventSink = createEventSignals({
    names,
    eventNameAttribute: settings.eventNameAttribute,
    tenantRecords: settings.tenantRecords,
    genAiNames: callNames,
    logsCalls: settings.genAi.events,
    intake,
    metrics,
    encoders,
    scope: requestScope,
    resourceObject,
  });
  const ids = createIdGenerator();
  const home: ExchangeHome = {
    clock,
    ids,
    propagation,
    sampling,
    clientSpans: settings.clientSpans,
    callAttributes: settings.callAttributes,
    limits: settings.limits,
    responseHeaders: settings.responseHeaders,
    contexts,
    sink,
    processors,
    names,
    exceptions: settings.exceptions,
    arrivals: { ...settings.arrivals, trustProxy: guardTrustedHop(settings.arrivals.trustProxy, report) },
    environment: settings.environment,
    clientDisconnect: settings.clientDisconnect,
    longLived: settings.longLived,
    timesHeads: settings.timeToFirstByte,
    countsBodies: settings.bodySizes,
    tellsMetricFacts: settings.metrics.tellsFacts,
    scope: { name: REQUEST_SCOPE_NAME, version: VERSION },
    resource: () => resourceObject(operatorResource),
    nowEpochMs: nowMs,
    isOwnExport: loopTokens.isOf,
    severityOf: guardSeverity(settings.severity, report),
    report,
    boundEmitters: new WeakMap(),
    closingCalls: new Set(),
    decodings: new Decodings(),
    openExchanges,
    serverErrors: createServerErrorListeners(report),
    isSilent: false,
  };
  const destinationTests = createDestinationTests({
    envelopes,
    records: createTestRecords({
      names,
      eventNameAttribute: settings.eventNameAttribute,
      scope: requestScope,
      encoders,
      ids,
      nowMs,
      resourceObject,
    }),
    openSender: (target) => openTestSender(target, sending, resourceObject),
    // Nobody's tenant: not even a tenant's own instance id may tell that two have met the same gateway.
    resourceFor: (audience, destination) =>
      resourceFor(audience === 'tenant' ? randomUUID() : undefined, destination),
    isBlocked: (target, audience) =>
      audience === 'tenant' &&
      target.kind === 'otlp' &&
      settings.tenantEgress.refusalOf(new URL(target.url)) !== undefined,
    sdkDisabled,
    monotonicMs: clock.monotonicMs,
  });
  const mode = {
    wanted: () => intake.wanted,
    isDisabled,
    // An instance that is configured and then off adds no hop, but goes on passing the caller's ids on.
    propagates: () => settings.propagates || isSaid || (isDisabled() && isConfigured),
  };
  const stage = createRequestStage({ home, ...mode, isShutDown: () => isShutDown, trust: settings.trust });
  const w3c = createPropagation({ extract: ['w3c'], baggage: 'ignore' });
  const answers = { watch: watchGenAiAnswer, createReader: createGenAiReader };
  const events = createEventStage({
    home,
    ...mode,
    sink: eventSink,
    w3c,
    price: settings.genAi.price,
    genAiNames: callNames,
    answers,
  });
  for (const notice of settings.notices) reporter.notice(notice);
  if (isSaid && (settings.propagation.extract ?? settings.propagation.inject) !== undefined) {
    reporter.notice({
      code: 'overridden_by_environment',
      message:
        'propagation.extract and propagation.inject are inactive: OTEL_PROPAGATORS defines the formats',
    });
  }
  for (const message of faults) reporter.notice({ code: 'environment_invalid', message });
  reporter.operatorNotices(settings.operatorNotices);
  if (settings.registerGlobals)
    registerGlobals(contexts.manager, custom, (notice) => reporter.notice(notice));
  return new Instance({
    settings,
    reporter,
    delivery,
    onDestinationState: (listener) => stateListeners.add(listener),
    destinationTests,
    stage,
    events,
    custom,
    home,
    processors,
    showsSpans: chain.showsSpans,
    closingExporters,
    endDetectionWithin: (timeoutMs) => detection.endWithin(timeoutMs),
    onShutdown() {
      // What was configured while it ran counts too.
      isConfigured ||= delivery.wanted.anything;
      isShutDown = true;
      destinationTests.close();
    },
    onClosed() {
      guard.close();
      if (!settings.registerGlobals) contexts.close();
    },
  });
}
