/**
 * The one list of the package's doors: subpath → source file.
 * To add a door: add a line here, run `npm run doors` (rewrites `exports` and `typesVersions` in package.json),
 * then `npm run api` (writes its report), and add a host to test/types/hosts.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const doors = {
  '.': 'src/index.ts',
  './http': 'src/adapters/http.ts',
  './express': 'src/adapters/express.ts',
  './koa': 'src/adapters/koa.ts',
  './fastify': 'src/adapters/fastify.ts',
  './hono': 'src/adapters/hono.ts',
  './proxy': 'src/adapters/proxy.ts',
  './undici': 'src/adapters/undici.ts',
  './testing': 'src/testing/index.ts',
  './propagation': 'src/propagation/index.ts',
  './sentry': 'src/sentry/index.ts',
};

/** The built file of a source file. @type {(source: string, kind: 'esm' | 'cjs', extension: 'js' | 'd.ts') => string} */
export function builtFile(source, kind, extension) {
  return source.replace(/^src\//, `./dist/${kind}/`).replace(/\.ts$/, `.${extension}`);
}

/** The short name of a door: '' for the main one. @param {string} door */
export function doorName(door) {
  return door === '.' ? '' : door.slice(2);
}

/** What a host writes to import a door. @param {string} door */
export function doorSpecifier(door) {
  return door.replace(/^\./, 'gateway-otel');
}

/** The fields of package.json that follow from the list. */
export function packageFields() {
  const main = doors['.'];
  /** @type {Record<string, unknown>} */
  const exports = {};
  /** @type {Record<string, string[]>} */
  const versions = {};
  for (const [door, source] of Object.entries(doors)) {
    exports[door] = {
      import: { types: builtFile(source, 'esm', 'd.ts'), default: builtFile(source, 'esm', 'js') },
      require: { types: builtFile(source, 'cjs', 'd.ts'), default: builtFile(source, 'cjs', 'js') },
    };
    if (door !== '.') versions[doorName(door)] = [builtFile(source, 'cjs', 'd.ts')];
  }
  exports['./package.json'] = './package.json';
  return {
    main: builtFile(main, 'cjs', 'js'),
    module: builtFile(main, 'esm', 'js'),
    types: builtFile(main, 'cjs', 'd.ts'),
    exports,
    typesVersions: { '*': versions },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL('../package.json', import.meta.url);
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, `${JSON.stringify({ ...manifest, ...packageFields() }, undefined, 2)}\n`);
}
