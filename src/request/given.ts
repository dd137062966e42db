/** What a host passes to the methods that record something: read once, field by field, never throwing. */
import type { Attributes } from '../model/attributes.js';
import type { Diagnostic } from '../model/diagnostic.js';
import { hasFields } from '../model/fields.js';
import { redactText } from '../model/redact-text.js';
import { isTenantId } from '../model/tenant-id.js';
import { CustomAttributes } from './custom-attributes.js';
import { LiveExchange } from './exchange.js';
import type { ExchangeHome } from './exchange-home.js';
import { cleanName, cleanValue, MAX_NAME_LENGTH } from './limits.js';

/** Attributes that are the operator's alone, cleaned, within the limits. */
export interface OperatorAttributes {
  readonly kept: Attributes | undefined;
  readonly dropped: number;
}

/** A proxy can refuse to tell. */
export function isInstance<T>(value: unknown, of: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof of;
  } catch {
    return false;
  }
}

/** What a call takes from the exchange that it is made in, or for. */
export interface Around {
  readonly exchange: LiveExchange | undefined;
  readonly requestId: string | undefined;
  /**
   * Of one that is given, or that is still running: a worker that was once started inside a request stays in its context for
   * ever, and another tenant's records must not go to that request's tenant.
   */
  readonly tenantId: string | undefined;
  /** That exchange. */
  readonly owner: LiveExchange | undefined;
}

/** The arguments of one call. */
export class Given {
  readonly #method: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #home: ExchangeHome;

  constructor(home: ExchangeHome, method: string, options: unknown) {
    this.#home = home;
    this.#method = method;
    const isObject = typeof options === 'object' && options !== null;
    this.#values = isObject ? (options as Readonly<Record<string, unknown>>) : {};
    if (!isObject) this.report('was called without its options');
  }

  /** `undefined` also for what cannot be read: one bad field must not lose the others. */
  read(field: string): unknown {
    try {
      return this.#values[field] ?? undefined;
    } catch {
      this.report(`was given a field that cannot be read: ${field}`);
      return undefined;
    }
  }

  /** A short text, such as a name: control characters go, it is cut, and what looks like a secret is `REDACTED`. */
  text(field: string, maxLength?: number): string | undefined {
    return this.#kept(field, (value) => this.#redacted(cleanName(value, maxLength)));
  }

  #redacted(text: string | undefined): string | undefined {
    return text && redactText(text, this.#home.arrivals.secretKeys);
  }

  /** Short texts, the first of them. */
  texts(field: string, maxItems: number): readonly string[] | undefined {
    return this.#kept(field, (value) =>
      cleanNames(value, maxItems)?.map((text) => redactText(text, this.#home.arrivals.secretKeys)),
    );
  }

  number(field: string): number | undefined {
    return this.#kept(field, (value) => (Number.isFinite(value) ? (value as number) : undefined));
  }

  /** A whole number, none below `min`. */
  whole(field: string, min = 0): number | undefined {
    return this.#kept(field, (value) =>
      Number.isSafeInteger(value) && (value as number) >= min ? (value as number) : undefined,
    );
  }

  flag(field: string): boolean | undefined {
    return this.#kept(field, (value) => (typeof value === 'boolean' ? value : undefined));
  }

  /** An object in it. */
  inner(field: string): Given | undefined {
    return this.#kept(field, (value) =>
      hasFields(value) ? new Given(this.#home, this.#method, value) : undefined,
    );
  }

  #kept<T>(field: string, keep: (value: unknown) => T | undefined): T | undefined {
    const value = this.read(field);
    if (value === undefined) return undefined;
    const kept = keep(value);
    if (kept === undefined) this.report(`was given a field of the wrong type: ${field}`);
    return kept;
  }

  report(what: string): void {
    const diagnostic: Diagnostic = { code: 'argument_invalid', message: `${this.#method}() ${what}` };
    this.#home.report(diagnostic);
  }

  /** `isApart`: it says itself where it belongs, so that whatever happens to run around the call has no part in it. */
  around(isApart: boolean): Around {
    const given = this.read('exchange');
    const named = isInstance(given, LiveExchange) ? this.#own(given) : undefined;
    const current = isApart ? undefined : this.#home.contexts.exchange();
    const exchange = named ?? (current instanceof LiveExchange ? current : undefined);
    const owner = named !== undefined || exchange?.isOver === false ? exchange : undefined;
    return {
      exchange,
      requestId: exchange?.requestId || undefined,
      tenantId: owner?.tenantId,
      owner,
    };
  }

  /** Another instance has other destinations, and tenants of its own that may have the same ids. */
  #own(exchange: LiveExchange): LiveExchange | undefined {
    try {
      if (exchange.isOf(this.#home)) return exchange;
      this.report('was given an exchange of another instance, which has no part in it');
    } catch {
      // A proxy of one has none of its private parts.
      this.report('was given an exchange that is none');
    }
    return undefined;
  }

  /** `null` is nobody; nothing at all, whoever the exchange is for. */
  tenantId(around: Around): string | undefined {
    const tenantId = this.tenant();
    return tenantId === undefined ? around.tenantId : (tenantId ?? undefined);
  }

  /** As it was said: `null` is nobody, also for what is no id; `undefined`: nothing. */
  tenant(): string | null | undefined {
    if (this.#isNull('tenant')) return null;
    const given = this.read('tenant');
    if (given === undefined) return undefined;
    if (isTenantId(given)) return given;
    this.#home.report({
      code: 'tenant_id_invalid',
      message: `A tenant id must be a string of 1 to 128 bytes; the record of ${this.#method}() went to the operator alone`,
    });
    return null;
  }

  #isNull(field: string): boolean {
    try {
      return this.#values[field] === null;
    } catch {
      return false;
    }
  }

  operatorAttributes(): OperatorAttributes {
    const custom = this.customAttributes();
    return { kept: custom?.operatorOnly, dropped: custom?.dropped ?? 0 };
  }

  /** The same, to be added to; `undefined`: none were given. */
  customAttributes(): CustomAttributes | undefined {
    const given = this.read('attributes');
    if (given === undefined) return undefined;
    if (!hasFields(given)) {
      this.report('was given attributes that have no fields');
      return undefined;
    }
    const custom = new CustomAttributes(this.#home.limits.log);
    try {
      for (const key in given) custom.set(key, given[key], false);
    } catch {
      this.report('was given attributes that cannot be read');
    }
    return custom;
  }
}

/** A list of the host's may be anything that says it is one. */
function cleanNames(value: unknown, maxItems: number): readonly string[] | undefined {
  const cleaned = cleanValue(value, MAX_NAME_LENGTH);
  if (!Array.isArray(cleaned)) return undefined;
  const names = cleaned.flatMap((item) => cleanName(item) ?? []);
  return names.slice(0, maxItems);
}
