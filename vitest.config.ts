import { configDefaults, defineConfig } from 'vitest/config';

const packageTests = ['test/package/**/*.test.ts'];

export default defineConfig({
  // The default leaves out .cts files.
  oxc: { include: /\.(?:[cm]?ts|[jt]sx)$/ },
  test: {
    environment: 'node',
    // In CI, where others use the machine too. A test that needed it is named at the end of the run.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Most tests wait for timers and sockets: one at a time would leave even two cores idle. Three take as long as two, and tests
    // that count on time then need it.
    maxWorkers: 2,
    reporters: ['default', './scripts/plain-line-reporter.mjs'],
    projects: [
      {
        extends: true,
        test: {
          name: 'source',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, 'test/long/**', 'test/faults/load/**', ...packageTests],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          // Needs dist. Runs after the others, because its compilers would take the processor from tests that wait.
          name: 'package',
          include: packageTests,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
