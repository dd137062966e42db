/**
 * Ends the output of a test run with one plain line: `N passed, N failed`, and `, N skipped` if there are any. Before it, a
 * line for each test that failed, or that passed only when it was tried again.
 */

/** @typedef {import('vitest/reporters').Reporter} Reporter */

/** @implements {Reporter} */
export default class PlainLineReporter {
  #watch = false;

  /** @type {NonNullable<Reporter['onInit']>} */
  onInit(vitest) {
    this.#watch = vitest.config.watch;
  }

  /** @type {NonNullable<Reporter['onTestRunEnd']>} */
  onTestRunEnd(testModules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    const lines = unhandledErrors.map(({ message }) => `FAILED: outside of any test: ${message}`);
    for (const testModule of testModules) {
      let failures = 0;
      for (const testCase of testModule.children.allTests()) {
        const { state } = testCase.result();
        // A test that never ran to its end (bail, interruption) has not passed.
        if (state === 'failed' || state === 'pending') failures += 1;
        else counts[state] += 1;
        const name = `${testModule.relativeModuleId}: ${testCase.fullName}`;
        if (state === 'failed' || state === 'pending') lines.push(`FAILED: ${name}`);
        else if (testCase.diagnostic()?.flaky === true) lines.push(`PASSED WHEN TRIED AGAIN: ${name}`);
      }
      // A file that does not load, or a hook that fails, counts as one failure.
      for (const suite of [testModule, ...testModule.children.allSuites()]) {
        if (suite.errors().length === 0) continue;
        failures += 1;
        lines.push(`FAILED: ${testModule.relativeModuleId}: loading it, or a hook`);
      }
      if (failures === 0 && testModule.state() === 'failed') failures = 1;
      counts.failed += failures;
    }
    lines.push(
      `${counts.passed} passed, ${counts.failed} failed` +
        (counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''),
    );
    const text = lines.join('\n');
    if (this.#watch) console.log(text);
    // At exit, so that no other reporter prints after it.
    else process.once('exit', () => process.stdout.write(`${text}\n`));
  }
}
