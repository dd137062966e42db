/** What the receivers know of the calls, and whether that is what has happened. */
import { tableOf } from '../demo/table.mjs';
import { priceOf } from './ledger.mjs';

export function dollars(amount) {
  return amount === undefined ? '-' : `$${amount.toFixed(6)}`;
}

/** A line for each call of a model or a tool. */
export function callsTable(operator) {
  const rows = callsAt(operator).map(({ attributes, name, startTimeUnixNano, endTimeUnixNano }) => {
    const { 'gen_ai.usage.input_tokens': input = '-', 'gen_ai.usage.output_tokens': output = '-' } =
      attributes;
    const firstChunkSeconds = attributes['gen_ai.response.time_to_first_chunk'];
    return [
      attributes['knoxcall.tenant_id'],
      attributes['knoxcall.team'],
      name,
      `${input}/${output}`,
      `${Math.round(Number(endTimeUnixNano - startTimeUnixNano) / 1e6)}ms`,
      firstChunkSeconds === undefined ? '-' : `${Math.round(1000 * firstChunkSeconds)}ms`,
      dollars(attributes['knoxcall.cost.total']),
      attributes['error.type'] ?? attributes['gen_ai.response.finish_reasons']?.join() ?? '-',
    ];
  });
  return tableOf(['tenant', 'team', 'call', 'tokens', 'took', 'first chunk', 'cost', 'ended'], rows);
}

function callsAt({ spans }) {
  const calls = spans.filter(({ attributes }) => 'gen_ai.operation.name' in attributes);
  return calls.sort((one, other) => Number(one.startTimeUnixNano - other.startTimeUnixNano));
}

/** The last reading of each series of a metric: `{ attributes, value }`, of a histogram `{ attributes, count, sum }`. */
export function readingsOf({ metricPoints }, name) {
  const last = new Map();
  for (const point of metricPoints) {
    if (point.name === name) last.set(JSON.stringify(Object.entries(point.attributes).sort()), point);
  }
  return [...last.values()];
}

/** What each team has cost, from the operator's metrics. */
export function costByTeam(operator) {
  return totals(readingsOf(operator, 'knoxcall.cost'), 'knoxcall.team', ({ value }) => value);
}

/** Tokens by kind, from the metrics of whoever is asked. */
export function tokensOf(receiver) {
  const points = readingsOf(receiver, 'gen_ai.client.token.usage');
  return totals(points, 'gen_ai.token.type', ({ sum }) => sum);
}

/** Every word of the names, attributes and bodies that a receiver has got. */
function wordsOf({ logs, metricPoints }) {
  const records = [...logs, ...metricPoints].map(({ name, body, attributes }) => [name, body, attributes]);
  return JSON.stringify(records).split(/[^a-z]+/i);
}

function totals(points, key, valueOf) {
  const sums = {};
  for (const point of points) {
    const name = point.attributes[key];
    sums[name] = (sums[name] ?? 0) + valueOf(point);
  }
  return sums;
}

/** One sentence for each disagreement between the calls that were made and what arrived. */
export function disagreements(calls, { operator, tenants }, keys) {
  const found = [];
  const expectEqual = (what, actual, expected) => {
    const [got, wanted] = [actual, expected].map((value) => JSON.stringify(value));
    if (got !== wanted) found.push(`${what}: expected ${wanted}, got ${got}.`);
  };
  const tenantOf = (team) => [...keys.values()].find((client) => client.team === team).tenant;

  expectEqual(
    'Calls at the operator',
    callsAt(operator).map(({ attributes }) => [
      attributes['knoxcall.tenant_id'],
      attributes['knoxcall.team'],
      attributes['gen_ai.response.model'],
      attributes['gen_ai.usage.input_tokens'],
      attributes['gen_ai.usage.output_tokens'],
      attributes['error.type'],
    ]),
    calls.map(({ team, model, usage, errorType }) => [
      tenantOf(team),
      team,
      model,
      usage?.input,
      usage?.output,
      errorType,
    ]),
  );

  const costs = {};
  for (const { team, model, usage } of calls.filter((call) => call.usage !== undefined)) {
    const counts = {
      inputTokens: usage.input,
      cacheReadInputTokens: usage.cached,
      outputTokens: usage.output,
    };
    costs[team] = (costs[team] ?? 0) + priceOf({ model, usage: counts });
  }
  expectEqual('Cost by team', costByTeam(operator), costs);

  for (const [tenant, receiver] of Object.entries(tenants)) {
    const own = calls.filter(({ team, usage }) => tenantOf(team) === tenant && usage !== undefined);
    const sum = (kind) => own.reduce((total, { usage }) => total + usage[kind], 0);
    expectEqual(`Tokens of ${tenant}`, tokensOf(receiver), { input: sum('input'), output: sum('output') });
    expectEqual(`Spans at ${tenant}`, receiver.spans.length, 0);
    const secrets = ['cost', 'team', ...Object.keys(tenants).filter((other) => other !== tenant)];
    expectEqual(
      `Foreign words at ${tenant}`,
      wordsOf(receiver).filter((word) => secrets.includes(word)),
      [],
    );
  }
  return found;
}
