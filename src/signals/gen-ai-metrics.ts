/** Calls to models in metrics: of the operator's, and, by option, of the tenants' own. Every call counts, sampled or not. */
import type { Scope } from '../model/delivery.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { Encoders } from '../model/encoding.js';
import type { FinishedGenAi } from '../model/finished-gen-ai.js';
import type { GenAiNames } from '../model/gen-ai-names.js';
import type { Names } from '../model/names.js';
import { Exemplars } from './exemplars.js';
import { GenAiDimensions } from './gen-ai-dimensions.js';
import { GenAiInstruments } from './gen-ai-instruments.js';
import { GovernanceMetrics } from './governance-metrics.js';
import { InstrumentTable } from './instrument-table.js';
import { CommonRoom, FairRoom } from './rooms.js';
import { TenantCalls, type TenantTable } from './tenant-calls.js';
import type { TenantLabels } from './tenant-labels.js';

/** What is asked for by `genAi` and `tenantRecords.genAi`. */
export interface GenAiMetricSettings {
  readonly genAiNames: GenAiNames;
  /** Models that are known from the beginning. */
  readonly genAiModels: readonly string[];
  /** Whether tenants get the metrics of their own calls, and whether what those have cost is among them. */
  readonly genAiToTenants: boolean | 'with_cost';
}

interface OperatorOptions extends GenAiMetricSettings {
  readonly names: Names;
  readonly maxSeriesPerMetric: number;
  /** `undefined`: every tenant counts under its own id. */
  readonly tenantLabels: TenantLabels | undefined;
}

/** The operator's: made with the first call. */
export class OperatorCalls {
  readonly #tenantLabels: TenantLabels | undefined;
  readonly #dimensions: GenAiDimensions;
  readonly #instruments: GenAiInstruments;
  readonly #governance: GovernanceMetrics;

  constructor(table: InstrumentTable, governance: GovernanceMetrics, options: OperatorOptions) {
    const { names, genAiNames, genAiModels, maxSeriesPerMetric } = options;
    this.#tenantLabels = options.tenantLabels;
    this.#governance = governance;
    this.#dimensions = new GenAiDimensions({
      names: genAiNames,
      models: new Set(genAiModels),
      roomFor: (max) => new FairRoom(max),
    });
    this.#instruments = new GenAiInstruments(table, {
      names: genAiNames,
      tenantKey: names.tenantId,
      newRoom: () => new FairRoom(maxSeriesPerMetric),
      hasExemplars: true,
    });
  }

  record(call: FinishedGenAi): void {
    const { tenantId, governance } = call;
    const tenant = this.#tenantLabels === undefined ? tenantId : this.#tenantLabels(tenantId);
    this.#instruments.record(call, this.#dimensions.of(call), tenant);
    if (governance !== undefined)
      this.#governance.record(call, governance, (model) => this.#dimensions.modelOf(model, call));
  }

  forgetUnused(nowMs: number): void {
    this.#dimensions.forgetUnused(nowMs);
  }
}

export interface TenantCallOptions extends GenAiMetricSettings {
  readonly names: Names;
  readonly scope: Scope;
  readonly encoders: Encoders;
  readonly maxSeriesPerTenant: number;
  readonly forgetAfterMs: number;
  nowMs(): number;
  report(diagnostic: Diagnostic): void;
}

/** `undefined`: tenants get none. */
export function createTenantCalls(options: TenantCallOptions): TenantCalls | undefined {
  const { names, genAiNames, genAiModels, genAiToTenants, maxSeriesPerTenant } = options;
  if (genAiToTenants === false) return undefined;
  // Tenants get no traces, so nothing leads to one.
  const exemplars = new Exemplars('always_off');
  const models = new Set(genAiModels);
  return new TenantCalls({
    ...options,
    newTable(sinceMs): TenantTable {
      const room = new CommonRoom(maxSeriesPerTenant);
      const table = new InstrumentTable({ ...options, exemplars, newRoom: () => room }, sinceMs);
      // Of all kinds together: more names than series would be of no use.
      const namesRoom = new CommonRoom(maxSeriesPerTenant);
      const dimensions = new GenAiDimensions({ names: genAiNames, models, roomFor: () => namesRoom });
      const instruments = new GenAiInstruments(table, {
        names: genAiNames,
        tenantKey: names.tenantId,
        hasExemplars: false,
      });
      const costs =
        genAiToTenants === 'with_cost'
          ? // Whose work it was is the operator's affair.
            new GovernanceMetrics(table, { ...options, attribution: [] })
          : undefined;
      return {
        table,
        forgetUnused: (nowMs) => dimensions.forgetUnused(nowMs),
        record(call) {
          instruments.record(call, dimensions.of(call), undefined);
          if (call.governance !== undefined)
            costs?.recordCosts(call, call.governance, (model) => dimensions.modelOf(model, call));
        },
      };
    },
  });
}
