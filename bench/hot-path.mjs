/**
 * One exchange without sockets, part by part: `npm run bench -- --hot-path`.
 *
 * Each row is an instance of its own, doing a little more than the row above or beside it. "in the request" is the
 * time between `begin` and the return of `end`; "exporting" is the CPU time of the flush that follows (readings of the
 * metrics included), divided by the exchanges that it sends. The collector is a process of its own.
 */
import { createGatewayTelemetry } from 'gateway-otel';
import { answerParent } from './processes.mjs';

const EXCHANGES = 1_000;
const WARM_UP_ROUNDS = 20;
const { collector, rounds } = JSON.parse(process.argv[2]);

const HEADERS = { host: 'gateway.example', 'user-agent': 'bench', accept: '*/*', connection: 'keep-alive' };
const CALLER = { ...HEADERS, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
const OFF = { traces: false, logs: false, metrics: false };
const ON = { traces: true, logs: true, metrics: true };

const at = (owner, signals) => ({
  name: owner,
  endpoint: `${collector}/${owner}`,
  signals: { ...OFF, ...signals },
});
const operator = at('operator', ON);
const tenant = at('t0', { logs: true, metrics: true });
const noOpExporter = {
  export: (_items, done) => done({ code: 0 }),
  shutdown: async () => {},
};
const noOpExporters = { traces: noOpExporter, logs: noOpExporter, metrics: noOpExporter };

/** `over` names the row that the difference is counted from. */
const ROWS = [
  { name: 'nothing configured', operator: null },
  { name: 'operator: traces', operator: at('operator', { traces: true }), over: 'nothing configured' },
  { name: 'operator: logs', operator: at('operator', { logs: true }), over: 'nothing configured' },
  { name: 'operator: metrics', operator: at('operator', { metrics: true }), over: 'nothing configured' },
  { name: 'operator', operator, over: 'nothing configured' },
  { name: '+ second destination', operator: [operator, at('second', ON)], over: 'operator' },
  { name: '+ tenant: logs', operator, tenant: at('t0', { logs: true }), over: 'operator' },
  { name: '+ tenant: metrics', operator, tenant: at('t0', { metrics: true }), over: 'operator' },
  { name: '+ tenant', operator, tenant, over: 'operator' },
  { name: 'tenant, inject', operator, tenant, inject: true, over: '+ tenant' },
  { name: 'tenant, caller’s trace', operator, tenant, headers: CALLER, over: '+ tenant' },
  { name: 'tenant, run', operator, tenant, run: true, over: '+ tenant' },
  { name: 'tenant, five attributes', operator, tenant, attributes: true, over: '+ tenant' },
  { name: 'no-op exporters', operator: { exporters: noOpExporters }, over: 'nothing configured' },
];

answerParent({
  ready: () => ({}),
  async measure() {
    const measured = ROWS.map((row) => ({ row, telemetry: create(row), inRequest: [], exporting: [] }));
    for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
      for (const { row, telemetry, inRequest, exporting } of measured) {
        const start = performance.now();
        for (let index = 0; index < EXCHANGES; index++) exchange(telemetry, row, index);
        const recorded = performance.now();
        const before = process.cpuUsage();
        const { complete } = await telemetry.flush();
        const { user, system } = process.cpuUsage(before);
        if (!complete) throw new Error(`${row.name}: flush() left records waiting.`);
        if (round < 0) continue;
        inRequest.push(((recorded - start) * 1e3) / EXCHANGES);
        exporting.push((user + system) / EXCHANGES);
      }
    }
    for (const { row, telemetry } of measured) verify(row, telemetry, rounds + WARM_UP_ROUNDS);
    report(measured);
    for (const { telemetry } of measured) await telemetry.shutdown();
    return {};
  },
});

function create(row) {
  return createGatewayTelemetry({
    serviceName: 'bench',
    env: false,
    environment: 'prod',
    operator: row.operator,
    tenants: row.tenant === undefined ? {} : { t0: row.tenant },
    tenantEgress: 'open',
  });
}

function exchange(telemetry, row, index) {
  const one = telemetry.begin({
    method: 'GET',
    url: '/orders/1',
    headers: row.headers ?? HEADERS,
    remoteAddress: '127.0.0.1',
    remotePort: 50_000,
    protocolVersion: '1.1',
  });
  one.setTenant('t0');
  one.setRoute('orders');
  if (row.inject) one.inject({ ...HEADERS });
  if (row.run) one.run(noWork);
  if (row.attributes) {
    one.setAttributes({ 'app.a': 'one', 'app.b': 2, 'app.c': true, 'app.d': 'four', 'app.e': index });
  }
  one.setUpstream({ address: '127.0.0.1' });
  one.end({ statusCode: 200 });
}

function noWork() {}

/** The instance's own accounts: all that was recorded was delivered. */
function verify(row, telemetry, allRounds) {
  const { operator: destinations } = telemetry.status();
  const tenants = row.tenant === undefined ? [] : telemetry.status('t0').destinations;
  for (const { name, signals } of [...destinations, ...tenants]) {
    for (const [signal, { ledger }] of Object.entries(signals)) {
      if (signal === 'metrics') continue;
      const expected = EXCHANGES * allRounds;
      if (ledger.delivered !== expected) {
        throw new Error(`${row.name}: ${name} took ${ledger.delivered} of ${expected} ${signal}.`);
      }
    }
  }
}

function report(measured) {
  console.log(`µs per exchange, median of ${rounds} rounds of ${EXCHANGES} exchanges`);
  const byName = new Map(measured.map((each) => [each.row.name, each]));
  const table = {};
  for (const { row, inRequest, exporting } of measured) {
    const base = byName.get(row.over);
    table[row.name] = {
      'in the request': round2(median(inRequest)),
      exporting: round2(median(exporting)),
      'in the request, more than':
        base === undefined ? '' : round2(median(inRequest) - median(base.inRequest)),
      'exporting, more than': base === undefined ? '' : round2(median(exporting) - median(base.exporting)),
      than: row.over ?? '',
    };
  }
  console.table(table);
  console.log(JSON.stringify({ node: process.version, rounds, exchanges: EXCHANGES, rows: table }));
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function round2(value) {
  return Number(value.toFixed(2));
}
