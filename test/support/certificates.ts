/** Certificates made on the spot, so that none lies in the repository and none expires. */
import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';

export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  readonly name?: string;
  /** Who signs; without one it signs itself. */
  readonly by?: Issued;
  readonly isCa?: boolean;
  /** Names and addresses that it is for. */
  readonly hosts?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Of its key. */
  readonly bits?: number;
}

const DAY_MS = 86_400_000;
let serial = 0x10000000;

export function issue(options: IssueOptions = {}): Issued {
  const { name = 'test', by, isCa = false, hosts = ['127.0.0.1', 'localhost'], bits = 2048 } = options;
  const { notBefore = new Date(Date.now() - DAY_MS), notAfter = new Date(Date.now() + DAY_MS) } = options;
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = (serial++).toString(16);
  certificate.validity.notBefore = notBefore;
  certificate.validity.notAfter = notAfter;
  const subject = [{ name: 'commonName', value: name }];
  certificate.setSubject(subject);
  const issuer = by && forge.pki.certificateFromPem(by.cert);
  certificate.setIssuer(issuer?.subject.attributes ?? subject);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: isCa, critical: true },
    ...(isCa
      ? []
      : [
          {
            name: 'subjectAltName',
            altNames: hosts.map((host) =>
              /^[\d.]+$/.test(host) ? { type: 7, ip: host } : { type: 2, value: host },
            ),
          },
        ]),
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(by?.key ?? privateKey), forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate), key: privateKey };
}

export const issueCa = (name = 'test root'): Issued => issue({ name, isCa: true });
