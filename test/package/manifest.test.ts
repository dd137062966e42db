import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { doorName, doors, packageFields } from '../../scripts/doors.mjs';
import { root } from '../../scripts/root.mjs';
import { readManifest } from './packed-project.js';

describe('package.json', () => {
  it('has the entry points that follow from scripts/doors.mjs', () => {
    const { main, module, types, exports, typesVersions } = readManifest();
    expect({ main, module, types, exports, typesVersions }, 'run "npm run doors"').toEqual(packageFields());
  });

  it.each(Object.entries(doors))(
    'door %s has its source, its API report and its type host',
    (door, source) => {
      expect(existsSync(join(root, source)), source).toBe(true);
      const report = ['gateway-otel', doorName(door)].filter(Boolean).join('.');
      expect(existsSync(join(root, 'etc', `${report}.api.md`)), `etc/${report}.api.md`).toBe(true);
      const host = `test/types/hosts/${doorName(door) || 'main'}.ts`;
      expect(existsSync(join(root, host)), host).toBe(true);
    },
  );
});
