/** The packed package's types, compiled by hosts of every module setting. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPackedProject, type PackedProject } from '../package/packed-project.js';
import { compile, type Compiler } from '../types/compile.js';

interface Host {
  readonly module: string;
  readonly compiler: Compiler;
  readonly options: Readonly<Record<string, unknown>>;
  /** Its sources, as folders of one project. Default: one ESM package. */
  readonly variants?: readonly Variant[];
}

interface Variant {
  /** `type` of the package.json. */
  readonly type?: 'module' | 'commonjs';
  readonly extension: 'ts' | 'mts' | 'cts';
}

const esm: Variant = { type: 'module', extension: 'ts' };
const commonjs: Variant = { type: 'commonjs', extension: 'ts' };

const hosts: readonly Host[] = [
  {
    module: 'node16, as ESM, CommonJS, .mts and .cts',
    compiler: 'typescript',
    options: { module: 'node16' },
    variants: [esm, commonjs, { extension: 'mts' }, { extension: 'cts' }],
  },
  {
    module: 'nodenext, strictest',
    compiler: 'typescript',
    options: {
      module: 'nodenext',
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noPropertyAccessFromIndexSignature: true,
    },
  },
  {
    module: 'esnext and bundler',
    compiler: 'typescript',
    options: { module: 'esnext', moduleResolution: 'bundler' },
  },
  {
    module: 'commonjs and bundler',
    compiler: 'typescript',
    options: { module: 'commonjs', moduleResolution: 'bundler' },
    variants: [commonjs],
  },
  {
    module: 'commonjs and node10',
    compiler: 'typescript-5.9',
    options: { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true },
    variants: [commonjs],
  },
  {
    module: 'nodenext, as ESM and CommonJS',
    compiler: 'typescript-5.9',
    options: { module: 'nodenext' },
    variants: [esm, commonjs],
  },
];

const sources = fileURLToPath(new URL('../types/hosts/', import.meta.url));
let project: PackedProject;

beforeAll(async () => {
  project = await createPackedProject();
});

afterAll(() => {
  project?.remove();
});

describe('a TypeScript host compiles', () => {
  it.concurrent.each(hosts.map((host) => [`${host.compiler}, module ${host.module}`, host] as const))(
    '%s',
    { timeout: 120_000 },
    async (name, host) => {
      const folder = name.replaceAll(/\W+/g, '-');
      for (const { type, extension } of host.variants ?? [esm]) {
        const variant = `${folder}/${type ?? 'untyped'}-${extension}`;
        project.write(`${variant}/package.json`, JSON.stringify({ private: true, type }));
        for (const file of readdirSync(sources)) {
          const text = readFileSync(join(sources, file), 'utf8');
          project.write(`${variant}/${file.replace(/ts$/, extension)}`, text);
        }
      }
      const compilerOptions = {
        target: 'es2022',
        lib: ['es2022'],
        types: ['node'],
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        ...host.options,
      };
      const config = project.write(
        `${folder}/tsconfig.json`,
        JSON.stringify({ compilerOptions, include: ['.'] }),
      );
      expect(await compile(host.compiler, config)).toBe('');
    },
  );
});
