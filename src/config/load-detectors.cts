/**
 * The official detectors, from the packages that the host has installed; a package that is not there throws. See
 * `signals/load-sdk.cts`.
 */
export function loadDetectors(
  name: 'container' | 'aws' | 'gcp' | 'azure',
): Readonly<Record<string, unknown>> {
  switch (name) {
    case 'container':
      return require('@opentelemetry/resource-detector-container') as Readonly<Record<string, unknown>>;
    case 'aws':
      return require('@opentelemetry/resource-detector-aws') as Readonly<Record<string, unknown>>;
    case 'gcp':
      return require('@opentelemetry/resource-detector-gcp') as Readonly<Record<string, unknown>>;
    case 'azure':
      return require('@opentelemetry/resource-detector-azure') as Readonly<Record<string, unknown>>;
  }
}
