/** What the options and the environment say of the operator's resource. */
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import type { Attributes } from '../model/attributes.js';
import { ATTR_DEPLOYMENT_ENVIRONMENT_NAME, ATTR_SERVICE_INSTANCE_ID } from '../model/names.js';
import { asAttributes, asText, asWhole } from './checks.js';
import { DEFAULTS } from './defaults.js';
import { resolveDetectors, type DetectorSource } from './detectors.js';
import type { EnvironmentSettings } from './environment.js';
import type { GatewayOptions } from './options.js';

export interface ResourceSettings {
  readonly serviceName: string;
  /** Code, then the environment by key: over what detectors find and what this library knows by itself. */
  readonly resourceAttributes: Attributes;
  readonly resourceDetectors: readonly DetectorSource[];
  readonly resourceDetectionTimeoutMs: number;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An option of its own wins over the attribute of the same meaning, and the environment over both. */
export function resolveResource(given: GatewayOptions, environment: EnvironmentSettings): ResourceSettings {
  const text = (option: 'serviceName' | 'serviceVersion' | 'serviceInstanceId'): string | undefined =>
    given[option] === undefined ? undefined : asText(given[option], option);
  const serviceName = text('serviceName');
  const serviceVersion = text('serviceVersion');
  const serviceInstanceId = text('serviceInstanceId');
  const inCode =
    given.resourceAttributes === undefined
      ? {}
      : asAttributes(given.resourceAttributes, 'resourceAttributes');
  const inEnvironment = environment.resourceAttributes;
  return {
    serviceName:
      environment.serviceName ??
      textOf(inEnvironment[ATTR_SERVICE_NAME]) ??
      serviceName ??
      textOf(inCode[ATTR_SERVICE_NAME]) ??
      DEFAULTS.serviceName,
    resourceAttributes: {
      ...(given.environment !== undefined && {
        [ATTR_DEPLOYMENT_ENVIRONMENT_NAME]: asText(given.environment, 'environment'),
      }),
      ...inCode,
      ...(serviceVersion !== undefined && { [ATTR_SERVICE_VERSION]: serviceVersion }),
      ...(serviceInstanceId !== undefined && { [ATTR_SERVICE_INSTANCE_ID]: serviceInstanceId }),
      ...inEnvironment,
      ...(environment.serviceVersion !== undefined && { [ATTR_SERVICE_VERSION]: environment.serviceVersion }),
    },
    resourceDetectors: resolveDetectors(given.resourceDetectors, 'resourceDetectors'),
    resourceDetectionTimeoutMs:
      given.resourceDetectionTimeoutMs === undefined
        ? DEFAULTS.resourceDetectionTimeoutMs
        : asWhole(given.resourceDetectionTimeoutMs, 'resourceDetectionTimeoutMs', 100, 60_000),
  };
}
