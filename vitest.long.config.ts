import { defineConfig } from 'vitest/config';

/** Soak, leak and load tests. GATEWAY_OTEL_LONG is `short` (minutes, for CI) or `full` (the default). */
export default defineConfig({
  // The default leaves out .cts files.
  oxc: { include: /\.(?:[cm]?ts|[jt]sx)$/ },
  test: {
    environment: 'node',
    // In CI, where others use the machine too. A test that needed it is named at the end of the run.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    include: ['test/long/**/*.test.ts', 'test/faults/load/**/*.test.ts'],
    passWithNoTests: true,
    env: { GATEWAY_OTEL_LONG: process.env['GATEWAY_OTEL_LONG'] === 'short' ? 'short' : 'full' },
    // One at a time: they measure memory and time.
    fileParallelism: false,
    testTimeout: 3_600_000,
    hookTimeout: 60_000,
    reporters: ['default', './scripts/plain-line-reporter.mjs'],
  },
});
