/** Why the model stopped: one reason for each choice, in the provider's words. */

/** OpenAI allows 128 choices in one answer. */
const MAX_CHOICES = 128;

/** Of the choices of one document, or of all documents of a stream. */
export class ChoiceReasons {
  /** At the choice's index; holes are choices that have not finished. At most `MAX_CHOICES` long. */
  readonly #reasons: (string | undefined)[] = [];

  set(index: number, reason: string): void {
    if (index < MAX_CHOICES) this.#reasons[index] = reason;
  }

  moveTo(others: ChoiceReasons): void {
    if (this.#reasons.length === 0) return;
    this.#reasons.forEach((reason, index) => reason !== undefined && others.set(index, reason));
    this.clear();
  }

  clear(): void {
    // To set a length costs more than to look at it.
    if (this.#reasons.length > 0) this.#reasons.length = 0;
  }

  get list(): readonly string[] {
    return this.#reasons.filter((reason) => reason !== undefined);
  }
}

/**
 * Responses have a status instead of a reason. The words for it are those of OpenTelemetry's own instrumentation of OpenAI for
 * Python, and chat completions' `length`; what has no word there stays as it is.
 */
export function reasonOfStatus(
  status: string | undefined,
  incompleteReason: string | undefined,
): string | undefined {
  switch (status) {
    case 'completed':
      return 'stop';
    case 'incomplete':
      return incompleteReason === 'max_output_tokens' ? 'length' : (incompleteReason ?? status);
    case 'failed':
    case 'cancelled':
      return status;
    default:
      return undefined;
  }
}
