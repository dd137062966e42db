/**
 * The SDK parts, loaded when they are first used: a host that makes no custom spans pays for none. A `.cts` file, because
 * only CommonJS can load at the moment of use and not before; both builds share it, and bundlers follow it.
 */
export function loadTraceSdk(): typeof import('@opentelemetry/sdk-trace-base') {
  return require('@opentelemetry/sdk-trace-base') as typeof import('@opentelemetry/sdk-trace-base');
}

export function loadLogsSdk(): typeof import('@opentelemetry/sdk-logs') {
  return require('@opentelemetry/sdk-logs') as typeof import('@opentelemetry/sdk-logs');
}

export function loadMetricsSdk(): typeof import('@opentelemetry/sdk-metrics') {
  return require('@opentelemetry/sdk-metrics') as typeof import('@opentelemetry/sdk-metrics');
}

export function loadResources(): typeof import('@opentelemetry/resources') {
  return require('@opentelemetry/resources') as typeof import('@opentelemetry/resources');
}
