/**
 * T33: secrets in everything that delivery is given or answered; none shows, and each is sent to its own place at most. Those
 * of the environment and of faults in code: t33-configuration-secrets.test.ts.
 */
import { expect, it } from 'vitest';
import {
  standardExporters,
  type Destination,
  type Destinations,
  type ReadyMadeExporter,
} from '../../src/index.js';
import { eventually, expectLaw, send, withTelemetry } from '../delivery/support.js';
import { createSweep } from './secret-sweep.js';
import { brokenPem, collectorForTest, everythingShownBy, watched } from './shown.js';
import { figure, OK } from './support.js';

const sweep = createSweep();
const { plant } = sweep;

const head = (status: string, headers: readonly string[], body: string): string =>
  [`HTTP/1.1 ${status}`, ...headers, `content-length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');

/** `ExportLogsPartialSuccess` with one rejected item and a message. */
function partialSuccess(message: string): string {
  const inner = `\x08\x01\x12${String.fromCharCode(message.length)}${message}`;
  return `\x0a${String.fromCharCode(inner.length)}${inner}`;
}

/** By the first part of the path: what a collector that means ill tells about its own secrets. */
const ANSWERS: Readonly<Record<string, string>> = {
  'body-400': head('400 Bad Request', ['content-type: text/plain'], plant('answer 400: body')),
  'body-401': head('401 Unauthorized', [], plant('answer 401: body')),
  'header-401': head(
    '401 Unauthorized',
    [`www-authenticate: Bearer realm="${plant('answer 401: header')}"`],
    '',
  ),
  'body-413': head('413 Too Large', [], plant('answer 413: body')),
  'body-500': head('500 Internal Server Error', [], JSON.stringify({ token: plant('answer 500: body') })),
  'body-503': head('503 Service Unavailable', [], plant('answer 503: body')),
  reason: head(`503 ${plant('reason phrase')}`, [], ''),
  'retry-after': head('429 Slow Down', [`retry-after: ${plant('Retry-After')}`], ''),
  redirect: head('307 Moved', [`location: http://127.0.0.1:9/?k=${plant('answer 307: location')}`], ''),
  garbage: head('200 OK', ['content-type: text/html'], `<html>${plant('answer 200: garbage')}</html>`),
  partial: head('200 OK', ['content-type: application/x-protobuf'], partialSuccess(plant('partial success'))),
  protocol: `HTTP/1.1 2${plant('no HTTP')}\r\n\r\n`,
};

/** Fails every export in a way of its own, and its end too. */
const failingExporter = (fail: ReadyMadeExporter['export'], end: string): ReadyMadeExporter => ({
  export: fail,
  shutdown: () => Promise.reject(new Error(end)),
});

/** Also of errors as HTTP clients make them, with the answer beside the message. */
const errorWith = (text: string, extra: object = {}): Error => Object.assign(new Error(text), extra);

const exporterTenants = (): Readonly<Record<string, Destination>> => {
  const shutdown = plant('exporter: shutdown rejects');
  const result = errorWith(plant('exporter: error message'), {
    data: plant('exporter: error data'),
    config: { headers: { authorization: plant('exporter: error config') } },
  });
  const thrown = errorWith(plant('exporter: throws'));
  const rejected = errorWith(plant('exporter: rejects'));
  const exporters: readonly ReadyMadeExporter['export'][] = [
    (_items, done) => done({ code: 1, error: result }),
    () => {
      throw thrown;
    },
    () => Promise.reject(rejected),
  ];
  return Object.fromEntries(
    exporters.map((fail, index) => [
      `exporter-${index}`,
      { exporters: { logs: failingExporter(fail, shutdown) } },
    ]),
  );
};

