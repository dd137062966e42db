/** The one error that configuration throws: a sentence that names the option and the fault, never a secret. */

class ConfigurationErrorClass extends Error {
  override readonly name = 'ConfigurationError';
  readonly option: string;

  constructor(option: string, fault: string) {
    super(`${option} ${fault}`);
    this.option = option;
  }
}

/** Thrown by configuration calls; `name` is `ConfigurationError`, `option` the path of the option at fault. */
export type ConfigurationError = ConfigurationErrorClass;

/** Makes the error for an option, such as `fault('operator.endpoint', 'has no scheme …')`. */
export function fault(option: string, sentence: string): ConfigurationError {
  return new ConfigurationErrorClass(option, sentence);
}

/** The sentence of whatever was thrown, if it is ours; else a neutral one, because foreign errors may quote secrets. */
export function faultSentence(error: unknown): string {
  return error instanceof ConfigurationErrorClass ? error.message : 'could not be read';
}
