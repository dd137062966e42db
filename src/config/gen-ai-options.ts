/** The option `genAi`. This text is the documentation. */
import type { GenAiPriced } from '../model/gen-ai.js';
import type { GenAiSemconv } from '../model/gen-ai-names.js';
import type { CostFact } from '../model/governance.js';

/** What is recorded of calls to models, `telemetry.genAi()`. Nothing of it costs anything where there are none. */
export interface GenAiRecordOptions {
  /**
   * Whose names are written, of conventions that are still being developed. `1.41`: the semantic conventions 1.41.1, the last
   * release with them. `latest`: what has been merged since in the conventions' own repository; it changes with versions of
   * this library. `OTEL_SEMCONV_STABILITY_OPT_IN` with `gen_ai_latest_experimental` wins. Default `1.41`.
   */
  readonly semconv?: GenAiSemconv;
  /**
   * `true`: a log event `gen_ai.client.inference.operation.details` for each call that ends, with what its span says, for those
   * who keep logs and not traces; to the operator, and with `tenantRecords.genAi` to the tenant. Default `false`.
   */
  readonly events?: boolean;
  /**
   * What a call has cost: asked once, synchronously, at the end of each call whose tokens are known and for which `recordCost`
   * was not called. A number is an amount in USD; `undefined`: not known. One that throws, or gives anything else (a promise
   * too), is reported, and the call has no cost. Default: none.
   */
  readonly price?: (call: GenAiPriced) => number | CostFact | undefined;
  /**
   * Models that metrics show by name from the beginning, 1,000 at most. Any other is `_OTHER` in them until a call for it has ended
   * without an error and with the name of the model that answered, or its tokens, because clients can ask for whatever they like; 1,000 names
   * become known like that, half of them by one tenant's calls at most, and one that nobody uses is forgotten after a day.
   * Default: none.
   */
  readonly models?: readonly string[];
}
