/** The packed package's adapters with the real types of their frameworks, in ESM and CommonJS. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPackedProject, type PackedProject } from '../package/packed-project.js';
import { compile } from './compile.js';

const sources = fileURLToPath(new URL('frameworks/', import.meta.url));
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
let project: PackedProject;

beforeAll(async () => {
  project = await createPackedProject(packages);
});

afterAll(() => {
  project?.remove();
});

const variants = [
  ['nodenext', 'module', {}],
  ['nodenext', 'commonjs', {}],
  ['commonjs', 'commonjs', { moduleResolution: 'node10', esModuleInterop: true }],
] as const;

describe('a TypeScript host with a framework compiles', () => {
  it.each(variants)('module %s, type %s', { timeout: 120_000 }, async (module, type, options) => {
    const folder = `${module}-${type}`;
    project.write(`${folder}/package.json`, JSON.stringify({ private: true, type }));
    // Packages with `exports` alone, as those of Hono, have no types for the old resolution.
    const files = readdirSync(sources).filter((file) => module === 'nodenext' || file !== 'hono.ts');
    for (const file of files) project.write(`${folder}/${file}`, readFileSync(join(sources, file), 'utf8'));
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
    const config = project.write(
      `${folder}/tsconfig.json`,
      JSON.stringify({ compilerOptions, include: ['.'] }),
    );
    expect(await compile('typescript-5.9', config)).toBe('');
    if (module === 'nodenext') expect(await compile('typescript', config)).toBe('');
  });
});
