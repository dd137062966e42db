/**
 * How close the process is to its memory limit, and so what is shed. The order: first the operator's queues, and tenants
 * together, have half their room; then tenants' records go, and of the operator's all but errors. Each level ends ten points
 * below where it began.
 */
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import {
  PRESSURE_CHECK_MS,
  PRESSURE_CRITICAL,
  PRESSURE_HIGH,
  PRESSURE_HYSTERESIS,
  YOUNG_HEAP_BYTES,
} from './bounds.js';

export type PressureLevel = 'none' | 'high' | 'critical';

/** What each of the operator's queues may hold of its bound, also those that are opened while memory is short. */
export const OPERATOR_SHARE: Readonly<Record<PressureLevel, number>> = { none: 1, high: 0.5, critical: 0.5 };
/** What all tenants may hold of theirs. */
export const TENANTS_SHARE: Readonly<Record<PressureLevel, number>> = { none: 1, high: 0.5, critical: 0 };

/**
 * Of what V8 has for objects that live long. Its limit is the sum of both generations, but a process ends when the old one is
 * full: with `--max-old-space-size=128` at 72 % of that sum (measured).
 */
function heapShare(): number {
  const { heap_size_limit: limit } = getHeapStatistics();
  let used = 0;
  for (const { space_name: name, space_used_size: bytes } of getHeapSpaceStatistics())
    if (!name.startsWith('new_')) used += bytes;
  return used / (limit > YOUNG_HEAP_BYTES ? limit - YOUNG_HEAP_BYTES : limit);
}

/** The larger share of the two: of V8's heap, and of the container's memory, where it has a limit. */
export function memoryShare(): number {
  // 0 or a number beyond any machine's memory: there is no limit.
  const constrained = process.constrainedMemory?.() ?? 0;
  const isLimited = constrained > 0 && constrained < Number.MAX_SAFE_INTEGER;
  return Math.max(heapShare(), isLimited ? process.memoryUsage.rss() / constrained : 0);
}

export interface PressureOptions {
  /** Share of the limit in use, 0 to 1. */
  read(): number;
  monotonicMs(): number;
  onChange(level: PressureLevel, before: PressureLevel): void;
}

export class Pressure {
  readonly #options: PressureOptions;
  #level: PressureLevel = 'none';
  #candidate: PressureLevel = 'none';
  #checkedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: PressureOptions) {
    this.#options = options;
  }

  get level(): PressureLevel {
    return this.#level;
  }

  /** Called with every tick; looks once a second. */
  check(): void {
    const now = this.#options.monotonicMs();
    if (now - this.#checkedAtMs < PRESSURE_CHECK_MS) return;
    this.#checkedAtMs = now;
    const level = this.#levelAt(this.#options.read());
    // Twice in a row, because a heap is full of garbage just before it is collected.
    const isSure = level === this.#candidate;
    this.#candidate = level;
    if (!isSure || level === this.#level) return;
    const before = this.#level;
    this.#level = level;
    this.#options.onChange(level, before);
  }

  #levelAt(share: number): PressureLevel {
    const eased = (from: PressureLevel): number => (this.#level === from ? PRESSURE_HYSTERESIS : 0);
    if (share > PRESSURE_CRITICAL - eased('critical')) return 'critical';
    const isHigh =
      this.#level === 'none' ? share > PRESSURE_HIGH : share > PRESSURE_HIGH - PRESSURE_HYSTERESIS;
    return isHigh ? 'high' : 'none';
  }
}
