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

/** For programs of one test. Inside node_modules, so that the dependencies are found. */
export function createProgramFolder(): string {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'gateway-otel-child-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  return folder;
}

/** Translates a folder of TypeScript to CommonJS, without a type check. */
export function translate(source: string, target: string): void {
  for (const path of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!/\.c?ts$/.test(path)) continue;
    const { outputText } = ts.transpileModule(readFileSync(join(source, path), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
      fileName: path,
    });
    const file = join(target, path.replace(/ts$/, 'js'));
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, outputText);
  }
}

/** Without what would configure the library or the runtime from outside. */
export const programEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:OTEL_|NODE_OPTIONS$|VITEST)/.test(name)),
  );

/** Translates the sources once. */
export function createChildRunner(): ChildRunner {
  const folder = createProgramFolder();
  translate(join(root, 'src'), folder);
  let programs = 0;
  const environment = programEnvironment();
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
