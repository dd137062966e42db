/** Runs one of the TypeScript compilers on a project. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../../scripts/root.mjs';

export type Compiler = 'typescript' | 'typescript-5.9';

/** What the compiler printed; nothing if all is well. */
export function compile(compiler: Compiler, config: string): Promise<string> {
  const tsc = join(root, 'node_modules', compiler, 'lib', 'tsc.js');
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, '--project', config, '--pretty', 'false'], (error, stdout, stderr) => {
      resolve(error === null ? '' : `${stdout}${stderr}` || error.message);
    });
  });
}
