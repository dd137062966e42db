/** Checks and completes the options. Each fault throws one sentence that names the option, and what is known. */
import type { TextMapPropagator } from '@opentelemetry/api';
import { fault } from '../model/configuration-error.js';
import { RESERVED_HEADERS } from '../model/reserved-headers.js';
import type { PropagationFormat, PropagationOptions } from '../model/propagation.js';
import { aws } from './aws.js';
import { b3, b3Single } from './b3.js';
import { customFormat } from './custom.js';
import { datadog } from './datadog.js';
import type { Format } from './format.js';
import { gcp } from './gcp.js';
import { instana } from './instana.js';
import { jaeger } from './jaeger.js';
import { ot } from './ot.js';
import { plainHeader } from './plain-header.js';
import { isToken } from './text.js';
import { w3c } from './w3c.js';

const BUILT_IN: Readonly<Record<PropagationFormat, Format>> = {
  w3c,
  b3,
  'b3-single': b3Single,
  jaeger,
  datadog,
  ot,
  aws,
  gcp,
  instana,
};
const FORMATS: ReadonlyMap<string, Format> = new Map(Object.entries(BUILT_IN));
/** One reader, `b3`, reads both spellings of B3. */
const ONLY_WRITTEN = 'b3-single';
const PRESERVE = 'preserve';
const HEADER = 'header';

/** Every place of baggage, besides the header of that name. */
export const CARRIERS_OF_BAGGAGE = [jaeger, ot].flatMap(({ baggage }) => baggage ?? []);

/** What `OTEL_PROPAGATORS` and other products call them. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['tracecontext', 'w3c'],
  ['traceparent', 'w3c'],
  ['b3multi', 'b3'],
  ['b3single', 'b3-single'],
  ['ottrace', 'ot'],
  ['xray', 'aws'],
]);

const FIELDS = ['extract', 'clear', 'inject', 'defaultFormat', 'baggage', 'propagators'];

/** A format under the name that `ExtractedContext.format` and `traceIds` show. */
export interface NamedFormat {
  readonly name: string;
  readonly format: Format;
}

/** Two plain headers are two formats. */
export function keyOf({ name, format }: NamedFormat): string {
  return `${name} ${format.headers.join()}`;
}

/** What is to become of baggage; a set holds the keys that may pass. */
export type BaggageMode = 'pass' | 'strip' | 'ignore' | ReadonlySet<string>;

export interface ResolvedPropagation {
  readonly extract: readonly NamedFormat[];
  readonly clear: readonly string[];
  readonly inject: readonly (NamedFormat | typeof PRESERVE)[];
  readonly defaultFormat: NamedFormat;
  readonly baggage: BaggageMode;
  /** Every format that `preserve` may have to write. */
  readonly known: ReadonlyMap<string, Format>;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function headerName(value: unknown, option: string): string {
  if (typeof value !== 'string' || !isToken(value) || value === '__proto__') {
    throw fault(option, 'must be a header name');
  }
  return value.toLowerCase();
}

/** A header that may be written. */
function carrierName(value: unknown, option: string): string {
  const name = headerName(value, option);
  if (RESERVED_HEADERS.has(name))
    throw fault(option, 'must not be a header that belongs to the message itself');
  const taken = Object.entries(BUILT_IN).find(([, { headers }]) => headers.includes(name))?.[0];
  if (taken !== undefined) throw fault(option, `must not be a header of the format ${taken}`);
  return name;
}

function resolvePropagators(value: unknown): Map<string, Format> {
  const known = new Map(FORMATS);
  if (value === undefined) return known;
  if (!isObject(value)) throw fault('propagation.propagators', 'must be an object of propagators by name');
  for (const [name, propagator] of Object.entries(value)) {
    const option = `propagation.propagators.${name}`;
    if (known.has(name) || name === PRESERVE || name === HEADER) {
      throw fault(option, 'has a name that is taken by a format of the library');
    }
    if (!/^[a-z0-9][a-z0-9_.-]*$/i.test(name)) {
      throw fault(
        'propagation.propagators',
        'has a name that is not made of letters, digits, dots, dashes and underscores',
      );
    }
    const { inject, extract, fields } = isObject(propagator) ? propagator : {};
    if (typeof inject !== 'function' || typeof extract !== 'function' || typeof fields !== 'function') {
      throw fault(option, 'must be a propagator, with inject(), extract() and fields()');
    }
    known.set(name, customFormat(name, propagator as TextMapPropagator));
  }
  return known;
}

/** Finds formats by what the options call them. */
class Lookup {
  readonly #known: ReadonlyMap<string, Format>;

