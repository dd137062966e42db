/** Holds what was received against the table: each sentence is one way in which they differ. */
import { ATTRIBUTES, RESOURCE_ATTRIBUTES } from './attributes.js';
import type { AttributeFact, LogFact, MetricFact, SpanFact, Uses } from './facts.js';
import { ERROR, INFO, LOGS, WARN } from './logs.js';
import { METRICS } from './metrics.js';
import {
  attributesOf,
  childrenOf,
  numberOf,
  textOf,
  type MetricRow,
  type Row,
  type Rows,
} from './payload.js';
import { SPAN_EVENTS, SPANS } from './spans.js';

/** What stands for the names that an option changes. */
export interface Naming {
  readonly namespace: string;
  readonly governanceNamespace: string;
  /** Attributes of the host's begin so; they are nobody's but its own. */
  readonly hostPrefix: string;
}

const KINDS = { INTERNAL: 1, SERVER: 2, CLIENT: 3 } as const;
const STATUS_UNSET = 0;
const STATUS_ERROR = 2;
const SEVERITY_TEXTS: Readonly<Record<number, string>> = { 9: 'INFO', 13: 'WARN', 17: 'ERROR', 21: 'FATAL' };

/** A key of the table for a key on the wire: `http.request.header.x-a` is `http.request.header.<key>`. */
export function tableKey(key: string, { namespace, governanceNamespace }: Naming): string {
  let own = key.startsWith(`${namespace}.`) ? `{ns}${key.slice(namespace.length)}` : key;
  if (key.startsWith(`${governanceNamespace}.`)) own = `{g}${key.slice(governanceNamespace.length)}`;
  return own.replace(/^(http\.(?:request|response)\.header)\..+$/, '$1.<key>');
}

/** Collects what differs, and what of the table was seen at all. */
export class Checker {
  readonly violations = new Set<string>();
  readonly seen = new Set<string>();
  readonly #naming: Naming;

  constructor(naming: Naming) {
    this.#naming = naming;
  }

  checkAll(rows: Rows): void {
    for (const row of rows.spans) this.#checkSpan(row);
    for (const row of rows.logs) this.#checkLog(row);
    for (const row of rows.points) this.#checkPoint(row);
    for (const row of rows.resources) this.#checkResource(row);
  }

