/** Parsed TLS material is kept, but not for ever, and what is in use stays longest. */
import { describe, expect, it } from 'vitest';
import type { TlsMaterial } from '../../src/model/resolved-destination.js';
import { createSecureContexts } from '../../src/transport/secure-contexts.js';

const material = (id: string): TlsMaterial => ({
  id,
  ca: undefined,
  cert: undefined,
  key: undefined,
  passphrase: undefined,
});

describe('secure contexts', () => {
  it('are parsed once; over the bound the least recently used one goes', () => {
    const contexts = createSecureContexts(2);
    const [one, two] = [contexts.of(material('one')), contexts.of(material('two'))];
    expect(two).not.toBe(one);
    expect(contexts.of(material('one'))).toBe(one);
    contexts.of(material('three'));
    expect(contexts.of(material('one'))).toBe(one);
    expect(contexts.of(material('two'))).not.toBe(two);
  });

  it('without material there is one for all', () => {
    const contexts = createSecureContexts();
    expect(contexts.of(undefined)).toBe(contexts.of(undefined));
    expect(contexts.of(undefined)).not.toBe(contexts.of(material('one')));
  });
});
