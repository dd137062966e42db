/** Checks `tenantEgress`. Enforcement is the egress guard's work, which is still to come. */
import { BlockList, isIP } from 'node:net';
import type { TenantEgress, TenantEgressRules } from '../model/destination.js';
import { asObject, asTextList, asWhole, checkFields } from './checks.js';
import { parseEndpoint } from './endpoint.js';
import { fault } from '../model/configuration-error.js';

const FIELDS = ['ports', 'allowHosts', 'allowCidrs', 'denyCidrs', 'allowHttp', 'selfHosts', 'proxy'];

function checkCidr(text: string, option: string): void {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const family = isIP(address);
  const suffix = slash < 0 ? String(family === 6 ? 128 : 32) : text.slice(slash + 1);
  const bits = Number(suffix);
  if (family === 0 || !/^\d{1,3}$/.test(suffix))
    throw fault(option, 'is not an address block such as 10.0.0.0/8');
  try {
    new BlockList().addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
  } catch {
    throw fault(option, 'is not an address block such as 10.0.0.0/8');
  }
}

function checkHost(text: string, option: string): void {
  const host = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (isIP(host) === 0 && !/^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i.test(host)) {
    throw fault(option, 'must be a host name or an address, without scheme and port');
  }
}

/** Returns a frozen copy, or throws. */
export function resolveTenantEgress(value: unknown): TenantEgress {
  if (value === undefined) return 'public';
  if (value === 'public' || value === 'open') return value;
  if (typeof value === 'string')
    throw fault('tenantEgress', "must be 'public', 'open' or an object with rules");
  const rules = asObject(value, 'tenantEgress') as TenantEgressRules & Record<string, unknown>;
  checkFields(rules, 'tenantEgress', FIELDS);
  for (const list of ['allowHosts', 'allowHttp', 'selfHosts'] as const) {
    const hosts = rules[list] === undefined ? [] : asTextList(rules[list], `tenantEgress.${list}`);
    hosts.forEach((host, index) => checkHost(host, `tenantEgress.${list}[${index}]`));
  }
  for (const list of ['allowCidrs', 'denyCidrs'] as const) {
    const blocks = rules[list] === undefined ? [] : asTextList(rules[list], `tenantEgress.${list}`);
    blocks.forEach((block, index) => checkCidr(block, `tenantEgress.${list}[${index}]`));
  }
  if (rules.ports !== undefined) {
    if (!Array.isArray(rules.ports)) throw fault('tenantEgress.ports', 'must be an array of port numbers');
    rules.ports.forEach((port, index) => asWhole(port, `tenantEgress.ports[${index}]`, 1, 65535));
  }
  if (rules.proxy !== undefined) parseEndpoint(rules.proxy, 'tenantEgress.proxy');
  return Object.freeze(structuredClone(rules));
}
