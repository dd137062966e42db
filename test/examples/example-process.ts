/** Runs an example as users do: as a process of its own, against the built package. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../../scripts/root.mjs';

export interface ExampleProcess {
  /** Everything on standard output so far. */
  readonly lines: readonly string[];
  readonly errors: () => string;
  /** Resolves with the first line that matches, now or later; rejects when the process ends or time is up. */
  waitForLine(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code, `null` after a signal. */
  readonly ended: Promise<number | null>;
}

const WAIT_MS = 30_000;

/** `script` is relative to `examples/`. The OTEL_* variables of the test run do not reach it. */
export function startExample(
  script: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): ExampleProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:OTEL_|PORT$|UPSTREAM$)/.test(name));
  const child = spawn(process.execPath, [join(root, 'examples', script), ...args], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  let errors = '';
  let hasEnded = false;
  const notify = (): void => {
    for (const watch of [...watchers]) watch();
  };
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    notify();
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      hasEnded = true;
      notify();
      resolve(code);
    });
  });

  return {
    lines,
    errors: () => errors,
    ended,
    signal: (name) => void child.kill(name),
    waitForLine: (pattern) =>
      new Promise((resolve, reject) => {
        let next = 0;
        const finish = (settle: () => void): void => {
          clearTimeout(timer);
          watchers.delete(watch);
          settle();
        };
        const fail = (why: string): void => {
          const said = `${lines.join('\n')}\n${errors}`;
          finish(() => reject(new Error(`${why} without a line like ${String(pattern)}. It said:\n${said}`)));
        };
        const watch = (): void => {
          for (; next < lines.length; next += 1) {
            const found = pattern.exec(lines[next] ?? '');
            if (found !== null) return finish(() => resolve(found));
          }
          if (hasEnded) fail('The process ended');
        };
        const timer = setTimeout(() => fail('Time was up'), WAIT_MS);
        watchers.add(watch);
        watch();
      }),
  };
}
