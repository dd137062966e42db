/** Runs publint and attw on the packed package: every door, in every way that TypeScript and Node resolve it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from './pack.mjs';
import { run, toolFile } from './root.mjs';

const folder = mkdtempSync(join(tmpdir(), 'gateway-otel-pack-'));
try {
  const { tarball, bytes, unpackedBytes, files } = await pack(folder);
  console.log(`${files.length} files, ${bytes} bytes packed, ${unpackedBytes} bytes unpacked`);
  const publint = await run(process.execPath, [toolFile('publint'), 'run', tarball, '--strict']);
  const attw = await run(process.execPath, [
    toolFile('@arethetypeswrong/cli', 'attw'),
    tarball,
    '--format',
    'ascii',
  ]);
  process.exitCode = publint || attw;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
