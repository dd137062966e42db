/** T24: 50 tenants whose name server never answers, and the host's own look-ups meanwhile. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('t24-contestant.mjs', import.meta.url));
/** Loopback addresses for the silent name servers, as the contestants run at the same time. */
const SERVERS = { ours: '127.0.24.1', stock: '127.0.24.2' };
/** In a list of mounts of its own, the process sees another list of name servers; it is the system's otherwise. */
const MOUNTED = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"';

export const title = 'the name server of 50 tenants never answers';
export const settings = {};

export async function start(scenario, contestant) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-t24-'));
  const list = join(folder, 'resolv.conf');
  // Time-outs as they are by default: 5 s, twice.
  writeFileSync(list, `nameserver ${SERVERS[contestant]}\n`);
  return {
    contestant,
    list,
    name: `${scenario}, ${contestant}`,
    stop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

export async function run({ contestant, list, name }) {
  const row = "the host's dns.lookup";
  if (spawnSync('unshare', ['-m', 'sh', '-c', MOUNTED, 'sh', list, 'true']).status !== 0)
    return { [row]: { p99: 'left out: no right to mount' } };
  const argument = JSON.stringify({ contestant, server: SERVERS[contestant] });
  const args = ['-m', 'sh', '-c', MOUNTED, 'sh', list, process.execPath, PROGRAM, argument];
  const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`${name} ended early (${code}).`);
  return { [row]: JSON.parse(output) };
}
