/** Runs small programs in processes of their own, against the sources as they are now: no stale build can hide a fault. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../../scripts/root.mjs';

export interface ChildResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
  readonly ms: number;
}

export interface ChildRunner {
  /**
   * Runs a CommonJS program that can use `gateway` (the main door), `http` and `argument`. Killed after the time, then
   * `signal` says so.
   */
  run(program: string, argument: unknown, timeoutMs?: number): Promise<ChildResult>;
  close(): void;
}

/** Translates the sources once, without a type check. Inside node_modules, so that the dependencies are found. */
export function createChildRunner(): ChildRunner {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'gateway-otel-child-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  const source = join(root, 'src');
  for (const path of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!/\.c?ts$/.test(path)) continue;
    const { outputText } = ts.transpileModule(readFileSync(join(source, path), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
      fileName: path,
    });
    const target = join(folder, path.replace(/ts$/, 'js'));
    mkdirSync(join(target, '..'), { recursive: true });
    writeFileSync(target, outputText);
  }
  let programs = 0;
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:OTEL_|NODE_OPTIONS$|VITEST)/.test(name)),
  );
  return {
    run(program, argument, timeoutMs = 15_000) {
      const file = join(folder, `program-${programs++}.js`);
      const prelude =
        `const gateway = require('./index.js');\nconst http = require('node:http');\n` +
        `const argument = JSON.parse(process.argv[2]);\n`;
      writeFileSync(file, `${program.includes('// no prelude') ? '' : prelude}${program}`);
      return new Promise((resolve, reject) => {
        const start = performance.now();
        const child = spawn(process.execPath, [file, JSON.stringify(argument)], {
          env: environment,
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let output = '';
        let errors = '';
        child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
        child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
        const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
        child.on('error', reject);
        child.on('close', (code, signal) => {
          clearTimeout(timer);
          resolve({ code, signal, output, errors, ms: performance.now() - start });
        });
      });
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
