/** What finds out where the process runs: the detectors of OpenTelemetry, seen structurally. */

/** Attributes by name; a value may be promised. What is no attribute value counts as not found. */
export interface DetectedResource {
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

/** A detector object, such as `containerDetector` of `@opentelemetry/resource-detector-container`. */
export interface ResourceDetector {
  detect(config?: object): DetectedResource | Promise<DetectedResource>;
}

/** The packages whose detectors can be asked for by name: `@opentelemetry/resource-detector-` and the name. */
export type ResourceDetectorName = 'container' | 'aws' | 'gcp' | 'azure';

export const DETECTOR_NAMES: readonly ResourceDetectorName[] = ['container', 'aws', 'gcp', 'azure'];
