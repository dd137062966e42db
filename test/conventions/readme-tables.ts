/** The tables of what is recorded in the README and in docs/attributes.md, made from the table of conventions. */
import { ATTRIBUTES, RESOURCE_ATTRIBUTES } from './attributes.js';
import type { AttributeFact, Stability, Uses } from './facts.js';
import { GOVERNANCE } from './governance.js';
import { LOGS } from './logs.js';
import { METRICS } from './metrics.js';
import { SPAN_EVENTS, SPANS } from './spans.js';

/** What many attributes are called together, where all of them are there. */
const GROUPS: readonly (readonly [name: string, keys: readonly string[]])[] = [
  ['the [facts of policy, cost and quality](#policy-cost-and-quality)', Object.keys(GOVERNANCE)],
];

const STABILITIES: Readonly<Record<Stability, string>> = {
  stable: 'stable',
  development: 'development',
  deprecated: 'deprecated, on purpose',
  own: 'own',
};

const code = (name: string): string => `\`${name}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** `always a, b; when known c; with x d`. */
function listed(uses: Uses, operatorOnly: readonly string[] = []): string {
  const parts: string[] = [];
  const shown = (key: string): string => (operatorOnly.includes(key) ? `${code(key)}¹` : code(key));
  const required = Object.keys(uses).filter((key) => uses[key] === 'required');
  const known = Object.keys(uses).filter((key) => uses[key] === 'conditional' || uses[key] === 'recommended');
  const groups = GROUPS.filter(([, keys]) => keys.every((key) => known.includes(key)));
  const grouped = new Set(groups.flatMap(([, keys]) => keys));
  if (required.length > 0) parts.push(`always ${required.map(shown).join(', ')}`);
  const knownNames = [
    ...known.filter((key) => !grouped.has(key)).map(shown),
    ...groups.map(([name, keys]) => (keys.every((key) => operatorOnly.includes(key)) ? `${name}¹` : name)),
  ];
  if (knownNames.length > 0) parts.push(`when known ${knownNames.join(', ')}`);
  const byOption = new Map<string, string[]>();
  for (const [key, level] of Object.entries(uses)) {
    if (!level.startsWith('opt-in: ')) continue;
    const option = level.slice('opt-in: '.length);
    byOption.set(option, [...(byOption.get(option) ?? []), shown(key)]);
  }
  for (const [option, keys] of byOption) parts.push(`with ${code(option)} ${keys.join(', ')}`);
  return parts.join('; ');
}

const instruments = {
  counter: 'counter',
  updowncounter: 'up-down counter',
  gauge: 'gauge',
  histogram: 'histogram',
} as const;

function attributeRows(facts: Readonly<Record<string, AttributeFact>>): readonly (readonly string[])[] {
  return Object.entries(facts).map(([key, { type, stability, values }]) => [
    code(key),
    type,
    values === undefined ? '' : values.map(code).join(', '),
    STABILITIES[stability],
  ]);
}

/** By the name of the mark that stands before each. */
export const README_TABLES: Readonly<Record<string, string>> = {
  spans: table(
    ['span', 'kind', 'attributes', 'who receives it'],
    SPANS.map(({ title, kind, attributes, receivers }) => [title, kind, listed(attributes), receivers]),
  ),
  'span-events': table(
    ['event on a span', 'attributes', 'who receives it'],
    SPAN_EVENTS.map(({ title, attributes, receivers }) => [title, listed(attributes), receivers]),
  ),
  logs: table(
    ['EventName', 'severity', 'attributes', 'who receives it'],
    LOGS.map(({ title, severity, attributes, operatorOnly, receivers }) => [
      title,
      severity.join(', '),
      listed(attributes, operatorOnly),
      receivers,
    ]),
  ),
  metrics: table(
    ['metric', 'instrument', 'unit', 'attributes', 'stability', 'who receives it'],
    METRICS.map(({ title, instrument, unit, attributes, operatorOnly, stability, receivers }) => [
      title,
      instruments[instrument],
      unit === 'currency' ? 'the currency' : code(unit),
      listed(attributes, operatorOnly),
      STABILITIES[stability],
      receivers,
    ]),
  ),
  attributes: table(['attribute', 'type', 'values', 'stability'], attributeRows(ATTRIBUTES)),
  resource: table(
    ['attribute', 'type', 'stability', 'who receives it'],
    Object.entries(RESOURCE_ATTRIBUTES).map(([key, { type, stability, isTenants }]) => [
      code(key),
      type,
      STABILITIES[stability],
      isTenants ? 'operator and tenant' : 'operator',
    ]),
  ),
};

const markOf = (name: string): string => `<!-- table: ${name} -->`;

/** The table after a mark, up to the next empty line; `undefined`: there is no such mark. */
export function tableAfter(readme: string, name: string): string | undefined {
  const at = readme.indexOf(`${markOf(name)}\n\n`);
  if (at < 0) return undefined;
  const start = at + markOf(name).length + 2;
  return readme.slice(start, readme.indexOf('\n\n', start));
}

export function withTables(readme: string): string {
  let text = readme;
  for (const [name, made] of Object.entries(README_TABLES)) {
    const now = tableAfter(text, name);
    if (now !== undefined)
      text = text.replace(`${markOf(name)}\n\n${now}`, () => `${markOf(name)}\n\n${made}`);
  }
  return text;
}
