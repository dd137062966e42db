/** The scopes of custom telemetry: one object per name and version, because records are grouped by identity. */
import type { Scope } from '../model/delivery.js';

/** Libraries that use the global tracer; names come from code, so there are few. Beyond, the default scope serves. */
const MAX_SCOPES = 256;

export interface CustomScopes {
  readonly own: Scope;
  of(name: string, version: string | undefined): Scope;
}

export function createCustomScopes(own: Scope, make: (name: string, version: string) => Scope): CustomScopes {
  const scopes = new Map<string, Scope>([[`${own.name}\n${own.version}`, own]]);
  return {
    own,
    of(name, version = '') {
      const key = `${name}\n${version}`;
      const known = scopes.get(key);
      if (known !== undefined) return known;
      if (scopes.size >= MAX_SCOPES) return own;
      const scope = make(name, version);
      scopes.set(key, scope);
      return scope;
    },
  };
}
