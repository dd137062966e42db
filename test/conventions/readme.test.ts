/** The README and docs/ say of the records what the table of conventions says, which is what the library sends. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { README_TABLES, tableAfter, withTables } from './readme-tables.js';

const readme = new URL('../../README.md', import.meta.url);
const attributes = new URL('../../docs/attributes.md', import.meta.url);

it.each(Object.entries(README_TABLES))('has the table of %s as the conventions have it', (name, made) => {
  const file = name === 'attributes' ? attributes : readme;
  // `npm run tables` writes them.
  if (process.env['README_TABLES'] === 'write') writeFileSync(file, withTables(readFileSync(file, 'utf8')));
  expect(tableAfter(readFileSync(file, 'utf8'), name)).toBe(made);
});
