/** The propagation policy: extract, clear, inject, each independent of the others. Formats plug in by name. */
import { fault } from '../model/configuration-error.js';
import type { ReadableHeaders, WritableHeaders } from '../model/exchange.js';
import type {
  ContextToInject,
  ExtractedContext,
  Propagation,
  PropagationFormat,
  PropagationOptions,
} from '../model/propagation.js';
import { removeHeader } from './headers.js';
import { extractW3c, injectW3c } from './w3c.js';

/** One format: headers to context and back. */
interface Format {
  extract(headers: ReadableHeaders): ExtractedContext | undefined;
  inject(
    headers: WritableHeaders,
    context: ContextToInject | undefined,
    extracted: ExtractedContext | undefined,
  ): void;
}

const FORMATS: Readonly<Record<PropagationFormat, Format>> = {
  w3c: { extract: extractW3c, inject: injectW3c },
};

const KNOWN = Object.keys(FORMATS) as PropagationFormat[];
const OPTIONS = ['extract', 'clear', 'inject', 'defaultFormat'];
const LATER = ['baggage', 'trust', 'propagators'];

function checkFormats<T extends string>(value: unknown, option: string, known: readonly T[]): readonly T[] {
  if (!Array.isArray(value)) throw fault(option, 'must be an array of format names');
  value.forEach((name: unknown, index) => {
    if (!known.includes(name as T))
      throw fault(`${option}[${index}]`, `is not a known format; known are ${known.join(', ')}`);
  });
  return [...new Set(value as T[])];
}

function checkClear(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw fault('propagation.clear', 'must be an array of header names');
  return value.map((name: unknown, index) => {
    if (typeof name !== 'string' || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) {
      throw fault(`propagation.clear[${index}]`, 'must be a header name');
    }
    return name.toLowerCase();
  });
}

/** Checks the options and makes the policy. Throws one sentence on a fault. */
export function createPropagation(options: PropagationOptions = {}): Propagation {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw fault('propagation', 'must be an object');
  }
  for (const field of Object.keys(options)) {
    if (LATER.includes(field)) throw fault(`propagation.${field}`, 'is not supported in this version');
    if (!OPTIONS.includes(field)) {
      throw fault(`propagation.${field}`, `is not a known option; known are ${OPTIONS.join(', ')}`);
    }
  }
  const extracted = checkFormats(options.extract ?? ['w3c'], 'propagation.extract', KNOWN);
  const injected = checkFormats(options.inject ?? ['preserve'], 'propagation.inject', [
    ...KNOWN,
    'preserve' as const,
  ]);
  const clear = checkClear(options.clear ?? []);
  const [defaultFormat = 'w3c'] = checkFormats(
    [options.defaultFormat ?? 'w3c'],
    'propagation.defaultFormat',
    KNOWN,
  );
  return new Policy(extracted, clear, injected, defaultFormat);
}

class Policy implements Propagation {
  readonly #extractors: readonly Format[];
  readonly #clear: readonly string[];
  /** What is written for each format that may have been found: decided here, so that injecting asks nothing. */
  readonly #writtenFor: ReadonlyMap<PropagationFormat, readonly PropagationFormat[]>;
  readonly #writtenOtherwise: readonly PropagationFormat[];

  constructor(
    extract: readonly PropagationFormat[],
    clear: readonly string[],
    inject: readonly (PropagationFormat | 'preserve')[],
    defaultFormat: PropagationFormat,
  ) {
    this.#extractors = extract.map((name) => FORMATS[name]);
    this.#clear = clear;
    const written = (found: PropagationFormat): PropagationFormat[] => [
      ...new Set(inject.map((name) => (name === 'preserve' ? found : name))),
    ];
    this.#writtenFor = new Map(KNOWN.map((found) => [found, written(found)]));
    this.#writtenOtherwise = written(defaultFormat);
  }

  extract(headers: ReadableHeaders): ExtractedContext | undefined {
    for (const format of this.#extractors) {
      const context = format.extract(headers);
      if (context !== undefined) return context;
    }
    return undefined;
  }

  inject(headers: WritableHeaders, context: ContextToInject | undefined, extracted?: ExtractedContext): void {
    for (const name of this.#clear) removeHeader(headers, name);
    for (const name of this.formats(extracted)) FORMATS[name].inject(headers, context, extracted);
  }

  formats(extracted?: ExtractedContext): readonly PropagationFormat[] {
    return (extracted && this.#writtenFor.get(extracted.format)) ?? this.#writtenOtherwise;
  }
}
