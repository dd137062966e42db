/** What a destination trusts and how it shows itself: PEM texts, or the operator's files. Nothing is ever quoted. */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { fault } from '../model/configuration-error.js';
import type { DestinationTls } from '../model/destination.js';
import type { Audience, TlsMaterial, TlsSource } from '../model/resolved-destination.js';
import { asObject, asText, checkFields } from './checks.js';
import { openTlsFiles, type TlsPaths } from './tls-files.js';

/** Of one PEM text. A bundle of public roots is larger; it is also what is trusted without `ca`. */
export const MAX_PEM_BYTES = 64 * 1024;
/** Of one PEM text: a chain has three or four, and each is parsed and compared with every handshake. */
const MAX_CERTIFICATES = 16;

/** A signature with 4,096 bits takes about 5 ms, one with 16,384 two seconds (measured). Elliptic curves are all small. */
const MAX_TENANT_KEY_BITS = 4096;

const TEXTS = ['ca', 'cert', 'key'] as const;
const FILES = ['caFile', 'certFile', 'keyFile'] as const;
const CERTIFICATE =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

export type TlsTexts = Omit<TlsMaterial, 'id'>;
/** What a fault calls each part: the option or the variable that it came from. */
export type TlsNames = Readonly<Record<(typeof TEXTS)[number], string>>;

/** About 100 bytes each. */
const MAX_FOUND_GOOD = 4096;

/** Which of the tenants' material was found good: many may give the same, and parsing it takes about a millisecond. */
export interface FoundGood {
  has(id: string): boolean;
  add(id: string): void;
}

export function createFoundGood(): FoundGood {
  /** An id tells nothing of its material. */
  const ids = new Set<string>();
  return {
    has: (id) => ids.has(id),
    add(id) {
      if (ids.size >= MAX_FOUND_GOOD) ids.clear();
      ids.add(id);
    },
  };
}

/** Parses everything once, so that what cannot work is known now and not with the first handshake. */
export function checkTls(
  texts: TlsTexts,
  names: TlsNames,
  audience: Audience,
  foundGood?: FoundGood,
): TlsMaterial {
  for (const part of TEXTS) {
    const text = texts[part];
    if (text !== undefined && Buffer.byteLength(text) > MAX_PEM_BYTES)
      throw fault(names[part], `is over ${MAX_PEM_BYTES} bytes`);
  }
  const id = idOf(texts);
  if (foundGood?.has(id) === true) return { ...texts, id };
  // Before anything is decrypted: its writer chooses for how many seconds that stops the event loop.
  if (audience === 'tenant' && texts.key?.includes('ENCRYPTED') === true)
    throw fault(names.key, "is encrypted, which a tenant's must not be: give it unencrypted");
  parse(texts, names);
  if (audience === 'tenant' && texts.key !== undefined && bitsOf(texts.key) > MAX_TENANT_KEY_BITS)
    throw fault(names.key, 'has over 4096 bits: give a smaller one, or one of an elliptic curve');
  foundGood?.add(id);
  return { ...texts, id };
}

/** OpenSSL's errors are not passed on: they quote nothing today, but they are not ours to promise anything about. */
function parse({ ca, cert, key, passphrase }: TlsTexts, names: TlsNames): void {
  if ((cert === undefined) !== (key === undefined)) {
    const isKeyMissing = key === undefined;
    const [there, missing] = isKeyMissing ? [names.cert, names.key] : [names.key, names.cert];
    throw fault(there, `needs ${missing}: a certificate and its private key belong together`);
  }
  if (ca !== undefined) {
    checkCertificates(ca, names.ca);
    try {
      createSecureContext({ ca });
    } catch {
      throw fault(names.ca, 'is not a list of PEM certificates');
    }
  }
  if (cert === undefined) return;
  checkCertificates(cert, names.cert);
  try {
    // With `ca`, the public roots are not loaded for nothing.
    createSecureContext({ ca: cert, cert, key, passphrase });
  } catch {
    throw fault(names.key, 'is not the PEM private key of the certificate, or needs another passphrase');
  }
}

/** 0 for elliptic curves. */
function bitsOf(key: string): number {
  return createPrivateKey(key).asymmetricKeyDetails?.modulusLength ?? 0;
}

function checkCertificates(text: string, name: string): void {
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw fault(name, 'holds no PEM certificate');
  if (certificates.length > MAX_CERTIFICATES)
    throw fault(name, `holds more than ${MAX_CERTIFICATES} certificates`);
  certificates.forEach((certificate, index) => {
    try {
      new X509Certificate(certificate);
    } catch {
      throw fault(name, `holds a certificate that cannot be read, number ${index + 1}`);
    }
  });
}

function idOf({ ca, cert, key, passphrase }: TlsTexts): string {
  const parts = JSON.stringify([ca, cert, key, passphrase].map((part) => part ?? null));
  return createHash('sha256').update(parts).digest('base64');
}

/** Of the PEM texts of a destination that nobody has checked yet. */
export function pemLength(destination: unknown): number {
  const { tls } = (destination ?? {}) as { readonly tls?: unknown };
  const given = (tls ?? {}) as Readonly<Record<string, unknown>>;
  const lengthOf = (text: unknown): number => (typeof text === 'string' ? text.length : 0);
  return TEXTS.reduce((sum, field) => sum + lengthOf(given[field]), 0);
}

/** Reads the `tls` field of a destination. */
export function resolveTls(
  value: DestinationTls | undefined,
  option: string,
  audience: Audience,
  foundGood?: FoundGood,
): TlsSource | undefined {
  if (value === undefined) return undefined;
  const given: DestinationTls = asObject(value, option);
  checkFields(given as Readonly<Record<string, unknown>>, option, [...TEXTS, 'passphrase', ...FILES]);
  const text = (field: (typeof TEXTS)[number] | 'passphrase'): string | undefined =>
    given[field] === undefined ? undefined : asText(given[field], `${option}.${field}`, MAX_PEM_BYTES);
  const texts: TlsTexts = {
    ca: text('ca'),
    cert: text('cert'),
    key: text('key'),
    passphrase: text('passphrase'),
  };
  const paths: { -readonly [Part in keyof TlsPaths]: TlsPaths[Part] } = {};
  const names = { ca: `${option}.ca`, cert: `${option}.cert`, key: `${option}.key` };
  for (const part of TEXTS) {
    const field = `${part}File` as const;
    const path = given[field];
    if (path === undefined) continue;
    if (audience === 'tenant')
      throw fault(
        `${option}.${field}`,
        `is a path on the gateway, which a tenant may not name: give ${part}`,
      );
    if (texts[part] !== undefined)
      throw fault(`${option}.${field}`, `and ${part} are two ways to say the same: give one of them`);
    paths[part] = asText(path, `${option}.${field}`, 4096);
    names[part] = `${option}.${field}`;
  }
  return tlsSource(texts, paths, names, option, audience, foundGood);
}

/** From texts and files together; throws a sentence about the first fault. */
export function tlsSource(
  texts: TlsTexts,
  paths: TlsPaths,
  names: TlsNames,
  option: string,
  audience: Audience = 'operator',
  foundGood?: FoundGood,
): TlsSource {
  if (Object.keys(paths).length > 0) {
    return openTlsFiles(paths, names, (read) => checkTls({ ...texts, ...read }, names, audience));
  }
  if (texts.ca === undefined && texts.cert === undefined && texts.key === undefined)
    throw fault(option, 'is empty: give ca, or cert and key, or leave it out');
  const material = checkTls(texts, names, audience, foundGood);
  return { current: () => material, refresh: undefined };
}
