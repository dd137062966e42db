/** The option `genAi`, joined with what the environment says. */
import type { Diagnostic } from '../model/diagnostic.js';
import { GEN_AI_SEMCONV, type GenAiSemconv } from '../model/gen-ai-names.js';
import { asBoolean, asFunction, asObject, asOneOf, checkFields } from './checks.js';
import { DEFAULTS } from './defaults.js';
import type { GenAiRecordOptions } from './gen-ai-options.js';

const FIELDS = ['semconv', 'events', 'price'];

export interface GenAiSettings {
  readonly semconv: GenAiSemconv;
  readonly events: boolean;
  readonly price: GenAiRecordOptions['price'];
}

export function resolveGenAi(
  value: unknown,
  fromEnvironment: GenAiSemconv | undefined,
): { readonly inForce: GenAiSettings; readonly notices: readonly Diagnostic[] } {
  const given = value === undefined ? {} : asObject(value, 'genAi');
  checkFields(given, 'genAi', FIELDS);
  const { semconv, events, price } = given;
  // Checked also where the environment stands over it.
  const inCode =
    semconv === undefined ? undefined : asOneOf<GenAiSemconv>(semconv, 'genAi.semconv', GEN_AI_SEMCONV);
  const isOverridden = fromEnvironment !== undefined && inCode !== undefined && inCode !== fromEnvironment;
  const message = 'genAi.semconv is inactive: OTEL_SEMCONV_STABILITY_OPT_IN defines it';
  return {
    inForce: {
      semconv: fromEnvironment ?? inCode ?? DEFAULTS.genAiSemconv,
      events: events === undefined ? false : asBoolean(events, 'genAi.events'),
      price:
        price === undefined
          ? undefined
          : asFunction<NonNullable<GenAiRecordOptions['price']>>(price, 'genAi.price'),
    },
    notices: isOverridden ? [{ code: 'overridden_by_environment', message }] : [],
  };
}
