/** The house rules: who may import whom, who may read the environment, how long a file may be. No exceptions list. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { doors } from '../scripts/doors.mjs';
import { root } from '../scripts/root.mjs';
import { readManifest } from './package/packed-project.js';

const stages = ['config', 'request', 'signals', 'gen-ai', 'propagation', 'otlp', 'delivery', 'transport'];
const edges = ['adapters', 'testing', 'cli', 'sentry'];
const folders = ['model', ...stages, ...edges];
const compositionRoot = 'src/gateway-telemetry.ts';
/** What the root hands to the host; it may know the stages too, and nobody but the root knows it. */
const instanceFile = 'src/instance.ts';
const mainDoor = 'src/index.ts';
const environmentReader = 'src/config/environment.ts';
/** Of a door that hosts may use without the rest: it has variables of its own. */
const environmentReaders = [environmentReader, 'src/sentry/environment.ts'];
const sdkLoader = 'src/signals/load-sdk.cts';
const sentryLoader = 'src/sentry/load-sentry.cts';
const maxLines = 400;

const builtins = new Set(builtinModules);
const { dependencies, peerDependencies } = readManifest();
const declared = new Set(Object.keys({ ...dependencies, ...peerDependencies }));
const doorFiles = new Set<string>(Object.values(doors));

interface SourceText {
  /** From the repository's root, with slashes: `src/model/signal.ts`. */
  readonly path: string;
  readonly text: string;
}

interface Import {
  readonly specifier: string;
  /** `static`: runs when the file loads. `type`: gone after compilation. */
  readonly kind: 'static' | 'type' | 'dynamic' | 'require';
}

describe('src', () => {
  it('keeps the house rules', () => {
    expect(findViolations(readSources())).toEqual([]);
  });
});