  #fail(where: string, sentence: string): void {
    this.violations.add(`${where}: ${sentence}`);
  }

  #key(key: string): string {
    return tableKey(key, this.#naming);
  }

  /** The key on the wire for one of the table. */
  #sent(key: string): string {
    const { namespace, governanceNamespace } = this.#naming;
    return key.replace('{ns}', namespace).replace('{g}', governanceNamespace);
  }

  #checkAttributes(where: string, row: Row, uses: Uses, operatorOnly: readonly string[] = []): void {
    for (const [sent, { type, value }] of row.attributes) {
      const key = this.#key(sent);
      if (sent.startsWith(this.#naming.hostPrefix)) continue;
      const fact: AttributeFact | undefined = ATTRIBUTES[key];
      if (fact === undefined) this.#fail(where, `${key} is in no table`);
      else if (fact.type !== type) this.#fail(where, `${key} is ${type}, not ${fact.type}`);
      else if (fact.values !== undefined && !fact.values.includes(String(value)))
        this.#fail(where, `${key} has a value that the table does not know`);
      if (uses[key] === undefined) this.#fail(where, `${key} is not one of its attributes`);
      else this.seen.add(`${where} ${key}`);
      if (row.owner === 'tenant' && operatorOnly.includes(key)) this.#fail(where, `a tenant got ${key}`);
    }
    for (const [key, level] of Object.entries(uses)) {
      const sent = this.#sent(key);
      // One that everything beyond the caps folds into has nothing else.
      const isFolded = row.attributes.has('otel.metric.overflow');
      if (level === 'required' && !isFolded && !row.attributes.has(sent))
        this.#fail(where, `${key} is missing`);
    }
  }

  #checkReceiver(where: string, row: Row, { receivers }: { readonly receivers: string }): void {
    this.seen.add(`${where} to ${row.owner}`);
    if (row.owner === 'tenant' && receivers === 'operator') this.#fail(where, 'a tenant got it');
    if (row.owner === 'operator' && receivers === 'tenant') this.#fail(where, 'the operator got it');
  }

  #checkSpan(row: Row): void {
    const kind = numberOf(row.record, 'kind');
    const name = textOf(row.record, 'name');
    if (row.owner === 'tenant') this.#fail('spans', 'a tenant got one');
    // Custom spans of the host's, in a scope of their own.
    if (row.scope !== 'gateway-otel') return;
    const fact = SPANS.find(
      ({ marker, ...one }) =>
        KINDS[one.kind] === kind &&
        one.name.test(this.#key(name)) &&
        (marker === undefined || row.attributes.has(this.#sent(marker))),
    );
    if (fact === undefined) {
      this.#fail('spans', `kind ${kind} with the name ${name} is in no table`);
      return;
    }
    const where = titleOf(fact);
    this.#checkReceiver(where, row, fact);
    this.#checkAttributes(where, row, fact.attributes);
    if (fact.attributes['http.request.method'] !== undefined) this.#checkHttpSpan(where, row, fact, name);
    else if (fact.marker !== undefined) this.#checkCallSpan(where, row, name);
    for (const event of childrenOf(row.record, 'events'))
      this.#checkSpanEvent(row, textOf(event, 'name'), event);
  }

  /** Name, status and `error.type` by the rules of the HTTP conventions. */
  #checkHttpSpan(where: string, row: Row, { kind }: SpanFact, name: string): void {
    const valueOf = (key: string): string | undefined => {
      const value = row.attributes.get(key)?.value as string | bigint | undefined;
      return value === undefined ? undefined : String(value);
    };
    const method = valueOf('http.request.method');
    const route = valueOf('http.route') ?? valueOf(`${this.#naming.namespace}.route_name`);
    const first = method === '_OTHER' ? 'HTTP' : (method ?? '');
    const expected = kind === 'SERVER' && route !== undefined ? `${first} ${route}` : first;
    if (name !== expected) this.#fail(where, `is named ${name} and not ${expected}`);
    const status = row.record['status'] as Row['record'] | undefined;
    const code = numberOf(status, 'code');
    const answer = valueOf('http.response.status_code');
    const failsFrom = kind === 'SERVER' ? 500 : 400;
    const errorType = valueOf('error.type');
    const mustFail = answer === undefined || Number(answer) >= failsFrom;
    if (mustFail && code !== STATUS_ERROR) this.#fail(where, `${answer ?? 'no answer'} is no error`);
    if (!mustFail && errorType === undefined && code !== STATUS_UNSET)
      this.#fail(where, `${answer ?? 'no answer'} has status ${code}`);
    if ((code === STATUS_ERROR) !== (errorType !== undefined))
      this.#fail(where, 'error.type and an error status do not come together');
    if (textOf(status, 'message') !== '') this.#fail(where, 'has a status description');
    if ((row.attributes.get('http.request.method_original') !== undefined) !== (method === '_OTHER'))
      this.#fail(where, 'http.request.method_original and _OTHER do not come together');
    if (row.attributes.has('server.port') && !row.attributes.has('server.address'))
      this.#fail(where, 'server.port without server.address');
  }

  /** Name, status and `error.type` by the rules of the conventions for generative AI and the Model Context Protocol. */
  #checkCallSpan(where: string, row: Row, name: string): void {
    const valueOf = (...keys: readonly string[]): string | undefined =>
      keys
        .map((key) => row.attributes.get(key)?.value as string | undefined)
        .find((value) => value !== undefined);
    const method = valueOf('mcp.method.name');
    const operation = valueOf('gen_ai.operation.name');
    const agent = ['create_agent', 'invoke_agent'].includes(operation ?? '');
    const own = agent ? 'gen_ai.agent.name' : 'gen_ai.request.model';
    const byOperation: Readonly<Record<string, string>> = {
      execute_tool: 'gen_ai.tool.name',
      invoke_workflow: 'gen_ai.workflow.name',
      retrieval: 'gen_ai.data_source.id',
    };
    const target =
      method === undefined
        ? valueOf(byOperation[operation ?? ''] ?? own)
        : valueOf('gen_ai.tool.name', 'gen_ai.prompt.name');
    const expected = [method ?? operation, target].filter((part) => part !== undefined).join(' ');
    if (name !== expected) this.#fail(where, `is named ${name} and not ${expected}`);
    const status = row.record['status'] as Row['record'] | undefined;
    const isFailed = numberOf(status, 'code') === STATUS_ERROR;
    if (isFailed !== row.attributes.has('error.type'))
      this.#fail(where, 'error.type and an error status do not come together');
    const describes = textOf(status, 'message') !== '';
    if (describes && !row.attributes.has('rpc.response.status_code'))
      this.#fail(where, 'has a status description');
  }

  #checkSpanEvent(row: Row, name: string, event: Row['record']): void {
    const fact = SPAN_EVENTS.find((one) => one.name === this.#key(name));
    if (fact === undefined) this.#fail('span events', `${name} is in no table`);
    else {
      const where = `span event ${fact.name}`;
      this.seen.add(`${where} to ${row.owner}`);
      this.#checkAttributes(where, { ...row, attributes: attributesOf(event) }, fact.attributes);
    }
  }

  #checkLog(row: Row): void {
    const sent = textOf(row.record, 'eventName');
    // Runtime logs of the host's, in a scope of their own.
    if (row.scope !== 'gateway-otel') {
      if (row.owner === 'tenant') this.#fail('logs', `a tenant got one of ${row.scope}`);
      return;
    }
    // Names of security events are the host's.
    const eventName = this.#key(sent).replace(/^(\{ns\}\.security)\..+/, '$1.{name}');
    const fact: LogFact | undefined = LOGS.find((one) => one.eventName === eventName);
    if (fact === undefined) {
      this.#fail('logs', `${eventName || 'a record without event name'} is in no table`);
      return;
    }
    this.#checkReceiver(eventName, row, fact);
    this.#checkAttributes(eventName, row, fact.attributes, fact.operatorOnly);
    const severity = numberOf(row.record, 'severityNumber');
    if (!fact.severity.includes(severity)) this.#fail(eventName, `has severity ${severity}`);
    if (textOf(row.record, 'severityText') !== SEVERITY_TEXTS[severity])
      this.#fail(eventName, `has severity text ${textOf(row.record, 'severityText')}`);
    const attribute = row.attributes.get('event.name');
    if (attribute !== undefined && attribute.value !== sent) this.#fail(eventName, 'has another event.name');
    for (const time of ['timeUnixNano', 'observedTimeUnixNano'])
      if (numberOf(row.record, time) <= 0) this.#fail(eventName, `has no ${time}`);
    if (row.record['body'] === undefined) this.#fail(eventName, 'has no line for people');
    if (eventName === '{ns}.proxy.request') this.#checkRequestLog(eventName, row, severity);
  }

  /** Of the KnoxCall seed: 2xx and 3xx are INFO, 4xx WARN, 5xx and transport errors ERROR. */
  #checkRequestLog(where: string, row: Row, severity: number): void {
    const status = row.attributes.get('http.response.status_code')?.value;
    const hasError = row.attributes.has('error.type');
    const bySeed = status !== undefined && Number(status) >= 400 && Number(status) < 500 ? WARN : INFO;
    const expected = hasError ? ERROR : bySeed;
    if (severity !== expected) this.#fail(where, `${String(status)} has severity ${severity}`);
  }

  #checkPoint(row: MetricRow): void {
    if (row.scope !== 'gateway-otel') return;
    const name = this.#key(textOf(row.metric, 'name'));
    const fact: MetricFact | undefined = METRICS.find((one) => one.name === name);
    if (fact === undefined) {
      this.#fail('metrics', `${name} is in no table`);
      return;
    }
    this.#checkReceiver(name, row, fact);
    this.#checkAttributes(name, row, fact.attributes, fact.operatorOnly);
    const instrument = row.kind === 'sum' ? (row.isMonotonic ? 'counter' : 'updowncounter') : row.kind;
    if (instrument !== fact.instrument) this.#fail(name, `is a ${instrument}, not a ${fact.instrument}`);
    const unit = textOf(row.metric, 'unit');
    if (fact.unit === 'currency' ? !/^[A-Z]{3}$/.test(unit) : unit !== fact.unit)
      this.#fail(name, `has the unit ${textOf(row.metric, 'unit')}`);
    if (textOf(row.metric, 'description') === '') this.#fail(name, 'has no description');
    const isOverflow = row.attributes.has('otel.metric.overflow');
    if (isOverflow && row.attributes.size > 1) this.#fail(name, 'overflow has further attributes');
    if (name.startsWith('{ns}.proxy.request') && !isOverflow && !row.attributes.has('error'))
      this.#fail(name, 'error is missing');
  }

  #checkResource(row: Row): void {
    for (const [key, fact] of Object.entries(RESOURCE_ATTRIBUTES)) {
      const sent = row.attributes.get(key);
      if (sent !== undefined && sent.type !== fact.type) this.#fail('resource', `${key} is ${sent.type}`);
      if (sent !== undefined) this.seen.add(`resource ${key} to ${row.owner}`);
    }
    for (const key of row.attributes.keys()) {
      if (key.startsWith(this.#naming.hostPrefix)) continue;
      const fact = RESOURCE_ATTRIBUTES[key];
      if (fact === undefined) this.#fail('resource', `${key} is in no table`);
      else if (row.owner === 'tenant' && !fact.isTenants) this.#fail('resource', `a tenant got ${key}`);
    }
    for (const key of [
      'service.name',
      'telemetry.sdk.name',
      'telemetry.sdk.language',
      'telemetry.sdk.version',
    ])
      if (!row.attributes.has(key)) this.#fail('resource', `${key} is missing`);
  }
}

/** What a span is called in sentences. */
export function titleOf({ kind, title }: SpanFact): string {
  return `${kind} ${title}`;
}

/** Everything that the table says there is, as `Checker.seen` has it. */
export function everythingInTheTable(): readonly string[] {
  const of = (where: string, fact: { readonly attributes: Uses; readonly receivers: string }): string[] => [
    ...(fact.receivers === 'tenant' ? [] : [`${where} to operator`]),
    ...(fact.receivers === 'operator' ? [] : [`${where} to tenant`]),
    ...Object.keys(fact.attributes).map((key) => `${where} ${key}`),
  ];
  return [
    ...SPANS.flatMap((fact) => of(titleOf(fact), fact)),
    ...SPAN_EVENTS.flatMap((fact) => of(`span event ${fact.name}`, fact)),
    ...LOGS.flatMap((fact) => of(fact.eventName, fact)),
    ...METRICS.flatMap((fact) => of(fact.name, fact)),
    ...Object.entries(RESOURCE_ATTRIBUTES).flatMap(([key, { isTenants }]) => [
      `resource ${key} to operator`,
      ...(isTenants ? [`resource ${key} to tenant`] : []),
    ]),
  ];
}
