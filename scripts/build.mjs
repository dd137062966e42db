/** Builds dist/esm and dist/cjs, both at once. No maps: src is not published. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, toolFile } from './root.mjs';

const dist = join(root, 'dist');
rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, 'cjs'), { recursive: true });
writeFileSync(join(dist, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');

const tsc = toolFile('typescript', 'tsc');
const codes = await Promise.all(
  ['tsconfig.esm.json', 'tsconfig.cjs.json'].map((project) =>
    run(process.execPath, [tsc, '--project', project]),
  ),
);
process.exitCode = Math.max(...codes);
