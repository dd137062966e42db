/** Packs the built package into a folder, as a release would, without running any life-cycle script. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './root.mjs';

/**
 * @typedef {{ tarball: string, bytes: number, unpackedBytes: number, files: string[] }} Packed
 * @param {string} folder
 * @returns {Promise<Packed>}
 */
export async function pack(folder) {
  if (!existsSync(join(root, 'dist', 'cjs', 'package.json')))
    throw new Error('There is no dist: run "npm run build".');
  const args = ['pack', '--json', '--ignore-scripts', '--dry-run=false', '--pack-destination', folder];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: root });
  const [report] = JSON.parse(stdout);
  return {
    tarball: join(folder, report.filename),
    bytes: report.size,
    unpackedBytes: report.unpackedSize,
    files: report.files.map((/** @type {{ path: string }} */ file) => file.path),
  };
}
