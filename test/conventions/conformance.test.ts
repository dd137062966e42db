/**
 * What the library sends, held against the table of conventions: nothing that is not listed, nothing required missing, types,
 * names, status and severity by the rules, and nothing for a tenant that is the operator's.
 */
import * as stable from '@opentelemetry/semantic-conventions';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import { describe, expect, it } from 'vitest';
import { genAiNames } from '../../src/model/gen-ai-names.js';
import * as names from '../../src/model/names.js';
import { EXPORTER_METRICS, PROCESSOR_METRICS } from '../../src/model/sdk-metric-names.js';
import { ATTRIBUTES, RESOURCE_ATTRIBUTES } from './attributes.js';
import { Checker, everythingInTheTable, tableKey } from './check.js';
import { LOGS } from './logs.js';
import { METRICS } from './metrics.js';
import { rowsOf, type MetricRow, type Row, type Rows, type TypedValue } from './payload.js';
import { NAMING, sendEverything } from './scenario.js';
import { SPAN_EVENTS, SPANS } from './spans.js';

/** Sent by whichever test comes first: a gateway under test wants to be started in a test. */
let sent: Promise<Rows> | undefined;
const allRows = (): Promise<Rows> => (sent ??= sendEverything().then(rowsOf));
let rows: Rows;

function violationsOf(changed: Partial<Rows>): readonly string[] {
  const checker = new Checker(NAMING);
  checker.checkAll({ spans: [], logs: [], points: [], resources: [], ...changed });
  return [...checker.violations];
}

describe('what the library sends', () => {
  it('is as the table says', async () => {
    rows = await allRows();
    expect(rows.spans.length).toBeGreaterThan(20);
    expect(violationsOf(rows)).toEqual([]);
  });

  it('is everything that the table says there is', async () => {
    rows = await allRows();
    const checker = new Checker(NAMING);
    checker.checkAll(rows);
    expect(everythingInTheTable().filter((entry) => !checker.seen.has(entry))).toEqual([]);
  });
});

/** A copy of the row with other attributes. */
function withAttributes<R extends Row>(row: R, change: (attributes: Map<string, TypedValue>) => void): R {
  const attributes = new Map(row.attributes);
  change(attributes);
  return { ...row, attributes };
}

describe('the check', () => {
  const server = (): Row =>
    rows.spans.find(({ record, attributes }) => record['kind'] === 2 && attributes.has('url.path')) as Row;
  const log = (owner: string): Row =>
    rows.logs.find((row) => row.owner === owner && row.record['eventName'] === 'edge.proxy.request') as Row;
  const point = (): MetricRow =>
    rows.points.find(({ metric }) => metric['name'] === 'edge.proxy.requests') as MetricRow;
  const text = (value: string): TypedValue => ({ type: 'string', value });

  it('finds an attribute that the table does not know', async () => {
    rows = await allRows();
    for (const [kind, row] of [
      ['spans', server()],
      ['logs', log('tenant')],
    ] as const) {
      const found = violationsOf({ [kind]: [withAttributes(row, (of) => of.set('http.secret', text('x')))] });
      expect(found).toContainEqual(expect.stringContaining('http.secret is in no table'));
    }
    const changed = withAttributes(point(), (of) => of.set('url.path', text('/')));
    expect(violationsOf({ points: [changed] })).toContainEqual(
      expect.stringContaining('url.path is not one of its attributes'),
    );
    const resource = withAttributes(rows.resources[0] as Row, (of) => of.set('host.id', text('x')));
    expect(violationsOf({ resources: [resource] })).toContainEqual('resource: host.id is in no table');
  });

  it('finds what is missing, and what has another type or value', async () => {
    rows = await allRows();
    const change = (change: (attributes: Map<string, TypedValue>) => void): readonly string[] =>
      violationsOf({ logs: [withAttributes(log('operator'), change)] });
    expect(change((of) => of.delete('url.path'))).toContainEqual(
      expect.stringContaining('url.path is missing'),
    );
    expect(change((of) => of.set('edge.latency_ms', { type: 'int', value: 1n }))).toContainEqual(
      expect.stringContaining('latency_ms is int, not double'),
    );
    expect(change((of) => of.set('edge.response.source', text('somebody')))).toContainEqual(
      expect.stringContaining('a value that the table does not know'),
    );
  });

  it('finds what is not for a tenant', async () => {
    rows = await allRows();
    const tenants = { ...log('operator'), owner: 'tenant' as const };
    expect(violationsOf({ logs: [tenants] })).toContainEqual(expect.stringContaining('a tenant got'));
    expect(violationsOf({ spans: [{ ...server(), owner: 'tenant' }] })).toContainEqual(
      'spans: a tenant got one',
    );
    const resource = rows.resources.find(({ owner }) => owner === 'operator') as Row;
    expect(violationsOf({ resources: [{ ...resource, owner: 'tenant' }] })).toContainEqual(
      'resource: a tenant got host.name',
    );
  });

  it('finds a wrong name, status, severity, unit and instrument', async () => {
    rows = await allRows();
    const renamed = { ...server(), record: { ...server().record, name: 'GET /orders/7' } };
    expect(violationsOf({ spans: [renamed] })).toContainEqual(
      expect.stringContaining('is named GET /orders/7'),
    );
    const failed = { ...server(), record: { ...server().record, status: { code: 2 } } };
    expect(violationsOf({ spans: [failed] })).not.toEqual([]);
    const call = rows.spans.find(({ attributes }) => attributes.has('gen_ai.usage.input_tokens')) as Row;
    const misnamed = { ...call, record: { ...call.record, name: 'chat other', status: { code: 2 } } };
    expect(violationsOf({ spans: [misnamed] })).toEqual([
      expect.stringContaining('is named chat other'),
      expect.stringContaining('do not come together'),
    ]);
    const louder = { ...log('tenant'), record: { ...log('tenant').record, severityNumber: 21 } };
    expect(violationsOf({ logs: [louder] })).toContainEqual(expect.stringContaining('severity 21'));
    const other = { ...point(), metric: { ...point().metric, unit: '1' }, isMonotonic: false };
    expect(violationsOf({ points: [other] })).toEqual([
      expect.stringContaining('is a updowncounter, not a counter'),
      expect.stringContaining('has the unit 1'),
    ]);
    const unknown = { ...log('tenant'), record: { ...log('tenant').record, eventName: 'edge.secret' } };
    expect(violationsOf({ logs: [unknown] })).toEqual(['logs: {ns}.secret is in no table']);
  });
});

