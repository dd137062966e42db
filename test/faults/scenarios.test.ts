import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/root.mjs';
import { SCENARIOS, type Scenario } from './scenarios.js';

describe('the list of scenarios', () => {
  it.each<[string, Scenario]>(Object.entries(SCENARIOS))('%s names files that exist', (name, { files }) => {
    for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
    const prefix = `test/faults/t${name.slice(1).padStart(2, '0')}-`;
    expect(files.some((file) => file.startsWith(prefix))).toBe(true);
  });

  it('has every scenario file of this folder', () => {
    const listed = new Set<string>(Object.values(SCENARIOS).flatMap(({ files }): readonly string[] => files));
    const here = readdirSync(import.meta.dirname).filter((file) => /^t\d\d.*\.test\.ts$/.test(file));
    expect(here.filter((file) => !listed.has(`test/faults/${file}`))).toEqual([]);
  });
});
