/** Secrets that are planted under a name, and the search for them in whatever a process could show. */
import { inspect } from 'node:util';
import { expect } from 'vitest';
import { createRandom } from './support.js';

export interface Sweep {
  /** A new secret: 16 letters and digits, so that it is legal wherever text is. */
  plant(where: string): string;
  /** A text that was made elsewhere, such as a line of a key. */
  plantText(where: string, text: string): void;
  /** Fails, with the places' names, when one of the values shows a secret or half of one in any form. */
  expectNone(values: readonly unknown[]): void;
  /** What was sent to one place holds all of these and none of the others. */
  expectOnWire(sent: Buffer, allowed: readonly string[]): void;
  readonly planted: number;
  /** Values that were searched. */
  readonly looks: number;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 16;
/** Of `inspect`. What lies deeper is not printed by anything that logs. */
const DEPTH = 10;

function jsonOf(value: unknown): string {
  try {
    return (
      JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? `${item}` : item)) ?? ''
    );
  } catch (error) {
    // The SDK's meter is circular; the message tells how.
    return String(error);
  }
}

/** Everything that a log, a console or an API answer could make of a value. */
function formsOf(value: unknown): string {
  const error = value instanceof Error ? `${value.name} ${value.message}\n${value.stack ?? ''}` : '';
  const looked = inspect(value, {
    depth: DEPTH,
    showHidden: true,
    getters: true,
    maxArrayLength: null,
    maxStringLength: null,
  });
  return [error, jsonOf(value), looked, typeof value === 'string' ? value : ''].join('\n');
}

/** A cut text still gives half of it away. In base64 the middle depends on what stands before it; this is the plain case. */
function traces(secret: string): readonly string[] {
  const half = Math.floor(secret.length / 2);
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -1);
  return [secret.slice(0, half), secret.slice(half), base64].map((text) => text.toLowerCase());
}

export function createSweep(): Sweep {
  const random = createRandom(33);
  const secrets = new Map<string, string>();
  let looks = 0;
  return {
    plant(where) {
      let secret = '';
      while (secret.length < LENGTH) secret += LETTERS[Math.floor(random() * LETTERS.length)] ?? '';
      secrets.set(secret, where);
      return secret;
    },
    plantText: (where, text) => void secrets.set(text, where),
    expectNone(values) {
      looks += values.length;
      const text = values.map(formsOf).join('\n').toLowerCase();
      const leaks = [...secrets].filter(([secret]) => traces(secret).some((trace) => text.includes(trace)));
      expect(leaks.map(([, where]) => where)).toEqual([]);
    },
    expectOnWire(sent, allowed) {
      for (const [secret, where] of secrets)
        expect(sent.includes(secret), `${where}, on the wire`).toBe(allowed.includes(secret));
    },
    get planted() {
      return secrets.size;
    },
    get looks() {
      return looks;
    },
  };
}