describe('the rules', () => {
  const violations = (path: string, text: string): string[] => findViolations([{ path, text }]);

  it.each([
    ['src/request/exchange.ts', `import type { Signal } from '../model/signal.js';`],
    ['src/request/exchange.ts', `import { span } from './span.js';`],
    ['src/request/exchange.ts', `import { randomUUID } from 'node:crypto';`],
    ['src/request/exchange.ts', `import { trace } from '@opentelemetry/api';`],
    ['src/transport/sender.ts', `const m = await import('@opentelemetry/exporter-trace-otlp-proto');`],
    ['src/transport/sender.ts', `import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';`],
    ['src/transport/sender.ts', `let span: import('@opentelemetry/sdk-trace-base').ReadableSpan;`],
    ['src/signals/span.ts', `import { loadTraceSdk } from './load-sdk.cjs';`],
    [
      sdkLoader,
      `export function f(): typeof import('@opentelemetry/sdk-trace-base') {
                   return require('@opentelemetry/sdk-trace-base');
                 }`,
    ],
    ['src/adapters/http.ts', `import type { Exchange } from '../model/exchange.js';`],
    ['src/adapters/http.ts', `import { createPropagation } from '../propagation/index.js';`],
    ['src/adapters/http.ts', `import { createGatewayTelemetry } from '../index.js';`],
    [compositionRoot, `import { x } from './request/exchange.js'; import { y } from './otlp/span.js';`],
    [
      mainDoor,
      `export { createGatewayTelemetry } from './gateway-telemetry.js'; export * from './model/signal.js';`,
    ],
    [mainDoor, `export type { Options } from './config/options.js';`],
    [
      'src/model/signal.ts',
      `import type { Context } from '@opentelemetry/api'; import { x } from './outcome.js';`,
    ],
    ['src/model/telemetry.ts', `import type { IncomingMessage } from 'node:http';`],
    [environmentReader, `export const read = () => process.env;`],
    ['src/sentry/environment.ts', `export const read = () => process.env;`],
    [sentryLoader, `export function f(): unknown { return require('@sentry/node'); }`],
    ['src/sentry/index.ts', `import type { GatewayTelemetry } from '../index.js';`],
    [
      'src/config/options.ts',
      `// The text 'process.env' and "import { x } from '../otlp/x.js'" in a comment.`,
    ],
    ['src/config/options.ts', 'x\n'.repeat(maxLines)],
  ])('allow in %s: %s', (path, text) => {
    expect(violations(path, text)).toEqual([]);
  });

  it.each([
    ['src/request/exchange.ts', `import { encode } from '../otlp/encode.js';`, 'may import only'],
    ['src/request/exchange.ts', `import type { Queue } from '../delivery/queue.js';`, 'may import only'],
    ['src/request/exchange.ts', `export * from '../propagation/index.js';`, 'may import only'],
    ['src/request/exchange.ts', `export type X = import('../otlp/encode.js').X;`, 'may import only'],
    ['src/request/exchange.ts', `const x = await import('../otlp/encode.js');`, 'may import only'],
    ['src/request/exchange.ts', `import x = require('../otlp/encode.js');`, 'may import only'],
    ['src/request/exchange.ts', `import '../gateway-telemetry.js';`, 'may import only'],
    ['src/request/exchange.ts', `import { x } from '../../test/x.js';`, 'may import only'],
    ['src/request/exchange.ts', `import { x } from '../../package.json';`, 'may import only'],
    ['src/adapters/http.ts', `import { begin } from '../request/exchange.js';`, 'may import only'],
    ['src/adapters/http.ts', `import { x } from '../gateway-telemetry.js';`, 'may import only'],
    ['src/testing/index.ts', `import { decode } from '../otlp/decode.js';`, 'may import only'],
    ['src/cli/check.ts', `import { options } from '../config/options.js';`, 'may import only'],
    [compositionRoot, `import { x } from './adapters/http.js';`, 'may import only'],
    [compositionRoot, `import { x } from './index.js';`, 'may import only'],
    [instanceFile, `import { x } from './gateway-telemetry.js';`, 'may import only'],
    [mainDoor, `export { Instance } from './instance.js';`, 'may import only'],
    [mainDoor, `export { x } from './request/exchange.js';`, 'may import only'],
    ['src/model/signal.ts', `import { x } from '../config/defaults.js';`, 'may import only'],
    ['src/model/signal.ts', `import { trace } from '@opentelemetry/api';`, 'types only'],
    ['src/model/signal.ts', `import { type Context } from '@opentelemetry/api';`, 'types only'],
    ['src/model/signal.ts', `import { randomUUID } from 'node:crypto';`, 'types only'],
    [
      'src/model/signal.ts',
      `import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';`,
      'types only',
    ],
    ['src/request/exchange.ts', `import express from 'express';`, 'not a declared dependency'],
    [
      'src/request/exchange.ts',
      `import { x } from '@opentelemetry/otlp-transformer';`,
      'not a declared dependency',
    ],
    ['src/request/exchange.ts', `import { x } from 'gateway-otel/http';`, 'not a declared dependency'],
    ['src/request/exchange.ts', `const x = await import(name);`, 'computed'],
    ['src/signals/span.ts', `import { Tracer } from '@opentelemetry/sdk-trace-base';`, 'only on demand'],
    ['src/signals/span.ts', `import '@opentelemetry/exporter-trace-otlp-proto';`, 'only on demand'],
    ['src/signals/span.ts', `export { Tracer } from '@opentelemetry/sdk-trace-base';`, 'only on demand'],
    ['src/signals/other.cts', `const x = require('@opentelemetry/sdk-metrics');`, 'only on demand'],
    ['src/sentry/event.ts', `import type { Event } from '@sentry/node';`, 'on demand'],
    ['src/sentry/event.ts', `const x = await import('@sentry/node');`, 'on demand'],
    ['src/sentry/event.ts', `import { asText } from '../config/checks.js';`, 'may import only'],
    ['src/request/exchange.ts', `import { x } from '../sentry/event.js';`, 'may import only'],
    [sdkLoader, `import { Tracer } from '@opentelemetry/sdk-trace-base';`, 'only on demand'],
    ['src/request/trust.ts', `const x = process.env.HOME;`, 'reads the environment'],
    ['src/request/trust.ts', `const x = process['env'];`, 'reads the environment'],
    ['src/request/trust.ts', `const x = globalThis.process.env;`, 'reads the environment'],
    ['src/request/trust.ts', `const x = globalThis.process?.env;`, 'reads the environment'],
    ['src/request/trust.ts', `const { env } = process;`, 'reads the environment'],
    ['src/request/trust.ts', `import { env as e } from 'node:process';`, 'reads the environment'],
    ['src/utils/thing.ts', ``, 'no room'],
    ['src/helper.ts', ``, 'no room'],
    ['src/request/exchange.ts', 'x\n'.repeat(maxLines + 1), 'lines'],
  ])('refuse in %s: %s', (path, text, rule) => {
    expect(violations(path, text)).toEqual([expect.stringContaining(rule)]);
    expect(violations(path, text)[0]).toMatch(new RegExp(`^${path.replaceAll('.', '\\.')} `));
  });

  it('name the file, the import and the rule', () => {
    expect(violations('src/adapters/http.ts', `import { begin } from '../request/exchange.js';`)).toEqual([
      'src/adapters/http.ts imports src/request/exchange.ts, but adapters/ may import only model/, adapters/ and the doors',
    ]);
  });
});

