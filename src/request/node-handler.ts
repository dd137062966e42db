/** The foundation of adapters on Node: begins an exchange for a request, watches the response, ends it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Attributes } from '../model/attributes.js';
import { fault } from '../model/configuration-error.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { BeginOptions, Exchange } from '../model/exchange.js';
import type { AdapterOptions, InstrumentedHandler, ValueOrCallback } from '../model/telemetry.js';
import { createPipelineWatch, observeEnding } from './ending.js';
import type { LiveExchange } from './exchange.js';
import { cleanName, MAX_REQUEST_ID_LENGTH } from './limits.js';
import { NO_OP_EXCHANGE } from './no-op-exchange.js';

const FIELDS = ['tenant', 'route', 'environment', 'attributes', 'requestId', 'ignore'];

/** What the handler needs from its instance. */
export interface ExchangeFactory {
  /** Anything configured at all? */
  isOn(): boolean;
  begin(request: BeginOptions, ignored: boolean, requestId: string | undefined): LiveExchange;
  report(diagnostic: Diagnostic): void;
}

/** Reads the options once, and refuses what is not one. */
export function createNodeHandler<Source>(
  factory: ExchangeFactory,
  options: AdapterOptions<Source> = {},
): InstrumentedHandler<Source> {
  if (typeof options !== 'object' || options === null) throw fault('adapter options', 'must be an object');
  for (const field of Object.keys(options)) {
    if (!FIELDS.includes(field)) {
      throw fault(`adapter options: ${field}`, `is not a known option; known are ${FIELDS.join(', ')}`);
    }
  }
  for (const field of ['requestId', 'ignore'] as const) {
    if (options[field] !== undefined && typeof options[field] !== 'function') {
      throw fault(`adapter options: ${field}`, 'must be a function');
    }
  }
  const pipelines = createPipelineWatch();
  const { tenant, route, environment, attributes, requestId, ignore } = options;

  /** A throwing callback counts as having answered nothing. */
  const ask = <Value>(
    name: string,
    value: ValueOrCallback<Source, Value>,
    source: Source,
  ): Value | undefined => {
    if (typeof value !== 'function') return value;
    try {
      return (value as (source: Source) => Value)(source);
    } catch {
      factory.report({
        code: 'callback_failed',
        message: `The ${name} callback threw; it counts as having answered nothing`,
      });
      return undefined;
    }
  };

  /** Late facts: gateways know tenant and route when the request is over. What the exchange was told wins. */
  const complete = (exchange: LiveExchange, source: Source): void => {
    if (tenant !== undefined && !exchange.tenantIsSet) {
      exchange.tenantId = exchange.checkedTenant(ask('tenant', tenant, source));
    }
    if (route !== undefined && exchange.routeName === undefined)
      exchange.routeName = cleanName(ask('route', route, source));
    if (environment !== undefined && exchange.environment === undefined) {
      exchange.environment = cleanName(ask('environment', environment, source));
    }
    if (attributes !== undefined) {
      const values = ask<Attributes | null | undefined>('attributes', attributes, source);
      if (values !== undefined && values !== null) exchange.setAttributesIfUnset(values);
    }
  };

  return <T>(
    source: Source,
    request: IncomingMessage,
    response: ServerResponse,
    next: (exchange: Exchange) => T,
  ): T => {
    if (!factory.isOn()) return next(NO_OP_EXCHANGE);
    const ignored = ignore !== undefined && ask('ignore', ignore, source) === true;
    const ownId =
      requestId === undefined
        ? undefined
        : cleanName(ask('requestId', requestId, source), MAX_REQUEST_ID_LENGTH);
    const exchange = factory.begin(beginOptionsOf(request), ignored, ownId);
    if (exchange.recording) {
      observeEnding(request, response, pipelines, (ending) => {
        complete(exchange, source);
        exchange.finish(ending);
      });
    }
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
}

function beginOptionsOf(request: IncomingMessage): BeginOptions {
  const { socket } = request;
  const { remoteAddress, remotePort } = socket;
  return {
    method: request.method ?? '',
    url: request.url ?? '/',
    headers: request.headers,
    protocolVersion: request.httpVersionMajor === 2 ? '2' : request.httpVersion,
    scheme: (socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http',
    ...(remoteAddress !== undefined && { remoteAddress }),
    ...(remotePort !== undefined && { remotePort }),
    request,
  };
}
