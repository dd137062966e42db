/** What a private key will cost: decrypting it and signing with it happen on the event loop, and a tenant chooses both. */
import { createPrivateKey } from 'node:crypto';

/** A signature with 4,096 bits takes about 5 ms, one with 16,384 two seconds (measured). Elliptic curves are all small. */
const MAX_MODULUS_BITS = 4096;
/** About 80 ms (measured). OpenSSL writes 2,048 rounds of PBKDF2; those of scrypt are N × r × p, usually 2^17. */
const MAX_ROUNDS = 2 ** 17;

const ENCRYPTED =
  /-----BEGIN ENCRYPTED PRIVATE KEY-----([A-Za-z0-9+/=\s]*)-----END ENCRYPTED PRIVATE KEY-----/g;
const SCRYPT = Buffer.from('2b06010401da47040b', 'hex');
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OBJECT_ID = 0x06;

/** Whether decrypting it takes longer than can be accepted, or cannot be told. Nothing is decrypted for that. */
export function isCostlyToDecrypt(pem: string): boolean {
  const blocks = [...pem.matchAll(ENCRYPTED)];
  if (blocks.length !== pem.split('ENCRYPTED PRIVATE KEY-----').length >> 1) return true;
  return blocks.some(([, text = '']) => !(roundsOf(Buffer.from(text, 'base64')) <= MAX_ROUNDS));
}

/** Whether signing takes longer than can be accepted. Throws what OpenSSL thinks of the key. */
export function isCostlyToSign(key: string, passphrase: string | undefined): boolean {
  const { modulusLength = 0 } =
    createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) }).asymmetricKeyDetails ?? {};
  return modulusLength > MAX_MODULUS_BITS;
}

/** `NaN`: not what it says it is. */
function roundsOf(der: Buffer): number {
  const [whole] = elements(der);
  const [algorithm] = whole?.tag === SEQUENCE ? elements(whole.content) : [];
  if (algorithm?.tag !== SEQUENCE) return Number.NaN;
  const numbers: number[] = [];
  let isScrypt = false;
  const walk = (bytes: Buffer, depth: number): void => {
    for (const { tag, content } of elements(bytes)) {
      if (tag === INTEGER)
        numbers.push(content.length > 6 ? Number.NaN : Number(`0x${content.toString('hex')}`));
      if (tag === OBJECT_ID && content.equals(SCRYPT)) isScrypt = true;
      if (tag === SEQUENCE && depth < 8) walk(content, depth + 1);
    }
  };
  walk(algorithm.content, 0);
  if (numbers.length === 0) return Number.NaN;
  return isScrypt ? numbers.slice(0, 3).reduce((product, number) => product * number) : Math.max(...numbers);
}

/** The elements that stand in a row; a broken one ends it. */
function* elements(bytes: Buffer): Generator<{ readonly tag: number; readonly content: Buffer }> {
  let position = 0;
  while (position + 2 <= bytes.length) {
    const tag = bytes.readUInt8(position);
    let length = bytes.readUInt8(position + 1);
    position += 2;
    // Without a length, as BER allows: nobody writes keys like that.
    if (length === 0x80) return;
    if (length > 0x80) {
      const size = length - 0x80;
      if (size > 4 || position + size > bytes.length) return;
      length = bytes.readUIntBE(position, size);
      position += size;
    }
    if (position + length > bytes.length) return;
    yield { tag, content: bytes.subarray(position, position + length) };
    position += length;
  }
}
