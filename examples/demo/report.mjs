/** Says what arrived, from the receivers' own records, and what has not arrived, from the library's accounts. */
import { tableOf } from './table.mjs';
import { INBOUND } from './traffic.mjs';

/** One for each request; the operator's further ones are exceptions. */
export function requestLogs({ logs }) {
  return logs.filter(({ eventName }) => eventName === 'knoxcall.proxy.request');
}

export function exceptionsIn({ logs }) {
  return logs.filter(({ eventName }) => eventName === 'http.server.request.exception');
}

/** What each destination received: one table per destination. */
export function arrivalTables({ operator, tenants }) {
  const receivers = { operator, ...tenants };
  return Object.entries(receivers).map(([name, receiver]) => {
    const rows = [
      ['spans', receiver.spans.length, receiver === operator ? 'one per request' : "the operator's alone"],
      ['logs', receiver.logs.length, logsNote(receiver)],
      ['metric points', receiver.metricPoints.length, readingsOf(receiver)],
    ];
    return `${name}, at ${receiver.url}\n${tableOf(['signal', 'arrived', ''], rows)}`;
  });
}

function logsNote(receiver) {
  const requests = severitiesOf(requestLogs(receiver));
  const exceptions = exceptionsIn(receiver).length;
  return exceptions === 0 ? requests : `${requests}, and ${exceptions} exceptions behind them`;
}

function severitiesOf(logs) {
  const counts = new Map();
  const ordered = [...logs].sort((one, other) => one.severityNumber - other.severityNumber);
  for (const { severityText } of ordered) counts.set(severityText, (counts.get(severityText) ?? 0) + 1);
  return [...counts].map(([severity, count]) => `${severity} ${count}`).join(', ');
}

function readingsOf({ metricPoints, requests }) {
  const names = new Set(metricPoints.map((point) => point.name));
  const readings = requests.filter(({ signal }) => signal === 'metrics').length;
  return `${[...names].join(' and ')}, ${readings} ${readings === 1 ? 'reading' : 'readings'}`;
}

/** How many requests the counter has at a destination: the last point of each series, added up. */
export function requestsCounted({ metricPoints }) {
  const lastOfSeries = new Map();
  for (const point of metricPoints) {
    if (point.type === 'sum') lastOfSeries.set(JSON.stringify(Object.entries(point.attributes)), point.value);
  }
  return [...lastOfSeries.values()].reduce((total, value) => total + value, 0);
}

/** The failed requests, named as the operator's spans name them. */
export function failures({ operator }) {
  const failed = operator.spans.filter(({ attributes }) => attributes['error.type'] !== undefined);
  return failed.map((span) => `  ${summaryOf(span)}`).join('\n');
}

/** What was thrown in the gateway, for the operator alone. */
export function exceptions({ operator }) {
  return exceptionsIn(operator)
    .map(({ attributes }) => `  ${attributes['exception.type']}: ${attributes['exception.message']}`)
    .join('\n');
}

/** The trace that the client began, from its own span to what the upstream was told. */
export function traceTree({ operator, tenants }, upstreamSeen) {
  const span = operator.spans.find(({ traceId }) => traceId === INBOUND.traceId);
  if (span === undefined) return `No span of trace ${INBOUND.traceId} has arrived.`;
  const owners = Object.entries({ operator, ...tenants }).filter(([, { logs }]) =>
    logs.some(({ spanId }) => spanId === span.spanId),
  );
  const log = requestLogs(operator).find(({ spanId }) => spanId === span.spanId);
  const { traceparent } = upstreamSeen.find((request) => request.traceparent?.includes(span.traceId)) ?? {};
  const parentNote = span.parentSpanId === INBOUND.spanId ? 'the parent' : 'NOT the parent';
  return [
    `trace ${span.traceId}`,
    `└─ client        span ${INBOUND.spanId}   ${parentNote} of the gateway's span, by the request's traceparent`,
    `   └─ gateway    span ${span.spanId}   ${summaryOf(span)}`,
    `      ├─ log     ${log?.severityText ?? 'none'} "${String(log?.body)}", at ${owners.map(([name]) => name).join(' and ')}`,
    `      └─ upstream was sent traceparent ${traceparent ?? 'nothing'}`,
  ].join('\n');
}

/** A SERVER span in a few words. */
export function summaryOf({ attributes, startTimeUnixNano, endTimeUnixNano }) {
  const milliseconds = Math.round(Number(endTimeUnixNano - startTimeUnixNano) / 1e6);
  const status = attributes['http.response.status_code'] ?? '-';
  const error = attributes['error.type'];
  const words = `${attributes['http.request.method']} ${attributes['url.path']} ${status} ${milliseconds}ms`;
  return error === undefined ? words : `${words} (${error})`;
}

/** The library's accounts: for each destination and signal, accepted = delivered + rejected + dropped + buffered. */
export function accountsTable(telemetry, tenantIds) {
  const owners = [
    ['operator', telemetry.status().operator],
    ...tenantIds.map((tenantId) => [tenantId, telemetry.status(tenantId).destinations]),
  ];
  const rows = owners.flatMap(([owner, destinations]) =>
    destinations.flatMap(({ state, signals }) =>
      Object.entries(signals).map(([signal, { ledger, lastError = '-' }]) => {
        const { accepted, delivered, buffered } = ledger;
        return [owner, signal, accepted, delivered, buffered, lostIn(ledger), lastError, state];
      }),
    ),
  );
  const header = [
    'destination',
    'signal',
    'accepted',
    'delivered',
    'buffered',
    'lost',
    'last error',
    'state',
  ];
  return tableOf(header, rows);
}

function lostIn({ rejected, dropped }) {
  return Object.values(dropped).reduce((total, count) => total + count, rejected);
}
