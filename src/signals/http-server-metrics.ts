/** `http.server.*` as the HTTP conventions define them, for the operator who asks for them. */
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_URL_SCHEME,
  METRIC_HTTP_SERVER_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import type { FinishedRequest } from '../model/finished-request.js';
import type { FurtherMetric } from '../model/metric-choices.js';
import type { MetricFacts } from '../model/metric-facts.js';
import {
  METRIC_HTTP_SERVER_REQUEST_BODY_SIZE,
  METRIC_HTTP_SERVER_RESPONSE_BODY_SIZE,
} from '../model/metric-names.js';
import type { InstrumentTable } from './instrument-table.js';

/** Seconds, as the conventions advise. */
const DURATION_BOUNDARIES_S = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The conventions give none for sizes: four times the one before, from 1 KiB to 256 MiB. */
const SIZE_BOUNDARIES_BYTES = [0, ...Array.from({ length: 10 }, (_unused, index) => 1024 * 4 ** index)];

export type FurtherRecorder = (request: FinishedRequest, facts: MetricFacts) => void;

interface Told {
  readonly request: FinishedRequest;
  readonly facts: MetricFacts;
}

/**
 * Never server.address or server.port: they come from headers, and an attacker could use up the series. Names are free of
 * control characters, and `error.type` stands last, so a separator cannot be misread.
 */
function keyOf(
  { method, outcome }: FinishedRequest,
  { scheme, httpRoute, protocolVersion }: MetricFacts,
): string {
  return `${method}\n${scheme}\n${outcome.statusCode ?? 0}\n${protocolVersion ?? ''}\n${httpRoute ?? '\t'}\n${outcome.errorType ?? ''}`;
}

function attributesOf({ request, facts }: Told): MutableAttributes {
  const { statusCode, errorType } = request.outcome;
  const attributes: MutableAttributes = {
    [ATTR_HTTP_REQUEST_METHOD]: request.method,
    [ATTR_URL_SCHEME]: facts.scheme,
  };
  if (statusCode !== undefined) attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = statusCode;
  if (facts.httpRoute !== undefined) attributes[ATTR_HTTP_ROUTE] = facts.httpRoute;
  if (errorType !== undefined) attributes[ATTR_ERROR_TYPE] = errorType;
  // network.protocol.name is left out, as the conventions have it where it is `http`.
  if (facts.protocolVersion !== undefined) attributes[ATTR_NETWORK_PROTOCOL_VERSION] = facts.protocolVersion;
  return attributes;
}

/** `undefined`: none of them is wanted. */
export function createHttpServerMetrics(
  table: InstrumentTable,
  wanted: readonly FurtherMetric[],
): FurtherRecorder | undefined {
  const histogram = (
    name: FurtherMetric,
    description: string,
    unit: string,
    boundaries: readonly number[],
  ) =>
    wanted.includes(name)
      ? table.add({ name, description, unit, kind: 'histogram', boundaries, hasExemplars: unit === 's' })
      : undefined;
  const duration = histogram(
    METRIC_HTTP_SERVER_REQUEST_DURATION,
    'Duration of HTTP server requests.',
    's',
    DURATION_BOUNDARIES_S,
  );
  const requestSize = histogram(
    METRIC_HTTP_SERVER_REQUEST_BODY_SIZE,
    'Size of HTTP server request bodies.',
    'By',
    SIZE_BOUNDARIES_BYTES,
  );
  const responseSize = histogram(
    METRIC_HTTP_SERVER_RESPONSE_BODY_SIZE,
    'Size of HTTP server response bodies.',
    'By',
    SIZE_BOUNDARIES_BYTES,
  );
  if (duration === undefined && requestSize === undefined && responseSize === undefined) return undefined;
  return (request, facts) => {
    const key = keyOf(request, facts);
    const told = { request, facts };
    const { bodySizes, startMs, endMs } = request;
    // Whatever `longLived` says: the conventions measure what the span does.
    duration?.record(key, told, attributesOf, (endMs - startMs) / 1000, request);
    if (bodySizes === undefined) return;
    requestSize?.record(key, told, attributesOf, bodySizes.request, request);
    responseSize?.record(key, told, attributesOf, bodySizes.response, request);
  };
}