/** Every name in it, however deep; lists repeat some of them. */
function textsIn(value: object): readonly string[] {
  return Object.values(value).flatMap((item: unknown) => {
    if (typeof item === 'string') return [item];
    return typeof item === 'object' && item !== null && !Array.isArray(item) ? textsIn(item) : [];
  });
}

describe('the table', () => {
  const namesIn = (module: object, prefix: RegExp): ReadonlySet<unknown> =>
    new Set(
      Object.entries(module)
        .filter(([name]) => prefix.test(name))
        .map(([, value]) => value as unknown),
    );
  /** Of the specification of the metrics SDK, not of the registry. */
  const OF_THE_SPECIFICATION = ['otel.metric.overflow'];

  it('says of the conventions what the conventions say', () => {
    const isStable = namesIn(stable, /^ATTR_/);
    const isKnown = namesIn(incubating, /^ATTR_/);
    for (const [key, { stability }] of Object.entries({ ...ATTRIBUTES, ...RESOURCE_ATTRIBUTES })) {
      const template = key.replace('.<key>', '');
      if (stability === 'own' || OF_THE_SPECIFICATION.includes(key) || template !== key) continue;
      expect(isKnown.has(key), `${key} is one of the conventions'`).toBe(true);
      expect(isStable.has(key), `${key} is stable`).toBe(stability === 'stable');
    }
    for (const { eventName, stability } of LOGS) {
      if (stability === 'own') continue;
      expect(namesIn(incubating, /^EVENT_/).has(eventName), eventName).toBe(true);
      expect(namesIn(stable, /^EVENT_/).has(eventName), eventName).toBe(stability === 'stable');
    }
    for (const { name, stability } of METRICS) {
      if (stability === 'own') continue;
      expect(namesIn(incubating, /^METRIC_/).has(name), name).toBe(true);
      expect(namesIn(stable, /^METRIC_/).has(name), name).toBe(stability === 'stable');
    }
  });

  it('gives own names to nothing that the conventions have a name for', () => {
    const isKnown = namesIn(incubating, /^(?:ATTR|METRIC|EVENT)_/);
    const own = [
      ...Object.entries(ATTRIBUTES),
      ...METRICS.map((fact) => [fact.name, fact] as const),
      ...LOGS.map((fact) => [fact.eventName, fact] as const),
    ].filter(([, { stability }]) => stability === 'own');
    for (const [name] of own) expect(isKnown.has(name), name).toBe(false);
  });

  it('has every attribute that a record uses, and uses every attribute that it has', () => {
    const used = [...SPANS, ...SPAN_EVENTS, ...LOGS, ...METRICS].flatMap(({ attributes }) =>
      Object.keys(attributes),
    );
    for (const key of used) expect(Object.keys(ATTRIBUTES)).toContain(key);
    for (const key of Object.keys(ATTRIBUTES)) expect(used).toContain(key);
  });

  it('has every name that the code has', () => {
    const { namesFor, ...constants } = names;
    const made = namesFor(NAMING.namespace, NAMING.governanceNamespace);
    const { version, ...ofCalls } = genAiNames('1.41');
    expect(version).toBe('1.41');
    const own = [...textsIn(made), ...textsIn(ofCalls)];
    const ofSdk = [...Object.values(EXPORTER_METRICS), ...Object.values(PROCESSOR_METRICS)].flatMap((of) =>
      Object.values(of).filter((name) => name.startsWith('otel.')),
    );
    const scopes: readonly string[] = [
      names.REQUEST_SCOPE_NAME,
      names.CUSTOM_SCOPE_NAME,
      names.RUNTIME_SCOPE_NAME,
    ];
    const listed = new Set<string>([
      ...Object.keys(ATTRIBUTES),
      ...Object.keys(RESOURCE_ATTRIBUTES),
      ...SPAN_EVENTS.map(({ name }) => name),
      ...LOGS.map(({ eventName }) => eventName),
      ...METRICS.map(({ name }) => name),
    ]);
    const inCode = [...Object.values(constants), ...own, ...ofSdk].filter((name) => !scopes.includes(name));
    expect(inCode.map((name) => tableKey(name, NAMING)).filter((name) => !listed.has(name))).toEqual([]);
  });
});
