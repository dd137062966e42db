/**
 * What exchanges share that begin for the sake of error listeners alone, while nothing is to be recorded: they are watched to
 * their end, and make no span, no log record and no metric.
 */
import type { RequestSink } from '../model/finished-request.js';
import type { Propagation } from '../model/propagation.js';
import type { ExchangeHome } from './exchange-home.js';
import type { GuardedSpanProcessors } from './span-processors.js';

const NO_SINK: RequestSink = {
  requestFinished() {},
  upstreamCallFinished() {},
  choosesByRequest: false,
  keepsUnsampled: false,
  keeps: () => false,
  spanKept() {},
  exceptionCaught() {},
  wantsExceptions: () => false,
};

const NO_PROCESSORS: GuardedSpanProcessors = {
  any: false,
  onStart() {},
  onEnd() {},
  forceFlush: () => Promise.resolve(),
  flushAndShutdown: () => Promise.resolve(),
  shutdownRest() {},
};

const NO_PROPAGATION: Propagation = {
  extract: () => undefined,
  inject: () => true,
  traceIds: () => ({}),
};

/** Headers are handled as configured. */
export function watchingHome(home: ExchangeHome): ExchangeHome {
  return {
    ...home,
    sink: NO_SINK,
    processors: NO_PROCESSORS,
    exceptions: { logs: false, spanEvents: false, stackTraces: false },
    clientSpans: false,
    tellsMetricFacts: false,
  };
}

/** No header is touched, and the host's own trace context stays in force. */
export function silentHome(home: ExchangeHome): ExchangeHome {
  return {
    ...watchingHome(home),
    propagation: NO_PROPAGATION,
    responseHeaders: undefined,
    isSilent: true,
  };
}
