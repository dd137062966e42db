/** Bytes of the bodies as they were transferred; of an upgrade or a tunnel, what went each way after the heads. */
export interface BodySizes {
  readonly request: number;
  readonly response: number;
}
