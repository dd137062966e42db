/** The one error that configuration throws: a sentence that names the option and the fault, never a secret. */

class ConfigurationFault extends Error implements ConfigurationError {
  override readonly name = 'ConfigurationError' as const;
  readonly option: string;

  constructor(option: string, fault: string) {
    super(`${option} ${fault}`);
    this.option = option;
  }
}

/**
 * Thrown by configuration calls. Recognise it by its `name`, not by `instanceof`: a process can hold both builds of this
 * package.
 */
export interface ConfigurationError extends Error {
  readonly name: 'ConfigurationError';
  /** The path of the option at fault, such as `operator.endpoint`. */
  readonly option: string;
}

/** Makes the error for an option, such as `fault('operator.endpoint', 'has no scheme …')`. */
export function fault(option: string, sentence: string): ConfigurationError {
  return new ConfigurationFault(option, sentence);
}

/** The sentence of whatever was thrown, if it is ours; else a neutral one, because foreign errors may quote secrets. */
export function faultSentence(error: unknown): string {
  return error instanceof ConfigurationFault ? error.message : 'could not be read';
}
