/** The request stage: makes exchanges in the mode that the configuration of this moment asks for. */
import { randomUUID } from 'node:crypto';
import type { Wanted } from '../model/delivery.js';
import type { BeginOptions, Exchange } from '../model/exchange.js';
import { isListable } from '../model/fields.js';
import type { AdapterFacts, AdapterOptions, InstrumentedHandler } from '../model/telemetry.js';
import type { Trust } from '../model/trust.js';
import { Arrival } from './arrival.js';
import type { ExchangeHome } from './exchange-home.js';
import { joinTrace, passTrace, startTrace } from './exchange-trace.js';
import { LiveExchange } from './exchange.js';
import { createHostSpans } from './host-span.js';
import { createNodeHandler, type ExchangeFactory } from './node-handler.js';
import { NO_OP_EXCHANGE } from './no-op-exchange.js';
import { silentHome, watchingHome } from './watching.js';
import { askForTrust, reportNoTrust, trustOf } from './trust.js';

/** What decides the mode, apart from the live configuration. */
export interface RequestStageOptions {
  readonly home: ExchangeHome;
  /** The live configuration. */
  wanted(): Wanted;
  /** `OTEL_SDK_DISABLED`, or after `shutdown`: nothing is recorded. */
  isDisabled(): boolean;
  /** After `shutdown`: not even error listeners are told of anything. */
  isShutDown(): boolean;
  /** `propagation.trust`: for requests whose adapter says nothing of its own. */
  readonly trust: Trust | ((request: BeginOptions) => Trust);
  /** The host or the environment said something about propagation, so headers are handled even with all else off. */
  propagates(): boolean;
}

export interface RequestStage {
  begin(request: BeginOptions): Exchange;
  instrument<Source>(
    options?: AdapterOptions<Source>,
    facts?: AdapterFacts<Source>,
  ): InstrumentedHandler<Source>;
  current(): Exchange;
  of(request: object): Exchange;
}

export function createRequestStage(options: RequestStageOptions): RequestStage {
  const { home } = options;
  const everything = home;
  const watching = watchingHome(home);
  const silent = silentHome(home);
  const exchanges = new WeakMap<object, LiveExchange>();
  const hostSpans = createHostSpans(home.contexts);

  const isRecording = (): boolean =>
    !options.isDisabled() && (options.wanted().anything || home.processors.any);
  const isWatching = (): boolean => home.serverErrors.any && !options.isShutDown();
  const isOn = (): boolean => isRecording() || options.propagates() || isWatching();
  /** Without spans the caller's ids are passed on as they came. */
  const isTracing = (): boolean => options.wanted().operatorTraces || home.processors.any;

  const factory: ExchangeFactory = {
    isOn,
    timesHeads: home.timesHeads,
    readsLocalEnd: home.arrivals.spanAttributes?.network === true,
    countsBodies: home.countsBodies,
    report: (diagnostic) => home.report(diagnostic),
    of: (request) => exchanges.get(request),
    remember: (source, exchange) => void exchanges.set(source, exchange),
    begin(request, ignored, requestId, ownTrust) {
      const isRecorded = isRecording();
      const home = isRecorded ? everything : options.propagates() ? watching : silent;
      const recording = !ignored && (isRecorded || isWatching());
      const extracted = home.propagation.extract(request.headers);
      // Read before the host's callbacks get the request, which they may change.
      const arrival = new Arrival(request, home.arrivals);
      const { startTimeMs, request: source } = request;
      // Also where nothing valid came: what an untrusted caller sent is not to go on at all.
      const trust = ownTrust?.() ?? request.trust ?? askForTrust(options.trust, request, home.report);
      const tracing = recording && isRecorded && isTracing();
      // In silence nothing is told to anybody's span.
      const hostSpan = home.isSilent ? undefined : hostSpans.take(arrival);
      const exchange = new LiveExchange(
        home,
        arrival,
        hostSpan !== undefined
          ? joinTrace(hostSpan, extracted, trust, tracing)
          : tracing
            ? startTrace(home, request, extracted, trust)
            : passTrace(home, extracted, trust),
        recording,
        recording ? (requestId ?? randomUUID()) : '',
        startTimeMs,
      );
      if (source !== undefined) exchanges.set(source, exchange);
      return exchange;
    },
  };

  return {
    begin(request) {
      if (!isOn()) return NO_OP_EXCHANGE;
      try {
        const checked = checkedBegin(request);
        if (checked.trust !== request?.trust) reportNoTrust(home.report);
        return factory.begin(checked, false, undefined, undefined);
      } catch {
        home.report({ code: 'callback_failed', message: 'begin() was given something that cannot be read' });
        return NO_OP_EXCHANGE;
      }
    },
    instrument: (adapterOptions, facts) => createNodeHandler(factory, adapterOptions, facts),
    current: () => home.contexts.exchange() ?? NO_OP_EXCHANGE,
    of: (request) => exchanges.get(request) ?? NO_OP_EXCHANGE,
  };
}

/** `begin` is called by hosts while a request waits: whatever they pass, it makes the best of it. */
function checkedBegin(request: BeginOptions): BeginOptions {
  const given = (request ?? {}) as Partial<Record<keyof BeginOptions, unknown>>;
  return isWellFormed(given) ? request : repaired(given);
}

type Given = Readonly<Partial<Record<keyof BeginOptions, unknown>>>;

const isTextOrNothing = (value: unknown): boolean => value === undefined || typeof value === 'string';

/** The usual case, for which nothing is copied. */
function isWellFormed(given: Given): boolean {
  const { method, url, headers, remotePort, startTimeMs, request, trust } = given;
  return (
    typeof method === 'string' &&
    typeof url === 'string' &&
    isListable(headers) &&
    isTextOrNothing(given.remoteAddress) &&
    isTextOrNothing(given.protocolVersion) &&
    (given.scheme === undefined || given.scheme === 'http' || given.scheme === 'https') &&
    (remotePort === undefined || Number.isInteger(remotePort)) &&
    isTextOrNothing(given.localAddress) &&
    (given.localPort === undefined || Number.isInteger(given.localPort)) &&
    (startTimeMs === undefined || Number.isFinite(startTimeMs)) &&
    (request === undefined || (typeof request === 'object' && request !== null)) &&
    (trust === undefined || trustOf(trust) !== undefined)
  );
}

function repaired(given: Given): BeginOptions {
  const { method, url, headers, scheme, protocolVersion, startTimeMs } = given;
  const { remoteAddress, remotePort, localAddress, localPort } = given;
  return {
    method: typeof method === 'string' ? method : '',
    url: typeof url === 'string' ? url : '/',
    headers: isListable(headers) ? (headers as BeginOptions['headers']) : {},
    ...(typeof remoteAddress === 'string' && { remoteAddress }),
    ...(Number.isInteger(remotePort) && { remotePort: remotePort as number }),
    ...(typeof localAddress === 'string' && { localAddress }),
    ...(Number.isInteger(localPort) && { localPort: localPort as number }),
    ...((scheme === 'http' || scheme === 'https') && { scheme }),
    ...(typeof protocolVersion === 'string' && { protocolVersion }),
    ...(Number.isFinite(startTimeMs) && { startTimeMs: startTimeMs as number }),
    // What is not a word for trust is no trust.
    ...(given.trust !== undefined && { trust: trustOf(given.trust) ?? 'restart' }),
    ...(typeof given.request === 'object' && given.request !== null && { request: given.request }),
  };
}
