/** Host names as rules see them, and lists of them. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { fault } from '../model/configuration-error.js';
import { parseAddress } from '../model/ip-address.js';
import { asTextList } from './checks.js';

/** Names that only a network's own resolver answers, or none: nothing on the public internet ends in them. */
const RESERVED = [
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'lan',
  'home.arpa',
  'svc',
  'onion',
];
const MAX_NAME = 253;

export interface HostList {
  has(host: string): boolean;
  /** Those of its entries that are addresses. */
  readonly addresses: readonly string[];
}

/** A URL's host without brackets and the root's dot. `URL` has already written it in lower case, and numbers as addresses. */
export function hostOf(url: URL): string {
  return bare(url.hostname);
}

function bare(host: string): string {
  if (host.startsWith('[') && host.endsWith(']')) return host.slice(1, -1);
  return host.replace(/\.+$/, '');
}

/** The same for the same host, however an address is written. */
function keyOf(host: string): string {
  const address = parseAddress(host);
  return address === undefined ? host.toLowerCase() : `address ${address.join('.')}`;
}

export function isPublicName(host: string): boolean {
  const labels = host.split('.');
  if (labels.length < 2 || host.length > MAX_NAME) return false;
  if (!labels.every((label) => /^[a-z0-9_-]{1,63}$/.test(label))) return false;
  return !RESERVED.some((name) => host === name || host.endsWith(`.${name}`));
}

/** As `URL` writes it. */
function asciiOf(host: string): string {
  if (/^[\x20-\x7e]*$/.test(host)) return host;
  return host.startsWith('*.') ? `*.${domainToASCII(host.slice(2))}` : domainToASCII(host);
}

function checkHost(text: string, option: string): void {
  if (isIP(bare(text)) === 0 && !/^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i.test(text)) {
    throw fault(option, 'must be a host name or an address, without scheme and port');
  }
}

/** Reads a list of hosts; `*.example.com` stands for all names that end in `.example.com`. */
export function resolveHosts(value: unknown, option: string): HostList {
  const hosts = (value === undefined ? [] : asTextList(value, option)).map(asciiOf);
  hosts.forEach((host, index) => checkHost(host, `${option}[${index}]`));
  const suffixes = hosts.filter((host) => host.startsWith('*.')).map((host) => host.slice(1).toLowerCase());
  const exact = new Set(hosts.map((host) => keyOf(bare(host))));
  return {
    has: (host) => exact.has(keyOf(host)) || suffixes.some((suffix) => host.endsWith(suffix)),
    addresses: hosts.map(bare).filter((host) => parseAddress(host) !== undefined),
  };
}
