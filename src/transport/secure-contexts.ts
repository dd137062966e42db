/** Parsed TLS material, kept so that not every connection parses it anew: about 0.3 ms and 37 KiB each (measured). */
import { createSecureContext, DEFAULT_CIPHERS, type SecureContext } from 'node:tls';
import type { TlsMaterial } from '../model/resolved-destination.js';
import { MAX_SECURE_CONTEXTS } from './bounds.js';

/** For a destination without `tls`: the public roots. */
const PUBLIC = '';

export interface SecureContexts {
  /** Throws what OpenSSL thinks of the material; it was checked when it was configured. */
  of(material: TlsMaterial | undefined): SecureContext;
}

export function createSecureContexts(maxContexts = MAX_SECURE_CONTEXTS): SecureContexts {
  const contexts = new Map<string, SecureContext>();
  return {
    of(material) {
      const id = material?.id ?? PUBLIC;
      const known = contexts.get(id);
      // Put in again, so that the first one is the least recently used.
      contexts.delete(id);
      const context = known ?? createSecureContext(contextOptions(material));
      contexts.set(id, context);
      if (contexts.size > maxContexts) {
        const [oldest] = contexts.keys();
        if (oldest !== undefined) contexts.delete(oldest);
      }
      return context;
    },
  };
}

/**
 * With these the client's part of a handshake takes a millisecond or two. With Diffie-Hellman over a prime the server
 * chooses its size, and 8,192 bits stop the event loop for a third of a second (measured).
 */
const GROUPS = 'X25519:P-256:P-384:P-521';
const CIPHERS = `${DEFAULT_CIPHERS}:!DHE`;

/** Said expressly: `node --tls-min-v1.0` must not lower it for a destination. */
function contextOptions(material: TlsMaterial | undefined): Parameters<typeof createSecureContext>[0] {
  const { ca, cert, key, passphrase } = material ?? {};
  return { minVersion: 'TLSv1.2', ciphers: CIPHERS, ecdhCurve: GROUPS, ca, cert, key, passphrase };
}
