/** What an instance says that it is. */
export interface ServiceIdentity {
  /** `service.name` */
  readonly name: string;
  /** `service.version` */
  readonly version: string | undefined;
  /** The option `environment`; a request may have another one. */
  readonly environment: string | undefined;
}
