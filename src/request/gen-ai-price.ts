/** What a call has cost, where a function of the host's knows it. */
import type { Diagnostic } from '../model/diagnostic.js';
import type { GenAiPriced } from '../model/gen-ai.js';
import type { CostFact } from '../model/governance.js';
import { containRejection } from '../model/settle.js';
import { cleanCost, type CleanCost } from './governance.js';

export type Price = (call: GenAiPriced) => CleanCost | undefined;

/** A throwing or useless answer is no cost. */
export function guardPrice(
  price: ((call: GenAiPriced) => number | CostFact | undefined) | undefined,
  report: (diagnostic: Diagnostic) => void,
): Price | undefined {
  if (price === undefined) return undefined;
  return (call) => {
    try {
      const { attribution } = call;
      const answer: unknown = price({
        ...call,
        usage: { ...call.usage },
        attribution: attribution && { ...attribution },
      });
      if (answer === undefined || answer === null) return undefined;
      containRejection(answer);
      const { provider, model } = call;
      const said = typeof answer === 'number' ? { amount: answer } : (answer as CostFact);
      const cost = cleanCost(said);
      return { ...cost, provider: cost.provider ?? provider, model: cost.model ?? model };
    } catch {
      const message = 'The genAi.price callback threw, or gave no cost; the call counts as without one';
      report({ code: 'callback_failed', message });
      return undefined;
    }
  };
}
