/** The packed package, loaded by a host as Node loads it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doors, doorSpecifier } from '../../scripts/doors.mjs';
import { createPackedProject, type PackedProject } from './packed-project.js';

/** What the main door may load by itself. Everything else of OpenTelemetry is loaded when it is first needed. */
const loadedAtOnce = ['api', 'core', 'resources', 'semantic-conventions'].map(
  (name) => `@opentelemetry/${name}`,
);

const serveOneRequest = `
  const http = require('node:http');
  async function serveOneRequest(createGatewayTelemetry, httpTelemetry) {
    const telemetry = createGatewayTelemetry({ serviceName: 'edge', operator: { endpoint: 'http://127.0.0.1:9' } });
    const server = http.createServer(httpTelemetry(telemetry, (req, res) => {
      res.end('seen:' + String(telemetry.of(req) !== undefined));
    }, { tenant: (req) => req.headers['x-tenant'] }));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const response = await fetch('http://127.0.0.1:' + server.address().port + '/', {
      headers: { 'x-tenant': 'acme', connection: 'close' },
    });
    const body = await response.text();
    await new Promise((resolve) => server.close(resolve));
    await telemetry.shutdown({ timeoutMs: 500 });
    console.log(JSON.stringify({ status: response.status, body }));
  }
`;

let project: PackedProject;

beforeAll(async () => {
  project = await createPackedProject();
});

afterAll(() => {
  project?.remove();
});

describe.each(Object.keys(doors))('door %s', (door) => {
  const specifier = doorSpecifier(door);

  it('loads with import and with require(), with the same names', async () => {
    const imported = await project.node(
      '--input-type=module',
      '--eval',
      `import * as door from '${specifier}'; console.log(JSON.stringify(Object.keys(door).sort()));`,
    );
    const required = await project.node(
      '--input-type=commonjs',
      '--eval',
      `console.log(JSON.stringify(Object.keys(require('${specifier}')).sort()));`,
    );
    const names: unknown = JSON.parse(imported);
    expect(names).toEqual(JSON.parse(required));
    expect(names).not.toEqual([]);
    expect(names).not.toContain('default');
  });
});

describe('a host', () => {
  it('in plain CommonJS serves a request and exits by itself', async () => {
    const script = project.write(
      'host.cjs',
      `${serveOneRequest}
       const { createGatewayTelemetry } = require('gateway-otel');
       const { httpTelemetry } = require('gateway-otel/http');
       serveOneRequest(createGatewayTelemetry, httpTelemetry);`,
    );
    expect(JSON.parse(await project.node(script))).toEqual({ status: 200, body: 'seen:true' });
  });

  it('in ESM serves a request and exits by itself', async () => {
    const script = project.write(
      'host.mjs',
      `import { createGatewayTelemetry } from 'gateway-otel';
       import { httpTelemetry } from 'gateway-otel/http';
       import { createRequire } from 'node:module';
       const require = createRequire(import.meta.url);
       ${serveOneRequest}
       await serveOneRequest(createGatewayTelemetry, httpTelemetry);`,
    );
    expect(JSON.parse(await project.node(script))).toEqual({ status: 200, body: 'seen:true' });
  });

  it('may mix the two builds: telemetry by require(), adapter by import', async () => {
    const script = project.write(
      'mixed.cjs',
      `${serveOneRequest}
       const { createGatewayTelemetry } = require('gateway-otel');
       import('gateway-otel/http').then(({ httpTelemetry }) => serveOneRequest(createGatewayTelemetry, httpTelemetry));`,
    );
    expect(JSON.parse(await project.node(script))).toEqual({ status: 200, body: 'seen:true' });
  });

  it.each([
    ['require()', 'cjs', `require('gateway-otel');`],
    [
      'import',
      'mjs',
      `import 'gateway-otel'; import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`,
    ],
  ])(
    'that only loads the main door with %s loads no SDK part and no exporter',
    async (_how, extension, load) => {
      const script = project.write(
        `load.${extension}`,
        `${load}\nconsole.log(JSON.stringify(Object.keys(require.cache)));`,
      );
      const files = JSON.parse(await project.node(script)) as string[];
      const packages = new Set(
        files.flatMap(
          (file) => /node_modules[\\/](@opentelemetry[\\/][^\\/]+)/.exec(file)?.[1]?.replace('\\', '/') ?? [],
        ),
      );
      expect([...packages].filter((name) => !loadedAtOnce.includes(name))).toEqual([]);
    },
  );
});

describe('the packed files', () => {
  it('are the two builds and the papers, and nothing else', () => {
    const { files, bytes, unpackedBytes } = project.packed;
    console.info(`packed: ${files.length} files, ${bytes} bytes, ${unpackedBytes} bytes unpacked`);
    const papers = /^(?:package\.json|README\.md|docs\/[a-z-]+\.md|CHANGELOG\.md|LICENSE|NOTICE)$/;
    const built = /^dist\/(?:esm|cjs)\/.+(?:\.d\.c?ts|\.c?js)$|^dist\/cjs\/package\.json$/;
    expect(files.filter((file) => !papers.test(file) && !built.test(file))).toEqual([]);
    expect(files).toContain('dist/cjs/package.json');
  });

  it('hold the same modules in both builds', () => {
    const modules = (kind: string): string[] =>
      project.packed.files
        .filter((file) => file.startsWith(`dist/${kind}/`) && !file.endsWith('/package.json'))
        .map((file) => file.slice(`dist/${kind}/`.length));
    expect(modules('cjs')).toEqual(modules('esm'));
  });

  it('use no native import() in CommonJS, which hosts that evaluate modules in a vm do not have', () => {
    const folder = join(project.installed, 'dist', 'cjs');
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.c?js$/.test(file),
    );
    const withImport = sources.filter((file) => {
      const code = readFileSync(join(folder, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
      return /\bimport\s*\(/.test(code);
    });
    expect(withImport).toEqual([]);
  });
});
