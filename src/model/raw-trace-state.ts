/** A checked `tracestate` behind the API's interface: text that is looked into only when somebody asks. */
import type { TraceState } from '@opentelemetry/api';

/** As loose as the text of the standard: what a host sets must not break the list. */
const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

export class RawTraceState implements TraceState {
  readonly #raw: string;

  constructor(raw: string) {
    this.#raw = raw;
  }

  get(key: string): string | undefined {
    const start = `${key}=`;
    return this.#members()
      .find((member) => member.startsWith(start))
      ?.slice(start.length);
  }

  /** A changed member goes to the left. A key or value that the standard forbids changes nothing. */
  set(key: string, value: string): TraceState {
    if (!KEY.test(key) || !VALUE.test(value)) return this;
    return new RawTraceState([`${key}=${value}`, ...this.#without(key)].join(','));
  }

  unset(key: string): TraceState {
    return new RawTraceState(this.#without(key).join(','));
  }

  serialize(): string {
    return this.#raw;
  }

  #members(): string[] {
    return this.#raw === '' ? [] : this.#raw.split(',');
  }

  #without(key: string): string[] {
    return this.#members().filter((member) => !member.startsWith(`${key}=`));
  }
}
