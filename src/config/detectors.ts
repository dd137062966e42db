/** The option `resourceDetectors`, checked, and what it means once packages are loaded. */
import { fault } from '../model/configuration-error.js';
import {
  DETECTOR_NAMES,
  type ResourceDetector,
  type ResourceDetectorName,
} from '../model/resource-detector.js';
import { loadDetectors } from './load-detectors.cjs';

/** A list of a host's; no platform has so many. */
const MAX_DETECTORS = 32;

/** A detector, and what reports call it. */
export interface NamedDetector {
  readonly label: string;
  readonly detector: ResourceDetector;
}

/** One item of the option: a detector, or the name of a package that may have several. */
export interface DetectorSource {
  readonly label: string;
  /** Loads the package where there is one, which takes tens of milliseconds. Throws where it is not installed. */
  open(): readonly NamedDetector[];
}

function isDetector(value: unknown): value is ResourceDetector {
  return typeof (value as Partial<ResourceDetector> | null | undefined)?.detect === 'function';
}

/** Every detector that a package exports, in the order of their names, so that it is the same in every process. */
function detectorsOf(name: ResourceDetectorName): readonly NamedDetector[] {
  const exported = loadDetectors(name);
  return Object.keys(exported)
    .sort()
    .flatMap((key) => {
      const detector = exported[key];
      return isDetector(detector) ? [{ label: `${name} (${key})`, detector }] : [];
    });
}

/** Nothing is loaded yet: that is no part of the start. */
export function resolveDetectors(value: unknown, option: string): readonly DetectorSource[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw fault(option, 'must be an array of detectors and names of detectors');
  if (value.length > MAX_DETECTORS) throw fault(option, `must have at most ${MAX_DETECTORS} detectors`);
  return value.map((item: unknown, index): DetectorSource => {
    const label = `${option}[${index}]`;
    if (isDetector(item)) return { label, open: () => [{ label, detector: item }] };
    const name = DETECTOR_NAMES.find((known) => known === item);
    if (name === undefined)
      throw fault(label, `must be a detector, with detect(), or one of ${DETECTOR_NAMES.join(', ')}`);
    return { label: name, open: () => detectorsOf(name) };
  });
}
