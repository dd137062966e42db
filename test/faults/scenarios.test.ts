import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/root.mjs';
import { SCENARIOS, type Scenario } from './scenarios.js';

describe('the list of scenarios', () => {
  it.each<[string, Scenario]>(Object.entries(SCENARIOS))('%s names files that exist', (name, { files }) => {
    for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
    const prefix = `t${name.slice(1).padStart(2, '0')}-`;
    const own = [`test/faults/${prefix}`, `test/faults/load/${prefix}`];
    const isOwn = (file: string): boolean =>
      own.some((start) => file.startsWith(start)) ||
      readFileSync(join(root, file), 'utf8').startsWith(`/** ${name}.`);
    expect(files.some(isOwn)).toBe(true);
  });

  it.each(['test/faults', 'test/faults/load'])('has every scenario file of %s', (folder) => {
    const listed = new Set<string>(Object.values(SCENARIOS).flatMap(({ files }): readonly string[] => files));
    const here = readdirSync(join(root, folder)).filter((file) => /^t\d\d.*\.test\.ts$/.test(file));
    expect(here.filter((file) => !listed.has(`${folder}/${file}`))).toEqual([]);
  });
});
