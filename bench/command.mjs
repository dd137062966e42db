/** Runs a bench: what it cannot do ends it with one sentence and exit 1. */
export async function runCommand(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    // At once: the children end with this process.
    process.exit(1);
  }
}
