/** How the table of conventions is written. */

export type ValueType = 'string' | 'int' | 'double' | 'boolean' | 'string[]';

/**
 * `stable`: of the semantic conventions, never to change. `development`: of theirs, and may change between versions. `deprecated`:
 * of theirs, and written on purpose. `own`: this library's, under `{ns}`, or under `{g}` what GenOps
 * collectors look for.
 */
export type Stability = 'stable' | 'development' | 'deprecated' | 'own';

export interface AttributeFact {
  readonly type: ValueType;
  readonly stability: Stability;
  /** The only values there are; without it any. */
  readonly values?: readonly string[];
}

/** `required`: always there. `conditional`, `recommended`: there when known. `opt-in: x`: there when option `x` asks for it. */
export type Level = 'required' | 'conditional' | 'recommended' | `opt-in: ${string}`;

export type Uses = Readonly<Record<string, Level>>;

/** Who receives a record. A tenant only ever receives what its own traffic made. */
export type Receivers = 'operator' | 'tenant' | 'operator and tenant' | `operator; tenant by ${string}`;

interface RecordFact {
  /** As the README shows it. */
  readonly title: string;
  readonly attributes: Uses;
  readonly receivers: Receivers;
  /** Attributes that stand on the operator's copy alone. */
  readonly operatorOnly?: readonly string[];
}

export interface SpanFact extends RecordFact {
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT';
  readonly name: RegExp;
  /** Of two kinds of span with names of one form: the attribute that only this one has, always. */
  readonly marker?: string;
}

export interface SpanEventFact extends RecordFact {
  readonly name: string;
}

export interface LogFact extends RecordFact {
  readonly eventName: string;
  readonly severity: readonly number[];
  readonly stability: Stability;
}

export interface MetricFact extends RecordFact {
  readonly name: string;
  readonly instrument: 'counter' | 'updowncounter' | 'gauge' | 'histogram';
  /** A code of ISO 4217 where it is `currency`. */
  readonly unit: string;
  readonly stability: Stability;
}
