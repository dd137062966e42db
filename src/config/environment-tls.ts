/** `OTEL_EXPORTER_OTLP_CERTIFICATE` and its like: files, for the environment's destination alone. */
import { faultSentence } from '../model/configuration-error.js';
import type { TlsSource } from '../model/resolved-destination.js';
import { SIGNALS, type Signal } from '../model/signal.js';
import { tlsSource } from './tls.js';

const PREFIX = 'OTEL_EXPORTER_OTLP';
const PARTS = ['ca', 'cert', 'key'] as const;
const SUFFIXES = { ca: 'CERTIFICATE', cert: 'CLIENT_CERTIFICATE', key: 'CLIENT_KEY' } as const;
const NO_TEXTS = { ca: undefined, cert: undefined, key: undefined, passphrase: undefined };

type Part = (typeof PARTS)[number];

export interface Variables {
  text(name: string): string | undefined;
  report(message: string): void;
}

/** The names of those that are set, for whoever has nothing to apply them to. */
export function tlsVariables(variables: Variables): readonly string[] {
  return [undefined, ...SIGNALS]
    .flatMap((signal) => PARTS.map((part) => nameOf(part, signal)))
    .filter((name) => variables.text(name) !== undefined);
}

/** By signal, where there is an endpoint. A signal's own variable wins over the general one. Never throws. */
export function readTls(
  variables: Variables,
  urls: Readonly<Partial<Record<Signal, URL>>>,
): Readonly<Partial<Record<Signal, TlsSource>>> {
  const bySignal: Partial<Record<Signal, TlsSource>> = {};
  /** The same variables are read, and complained about, once. */
  const known = new Map<string, TlsSource | undefined>();
  for (const signal of SIGNALS) {
    const url = urls[signal];
    const set = setFor(variables, signal);
    if (url === undefined || set.size === 0) continue;
    const names = [...set.values()].join(', ');
    const isTls = url.protocol === 'https:';
    const key = `${url.protocol} ${names}`;
    if (!known.has(key)) {
      known.set(key, isTls ? open(variables, set) : undefined);
      if (!isTls) variables.report(`${names} without effect: the endpoint of ${signal} says plain http`);
    }
    const source = known.get(key);
    if (source !== undefined) bySignal[signal] = source;
  }
  return bySignal;
}

const nameOf = (part: Part, signal: Signal | undefined): string =>
  [PREFIX, ...(signal === undefined ? [] : [signal.toUpperCase()]), SUFFIXES[part]].join('_');

/** The variables that hold for a signal. */
function setFor(variables: Variables, signal: Signal): Map<Part, string> {
  const set = new Map<Part, string>();
  for (const part of PARTS) {
    const name = [nameOf(part, signal), nameOf(part, undefined)].find((n) => variables.text(n) !== undefined);
    if (name !== undefined) set.set(part, name);
  }
  return set;
}

/** What is at fault counts as unset, and the rest is tried without it. */
function open(variables: Variables, set: Map<Part, string>): TlsSource | undefined {
  while (set.size > 0) {
    const paths = Object.fromEntries([...set].map(([part, name]) => [part, variables.text(name)]));
    const names = Object.fromEntries(PARTS.map((part) => [part, set.get(part) ?? nameOf(part, undefined)]));
    try {
      return tlsSource(NO_TEXTS, paths, names as Record<Part, string>, PREFIX);
    } catch (error) {
      variables.report(`${faultSentence(error)}; it counts as unset`);
      const { option } = error as { readonly option?: string };
      const isCa = option === set.get('ca');
      // Half of a pair is no use.
      for (const part of isCa ? (['ca'] as const) : (['cert', 'key'] as const)) set.delete(part);
      if (option === undefined) return undefined;
    }
  }
  return undefined;
}
