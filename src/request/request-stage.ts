/** The request stage: makes exchanges in the mode that the configuration of this moment asks for. */
import { randomUUID } from 'node:crypto';
import type { Wanted } from '../model/delivery.js';
import type { BeginOptions, Exchange } from '../model/exchange.js';
import type { AdapterOptions, InstrumentedHandler } from '../model/telemetry.js';
import { Arrival } from './arrival.js';
import type { ExchangeHome } from './exchange-home.js';
import { LiveExchange, type ExchangeMode } from './exchange.js';
import { createNodeHandler, type ExchangeFactory } from './node-handler.js';
import { NO_OP_EXCHANGE } from './no-op-exchange.js';

/** What decides the mode, apart from the live configuration. */
export interface RequestStageOptions {
  readonly home: ExchangeHome;
  /** The live configuration. */
  wanted(): Wanted;
  /** `OTEL_SDK_DISABLED`, or after `shutdown`: nothing is recorded. */
  isDisabled(): boolean;
  /** The host or the environment said something about propagation, so headers are handled even with all else off. */
  readonly propagates: boolean;
}

export interface RequestStage {
  begin(request: BeginOptions): Exchange;
  instrument<Source>(options?: AdapterOptions<Source>): InstrumentedHandler<Source>;
  current(): Exchange;
  of(request: object): Exchange;
}

const OFF: ExchangeMode = { record: false, trace: false };
const RECORD_ONLY: ExchangeMode = { record: true, trace: false };
const RECORD_AND_TRACE: ExchangeMode = { record: true, trace: true };

export function createRequestStage(options: RequestStageOptions): RequestStage {
  const { home } = options;
  const exchanges = new WeakMap<object, Exchange>();

  const isRecording = (): boolean =>
    !options.isDisabled() && (options.wanted().anything || home.processors.any);
  const isOn = (): boolean => isRecording() || options.propagates;
  const mode = (ignored: boolean): ExchangeMode => {
    if (ignored || !isRecording()) return OFF;
    return options.wanted().operatorTraces || home.processors.any ? RECORD_AND_TRACE : RECORD_ONLY;
  };

  const factory: ExchangeFactory = {
    isOn,
    report: (diagnostic) => home.report(diagnostic),
    begin(request, ignored, requestId) {
      const chosen = mode(ignored);
      const exchange = new LiveExchange(
        home,
        new Arrival(request),
        home.propagation.extract(request.headers),
        chosen,
        chosen.record ? (requestId ?? randomUUID()) : '',
        request.startTimeMs,
      );
      if (request.request !== undefined) exchanges.set(request.request, exchange);
      return exchange;
    },
  };

  return {
    begin: (request) => (isOn() ? factory.begin(checkedBegin(request), false, undefined) : NO_OP_EXCHANGE),
    instrument: (adapterOptions) => createNodeHandler(factory, adapterOptions),
    current: () => home.contexts.exchange() ?? NO_OP_EXCHANGE,
    of: (request) => exchanges.get(request) ?? NO_OP_EXCHANGE,
  };
}

/** `begin` is called by hosts while a request waits: whatever they pass, it does not throw. */
function checkedBegin(request: BeginOptions): BeginOptions {
  const given = (request ?? {}) as Partial<BeginOptions>;
  const { startTimeMs } = given;
  return {
    ...given,
    method: typeof given.method === 'string' ? given.method : '',
    url: typeof given.url === 'string' ? given.url : '/',
    headers: typeof given.headers === 'object' && given.headers !== null ? given.headers : {},
    ...(startTimeMs !== undefined && !Number.isFinite(startTimeMs) && { startTimeMs: Date.now() }),
  };
}
