/** A temporary host project that has the packed package installed, and its dependencies linked. No network. */
import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { pack, type Packed } from '../../scripts/pack.mjs';
import { root } from '../../scripts/root.mjs';

const runFile = promisify(execFile);

export interface Manifest {
  readonly main: string;
  readonly module: string;
  readonly types: string;
  readonly exports: Record<string, unknown>;
  readonly typesVersions: Record<string, Record<string, string[]>>;
  readonly files: readonly string[];
  readonly dependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}

export interface PackedProject {
  readonly folder: string;
  readonly packed: Packed;
  /** Where the package is installed. */
  readonly installed: string;
  /** Writes a file into the project; the path is relative to it. Returns the full path. */
  write(path: string, text: string): string;
  /** Runs Node in the project and resolves with what it printed. Rejects if it fails or takes over 15 seconds. */
  node(...args: string[]): Promise<string>;
  remove(): void;
}

export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
}

/**
 * `packages`: further ones of this repository that the host has installed, by name. `aliases`: those that have another name
 * here, such as `{ fastify: 'fastify4' }`.
 */
export async function createPackedProject(
  packages: readonly string[] = [],
  aliases: Readonly<Record<string, string>> = {},
): Promise<PackedProject> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'gateway-otel-host-'));
  const modules = join(folder, 'node_modules');
  const installed = join(modules, 'gateway-otel');
  mkdirSync(installed, { recursive: true });

  const packed = await pack(folder);
  await runFile('tar', ['-xzf', packed.tarball, '-C', installed, '--strip-components=1']);
  const { dependencies, peerDependencies } = readManifest();
  for (const name of [...Object.keys({ ...dependencies, ...peerDependencies }), '@types/node', ...packages]) {
    const link = join(modules, name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', aliases[name] ?? name), link, 'junction');
  }

  const project: PackedProject = {
    folder,
    packed,
    installed,
    write(path, text) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    async node(...args) {
      const { stdout } = await runFile(process.execPath, args, { cwd: folder, timeout: 15_000 });
      return stdout;
    },
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
  project.write('package.json', '{ "name": "host", "private": true }\n');
  return project;
}