it('T33: nothing that a running instance shows holds a secret, and nobody is sent another one’s', async () => {
  const operator = await collectorForTest();
  const acme = await collectorForTest();
  const hostile = await collectorForTest(
    ({ socket, path }) => void socket.write(ANSWERS[path.split('/')[1] ?? ''] ?? OK),
  );
  const own = {
    operator: [
      plant('operator: header in an object'),
      plant('operator: header in a string'),
      plant('operator: header of a function'),
      plant('operator: header of a signal'),
      plant('operator: query'),
      plant('operator: path'),
    ],
    acme: [
      plant('tenant: header in an object'),
      plant('tenant: header in a string'),
      plant('tenant: header of a function'),
      plant('tenant: header of a signal'),
      plant('tenant: query'),
      plant('tenant: path'),
    ],
  };
  const destinationsAt = (url: string, secrets: readonly string[]): readonly Destination[] => {
    const [object = '', text = '', called = '', signal = '', query = '', path = ''] = secrets;
    return [
      { name: 'object', endpoint: `${url}/${path}`, headers: { authorization: `Bearer ${object}` } },
      { name: 'string', endpoint: url, headers: `x-key=${text}` },
      { name: 'function', endpoint: url, headers: async () => ({ 'x-key': called }) },
      { name: 'signal', logs: { endpoint: `${url}/v1/logs?key=${query}`, headers: { 'x-key': signal } } },
    ];
  };
  const failing = {
    throws: errorWith(plant('header function: throws')),
    rejects: errorWith(plant('header function: rejects'), { token: plant('header function: error field') }),
    breaks: `${plant('header function: line break')}\r\nx: y`,
  };
  const headerFunctions: Readonly<Record<string, Destination['headers']>> = {
    'headers-throw': () => {
      throw failing.throws;
    },
    'headers-reject': () => Promise.reject(failing.rejects),
    'headers-break': () => ({ 'x-key': failing.breaks }),
  };
  const lookupAnswers: Readonly<Record<string, () => unknown>> = {
    'lookup-throws': () => {
      throw lookupFaults.throws;
    },
    'lookup-rejects': () => Promise.reject(lookupFaults.rejects),
    'lookup-header': () => ({ endpoint: acme.url, headers: { a: `${lookupFaults.header}\n` } }),
    'lookup-user-info': () => ({ endpoint: `http://u:${lookupFaults.userInfo}@127.0.0.1:9` }),
    'lookup-endpoint': () => ({ endpoint: `127.0.0.1:9/?key=${lookupFaults.endpoint}` }),
    'lookup-field': () => ({ endpoint: acme.url, token: lookupFaults.field }),
    'lookup-pem': () => ({ endpoint: acme.url, tls: { ca: lookupFaults.pem } }),
  };
  const stock = plant('stock exporter: header');
  const lookupFaults = {
    throws: errorWith(plant('lookup: throws')),
    rejects: errorWith(plant('lookup: rejects'), { query: plant('lookup: error field') }),
    header: plant('lookup: bad header'),
    userInfo: plant('lookup: user info'),
    endpoint: plant('lookup: bad endpoint'),
    field: plant('lookup: unknown field'),
    pem: brokenPem('CERTIFICATE', plant('lookup: PEM')),
  };
  const fixed: Readonly<Record<string, Destinations>> = {
    acme: destinationsAt(acme.url, own.acme),
    ...Object.fromEntries(
      Object.keys(ANSWERS).map((answer) => [answer, { endpoint: `${hostile.url}/${answer}` }]),
    ),
    ...Object.fromEntries(
      Object.entries(headerFunctions).map(([id, headers = {}]) => [id, { endpoint: acme.url, headers }]),
    ),
    ...exporterTenants(),
  };
  const asked = new Set<string>();
  const tenantIds = [...Object.keys(fixed), ...Object.keys(lookupAnswers)];
  const lines = await watched(() =>
    withTelemetry(
      {
        operator: [
          ...destinationsAt(operator.url, own.operator),
          // The stock exporters keep the answer's body in the error that they report.
          {
            name: 'stock',
            exporters: standardExporters({ endpoint: `${hostile.url}/body-401`, headers: { a: stock } }),
          },
        ],
        tenants: (id) => {
          asked.add(id);
          return (fixed[id] ?? lookupAnswers[id]?.()) as Destinations;
        },
      },
      async (telemetry, diagnostics) => {
        for (const id of tenantIds) for (const mark of [1, 2]) send(telemetry, id, mark);
        await telemetry.flush({ timeoutMs: 1_000 });
        await eventually(() => {
          expect(asked.size).toBe(tenantIds.length);
          const called = new Set(hostile.calls.map(({ path }) => path.split('/')[1] ?? ''));
          expect([...called].sort()).toEqual(Object.keys(ANSWERS).sort());
          expect(hostile.received().includes(stock)).toBe(true);
        });
        // Every one of them has failed in its way, so that its secret was there to be told.
        const failing = tenantIds.filter((id) => id !== 'acme' && id !== 'garbage');
        await eventually(() => {
          const failed = new Set(diagnostics.map(({ tenantId }) => tenantId));
          expect(failing.filter((id) => !failed.has(id))).toEqual([]);
        });
        expectLaw(telemetry, tenantIds);
        const shown = await everythingShownBy(telemetry, tenantIds);
        sweep.expectNone([...shown, ...diagnostics]);
      },
    ),
  );
  sweep.expectNone(lines);
  // Each place has been sent its own, which shows that these are found where they are, and nothing else.
  sweep.expectOnWire(operator.received(), own.operator);
  sweep.expectOnWire(acme.received(), own.acme);
  sweep.expectOnWire(hostile.received(), [stock]);
});

it('T33: the sweep finds what it looks for, in every form, and has looked for at least forty', () => {
  const secret = plant('control');
  const half = secret.slice(8);
  const hidden = Object.defineProperty({}, 'hidden', { value: secret, enumerable: false });
  const forms: readonly unknown[] = [
    secret,
    secret.toUpperCase(),
    half,
    new Error(`sent ${secret}`),
    new Error('outer', { cause: new Error(half) }),
    errorWith('fields', { response: { body: secret } }),
    { a: [{ b: new Map([['c', { d: secret }]]) }] },
    hidden,
    { toJSON: () => secret },
    Buffer.from(secret).toString('base64'),
  ];
  for (const form of forms) expect(() => sweep.expectNone([form]), String(form)).toThrow('control');
  expect(sweep.planted).toBeGreaterThanOrEqual(40 + 1);
  figure('T33', `${sweep.planted - 1} secrets in ${sweep.looks} places, leaks 0`);
});
