/**
 * Counters of what hosts tell of policies and costs: for the operator, and of the costs of its own calls for a tenant who is to know
 * them. Names of models may come from clients, so series are shared out among tenants.
 */
import type { MutableAttributes } from '../model/attributes.js';
import type { Diagnostic } from '../model/diagnostic.js';
import { DEFAULT_CURRENCY } from '../model/governance.js';
import type { Attribution, CostFact, GovernanceFacts, PolicyFact } from '../model/governance.js';
import type { AttributionDimension } from '../model/metric-choices.js';
import type { Names } from '../model/names.js';
import type { Instrument, InstrumentHead } from './instrument.js';
import type { InstrumentTable } from './instrument-table.js';
import type { Measured } from './measured.js';
import type { Room } from './rooms.js';

/** Each is a metric of its own, as its unit says. */
export const MAX_CURRENCIES = 16;

/** What is left of a total after its parts are taken away, and is no more than what doubles round. */
const ROUNDING = 1e-12;

export interface GovernanceMetricsOptions {
  /** For the series of one metric. Default: the table's. */
  readonly newRoom?: () => Room;
  readonly names: Names;
  /** Whose work it was, as far as series are to tell it. */
  readonly attribution: readonly AttributionDimension[];
  report(diagnostic: Diagnostic): void;
}

type ModelOf = (model: string | undefined) => string | undefined;

const asItIs: ModelOf = (model) => model;

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

  /** `modelOf`: as which series show the model that was paid for. */
  record(measured: Measured, governance: GovernanceFacts, modelOf?: ModelOf): void {
    for (const policy of governance.policies) this.#countPolicy(measured, policy, governance.attribution);
    this.recordCosts(measured, governance, modelOf);
  }

  recordCosts(measured: Measured, governance: GovernanceFacts, modelOf: ModelOf = asItIs): void {
    const { totalCost = 0 } = governance;
    // Those of calls to models are counted with these.
    let rest = totalCost - governance.callCost;
    for (const cost of governance.costs) {
      this.#addCost(measured, { ...cost, model: modelOf(cost.model) }, governance.attribution);
      if (cost.currency === governance.currency) rest -= cost.amount;
    }
    // Of those beyond the bound of one request, only the sum is known.
    if (governance.dropped > 0 && rest > totalCost * ROUNDING)
      this.#addCost(measured, { amount: rest, currency: governance.currency }, governance.attribution);
  }

  #countPolicy(measured: Measured, policy: PolicyFact, attribution: Attribution | undefined): void {
    const { governance, metrics } = this.#options.names;
    this.#policies ??= this.#add({
      name: metrics.policyEvaluations,
      description: 'Policies that were asked about a request',
      unit: '{evaluation}',
      kind: 'counter',
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
    const instrument = this.#add({
      name: this.#options.names.metrics.cost,
      description: 'What requests have cost',
      unit: currency,
      kind: 'sum',
    });
    this.#costs.set(currency, instrument);
    return instrument;
  }

  #add(head: Omit<InstrumentHead, 'boundaries' | 'hasExemplars'>): Instrument {
    return this.#table.add({ ...head, boundaries: [], hasExemplars: false }, this.#options.newRoom?.());
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
