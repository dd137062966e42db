/** The foundation of adapters on Node: begins an exchange for a request, watches the response, ends it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Attributes } from '../model/attributes.js';
import { fault } from '../model/configuration-error.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { BeginOptions, Exchange } from '../model/exchange.js';
import type {
  AdapterFacts,
  AdapterOptions,
  InstrumentedHandler,
  ValueOrCallback,
} from '../model/telemetry.js';
import { isTenantId } from '../model/tenant-id.js';
import { TRUSTS, type Trust } from '../model/trust.js';
import { countBodies, countSocket } from './body-sizes.js';
import { observeEnding } from './ending.js';
import { watchHead } from './head-watch.js';
import { observeSocket } from './socket-ending.js';
import type { LiveExchange } from './exchange.js';
import { cleanName, MAX_REQUEST_ID_LENGTH } from './limits.js';
import { NO_OP_EXCHANGE } from './no-op-exchange.js';
import { createPipelineWatch } from './pipeline-watch.js';
import { addToResponse } from './response-headers.js';
import { askForTrust, trustOf } from './trust.js';

const NO_BYTES = new Uint8Array(0);
/** System calls, which nobody pays for who has not asked. */
const NO_END: Pick<Socket, 'localAddress' | 'localPort'> = {};
const FIELDS = ['tenant', 'route', 'environment', 'attributes', 'requestId', 'ignore', 'trust'];

/** What the handler needs from its instance. */
export interface ExchangeFactory {
  /** Anything configured at all? */
  isOn(): boolean;
  /** `spanAttributes.server.network` */
  readonly readsLocalEnd: boolean;
  begin(
    request: BeginOptions,
    ignored: boolean,
    requestId: string | undefined,
    trust: (() => Trust) | undefined,
  ): LiveExchange;
  /** The exchange that this request has already. */
  of(request: object): LiveExchange | undefined;
  /** Makes it known by what the framework gives its handlers, too. */
  remember(source: object, exchange: LiveExchange): void;
  /** `timeToFirstByte` */
  readonly timesHeads: boolean;
  /** `bodySizes` */
  readonly countsBodies: boolean;
  report(diagnostic: Diagnostic): void;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
  );
}

function checkValues(options: Readonly<Record<string, unknown>>): void {
  const refuse = (field: string, must: string): never => {
    throw fault(`adapter options: ${field}`, must);
  };
  for (const [field, value] of Object.entries(options)) {
    if (value === undefined || value === null || typeof value === 'function') continue;
    if (field === 'trust' && trustOf(value) === undefined) {
      refuse(field, `must be ${TRUSTS.join(', ')}, or a function`);
    }
    if (field === 'requestId' || field === 'ignore') refuse(field, 'must be a function');
    if (field === 'attributes' && (typeof value !== 'object' || Array.isArray(value))) {
      refuse(field, 'must be an object or a function');
    }
    if (field === 'tenant' && !isTenantId(value))
      refuse(field, 'must be a string of 1 to 128 bytes, or a function');
    if ((field === 'route' || field === 'environment') && cleanName(value) === undefined) {
      refuse(field, 'must be a string or a function');
    }
  }
}

