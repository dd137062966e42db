/** Runs a script against `src` in a process of its own: for what is global to a process. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { afterAll } from 'vitest';
import { root } from '../../scripts/root.mjs';

export interface ChildResult {
  /** What the script gave `report`, through JSON. */
  readonly report: unknown;
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** The sources without their types, beside the packages that they import. One copy per test file. */
function writeJavaScript(): string {
  const caches = join(root, 'node_modules', '.cache');
  mkdirSync(caches, { recursive: true });
  const folder = mkdtempSync(join(caches, 'gateway-otel-child-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const file of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!/\.c?ts$/.test(file)) continue;
    const module = file.endsWith('.cts') ? ts.ModuleKind.CommonJS : ts.ModuleKind.ESNext;
    const { outputText } = ts.transpileModule(readFileSync(join(root, 'src', file), 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module },
    });
    const target = join(folder, 'src', file.replace(/ts$/, 'js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
  return folder;
}

let folder: string | undefined;

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
});

/**
 * Runs a module that imports `./src/index.js` and the packages, and says its result with `report(value)`. The environment
 * is exactly what is given, plus the path.
 */
export function runChild(script: string, env: Readonly<Record<string, string>> = {}): Promise<ChildResult> {
  folder ??= writeJavaScript();
  const prelude = 'const report = (value) => process.send(value);\n';
  const child = spawn(process.execPath, ['--input-type=module', '--eval', prelude + script], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let report: unknown;
  let stdout = '';
  let stderr = '';
  child.on('message', (message) => (report = message));
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ report, stdout, stderr, code }));
  });
}
