/** Where a project's events go, as its DSN says. */
import { fault } from '../model/configuration-error.js';

export interface Dsn {
  /** As it was given, for the SDK. */
  readonly text: string;
  /** Of the envelope endpoint, without the key. */
  readonly url: string;
  readonly publicKey: string;
}

const MAX_LENGTH = 512;
/** What the SDK can read; it prints what it cannot, with the key. */
const DSN =
  /^(https?):\/\/(\w{1,64})(?::\w{0,64})?@(\[[\w:.%]+\]|[\w.-]+)(:\d{1,5})?\/((?:[\w.-]+\/)*)(\d{1,20})$/;

/** Never quotes what it was given. */
export function parseDsn(value: unknown, option: string): Dsn {
  if (typeof value !== 'string') throw fault(option, 'must be a string: a Sentry DSN');
  const text = value.trim();
  const match = text.length > MAX_LENGTH ? null : DSN.exec(text);
  const url = match === null ? undefined : endpointOf(match);
  if (match === null || url === undefined)
    throw fault(option, 'is not a Sentry DSN, such as https://<key>@o0.ingest.sentry.io/0');
  return { text, url, publicKey: match[2] ?? '' };
}

function endpointOf(match: readonly string[]): string | undefined {
  const [, protocol, , host, port = '', path, project] = match;
  try {
    return new URL(`${protocol}://${host}${port}/${path}api/${project}/envelope/`).href;
  } catch {
    // A port over 65,535, or a host that is none.
    return undefined;
  }
}

/** Of a client of the host's, as its `getDsn()` has it; `undefined`: it has none. */
export function dsnOfClient(components: unknown): Dsn | undefined {
  try {
    const { protocol, publicKey, host, port, path, projectId } = components as Record<string, string>;
    const text = `${protocol}://${publicKey}@${host}${port ? `:${port}` : ''}/${path ? `${path}/` : ''}${projectId}`;
    return parseDsn(text, 'client');
  } catch {
    return undefined;
  }
}
