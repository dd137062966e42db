import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../scripts/root.mjs';

const readme = readFileSync(join(root, 'README.md'), 'utf8');

it.each([
  ['Express', 'express'],
  ['Koa', 'koa'],
  ['Fastify', 'fastify'],
  ['Hono', 'hono'],
  ['http-proxy-3', 'http-proxy-3'],
  ['http-proxy-middleware', 'http-proxy-middleware'],
  ['undici', 'undici'],
])('the example of %s has the lines that the README shows', (title, folder) => {
  const example = readFileSync(join(root, 'examples', folder, 'gateway.mjs'), 'utf8');
  const begin = readme.indexOf(`\n### ${title}\n`);
  const section = readme.slice(begin, readme.indexOf('\n### ', begin + 1));
  const lines = section.match(/^.*\/\/ \d: .*$/gm) ?? [];
  expect(lines.length).toBeGreaterThanOrEqual(4);
  for (const line of lines) expect(example).toContain(line.trim().replace("'SIGTERM'", 'signal'));
});

it('the AI gateway has the lines that the README shows', () => {
  const example = ['gateway.mjs', 'main.mjs']
    .map((file) => readFileSync(join(root, 'examples', 'ai-gateway', file), 'utf8'))
    .join('\n');
  const begin = readme.indexOf('\n## AI traffic\n');
  const shown = /```js\n([^]*?)```/.exec(readme.slice(begin))?.[1] ?? '';
  const lines = shown.split('\n').map((line) => line.trim());
  expect(lines.filter((line) => /\/\/ \d: /.test(line))).toHaveLength(6);
  for (const line of lines.filter((one) => one !== '// …')) expect(example).toContain(line);
});
