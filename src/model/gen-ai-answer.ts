/** What an answer of a model says of itself. */

/** Tokens, whole numbers from 0 on. What is not known is absent: nothing is estimated. */
export interface GenAiUsage {
  /** All of them, those from and for the cache included. */
  readonly inputTokens?: number | undefined;
  /** All of them, those of reasoning included. */
  readonly outputTokens?: number | undefined;
  readonly cacheReadInputTokens?: number | undefined;
  readonly cacheCreationInputTokens?: number | undefined;
  readonly reasoningOutputTokens?: number | undefined;
}
