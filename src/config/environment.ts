/** The only reader of environment variables. Nothing here throws: a bad variable is reported and counts as unset. */
import type { Attributes } from '../model/attributes.js';
import { faultSentence } from '../model/configuration-error.js';
import type { Diagnostic } from '../model/diagnostic.js';
import { EXEMPLAR_FILTERS, type ExemplarFilter } from '../model/metric-choices.js';
import type { LimitOptions } from '../model/record-limits.js';
import type { HeaderSource, ResolvedDestination, Sending, Target } from '../model/resolved-destination.js';
import type { GenAiSemconv } from '../model/gen-ai-names.js';
import { SIGNALS, type Signal } from '../model/signal.js';
import { asOneOf } from './checks.js';
import { parseEndpoint, refuseSignalPath, signalUrl } from './endpoint.js';
import { mergeHeaders, NO_HEADERS, parseHeaderText } from './headers.js';
import { asKnownMethods } from './known-methods.js';
import { readLimits } from './environment-limits.js';
import { readSampler, type EnvironmentSampler } from './environment-sampler.js';
import { readTls, tlsVariables } from './environment-tls.js';
import { asMetricIntervalMs } from './metrics.js';
import { asCompression, asTimeoutMs, completeSending } from './sending.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Headers by signal, and the variables they come from. */
export interface LoneHeaders {
  readonly bySignal: Readonly<Partial<Record<Signal, HeaderSource>>>;
  readonly variables: readonly string[];
}

/** The name that the environment's destination has. */
export const ENVIRONMENT_DESTINATION = 'environment';

/** What the environment says. */
export interface EnvironmentSettings {
  /** `OTEL_SDK_DISABLED`. */
  readonly sdkDisabled: boolean;
  readonly serviceName: string | undefined;
  /** `OTEL_SERVICE_VERSION`. */
  readonly serviceVersion: string | undefined;
  readonly resourceAttributes: Attributes;
  /** Signals of the operator that `OTEL_*_EXPORTER=none` switches off. */
  readonly switchedOff: ReadonlySet<Signal>;
  /** `OTEL_TRACES_EXPORTER` has `console`. */
  readonly printsSpans: boolean;
  /** The whole operator destination, if an endpoint variable is set. */
  readonly operator: ResolvedDestination | undefined;
  /** Header variables without an endpoint variable, for a single endpoint in code that has no headers. */
  readonly loneHeaders: LoneHeaders | undefined;
  /** Variables about sending that no endpoint variable gives anything to apply to. */
  readonly loneSending: readonly string[];
  /** `OTEL_METRIC_EXPORT_INTERVAL`. */
  readonly metricIntervalMs: number | undefined;
  /** `OTEL_METRICS_EXEMPLAR_FILTER` */
  readonly exemplarFilter: ExemplarFilter | undefined;
  /** `OTEL_SEMCONV_STABILITY_OPT_IN`, as far as it is about generative AI. */
  readonly genAiSemconv: GenAiSemconv | undefined;
  /** `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`, which is case-sensitive. */
  readonly knownMethods: ReadonlySet<string> | undefined;
  /** `OTEL_TRACES_SAMPLER`. */
  /** Those of the specification that bound a record. */
  readonly limits: LimitOptions;
  readonly sampler: EnvironmentSampler | undefined;
  /** `OTEL_PROPAGATORS`, split, in lower case. */
  readonly propagators: readonly string[] | undefined;
  readonly notices: readonly Diagnostic[];
}

/** The process's environment, or what stands in for it. */
export function environmentOf(env: Environment | false | undefined): Environment {
  if (env === false) return {};
  return env ?? process.env;
}

/** Reads variables one at a time and collects what is wrong with them. */
class Reader {
  readonly notices: Diagnostic[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** An empty variable counts as unset, as the specification says. */
  text(name: string): string | undefined {
    const value = this.#env[name];
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
  }

  /** The parsed value, or `undefined` with a notice that never quotes the value. */
  parsed<T>(name: string, parse: (value: string) => T): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    try {
      return parse(value);
    } catch (error) {
      this.report(`${faultSentence(error)}; it counts as unset`);
      return undefined;
    }
  }

  report(message: string): void {
    this.notices.push({ code: 'environment_invalid', message });
  }
}

function readBoolean(reader: Reader, name: string): boolean {
  const value = reader.text(name)?.toLowerCase();
  if (value !== undefined && value !== 'true' && value !== 'false') {
    reader.report(`${name} must be true or false; it counts as false`);
  }
  return value === 'true';
}

/** Names separated by commas, without regard to case; repeats count once. */
function readNames(reader: Reader, variable: string): readonly string[] | undefined {
  const names = reader
    .text(variable)
    ?.split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  return names === undefined || names.length === 0 ? undefined : [...new Set(names)];
}

