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
export const DETECTOR_NAMES = ['container', 'aws', 'gcp', 'azure'] as const;

export type ResourceDetectorName = (typeof DETECTOR_NAMES)[number];
