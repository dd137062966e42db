/**
 * What detectors find for the operator's resource. It begins after the start, and is over when all have answered or the limit
 * has passed: a resource that changed again later would make two identities of each cumulative series.
 */
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import {
  ATTR_SERVICE_NAME,
  ATTR_TELEMETRY_SDK_LANGUAGE,
  ATTR_TELEMETRY_SDK_NAME,
  ATTR_TELEMETRY_SDK_VERSION,
} from '@opentelemetry/semantic-conventions';
import type { Attributes, AttributeValue, MutableAttributes } from '../model/attributes.js';
import { ATTR_SERVICE_INSTANCE_ID } from '../model/names.js';
import { isAttributeValue, lengthOfAttribute } from './checks.js';
import type { DetectorSource, NamedDetector } from './detectors.js';

/** All detectors together: a resource goes with every request. */
const MAX_ATTRIBUTES = 128;
const MAX_LENGTH = 8_192;

/** Who sends is said by the host and this library. A platform's instance id would be the same for two processes in one place. */
const NOT_THEIRS: ReadonlySet<string> = new Set([
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_TELEMETRY_SDK_LANGUAGE,
  ATTR_TELEMETRY_SDK_NAME,
  ATTR_TELEMETRY_SDK_VERSION,
]);

export interface Detection {
  /** Nothing before it is over. */
  readonly found: Attributes;
  /** `undefined`: it is over. Never rejects. */
  readonly pending: Promise<void> | undefined;
  /** Somebody waits for what depends on it: it is over after at most so long. */
  endWithin(timeoutMs: number): void;
}

export interface DetectionOptions {
  readonly sources: readonly DetectorSource[];
  readonly timeoutMs: number;
  /** What went wrong, a sentence. */
  notice(message: string): void;
}

/** What one detector has said so far. */
interface Answer {
  readonly label: string;
  readonly attributes: MutableAttributes;
  isComplete: boolean;
}

export const NOTHING_TO_DETECT: Detection = {
  found: {},
  pending: undefined,
  endWithin: () => undefined,
};

export function startDetection({ sources, timeoutMs, notice }: DetectionOptions): Detection {
  if (sources.length === 0) return NOTHING_TO_DETECT;
  const answers: Answer[] = [];
  let found: Attributes = {};
  let isOver = false;
  let tellEnd: () => void = () => undefined;
  const end = new Promise<void>((resolve) => (tellEnd = resolve));
  const timers: NodeJS.Timeout[] = [];
  const finish = (limitMs: number): void => {
    if (isOver) return;
    isOver = true;
    for (const timer of timers) clearTimeout(timer);
    const late = answers.filter(({ isComplete }) => !isComplete).map(({ label }) => label);
    if (late.length > 0)
      notice(
        `Resource detectors had not answered after ${limitMs} ms, and what they say later is ignored: ${late.join(', ')}`,
      );
    const { attributes, left } = join(answers);
    if (left > 0)
      notice(
        `Resource detectors found more than ${MAX_ATTRIBUTES} attributes or ${MAX_LENGTH} characters: ${left} attributes were left out`,
      );
    found = attributes;
    tellEnd();
  };
  const endWithin = (ms: number): void => {
    if (!isOver) timers.push(setTimeout(() => finish(ms), ms).unref());
  };
  const failed = (label: string): void => {
    if (!isOver) notice(`The resource detector ${label} failed; what it would have found is missing`);
  };
  const ask = async ({ label, detector }: NamedDetector): Promise<void> => {
    const answer: Answer = { label, attributes: {}, isComplete: false };
    answers.push(answer);
    try {
      // Their look-ups are nobody's request.
      const said = await context.with(suppressTracing(ROOT_CONTEXT), () => detector.detect({}));
      const { attributes } = said ?? {};
      const taken = Object.entries(attributes ?? {}).map((entry) => take(answer, ...entry));
      const results = await Promise.allSettled(taken);
      if (results.some(({ status }) => status === 'rejected')) failed(label);
    } catch {
      failed(label);
    }
    answer.isComplete = true;
  };
  const open = (source: DetectorSource): readonly NamedDetector[] => {
    try {
      return source.open();
    } catch {
      notice(
        `resourceDetectors: the package @opentelemetry/resource-detector-${source.label} could not be loaded; install it, or leave the name out`,
      );
      return [];
    }
  };
  endWithin(timeoutMs);
  // Packages are loaded one a turn, so that requests go on in between.
  const openNext = (index: number, asked: readonly Promise<void>[]): void => {
    const source = sources[index];
    if (source === undefined) void Promise.all(asked).then(() => finish(0));
    else if (!isOver)
      setImmediate(() => openNext(index + 1, [...asked, ...open(source).map((detector) => ask(detector))]));
  };
  openNext(0, []);
  return {
    get found() {
      return found;
    },
    get pending() {
      return isOver ? undefined : end;
    },
    endWithin,
  };
}

/** May reject; the detector's other values count all the same. */
async function take(answer: Answer, key: string, promised: unknown): Promise<void> {
  const value = await promised;
  if (isUsable(key, value)) answer.attributes[key] = value;
}

function isUsable(key: string, value: unknown): value is AttributeValue {
  if (key === '' || key === '__proto__' || NOT_THEIRS.has(key) || value === '') return false;
  return value !== undefined && value !== null && isAttributeValue(value);
}

/** A later detector's word wins. */
function join(answers: readonly Answer[]): { readonly attributes: Attributes; readonly left: number } {
  const all = Object.entries(Object.assign({}, ...answers.map((answer) => answer.attributes)) as Attributes);
  const attributes: MutableAttributes = {};
  let length = 0;
  let left = 0;
  for (const [key, value] of all as [string, AttributeValue][]) {
    const own = key.length + lengthOfAttribute(value);
    if (Object.keys(attributes).length >= MAX_ATTRIBUTES || length + own > MAX_LENGTH) left++;
    else {
      attributes[key] = value;
      length += own;
    }
  }
  return { attributes, left };
}
