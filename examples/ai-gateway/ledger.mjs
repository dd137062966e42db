/** What calls cost, and what each team has spent of its budget. In dollars, in memory: enough for one process. */

/** For a million tokens, by the beginning of the model's name, the longer one first. */
const PRICES = {
  'gpt-4o-mini': { input: 0.15, cached: 0.075, output: 0.6 },
  'gpt-4o': { input: 2.5, cached: 1.25, output: 10 },
  'claude-sonnet': { input: 3, cached: 0.3, output: 15 },
};

/** `undefined` where there is nothing to go by: then no cost is recorded. */
export function priceOf({ model = '', usage: { inputTokens, cacheReadInputTokens = 0, outputTokens } }) {
  const [, of] = Object.entries(PRICES).find(([name]) => model.startsWith(name)) ?? [];
  if (of === undefined || inputTokens === undefined || outputTokens === undefined) return undefined;
  const fresh = inputTokens - cacheReadInputTokens;
  return (fresh * of.input + cacheReadInputTokens * of.cached + outputTokens * of.output) / 1_000_000;
}

export function createLedger(budgets) {
  const spent = {};
  return {
    /** For `genAi.price`, which is asked once for each call. */
    charge(call) {
      const amount = priceOf(call);
      const { team } = call.attribution ?? {};
      if (amount !== undefined && team !== undefined) spent[team] = (spent[team] ?? 0) + amount;
      return amount;
    },
    /** In percent. */
    usedBy: (team) => (100 * (spent[team] ?? 0)) / budgets[team],
  };
}