/** What `OTEL_*_EXPORTER` says. */
interface ExporterVariables {
  readonly switchedOff: ReadonlySet<Signal>;
  readonly printsSpans: boolean;
}

/** `console` alone leaves no other exporter, as the specification has it. */
function readExporters(reader: Reader): ExporterVariables {
  const switchedOff = new Set<Signal>();
  let printsSpans = false;
  for (const signal of SIGNALS) {
    const name = `OTEL_${signal.toUpperCase()}_EXPORTER`;
    const values = readNames(reader, name) ?? [];
    const known = signal === 'traces' ? ['otlp', 'console', 'none'] : ['otlp', 'none'];
    if (values.some((value) => !known.includes(value)) || (values.length > 1 && values.includes('none'))) {
      const console = signal === 'traces' ? 'console, console,otlp, ' : '';
      reader.report(`${name} must be ${console}otlp or none in this version; it counts as unset`);
      continue;
    }
    if (values.includes('console')) printsSpans = true;
    if (values.length > 0 && !values.includes('otlp')) switchedOff.add(signal);
  }
  return { switchedOff, printsSpans };
}

function readProtocols(reader: Reader, endpoint: URL | undefined): void {
  for (const name of [
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    ...SIGNALS.map((s) => `OTEL_EXPORTER_OTLP_${s.toUpperCase()}_PROTOCOL`),
  ]) {
    const value = reader.text(name)?.toLowerCase();
    if (value === undefined || value === 'http/protobuf') continue;
    const port = endpoint === undefined || endpoint.port === '' ? '' : `:${endpoint.port}`;
    const address =
      endpoint === undefined ? 'http://host:4318' : `${endpoint.protocol}//${endpoint.hostname}${port}`;
    const known =
      value === 'grpc' || value === 'http/json' ? `asks for ${value}` : 'asks for an unknown protocol';
    reader.report(
      `${name} ${known}, which is not spoken here: http/protobuf is used, so the endpoint must be an OTLP/HTTP address such as ${address}`,
    );
  }
}

/** `k=v,k=v` with percent-encoding. Any error discards the whole variable, as the specification says. */
function parseResourceAttributes(text: string): Attributes {
  const attributes: Record<string, string> = {};
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    if (equals <= 0) throw new Error('pair without key');
    const key = decodeURIComponent(pair.slice(0, equals).trim());
    if (key === '__proto__') continue;
    attributes[key] = decodeURIComponent(pair.slice(equals + 1).trim());
  }
  return attributes;
}

function readResourceAttributes(reader: Reader): Attributes {
  const text = reader.text('OTEL_RESOURCE_ATTRIBUTES');
  if (text === undefined) return {};
  try {
    return parseResourceAttributes(text);
  } catch {
    reader.report(
      'OTEL_RESOURCE_ATTRIBUTES must be key=value pairs with percent-encoding; it counts as unset',
    );
    return {};
  }
}

