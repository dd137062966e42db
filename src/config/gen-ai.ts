/** The option `genAi`, joined with what the environment says. */
import { fault } from '../model/configuration-error.js';
import type { Diagnostic } from '../model/diagnostic.js';
import { GEN_AI_SEMCONV, type GenAiSemconv } from '../model/gen-ai-names.js';
import { asBoolean, asFunction, asObject, asOneOf, asTextList, checkFields } from './checks.js';
import { DEFAULTS } from './defaults.js';
import type { GenAiRecordOptions } from './gen-ai-options.js';

/** As many as can become known by answering. */
const MAX_MODELS = 1_000;

const FIELDS = ['semconv', 'events', 'price', 'models'];

export interface GenAiSettings {
  readonly semconv: GenAiSemconv;
  readonly events: boolean;
  readonly price: GenAiRecordOptions['price'];
  readonly models: readonly string[];
}

export function resolveGenAi(
  value: unknown,
  fromEnvironment: GenAiSemconv | undefined,
): { readonly inForce: GenAiSettings; readonly notices: readonly Diagnostic[] } {
  const given = value === undefined ? {} : asObject(value, 'genAi');
  checkFields(given, 'genAi', FIELDS);
  const { semconv, events, price, models } = given;
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
      models: models === undefined ? [] : resolveModels(models),
    },
    notices: isOverridden ? [{ code: 'overridden_by_environment', message }] : [],
  };
}

function resolveModels(value: unknown): readonly string[] {
  const models = asTextList(value, 'genAi.models');
  if (models.length > MAX_MODELS) throw fault('genAi.models', `must have at most ${MAX_MODELS} entries`);
  return models;
}
