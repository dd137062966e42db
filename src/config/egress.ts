/** Compiles `tenantEgress`, and judges a tenant's destination by it when it is configured. */
import { fault } from '../model/configuration-error.js';
import type { TenantEgressRules } from '../model/destination.js';
import { createAddressRule } from '../model/egress-addresses.js';
import type { EgressPolicy, EgressProxy } from '../model/egress.js';
import { parseAddress, parseBlock, type AddressBlock } from '../model/ip-address.js';
import { asObject, asOneOf, asTextList, asWhole, checkFields } from './checks.js';
import { hostOf, isPublicName, resolveHosts } from './egress-hosts.js';
import { resolveOrigins } from './egress-origins.js';
import { resolveSelfHosts } from './egress-self.js';
import { isBadPort, portOf, PUBLIC_PORTS } from './egress-ports.js';
import { parseEndpoint } from './endpoint.js';

const FIELDS = [
  'policy',
  'ports',
  'allowHosts',
  'allowCidrs',
  'denyCidrs',
  'allowHttp',
  'selfHosts',
  'trustedOrigins',
  'proxy',
];

function resolveBlocks(value: unknown, option: string): readonly AddressBlock[] {
  const texts = value === undefined ? [] : asTextList(value, option);
  return texts.map((text, index) => {
    const block = parseBlock(text);
    if (block === undefined) throw fault(`${option}[${index}]`, 'is not an address block such as 10.0.0.0/8');
    return block;
  });
}

function resolvePorts(value: unknown, option: string): ReadonlySet<number> {
  if (value === undefined) return new Set(PUBLIC_PORTS);
  if (!Array.isArray(value)) throw fault(option, 'must be an array of port numbers');
  const ports = value.map((item, index) => {
    const port = asWhole(item, `${option}[${index}]`, 1, 65535);
    if (isBadPort(port))
      throw fault(`${option}[${index}]`, 'is the port of another protocol, which is always refused');
    return port;
  });
  return new Set([...PUBLIC_PORTS, ...ports]);
}

/** Unlike a destination's, its URL may carry a user name and password, which is how proxies are usually written. */
function resolveProxy(value: unknown, option: string): EgressProxy | undefined {
  if (value === undefined) return undefined;
  let bareUrl = value;
  let authorization: string | undefined;
  if (typeof value === 'string' && URL.canParse(value)) {
    const url = new URL(value);
    if (url.username !== '' || url.password !== '') {
      authorization = basic(url, option);
      url.username = '';
      url.password = '';
      bareUrl = url.href;
    }
  }
  const url = parseEndpoint(bareUrl, option);
  if (url.pathname !== '/' || url.search !== '')
    throw fault(option, 'must be a scheme, a host and a port, without path and query');
  return { url: url.href, authorization };
}

function basic(url: URL, option: string): string {
  try {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  } catch {
    throw fault(option, 'has a user name or password with a % that is not followed by two hex digits');
  }
}

/** Reads the option; throws a sentence that quotes nothing. */
export function resolveTenantEgress(value: unknown): EgressPolicy {
  if (value === undefined || value === 'public') return compile({});
  if (value === 'open') return compile({ policy: 'open' });
  if (typeof value === 'string')
    throw fault('tenantEgress', "must be 'public', 'open' or an object with rules");
  const rules = asObject(value, 'tenantEgress') as TenantEgressRules & Record<string, unknown>;
  checkFields(rules, 'tenantEgress', FIELDS);
  return compile(rules);
}

function compile(rules: TenantEgressRules): EgressPolicy {
  const { policy = 'public' } = rules;
  const isOpen = asOneOf(policy, 'tenantEgress.policy', ['public', 'open']) === 'open';
  const allowHosts = resolveHosts(rules.allowHosts, 'tenantEgress.allowHosts');
  const allowHttp = resolveHosts(rules.allowHttp, 'tenantEgress.allowHttp');
  const selfHosts = resolveSelfHosts(rules.selfHosts, 'tenantEgress.selfHosts');
  const trustedOrigins = resolveOrigins(rules.trustedOrigins, 'tenantEgress.trustedOrigins');
  const ports = resolvePorts(rules.ports, 'tenantEgress.ports');
  const addresses = createAddressRule({
    isOpen,
    allow: resolveBlocks(rules.allowCidrs, 'tenantEgress.allowCidrs'),
    // Whatever name leads to it, the gateway's own address stays its own.
    deny: [...resolveBlocks(rules.denyCidrs, 'tenantEgress.denyCidrs'), ...selfHosts.blocks],
  });

  const refusalOfHost = (host: string): string | undefined => {
    if (parseAddress(host) === undefined) {
      if (isOpen || isPublicName(host) || allowHosts.has(host)) return undefined;
      return 'is not at a public host name: tenantEgress.allowHosts lists what tenants may use besides';
    }
    if (addresses.isDenied(host))
      return 'is at an address that tenants may not reach: it is one of tenantEgress.denyCidrs or tenantEgress.selfHosts';
    if (!addresses.allows(host))
      return 'is at an address that tenants may not reach: tenantEgress.allowCidrs lists what they may besides public ones';
    if (isOpen || allowHosts.has(host) || addresses.isListed(host)) return undefined;
    return 'is at an address instead of a host name: tenantEgress.allowHosts lists those that tenants may use';
  };

  return Object.freeze({
    isOpen,
    refusalOf(url: URL) {
      const host = hostOf(url);
      if (selfHosts.has(host))
        return 'points at the gateway itself, as one of tenantEgress.selfHosts: give the collector';
      if (!isOpen && url.protocol !== 'https:' && !allowHttp.has(host))
        return 'must begin with https://: tenantEgress.allowHttp lists the hosts that tenants may reach by plain http';
      if (!isOpen && !ports.has(portOf(url)))
        return `uses port ${portOf(url)}: tenantEgress.ports lists what tenants may use besides ${PUBLIC_PORTS.join(', ')}`;
      if (url.port === '0') return 'uses port 0, where nobody can listen';
      return refusalOfHost(host);
    },
    isSelf: (host: string) => selfHosts.has(host),
    allowsAddress: (text: string | undefined) => addresses.allows(text),
    isTrustedOrigin: (url: string) => trustedOrigins.size > 0 && trustedOrigins.has(new URL(url).origin),
    proxy: resolveProxy(rules.proxy, 'tenantEgress.proxy'),
  });
}
