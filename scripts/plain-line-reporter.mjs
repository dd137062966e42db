/** Ends the output of a test run with one plain line: `N passed, N failed`, and `, N skipped` if there are any. */

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
    for (const testModule of testModules) {
      let failures = 0;
      for (const testCase of testModule.children.allTests()) {
        const { state } = testCase.result();
        // A test that never ran to its end (bail, interruption) has not passed.
        if (state === 'failed' || state === 'pending') failures += 1;
        else counts[state] += 1;
      }
      // A file that does not load, or a hook that fails, counts as one failure.
      for (const suite of [testModule, ...testModule.children.allSuites()]) {
        if (suite.errors().length > 0) failures += 1;
      }
      if (failures === 0 && testModule.state() === 'failed') failures = 1;
      counts.failed += failures;
    }
    const line =
      `${counts.passed} passed, ${counts.failed} failed` +
      (counts.skipped > 0 ? `, ${counts.skipped} skipped` : '');
    if (this.#watch) console.log(line);
    // At exit, so that no other reporter prints after it.
    else process.once('exit', () => process.stdout.write(`${line}\n`));
  }
}