function readSources(): SourceText[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((path) => posix.join('src', path.replaceAll('\\', '/')))
    .filter((path) => /\.[cm]?[jt]sx?$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** One sentence per broken rule. */
function findViolations(files: readonly SourceText[]): string[] {
  return files.flatMap(({ path, text }) => {
    const folder = folderOf(path);
    if (folder === undefined) {
      return [`${path} has no room in the house: the folders are ${folders.join(', ')}`];
    }
    const found: string[] = [];
    const lines = text.replace(/\n$/, '').split('\n').length;
    if (lines > maxLines) found.push(`${path} has ${lines} lines; the most is ${maxLines}`);

    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    if (!environmentReaders.includes(path) && readsEnvironment(tree)) {
      found.push(`${path} reads the environment; only ${environmentReaders.join(' and ')} may`);
    }
    for (const imported of importsOf(tree)) {
      const rule = imported.specifier.startsWith('.')
        ? localRule(path, folder, localTarget(path, imported.specifier))
        : packageRule(path, folder, imported);
      if (rule !== undefined) found.push(rule);
    }
    return found;
  });
}

/** `model`, `request`…, or the file's own path for the two files above the folders. */
function folderOf(path: string): string | undefined {
  if (path === compositionRoot || path === instanceFile || path === mainDoor) return path;
  const [, folder, file] = path.split('/');
  return folder !== undefined && file !== undefined && folders.includes(folder) ? folder : undefined;
}

function localTarget(path: string, specifier: string): string {
  const target = posix.join(posix.dirname(path), specifier);
  return target.replace(/\.([cm]?)js$/, '.$1ts');
}

function localRule(path: string, folder: string, target: string): string | undefined {
  const targetFolder = folderOf(target);
  const allowed = allowedFolders(folder);
  if (targetFolder !== undefined && allowed.includes(targetFolder)) return undefined;
  const takesDoors = edges.includes(folder);
  if (takesDoors && doorFiles.has(target)) return undefined;
  const names = allowed.map((name) => (name.endsWith('.ts') ? name : `${name}/`));
  const list = takesDoors ? `${names.join(', ')} and the doors` : names.join(', ');
  const subject = folder === path ? 'it' : `${folder}/`;
  return `${path} imports ${target}, but ${subject} may import only ${list}`;
}

function allowedFolders(folder: string): string[] {
  if (folder === 'model') return ['model'];
  if (folder === compositionRoot) return ['model', instanceFile, ...stages];
  if (folder === instanceFile) return ['model', ...stages];
  if (folder === mainDoor) return [compositionRoot, 'model', 'config'];
  return ['model', folder];
}

function packageRule(path: string, folder: string, { specifier, kind }: Import): string | undefined {
  const isBuiltin = specifier.startsWith('node:') || builtins.has(specifier);
  if (specifier === '')
    return `${path} has a computed import; the rules can only be kept if it is written out`;
  if (folder === 'model' && !(kind === 'type' && (isBuiltin || specifier === '@opentelemetry/api'))) {
    return `${path} imports ${specifier}, but model/ may import types only, of @opentelemetry/api and of Node ("import type")`;
  }
  if (isBuiltin) return undefined;
  const [first = '', second = ''] = specifier.split('/');
  const packageName = first.startsWith('@') ? `${first}/${second}` : first;
  if (!declared.has(packageName)) return `${path} imports ${specifier}, which is not a declared dependency`;
  if (packageName.startsWith('@sentry/')) {
    return kind === 'require' && path === sentryLoader
      ? undefined
      : `${path} imports ${specifier}, but only ${sentryLoader} may, on demand; types are written out`;
  }
  const isHeavy = /^@opentelemetry\/(?:sdk-|exporter-)/.test(packageName);
  const onDemand = kind === 'type' || kind === 'dynamic' || (kind === 'require' && path === sdkLoader);
  if (isHeavy && !onDemand) {
    return `${path} imports ${specifier} at load; SDK parts and exporters are loaded only on demand: await import(), or ${sdkLoader}`;
  }
  return undefined;
}

/** Every import of a file, of whatever form. A computed one has an empty specifier. */
function importsOf(tree: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, kind: Import['kind']): void => {
    found.push({
      specifier: specifier !== undefined && ts.isStringLiteralLike(specifier) ? specifier.text : '',
      kind,
    });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(
        node.moduleSpecifier,
        node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type' : 'static',
      );
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'static');
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node.moduleReference.expression, node.isTypeOnly ? 'type' : 'static');
    } else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, 'type');
    } else if (ts.isCallExpression(node)) {
      if (node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], 'dynamic');
      else if (ts.isIdentifier(node.expression) && node.expression.text === 'require') {
        add(node.arguments[0], 'require');
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** Whether the code reads `process.env`, in any spelling. */
function readsEnvironment(tree: ts.SourceFile): boolean {
  const isProcess = (node: ts.Node): boolean =>
    (ts.isIdentifier(node) && node.text === 'process') ||
    (ts.isPropertyAccessExpression(node) && node.name.text === 'process');
  const isEnv = (node: ts.Node | undefined): boolean =>
    node !== undefined && (ts.isIdentifier(node) || ts.isStringLiteralLike(node)) && node.text === 'env';
  const reads = (node: ts.Node): boolean => {
    if (ts.isPropertyAccessExpression(node) && isProcess(node.expression) && isEnv(node.name)) return true;
    if (ts.isElementAccessExpression(node) && isProcess(node.expression) && isEnv(node.argumentExpression))
      return true;
    if (
      ts.isVariableDeclaration(node) &&
      ts.isObjectBindingPattern(node.name) &&
      node.initializer !== undefined
    ) {
      if (
        isProcess(node.initializer) &&
        node.name.elements.some((item) => isEnv(item.propertyName ?? item.name))
      ) {
        return true;
      }
    }
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const bindings = node.importClause?.namedBindings;
      const fromProcess = /^(?:node:)?process$/.test(node.moduleSpecifier.text);
      if (fromProcess && bindings !== undefined && ts.isNamedImports(bindings)) {
        if (bindings.elements.some((item) => isEnv(item.propertyName ?? item.name))) return true;
      }
    }
    return ts.forEachChild(node, reads) ?? false;
  };
  return reads(tree);
}
