/** The packed package's adapters with the real types of their frameworks, in ESM and CommonJS. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPackedProject, type PackedProject } from '../package/packed-project.js';
import { compile } from '../types/compile.js';

const sources = fileURLToPath(new URL('../types/frameworks/', import.meta.url));
const packages = [
  'express',
  '@types/express',
  'koa',
  '@types/koa',
  'fastify',
  'hono',
  '@hono/node-server',
  'http-proxy-3',
  'http-proxy-middleware',
  '@fastify/http-proxy',
  '@fastify/reply-from',
  'undici',
];
/** `module`, `type` of the package.json, and further compiler options. */
type Variant = readonly ['nodenext' | 'commonjs', 'module' | 'commonjs', Readonly<Record<string, unknown>>];

const variants: readonly Variant[] = [
  ['nodenext', 'module', {}],
  ['nodenext', 'commonjs', {}],
  ['commonjs', 'commonjs', { moduleResolution: 'node10', esModuleInterop: true }],
];

let project: PackedProject;
let older: PackedProject;

beforeAll(async () => {
  project = await createPackedProject(packages);
  // The other older ones have their types in packages of their own.
  older = await createPackedProject(['fastify'], { fastify: 'fastify4' });
});

afterAll(() => {
  project?.remove();
  older?.remove();
});

/** Writes a host of these files, and gives its configuration. */
function writeHost(host: PackedProject, files: readonly string[], [module, type, options]: Variant): string {
  const folder = `${module}-${type}`;
  host.write(`${folder}/package.json`, JSON.stringify({ private: true, type }));
  for (const file of files) host.write(`${folder}/${file}`, readFileSync(join(sources, file), 'utf8'));
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2022'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    // Hono's own declarations need those of a browser. Ours are checked with the hosts without frameworks.
    skipLibCheck: true,
    module,
    ...options,
  };
  return host.write(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ['.'] }));
}

describe('a TypeScript host with a framework compiles', () => {
  it.each(variants)('module %s, type %s', { timeout: 120_000 }, async (...variant) => {
    const [module] = variant;
    // Packages with `exports` alone, as those of Hono, have no types for the old resolution.
    const files = readdirSync(sources).filter((file) => module === 'nodenext' || file !== 'hono.ts');
    const config = writeHost(project, files, variant);
    expect(await compile('typescript-5.9', config)).toBe('');
    if (module === 'nodenext') expect(await compile('typescript', config)).toBe('');
  });

  it.each(variants.slice(0, 2))('Fastify 4, module %s, type %s', { timeout: 120_000 }, async (...variant) => {
    expect(await compile('typescript-5.9', writeHost(older, ['fastify.ts'], variant))).toBe('');
  });
});
