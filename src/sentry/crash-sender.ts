/**
 * The last report of a dying process. It has no further turn of its event loop, so a short child process sends what it is given
 * on its standard input, while the dying one waits for it.
 */
import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { VERSION } from '../model/version.js';
import type { Dsn } from './dsn.js';
import { childEnvironment } from './environment.js';
import type { SentryEvent } from './event.js';

/** `node`, `nodejs`, `node22`, `node.exe`. */
const NODE = /^node(?:js)?[-.\d]*(?:\.exe)?$/i;

/** A text and no file: bundlers would leave a file behind. It ends with 0 when Sentry has said yes. */
const CHILD = `
let text = '';
process.stdin.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => {
  const { url, headers, body } = JSON.parse(text);
  const { request } = require(url.startsWith('https:') ? 'node:https' : 'node:http');
  const sent = request(url, { method: 'POST', headers, agent: false }, ({ statusCode }) =>
    process.exit(statusCode >= 200 && statusCode < 300 ? 0 : 1));
  sent.on('error', () => process.exit(1)).end(body);
});`;

/** Whether Sentry has taken it, within the time. Blocks. Never throws. */
export function sendSynchronously(dsn: Dsn, event: SentryEvent, timeoutMs: number): boolean {
  // Where the program is packed into the executable, a child of it would be the program once more.
  if (!NODE.test(basename(process.execPath))) return false;
  try {
    const { status } = spawnSync(process.execPath, ['-e', CHILD], {
      input: JSON.stringify(requestOf(dsn, event)),
      env: childEnvironment(),
      stdio: ['pipe', 'ignore', 'ignore'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      windowsHide: true,
    });
    return status === 0;
  } catch {
    // Node's permission model may forbid child processes.
    return false;
  }
}

/** By Sentry's envelope protocol. */
function requestOf(dsn: Dsn, event: SentryEvent): object {
  const client = `gateway-otel/${VERSION}`;
  const sdk = { name: 'gateway-otel', version: VERSION };
  const header = { event_id: event.event_id, sent_at: new Date().toISOString(), sdk };
  const body = [header, { type: 'event' }, { ...event, sdk }].map((part) => JSON.stringify(part)).join('\n');
  return {
    url: dsn.url,
    headers: {
      'content-type': 'application/x-sentry-envelope',
      'content-length': Buffer.byteLength(body),
      'user-agent': client,
      'x-sentry-auth': `Sentry sentry_version=7, sentry_client=${client}, sentry_key=${dsn.publicKey}`,
    },
    body,
  };
}
