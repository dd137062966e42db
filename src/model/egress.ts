/** Where tenants' telemetry may go: the policy as configuration compiles it, and transport enforces it. */

/** The gateway's way out for tenants' telemetry. Holds a secret. */
export interface EgressProxy {
  /** Without user info. */
  readonly url: string;
  /** The value of `proxy-authorization`. */
  readonly authorization: string | undefined;
}

export interface EgressPolicy {
  /** Nothing is refused but what was listed as refused. */
  readonly isOpen: boolean;
  /** Why a tenant may not have this destination: the rest of a sentence that begins with an option. */
  refusalOf(url: URL): string | undefined;
  /** The gateway's own name or address, without brackets and dot. */
  isSelf(host: string): boolean;
  /** An address as the system or DNS gives it. */
  allowsAddress(text: string | undefined): boolean;
  /** An origin at which many tenants are welcome, as the operator says. */
  isTrustedOrigin(url: string): boolean;
  /** Names are resolved there, so addresses are that proxy's to judge. */
  readonly proxy: EgressProxy | undefined;
}
