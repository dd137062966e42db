/** The resources: the operator's with everything, a tenant's with nothing of the gateway's but its service name. */
import { createHmac, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import {
  ATTR_SERVICE_NAME,
  ATTR_TELEMETRY_SDK_LANGUAGE,
  ATTR_TELEMETRY_SDK_NAME,
  ATTR_TELEMETRY_SDK_VERSION,
  TELEMETRY_SDK_LANGUAGE_VALUE_NODEJS,
} from '@opentelemetry/semantic-conventions';
import type { Attributes } from '../model/attributes.js';
import {
  ATTR_HOST_NAME,
  ATTR_PROCESS_PID,
  ATTR_PROCESS_RUNTIME_NAME,
  ATTR_PROCESS_RUNTIME_VERSION,
  ATTR_SERVICE_INSTANCE_ID,
  REQUEST_SCOPE_NAME,
} from '../model/names.js';
import type { ResolvedDestination } from '../model/resolved-destination.js';
import { VERSION } from '../model/version.js';

export interface ResourceOptions {
  readonly serviceName: string;
  /** What code and environment say. */
  readonly resourceAttributes: Attributes;
  /** What detectors have found. */
  readonly detected: () => Attributes;
}

/** 16 bytes as the text of a version 4 UUID. */
function uuidOf(bytes: Buffer): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Makes the resources of one instance. */
export interface Resources {
  /** What the operator's records carry, before a destination's own attributes: as far as it is known now. */
  operator(): Attributes;
  attributesFor(tenantId: string | undefined, destination: ResolvedDestination): Attributes;
}

export function createResources(options: ResourceOptions): Resources {
  // Per instance, so that cumulative series of several gateway processes do not collide.
  const secret = randomBytes(32);
  const instanceIdOf = (owner: string): string => uuidOf(createHmac('sha256', secret).update(owner).digest());
  const identity = {
    [ATTR_TELEMETRY_SDK_NAME]: REQUEST_SCOPE_NAME,
    [ATTR_TELEMETRY_SDK_LANGUAGE]: TELEMETRY_SDK_LANGUAGE_VALUE_NODEJS,
    [ATTR_TELEMETRY_SDK_VERSION]: VERSION,
  };
  const known: Attributes = {
    ...identity,
    [ATTR_SERVICE_INSTANCE_ID]: instanceIdOf(''),
    [ATTR_HOST_NAME]: hostname(),
    [ATTR_PROCESS_PID]: process.pid,
    [ATTR_PROCESS_RUNTIME_NAME]: 'nodejs',
    [ATTR_PROCESS_RUNTIME_VERSION]: process.versions.node,
  };
  const operator = (): Attributes => ({
    ...known,
    ...options.detected(),
    ...options.resourceAttributes,
    [ATTR_SERVICE_NAME]: options.serviceName,
  });
  return {
    operator,
    attributesFor(tenantId, destination) {
      const serviceName = destination.serviceName ?? options.serviceName;
      if (tenantId === undefined) {
        return { ...operator(), [ATTR_SERVICE_NAME]: serviceName, ...destination.resourceAttributes };
      }
      return {
        ...identity,
        [ATTR_SERVICE_NAME]: serviceName,
        // Opaque, and another one for each tenant, so that two tenants cannot match theirs.
        [ATTR_SERVICE_INSTANCE_ID]: instanceIdOf(tenantId),
        ...destination.resourceAttributes,
      };
    },
  };
}