  constructor(known: ReadonlyMap<string, Format>) {
    this.#known = known;
  }

  list(value: unknown, option: string, also: readonly string[], without: readonly string[]): NamedFormat[] {
    if (!Array.isArray(value)) throw fault(option, 'must be an array of format names');
    const seen = new Set<string>();
    return value
      .map((item: unknown, index) => this.one(item, `${option}[${index}]`, also, without))
      .filter((named) => {
        const key = keyOf(named);
        return seen.has(key) ? false : seen.add(key);
      });
  }

  one(item: unknown, option: string, also: readonly string[], without: readonly string[]): NamedFormat {
    if (isObject(item)) {
      if (item['format'] !== HEADER) {
        throw fault(`${option}.format`, `must be '${HEADER}': other formats are given by name`);
      }
      if (without.includes(HEADER)) throw fault(option, 'must be the name of a format');
      const strange = Object.keys(item).find((field) => field !== 'format' && field !== 'name');
      if (strange !== undefined) throw fault(`${option}.${strange}`, 'is not known; known are format, name');
      return { name: HEADER, format: plainHeader(carrierName(item['name'], `${option}.name`)) };
    }
    const names = [...also, ...this.#known.keys()].filter((name) => !without.includes(name));
    if (typeof item !== 'string' || !names.includes(item)) {
      const ours = typeof item === 'string' ? OTHER_NAMES.get(item) : undefined;
      const hint =
        item === ONLY_WRITTEN
          ? `cannot be ${ONLY_WRITTEN}: b3 reads it`
          : ours === undefined
            ? 'is not a known format'
            : `is called ${ours} here`;
      throw fault(option, `${hint}; known are ${names.join(', ')}`);
    }
    return { name: item, format: this.#known.get(item) ?? w3c };
  }
}

function resolveBaggage(value: unknown): BaggageMode {
  if (value === undefined) return 'pass';
  if (value === 'pass' || value === 'strip' || value === 'ignore') return value;
  const allow = isObject(value) && Object.keys(value).length === 1 ? value['allow'] : undefined;
  if (!Array.isArray(allow)) {
    throw fault('propagation.baggage', "must be 'pass', 'strip', 'ignore' or { allow: [keys] }");
  }
  return new Set(
    allow.map((key: unknown, index) => {
      if (typeof key === 'string' && isToken(key)) return key;
      throw fault(`propagation.baggage.allow[${index}]`, 'must be a key of baggage');
    }),
  );
}

function resolveClear(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw fault('propagation.clear', 'must be an array of header names');
  return value.map((name: unknown, index) => {
    const option = `propagation.clear[${index}]`;
    const format = typeof name === 'string' && name !== 'b3' ? FORMATS.get(name) : undefined;
    if (format !== undefined) {
      throw fault(option, `is a format; clear takes its headers: ${format.headers.join(', ')}`);
    }
    if (typeof name === 'string' && name.includes('*'))
      throw fault(option, 'must be one header name, without *');
    return headerName(name, option);
  });
}

export function resolvePropagation(options: unknown): ResolvedPropagation {
  if (!isObject(options)) throw fault('propagation', 'must be an object');
  for (const field of Object.keys(options)) {
    if (options[field] === undefined) continue;
    if (field === 'trust') {
      throw fault(
        'propagation.trust',
        'belongs to createGatewayTelemetry: createPropagation begins no traces',
      );
    }
    if (!FIELDS.includes(field)) {
      throw fault(`propagation.${field}`, `is not a known option; known are ${FIELDS.join(', ')}`);
    }
  }
  const given = options as PropagationOptions;
  const { extract = ['w3c'], clear = [], defaultFormat = 'w3c', inject: written = [PRESERVE] } = given;
  const known = resolvePropagators(given.propagators);
  const lookup = new Lookup(known);
  const inject = lookup.list(written, 'propagation.inject', [PRESERVE], []);
  return {
    extract: lookup.list(extract, 'propagation.extract', [], [ONLY_WRITTEN]),
    clear: resolveClear(clear),
    inject: inject.map((named) => (named.name === PRESERVE ? PRESERVE : named)),
    defaultFormat: lookup.one(defaultFormat, 'propagation.defaultFormat', [], [HEADER]),
    baggage: resolveBaggage(given.baggage),
    known,
  };
}
