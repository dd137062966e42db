/** From counts to the values of `otel.sdk.*`, by the rules of the conventions: who counts what, and under which attributes. */
import { ATTR_ERROR_TYPE, ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from '@opentelemetry/semantic-conventions';
import type { MutableAttributes } from '../model/attributes.js';
import {
  ATTR_COMPONENT_NAME,
  ATTR_COMPONENT_TYPE,
  ERROR_QUEUE_FULL,
  EXPORTER_METRICS,
  PROCESSOR_METRICS,
  type ProcessorMetricNames,
} from '../model/sdk-metric-names.js';
import type { SelfCounts } from '../model/self-counts.js';
import type { Signal } from '../model/signal.js';
import type { SumHead } from './integer-sums.js';

export interface SumValue {
  readonly attributes: MutableAttributes;
  readonly value: number;
}

/** A metric without times. */
export interface SelfSum {
  readonly head: SumHead;
  readonly values: readonly SumValue[];
}

/** An item counts once, when its last attempt has ended; so the failures of attempts that were repeated are in none. */
export function exporterSums(signal: Signal, counts: readonly SelfCounts[]): readonly SelfSum[] {
  const { exported, inFlight, unit } = EXPORTER_METRICS[signal];
  return [
    {
      head: { name: exported, description: 'Items whose export has ended', unit, isMonotonic: true },
      values: counts.flatMap((one) => outcomes(exporterAttributes(one), one.exported, exporterFailures(one))),
    },
    {
      head: { name: inFlight, description: 'Items whose export has not ended', unit, isMonotonic: false },
      values: counts.map((one) => ({ attributes: exporterAttributes(one), value: one.inFlight })),
    },
  ];
}

/** `handedOver`: how many items the exporter of each component was ever given. */
export function processorSums(
  signal: Signal,
  counts: readonly SelfCounts[],
  handedOver: (counts: SelfCounts) => number,
): readonly SelfSum[] {
  const names = PROCESSOR_METRICS[signal];
  if (names === undefined) return [];
  const { unit } = EXPORTER_METRICS[signal];
  const level = (name: string, description: string, value: (one: SelfCounts) => number): SelfSum => ({
    head: { name, description, unit, isMonotonic: false },
    values: counts.map((one) => ({ attributes: processorAttributes(names, one), value: value(one) })),
  });
  return [
    level(names.queueSize, 'Items that wait for the exporter', ({ queueItems }) => queueItems),
    level(names.queueCapacity, 'Items that may wait for the exporter', ({ queueCapacity }) => queueCapacity),
    {
      head: {
        name: names.processed,
        description: 'Items that were given to the exporter, or lost before',
        unit,
        isMonotonic: true,
      },
      values: counts.flatMap((one) => {
        const lost = Object.entries(one.failed).filter(([errorType]) => errorType === ERROR_QUEUE_FULL);
        return outcomes(processorAttributes(names, one), handedOver(one), lost);
      }),
    },
  ];
}

/** What was given to the exporter up to now: that counts as processed, whatever comes of it. */
export function handedOverIn(counts: SelfCounts): number {
  const failed = exporterFailures(counts).reduce((sum, [, items]) => sum + items, 0);
  return counts.exported + failed + counts.inFlight;
}

/** Where there is no processor to tell of it, a full queue is the exporter's failure: no loss may go untold. */
function exporterFailures({ signal, failed }: SelfCounts): readonly (readonly [string, number])[] {
  const hasProcessor = PROCESSOR_METRICS[signal] !== undefined;
  return Object.entries(failed).filter(([errorType]) => !(hasProcessor && errorType === ERROR_QUEUE_FULL));
}

/** Success is told even when it is 0, so that a rate has a beginning; `error.type` stands on failures only. */
function outcomes(
  attributes: MutableAttributes,
  succeeded: number,
  failures: readonly (readonly [string, number])[],
): readonly SumValue[] {
  const values: SumValue[] = [{ attributes, value: succeeded }];
  for (const [errorType, value] of failures) {
    if (value > 0) values.push({ attributes: { ...attributes, [ATTR_ERROR_TYPE]: errorType }, value });
  }
  return values;
}

function exporterAttributes({ componentName, serverAddress, serverPort }: SelfCounts): MutableAttributes {
  const attributes: MutableAttributes = {
    [ATTR_COMPONENT_TYPE]: componentName.slice(0, componentName.indexOf('/')),
    [ATTR_COMPONENT_NAME]: componentName,
  };
  if (serverAddress !== undefined) attributes[ATTR_SERVER_ADDRESS] = serverAddress;
  if (serverPort !== undefined) attributes[ATTR_SERVER_PORT] = serverPort;
  return attributes;
}

/** The processor's name is of its own type, and ends like its exporter's. */
function processorAttributes(
  { componentType }: ProcessorMetricNames,
  { componentName }: SelfCounts,
): MutableAttributes {
  return {
    [ATTR_COMPONENT_TYPE]: componentType,
    [ATTR_COMPONENT_NAME]: `${componentType}${componentName.slice(componentName.indexOf('/'))}`,
  };
}
