/** Counters of what hosts tell of policies and costs, for the operator. */
import type { MutableAttributes } from '../model/attributes.js';
import type { Diagnostic } from '../model/diagnostic.js';
import { DEFAULT_CURRENCY } from '../model/governance.js';
import type { Attribution, CostFact, GovernanceFacts, PolicyFact } from '../model/governance.js';
import type { AttributionDimension } from '../model/metric-choices.js';
import type { Names } from '../model/names.js';
import type { Instrument } from './instrument.js';
import type { InstrumentTable } from './instrument-table.js';
import type { Measured } from './measured.js';

/** Each is a metric of its own, as its unit says. */
export const MAX_CURRENCIES = 16;

/** What is left of a total after its parts are taken away, and is no more than what doubles round. */
const ROUNDING = 1e-12;

export interface GovernanceMetricsOptions {
  readonly names: Names;
  /** Whose work it was, as far as series are to tell it. */
  readonly attribution: readonly AttributionDimension[];
  report(diagnostic: Diagnostic): void;
}

/** The dimensions of one value. */
type Dimensions = Readonly<Record<string, string | undefined>>;

export class GovernanceMetrics {
  readonly #table: InstrumentTable;
  readonly #options: GovernanceMetricsOptions;
  readonly #costs = new Map<string, Instrument>();
  #policies: Instrument | undefined;

  constructor(table: InstrumentTable, options: GovernanceMetricsOptions) {
    this.#table = table;
    this.#options = options;
  }

  record(measured: Measured, governance: GovernanceFacts): void {
    for (const policy of governance.policies) this.#countPolicy(measured, policy, governance.attribution);
    const { totalCost = 0 } = governance;
    let rest = totalCost;
    for (const cost of governance.costs) {
      this.#addCost(measured, cost, governance.attribution);
      if (cost.currency === governance.currency) rest -= cost.amount;
    }
    // Of those beyond the bound of one request, only the sum is known.
    if (governance.dropped > 0 && rest > totalCost * ROUNDING)
      this.#addCost(measured, { amount: rest, currency: governance.currency }, governance.attribution);
  }

  #countPolicy(measured: Measured, policy: PolicyFact, attribution: Attribution | undefined): void {
    const { governance, metrics } = this.#options.names;
    this.#policies ??= this.#table.add({
      name: metrics.policyEvaluations,
      description: 'Policies that were asked about a request',
      unit: '{evaluation}',
      kind: 'counter',
      boundaries: [],
      hasExemplars: false,
    });
    const dimensions = {
      [governance.policyName]: policy.name,
      [governance.policyResult]: policy.result,
      ...this.#attributionOf(attribution),
    };
    this.#policies.record(keyOf(dimensions), dimensions, attributesOf, 1, measured);
  }

  #addCost(measured: Measured, cost: CostFact, attribution: Attribution | undefined): void {
    const { amount, currency = DEFAULT_CURRENCY, provider, model } = cost;
    const instrument = this.#costIn(currency);
    if (instrument === undefined) return;
    const { governance } = this.#options.names;
    const dimensions = {
      // The unit says it too, but not every backend tells metrics apart by that.
      [governance.costCurrency]: currency,
      [governance.costProvider]: provider,
      [governance.costModel]: model,
      ...this.#attributionOf(attribution),
    };
    instrument.record(keyOf(dimensions), dimensions, attributesOf, amount, measured);
  }

  #costIn(currency: string): Instrument | undefined {
    const known = this.#costs.get(currency);
    if (known !== undefined) return known;
    if (this.#costs.size >= MAX_CURRENCIES) {
      const message = `Costs in more than ${MAX_CURRENCIES} currencies: those in further ones are not counted`;
      this.#options.report({ code: 'dropped', signal: 'metrics', message });
      return undefined;
    }
    const instrument = this.#table.add({
      name: this.#options.names.metrics.cost,
      description: 'What requests have cost',
      unit: currency,
      kind: 'sum',
      boundaries: [],
      hasExemplars: false,
    });
    this.#costs.set(currency, instrument);
    return instrument;
  }

  #attributionOf(attribution: Attribution | undefined): Dimensions | undefined {
    const wanted = this.#options.attribution;
    if (attribution === undefined || wanted.length === 0) return undefined;
    const { governance } = this.#options.names;
    return {
      ...(wanted.includes('team') && { [governance.team]: attribution.team }),
      ...(wanted.includes('customer') && { [governance.customerId]: attribution.customerId }),
      ...(wanted.includes('project') && { [governance.project]: attribution.project }),
    };
  }
}

/** Models and customers may come from clients and hold anything. */
function keyOf(dimensions: Dimensions): string {
  return JSON.stringify(dimensions);
}

function attributesOf(dimensions: Dimensions): MutableAttributes {
  const attributes: MutableAttributes = {};
  for (const [key, value] of Object.entries(dimensions)) if (value !== undefined) attributes[key] = value;
  return attributes;
}
