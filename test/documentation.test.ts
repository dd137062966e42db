/** The README, docs/ and the package say what the code does: option and variable tables, dependencies, versions. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { DEFAULTS, QUEUE_DEFAULTS } from '../src/config/defaults.js';
import { resolveSettings } from '../src/config/resolve.js';
import { createGatewayTelemetry } from '../src/index.js';
import { VERSION } from '../src/model/version.js';
import * as errorTypes from '../src/request/error-type.js';
import { sentryErrors } from '../src/sentry/index.js';
import { COVERED, EVERY_DEFAULT } from './support/every-default.js';

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
const readme = read('README.md');
/** What is written for people, relative to the package. */
const papers = [
  'README.md',
  ...readdirSync(new URL('../docs', import.meta.url)).map((name) => `docs/${name}`),
];
const manifest = JSON.parse(read('package.json')) as {
  version: string;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};

/** The first cells of a table's rows, without back-ticks. */
function firstCells(heading: string): string[] {
  const section = readme.slice(readme.indexOf(`\n${heading}\n`));
  const end = section.indexOf('\n## ', 1);
  const rows = section.slice(0, end < 0 ? undefined : end).match(/^\| `.*$/gm) ?? [];
  return rows
    .flatMap((row) => (row.split('|')[1] ?? '').match(/`([^`]+)`/g) ?? [])
    .map((cell) => cell.slice(1, -1));
}

/** The known options, as the error about an unknown one lists them. */
function knownOptions(options: Record<string, unknown>): string[] {
  try {
    resolveSettings({ env: false, ...options });
  } catch (error) {
    return (/known are (.*)$/.exec((error as Error).message)?.[1] ?? '').split(', ');
  }
  throw new Error('an unknown option was accepted');
}

describe('the README', () => {
  it('lists every option and no other', () => {
    const listed = firstCells('## Options');
    const metricOptions = knownOptions({ metrics: { unknown: 1 } }).map((name) => `metrics.${name}`);
    const options = knownOptions({ unknown: 1 }).filter((name) => name !== 'metrics');
    for (const name of [...options, ...metricOptions]) expect(listed).toContain(name);
    for (const name of listed.filter((cell) => cell.startsWith('metrics.')))
      expect(metricOptions).toContain(name);
  });

  it('lists every field of a destination', () => {
    const listed = firstCells('### Destinations');
    for (const name of knownOptions({ operator: { unknown: 1 } })) expect(listed).toContain(name);
  });

  it('gives the defaults that the code has', () => {
    const rowOf = (option: string): string =>
      new RegExp(`^\\| \`${option}\`.*$`, 'm').exec(readme)?.[0] ?? '';
    expect(rowOf('serviceName')).toContain(`\`${DEFAULTS.serviceName}\``);
    expect(rowOf('namespace')).toContain(`\`${DEFAULTS.namespace}\``);
    expect(rowOf('resourceDetectionTimeoutMs')).toContain(` ${DEFAULTS.resourceDetectionTimeoutMs} `);
    expect(rowOf('tenantTtlMs')).toContain(` ${DEFAULTS.tenantTtlMs} `);
    expect(rowOf('metrics.intervalMs')).toContain(` ${DEFAULTS.metricIntervalMs} `);
    expect(rowOf('metrics.durationBoundariesMs')).toContain(` ${DEFAULTS.durationBoundariesMs.length} `);
    expect(rowOf('metrics.maxSeriesPerTenant')).toContain(` ${DEFAULTS.maxSeriesPerTenant} `);
    expect(rowOf('metrics.maxSeries')).toContain(` ${DEFAULTS.maxSeries} `);
    expect(rowOf('metrics.forgetAfterMs')).toContain(` ${DEFAULTS.forgetAfterMs} `);
  });

  it('lists every option of the queues with both defaults', () => {
    const listed = firstCells('### Queues');
    const { operator, tenants } = QUEUE_DEFAULTS;
    expect(listed).toEqual(Object.keys(operator));
    for (const [option, value] of Object.entries(operator)) {
      const row = new RegExp(`^\\| \`${option}\`.*$`, 'm').exec(readme)?.[0] ?? '';
      expect(row.split('|')[2]?.trim()).toBe(String(value));
      expect(row.split('|')[3]?.trim()).toBe(String(tenants[option as keyof typeof tenants]));
    }
  });

  it('lists every environment variable that the code reads', () => {
    const files = ['environment', 'environment-sampler'];
    const source = files.map((file) => read(`src/config/${file}.ts`)).join('\n');
    const named = source.match(/OTEL_[A-Z_]+[A-Z]/g) ?? [];
    for (const name of named) expect(readme).toContain(name);
  });

  it('lists every option of the error reports, every loss and every variable', () => {
    const known = (): string[] => {
      try {
        sentryErrors(createGatewayTelemetry({ env: false }), { unknown: 1 } as never);
      } catch (error) {
        return (/known are (.*)$/.exec((error as Error).message)?.[1] ?? '').split(', ');
      }
      throw new Error('an unknown option was accepted');
    };
    expect(firstCells('## Error reports (Sentry)')).toEqual(known());
    const environment = read('src/sentry/environment.ts');
    for (const name of environment.match(/'SENTRY_[A-Z_]+'/g) ?? [])
      expect(readme).toContain(name.slice(1, -1));
    const losses = /export type SentryLoss =([^;]*);/.exec(read('src/sentry/options.ts'))?.[1] ?? '';
    const names = losses.match(/'\w+'/g) ?? [];
    expect(names.length).toBeGreaterThan(5);
    const chapter = readme.slice(readme.indexOf('\n## Error reports (Sentry)\n'));
    for (const name of names) expect(chapter).toContain(name.slice(1, -1));
  });

  it('names every dependency with its reason', () => {
    const table = readme.slice(readme.indexOf('\n## Dependencies\n'));
    for (const name of [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]) {
      const listed = /^@opentelemetry\/exporter-(\w+)-otlp-proto$/.test(name) ? 'exporter-{' : `\`${name}\``;
      expect(table).toContain(listed);
    }
  });

  it('gives every default, as the code has it', () => {
    const rows = read('docs/defaults.md').match(/^\| (?!---|what ).*$/gm) ?? [];
    const listed = rows.map((row) =>
      row
        .split('|')
        .slice(1, 3)
        .map((cell) => cell.trim()),
    );
    expect(listed).toEqual(EVERY_DEFAULT.map(([what, value]) => [what, String(value)]));
    for (const row of rows) expect(row.split('|')[3]?.trim(), row).not.toBe('');
  });

  it('has a row for every bound of the code', () => {
    const source = read('test/support/every-default.ts');
    const { delivery, transport, DEFAULTS: defaults, SENDING_DEFAULTS, QUEUE_DEFAULTS: queues } = COVERED;
    const names = [
      ...Object.keys(delivery).map((name) => `delivery.${name}`),
      ...Object.keys(transport).flatMap((name) =>
        name === 'POOL_BOUNDS' || name === 'RESOLVER_BOUNDS'
          ? Object.keys(transport[name]).map((bound) => `transport.${name}.${bound}`)
          : `transport.${name}`,
      ),
      ...Object.keys(defaults).map((name) => `DEFAULTS.${name}`),
      ...Object.keys(SENDING_DEFAULTS).map((name) => `SENDING_DEFAULTS.${name}`),
      ...Object.keys(queues.operator).map((name) => `operator.${name}`),
    ];
    for (const name of names) expect(source).toContain(name);
  });

  it('promises of delivery only what a test shows', () => {
    const rows = read('docs/delivery-promises.md').match(/^\| (?!---|question).*$/gm) ?? [];
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) expect(row.split('|')[3], row).toMatch(/`test\/[\w./-]+\.test\.ts`/);
  });

  it('lists every error.type that the code gives by itself, and no other', () => {
    const section = readme.slice(readme.indexOf('\n`error.type` is one of these:\n'));
    const rows =
      section.slice(0, section.indexOf('\n\n', section.indexOf('| ---'))).match(/^\| `([^`]+)` \|/gm) ?? [];
    const listed = rows.map((row) => row.slice(3, row.lastIndexOf('`')));
    const inCode = Object.values(errorTypes).filter((value) => typeof value === 'string');
    expect(listed.sort()).toEqual(inCode.sort());
  });

  it('names only files that exist', () => {
    const files = papers.flatMap(
      (paper) => read(paper).match(/`(?:examples|src|test|etc|bench|docs)\/[\w./-]+`/g) ?? [],
    );
    for (const file of files) {
      expect(existsSync(new URL(`../${file.slice(1, -1)}`, import.meta.url)), file).toBe(true);
    }
  });

  it('and docs/ link only to headings and files that exist', () => {
    const anchorsOf = (paper: string): string[] =>
      (read(paper).match(/^#+ .*$/gm) ?? []).map((heading) =>
        heading
          .replace(/^#+ /, '')
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      );
    for (const paper of papers) {
      for (const [link, target = ''] of read(paper).matchAll(/\]\((?!\w+:)([^)]+)\)/g)) {
        const [file = '', anchor] = target.split('#');
        const to = file === '' ? paper : join(dirname(paper), file);
        expect(papers, `${paper}: ${link}`).toContain(to);
        if (anchor !== undefined) expect(anchorsOf(to), `${paper}: ${link}`).toContain(anchor);
      }
    }
  });
});

describe('the package', () => {
  it('carries its own version in its scope and user agent', () => {
    expect(VERSION).toBe(manifest.version);
  });

  it('pins the OpenTelemetry packages to one exact set', () => {
    const versions = Object.entries(manifest.dependencies)
      .filter(([name]) => name.startsWith('@opentelemetry/'))
      .map(([, version]) => version);
    for (const version of versions) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { dev?: boolean }> };
    const copies = new Map<string, number>();
    for (const [path, entry] of Object.entries(lock.packages)) {
      const name = /node_modules\/(@opentelemetry\/[^/]+)$/.exec(path)?.[1];
      if (name !== undefined && entry.dev !== true) copies.set(name, (copies.get(name) ?? 0) + 1);
    }
    expect([...copies].filter(([, count]) => count > 1)).toEqual([]);
    expect(copies.size).toBeGreaterThan(8);
  });
});