function readHeaders(reader: Reader): LoneHeaders {
  const variables: string[] = [];
  const read = (name: string): HeaderSource => {
    const fixed = reader.parsed(name, (value) => parseHeaderText(value, name, 'operator', true));
    if (fixed === undefined || Object.keys(fixed).length === 0) return NO_HEADERS;
    variables.push(name);
    return { fixed, ask: undefined };
  };
  const general = read('OTEL_EXPORTER_OTLP_HEADERS');
  const bySignal: Partial<Record<Signal, HeaderSource>> = {};
  for (const signal of SIGNALS) {
    const name = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`;
    bySignal[signal] = mergeHeaders(general, read(name));
  }
  return { bySignal, variables };
}

/** How the environment's destination is sent to, by signal, and the variables that say so. */
interface SendingVariables {
  readonly bySignal: Readonly<Record<Signal, Sending>>;
  readonly variables: readonly string[];
}

/** A signal's own variable wins over the general one, field by field. */
function readSending(reader: Reader): SendingVariables {
  const variables: string[] = [];
  const read = (prefix: string): Partial<Sending> => {
    const field = <T>(name: string, parse: (value: string) => T): T | undefined => {
      const value = reader.parsed(name, parse);
      if (value !== undefined) variables.push(name);
      return value;
    };
    const timeoutMs = field(`${prefix}_TIMEOUT`, (value) =>
      asTimeoutMs(/^\d+$/.test(value) ? Number(value) : value, `${prefix}_TIMEOUT`),
    );
    const compression = field(`${prefix}_COMPRESSION`, (value) =>
      asCompression(value.toLowerCase(), `${prefix}_COMPRESSION`),
    );
    return {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(compression !== undefined && { compression }),
    };
  };
  const general = read('OTEL_EXPORTER_OTLP');
  const own = (signal: Signal): Sending =>
    completeSending({ ...general, ...read(`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}`) });
  return { bySignal: { traces: own('traces'), logs: own('logs'), metrics: own('metrics') }, variables };
}

/** `lowmemory` is delta for all that the request metrics are made of: a counter and a histogram. */
function readTemporality(reader: Reader): ResolvedDestination['temporality'] | undefined {
  const name = 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE';
  const preference = reader.parsed(name, (value) =>
    asOneOf<'cumulative' | 'delta' | 'lowmemory'>(value.toLowerCase(), name, [
      'cumulative',
      'delta',
      'lowmemory',
    ]),
  );
  return preference === 'lowmemory' ? 'delta' : preference;
}

function readMetricInterval(reader: Reader): number | undefined {
  const name = 'OTEL_METRIC_EXPORT_INTERVAL';
  return reader.parsed(name, (value) =>
    asMetricIntervalMs(/^\d+$/.test(value) ? Number(value) : value, name),
  );
}

/** The specification: what is not one of the words is reported and ignored. */
function readExemplarFilter(reader: Reader): ExemplarFilter | undefined {
  const name = 'OTEL_METRICS_EXEMPLAR_FILTER';
  return reader.parsed(name, (value) => asOneOf(value.toLowerCase(), name, EXEMPLAR_FILTERS));
}

function readKnownMethods(reader: Reader): ReadonlySet<string> | undefined {
  const name = 'OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS';
  return reader.parsed(name, (value) =>
    asKnownMethods(
      value.split(',').map((method) => method.trim()),
      name,
    ),
  );
}

/** Its other words are about conventions that have no older version here. */
function readGenAiSemconv(reader: Reader): GenAiSemconv | undefined {
  const words = readNames(reader, 'OTEL_SEMCONV_STABILITY_OPT_IN') ?? [];
  return words.includes('gen_ai_latest_experimental') ? 'latest' : undefined;
}

/** Reads all variables that the library knows. */
export function readEnvironment(env: Environment): EnvironmentSettings {
  const reader = new Reader(env);
  const readEndpoint = (name: string): URL | undefined =>
    reader.parsed(name, (value) => parseEndpoint(value, name));
  const base = reader.parsed('OTEL_EXPORTER_OTLP_ENDPOINT', (value) => {
    const url = parseEndpoint(value, 'OTEL_EXPORTER_OTLP_ENDPOINT');
    refuseSignalPath(url, 'OTEL_EXPORTER_OTLP_ENDPOINT');
    return url;
  });
  const headers = readHeaders(reader);
  const sending = readSending(reader);
  const urls: Partial<Record<Signal, URL>> = {};
  let example = base;
  for (const signal of SIGNALS) {
    const own = readEndpoint(`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`);
    const url = own ?? (base && new URL(signalUrl(base, signal)));
    example ??= own;
    if (url !== undefined) urls[signal] = url;
  }
  const tls = readTls(reader, urls);
  const targets: Partial<Record<Signal, Target>> = {};
  for (const [signal, url] of Object.entries(urls) as [Signal, URL][]) {
    targets[signal] = {
      kind: 'otlp',
      url: url.href,
      headers: headers.bySignal[signal] ?? NO_HEADERS,
      sending: sending.bySignal[signal],
      audience: 'operator',
      isTrustedOrigin: true,
      tls: tls[signal],
    };
  }
  readProtocols(reader, example);
  const temporality = readTemporality(reader);
  const loneTemporality =
    temporality === undefined ? [] : ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE'];
  return {
    sdkDisabled: readBoolean(reader, 'OTEL_SDK_DISABLED'),
    serviceName: reader.text('OTEL_SERVICE_NAME'),
    serviceVersion: reader.text('OTEL_SERVICE_VERSION'),
    resourceAttributes: readResourceAttributes(reader),
    ...readExporters(reader),
    operator:
      example === undefined
        ? undefined
        : {
            name: ENVIRONMENT_DESTINATION,
            disabled: false,
            targets,
            serviceName: undefined,
            resourceAttributes: {},
            temporality: temporality ?? 'cumulative',
            requestsPerMinute: undefined,
            selection: undefined,
          },
    loneHeaders: example === undefined && headers.variables.length > 0 ? headers : undefined,
    loneSending:
      example === undefined ? [...sending.variables, ...tlsVariables(reader), ...loneTemporality] : [],
    metricIntervalMs: readMetricInterval(reader),
    exemplarFilter: readExemplarFilter(reader),
    genAiSemconv: readGenAiSemconv(reader),
    knownMethods: readKnownMethods(reader),
    limits: readLimits(reader),
    sampler: readSampler(reader),
    propagators: readNames(reader, 'OTEL_PROPAGATORS'),
    notices: reader.notices,
  };
}
