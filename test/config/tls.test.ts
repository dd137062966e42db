/** `tls` of a destination and the certificate variables: what is taken, and the sentence for everything else. */
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createGatewayTelemetry, type Destination, type DestinationTls } from '../../src/index.js';
import { resolveDestination, resolveDestinations } from '../../src/config/destination.js';
import { readEnvironment } from '../../src/config/environment.js';
import type { ResolvedDestination } from '../../src/model/resolved-destination.js';
import { issue, issueCa } from '../support/certificates.js';
import { ofOwner, thrownBy } from './support.js';

const endpoint = 'https://collector.example:4318';
const root = issueCa();
const client = issue({ by: root });
const other = issue({ by: root });
const directory = mkdtempSync(join(tmpdir(), 'gateway-otel-tls-'));
afterAll(() => rmSync(directory, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
const caFile = file('ca.pem', root.cert);
const certFile = file('cert.pem', client.cert);
const keyFile = file('key.pem', client.key);
const missing = join(directory, 'missing.pem');
mkdirSync(join(directory, 'folder'));

const tlsOf = (
  destination: ResolvedDestination | undefined,
  signal: 'traces' | 'logs' | 'metrics' = 'logs',
) => {
  const target = destination?.targets[signal];
  return target?.kind === 'otlp' ? target.tls : undefined;
};

describe.each(['operator', 'tenant'] as const)('in code, the %s', (owner) => {
  const resolve = (tls: unknown, more: Partial<Destination> = {}) =>
    resolveDestination({ endpoint, ...more, tls }, 'here', ...ofOwner(owner));

  it('has none by default', () => {
    expect(tlsOf(resolve(undefined))).toBeUndefined();
  });

  it.each<[string, DestinationTls]>([
    ['a root', { ca: root.cert }],
    ['several roots', { ca: [root.cert, issueCa().cert].join('\n') }],
    ['a client certificate', { cert: client.cert, key: client.key }],
    ['a chain', { cert: client.cert + root.cert, key: client.key }],
    ['all of them', { ca: root.cert, ...client }],
  ])('may give %s', (_what, tls) => {
    expect(tlsOf(resolve(tls))?.current()).toMatchObject(tls);
  });

  const broken = root.cert.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
  it.each<[string, unknown, string]>([
    ['a text', root.cert, 'here.tls must be an object'],
    ['nothing', {}, 'here.tls is empty'],
    ['an unknown field', { rejectUnauthorized: false }, 'here.tls.rejectUnauthorized is not a known option'],
    ['bytes', { ca: Buffer.from(root.cert) }, 'here.tls.ca must be a string'],
    ['no PEM', { ca: 'secret' }, 'here.tls.ca holds no PEM certificate'],
    ['a key as a root', { ca: client.key }, 'here.tls.ca holds no PEM certificate'],
    [
      'a broken certificate',
      { ca: root.cert + broken },
      'here.tls.ca holds a certificate that cannot be read, number 2',
    ],
    ['17 certificates', { ca: root.cert.repeat(17) }, 'here.tls.ca holds more than 16 certificates'],
    [
      'over 64 KiB',
      { ca: `${root.cert}${'#'.repeat(65_536)}` },
      'here.tls.ca must be at most 65536 characters',
    ],
    ['a certificate alone', { cert: client.cert }, 'here.tls.cert needs here.tls.key'],
    ['a key alone', { key: client.key }, 'here.tls.key needs here.tls.cert'],
    ['the key of another', { cert: client.cert, key: other.key }, 'here.tls.key is not the PEM private key'],
    ['no key', { cert: client.cert, key: 'secret' }, 'here.tls.key is not the PEM private key'],
  ])('that gives %s is refused in a sentence that does not quote it', (_what, tls, sentence) => {
    const { message } = thrownBy(() => resolve(tls));
    expect(message.startsWith(sentence), message).toBe(true);
    expect(message).not.toMatch(/secret|BEGIN|MII/);
  });

  it('is refused it with plain http, for all signals or for one', () => {
    const tls = { ca: root.cert };
    expect(() => resolve(tls, { endpoint: 'http://c.example' })).toThrow(/^here\.tls has no effect/);
    expect(() => resolve(tls, { logs: { endpoint: 'http://c.example' } })).toThrow(
      'here.tls has no effect: the endpoint of logs says plain http',
    );
  });
});

describe('the key of a tenant', () => {
  const resolve = (tls: DestinationTls, owner: 'operator' | 'tenant' = 'tenant') =>
    resolveDestination({ endpoint, tls }, 'here', ...ofOwner(owner));
  const passphrase = 'secret';
  const encrypted = createPrivateKey(client.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase,
  }) as string;

  const traditional = createPrivateKey(client.key).export({
    type: 'pkcs1',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase,
  }) as string;

  it('takes 192 KiB at most with all else in all of its destinations', () => {
    const several = (count: number, tls: DestinationTls, owner: 'operator' | 'tenant' = 'tenant') =>
      resolveDestinations(
        Array.from({ length: count }, (_, index) => ({ name: `${index}`, endpoint, tls })),
        'here',
        ...ofOwner(owner),
      );
    const large = { ca: `${root.cert}${'#'.repeat(60_000)}` };
    expect(several(3, large)).toHaveLength(3);
    expect(() => several(4, large)).toThrow(/^here has more than 196608 characters of certificates and keys/);
    expect(several(4, large, 'operator')).toHaveLength(4);
  });

  it.each([
    ['as PKCS #8', encrypted],
    ['as it used to be', traditional],
    [
      'and cannot be read',
      '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n',
    ],
  ])('is refused when it is encrypted %s, and not decrypted for that', (_what, key) => {
    expect(() => resolve({ cert: client.cert, key, passphrase })).toThrow('here.tls.key is encrypted');
  });

  it('may be encrypted when it is the operator’s, and no other passphrase opens it', () => {
    const tls = { cert: client.cert, key: encrypted, passphrase };
    expect(tlsOf(resolve(tls, 'operator'))?.current()).toMatchObject(tls);
    const { cert, key } = tls;
    for (const wrong of [
      { cert, key, passphrase: 'another' },
      { cert, key },
    ]) {
      const { message } = thrownBy(() => resolve(wrong, 'operator'));
      expect(message).toBe(
        'here.tls.key is not the PEM private key of the certificate, or needs another passphrase',
      );
    }
  });

  it('has 4096 bits at most; that of the operator may have more', () => {
    const large = issue({ by: root, bits: 4104 });
    expect(() => resolve(large)).toThrow('here.tls.key has over 4096 bits');
    expect(() => resolve(large, 'operator')).not.toThrow();
    // Found good for the one is not found good for the other.
    expect(() => resolve(large)).toThrow('here.tls.key has over 4096 bits');
  });
});

describe('paths', () => {
  const resolve = (tls: DestinationTls) => resolveDestination({ endpoint, tls }, 'here', 'operator');

  it('are read for the operator, each beside a text', () => {
    expect(tlsOf(resolve({ caFile, certFile, keyFile }))?.current()).toMatchObject({
      ca: root.cert,
      ...client,
    });
    expect(tlsOf(resolve({ ca: root.cert, certFile, key: client.key }))?.current()).toMatchObject(client);
  });

  it.each(['caFile', 'certFile', 'keyFile'] as const)(
    '%s on a tenant is refused, also where it exists',
    (field) => {
      const make = () =>
        createGatewayTelemetry({ env: false, tenants: { acme: { endpoint, tls: { [field]: caFile } } } });
      expect(make).toThrow(`tenants.acme.tls.${field} is a path on the gateway, which a tenant may not name`);
    },
  );

  it.each<[string, DestinationTls, string]>([
    ['a missing file', { caFile: missing }, 'here.tls.caFile names a file that cannot be read'],
    ['a folder', { caFile: join(directory, 'folder') }, 'here.tls.caFile names something that is no file'],
    ['a device', { caFile: '/dev/zero' }, 'here.tls.caFile names something that is no file'],
    ['text and path', { ca: root.cert, caFile }, 'here.tls.caFile and ca are two ways to say the same'],
    ['no PEM', { caFile: file('no.pem', 'secret') }, 'here.tls.caFile holds no PEM certificate'],
    [
      'a text of over 64 KiB',
      { caFile: file('large.pem', `${root.cert}${'#'.repeat(65_536)}`) },
      'here.tls.caFile is over 65536 bytes',
    ],
    [
      'a file of over 1 MiB',
      { caFile: file('huge.pem', '#'.repeat(1_048_577)) },
      'here.tls.caFile names a file of over 1048576 bytes',
    ],
    ['half a pair', { certFile }, 'here.tls.certFile needs here.tls.key'],
  ])('%s is refused', (_what, tls, sentence) => {
    const { message } = thrownBy(() => resolve(tls));
    expect(message.startsWith(sentence), message).toBe(true);
    expect(message).not.toContain(directory);
  });
});

describe('in the environment', () => {
  const read = (env: Record<string, string>, url = endpoint) => {
    const { operator, notices, loneSending } = readEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: url, ...env });
    return { operator, messages: notices.map(({ message }) => message), loneSending };
  };
  const CA = 'OTEL_EXPORTER_OTLP_CERTIFICATE';
  const CERT = 'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE';
  const KEY = 'OTEL_EXPORTER_OTLP_CLIENT_KEY';

  it('files serve all signals', () => {
    const { operator, messages } = read({ [CA]: caFile, [CERT]: certFile, [KEY]: keyFile });
    for (const signal of ['traces', 'logs', 'metrics'] as const)
      expect(tlsOf(operator, signal)?.current()).toMatchObject({ ca: root.cert, ...client });
    expect(messages).toEqual([]);
  });

  it("a signal's own wins, one by one", () => {
    const next = issueCa();
    const { operator, messages } = read({
      [CA]: caFile,
      OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE: file('next.pem', next.cert),
      OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: certFile,
      OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: keyFile,
    });
    expect(tlsOf(operator, 'logs')?.current().ca).toBe(next.cert);
    expect(tlsOf(operator, 'traces')?.current()).toMatchObject({ ca: root.cert, ...client });
    expect(tlsOf(operator, 'metrics')?.current()).toMatchObject({ ca: root.cert, cert: undefined });
    expect(messages).toEqual([]);
  });

  it('what cannot be used is reported once and counts as unset; the rest holds', () => {
    const { operator, messages } = read({ [CA]: missing, [CERT]: certFile, [KEY]: keyFile });
    expect(messages).toEqual([`${CA} names a file that cannot be read; it counts as unset`]);
    expect(tlsOf(operator)?.current()).toMatchObject({ ca: undefined, ...client });
    const half = read({ [CA]: caFile, [CERT]: certFile });
    expect(half.messages).toEqual([
      `${CERT} needs ${KEY}: a certificate and its private key belong together; it counts as unset`,
    ]);
    expect(tlsOf(half.operator)?.current()).toMatchObject({ ca: root.cert, cert: undefined });
    expect(tlsOf(read({ [CA]: missing }).operator)).toBeUndefined();
  });

  it('they have no effect on plain http, which is reported', () => {
    const { operator, messages } = read({ [CA]: caFile }, 'http://collector.example:4318');
    expect(tlsOf(operator)).toBeUndefined();
    expect(messages).toEqual([`${CA} without effect: the endpoint of traces says plain http`]);
  });

  it('without an endpoint variable they are named among those without effect', () => {
    expect(readEnvironment({ [CA]: missing, OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY: keyFile })).toMatchObject({
      loneSending: [CA, 'OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY'],
      notices: [],
    });
  });
});