/** Reads the options once, and refuses what is not one. */
export function createNodeHandler<Source>(
  factory: ExchangeFactory,
  options: AdapterOptions<Source> = {},
  { httpRoute }: AdapterFacts<Source> = {},
): InstrumentedHandler<Source> {
  if (typeof options !== 'object' || options === null) throw fault('adapter options', 'must be an object');
  for (const field of Object.keys(options)) {
    if (!FIELDS.includes(field)) {
      throw fault(`adapter options: ${field}`, `is not a known option; known are ${FIELDS.join(', ')}`);
    }
  }
  checkValues(options as Readonly<Record<string, unknown>>);
  const pipelines = createPipelineWatch();
  const completes = [options.tenant, options.route, options.environment, options.attributes, httpRoute].some(
    (option) => option !== undefined && option !== null,
  );
  const { tenant, route, environment, attributes, requestId, ignore, trust } = options;

  /** A throwing callback counts as having answered nothing. */
  const ask = <Value>(
    name: string,
    value: ValueOrCallback<Source, Value>,
    source: Source,
  ): Value | undefined => {
    if (typeof value !== 'function') return value;
    try {
      const answer = (value as (source: Source) => Value)(source);
      if (!isThenable(answer)) return answer;
      // Nobody waits for it, and its rejection must not end the process.
      answer.then(undefined, () => undefined);
      factory.report({
        code: 'callback_failed',
        message: `The ${name} callback gave a promise; it must answer at once`,
      });
      return undefined;
    } catch {
      factory.report({
        code: 'callback_failed',
        message: `The ${name} callback threw; it counts as having answered nothing`,
      });
      return undefined;
    }
  };

  /** Late facts: gateways know tenant and route when the request is over. What the exchange was told wins. */
  const complete = (exchange: LiveExchange, source: Source, part: 'tenant' | undefined): void => {
    if (tenant !== undefined && !exchange.tenantIsSet && exchange.tenantId === undefined) {
      exchange.tenantId = exchange.checkedTenant(ask('tenant', tenant, source));
    }
    if (part === 'tenant') return;
    if (route !== undefined && exchange.routeName === undefined)
      exchange.routeName = cleanName(ask('route', route, source));
    if (environment !== undefined && exchange.environment === undefined) {
      exchange.environment = cleanName(ask('environment', environment, source));
    }
    if (attributes !== undefined) {
      const values = ask<Attributes | null | undefined>('attributes', attributes, source);
      if (values !== undefined && values !== null) exchange.setAttributesIfUnset(values);
    }
    if (httpRoute !== undefined && exchange.httpRoute === undefined)
      exchange.setHttpRoute(ask('framework route', httpRoute, source));
  };

  /** The next in line is asked first: it is closer to what the request is about. */
  const completeFirst = (exchange: LiveExchange, source: Source): void => {
    const { completer } = exchange;
    exchange.completer = (ending, part) => {
      complete(ending, source, part);
      completer?.(ending, part);
    };
  };

  const remember = (source: unknown, request: IncomingMessage, exchange: LiveExchange): void => {
    if (source !== request && typeof source === 'object' && source !== null)
      factory.remember(source, exchange);
  };

  const begin = (source: Source, request: IncomingMessage): LiveExchange => {
    // Read before the host's callbacks get the request, which they may change.
    const arrived = beginOptionsOf(request, factory.readsLocalEnd);
    const ignored = ignore !== undefined && ask('ignore', ignore, source) === true;
    const ownId =
      requestId === undefined
        ? undefined
        : cleanName(ask('requestId', requestId, source), MAX_REQUEST_ID_LENGTH);
    return factory.begin(
      arrived,
      ignored,
      ownId,
      trust === undefined ? undefined : () => askForTrust(trust, source, factory.report),
    );
  };

  /** Its trace goes on, and what is to be cleared is; without anybody to tell its end, nothing is recorded. */
  const unreadable = (exchange: LiveExchange | undefined): LiveExchange | undefined => {
    if (exchange?.watched === undefined) exchange?.discard();
    factory.report({
      code: 'callback_failed',
      message: 'A request object could not be read; nothing is recorded of it',
    });
    return exchange;
  };

  const beginAnswered = (
    source: Source,
    request: IncomingMessage,
    response: ServerResponse,
  ): LiveExchange | undefined => {
    let exchange: LiveExchange | undefined;
    try {
      exchange = begin(source, request);
      if (exchange.recording) {
        observeEnding(request, response, pipelines, exchange);
        if (factory.timesHeads) watchHead(response, exchange);
        if (factory.countsBodies) exchange.bodies = countBodies(request, response);
      }
      addToResponse(response, exchange.responseHeaders());
      // Its maker ends it on the same event, on which it listens already.
      if (exchange.hasHostSpan) response.prependOnceListener('close', () => exchange?.completeHostSpan());
      return exchange;
    } catch {
      return unreadable(exchange);
    }
  };

  const beginUpgrade = (
    source: Source,
    request: IncomingMessage,
    socket: Duplex,
    head: Uint8Array,
  ): LiveExchange | undefined => {
    let exchange: LiveExchange | undefined;
    try {
      exchange = begin(source, request);
      if (exchange.recording) {
        const sentHead = observeSocket(request.method === 'CONNECT', socket, exchange);
        if (factory.countsBodies) exchange.bodies = countSocket(socket, head, sentHead);
      }
      return exchange;
    } catch {
      return unreadable(exchange);
    }
  };

  // An adapter that does not trust its callers says something about propagation.
  const isOff = (): boolean => trust === undefined && !factory.isOn();

  const enter = <T>(
    exchange: LiveExchange | undefined,
    source: Source,
    request: IncomingMessage,
    next: (exchange: Exchange) => T,
  ): T => {
    if (exchange === undefined) return next(NO_OP_EXCHANGE);
    remember(source, request, exchange);
    if (completes && exchange.recording) completeFirst(exchange, source);
    return exchange.run(() => {
      try {
        return next(exchange);
      } catch (error) {
        // Whoever catches it answers with a 5xx of the gateway's own, which this explains.
        exchange.recordError(error);
        throw error;
      }
    });
  };

  const serve: Served<Source> = (source, request, response, next) =>
    isOff()
      ? next(NO_OP_EXCHANGE)
      : enter(factory.of(request) ?? beginAnswered(source, request, response), source, request, next);
  const upgrade: InstrumentedHandler<Source>['upgrade'] = (source, request, socket, next, head = NO_BYTES) =>
    isOff()
      ? next(NO_OP_EXCHANGE)
      : enter(factory.of(request) ?? beginUpgrade(source, request, socket, head), source, request, next);
  return Object.assign(serve, { upgrade });
}

type Served<Source> = <T>(...args: ServedWith<Source, T>) => T;
type ServedWith<Source, T> = [Source, IncomingMessage, ServerResponse, (exchange: Exchange) => T];

function beginOptionsOf(request: IncomingMessage, readsLocalEnd: boolean): BeginOptions {
  const { socket } = request;
  const { remoteAddress, remotePort } = socket;
  const { localAddress, localPort } = readsLocalEnd ? socket : NO_END;
  return {
    method: request.method ?? '',
    url: request.url ?? '/',
    headers: request.headers,
    protocolVersion: request.httpVersionMajor === 2 ? '2' : request.httpVersion,
    scheme: (socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http',
    ...(remoteAddress !== undefined && { remoteAddress }),
    ...(remotePort !== undefined && { remotePort }),
    ...(localAddress !== undefined && { localAddress }),
    ...(localPort !== undefined && { localPort }),
    request,
  };
}
