/** Where telemetry goes: endpoints, headers and switches, as the collectors see them. */
import { describe, expect, it } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import type { Destination, Destinations } from '../../src/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { collector, finishRequest, instance, settle } from './support.js';

/** What a collector got, by path. */
function pathsOf(receiver: OtlpReceiver): string[] {
  return receiver.requests.map((request) => request.path).sort();
}

/** One request under an operator, flushed. */
async function sendAsOperator(operator: Destinations): Promise<void> {
  const telemetry = instance({ operator });
  finishRequest(telemetry);
  await settle(telemetry);
}

async function headersWith(destination: (url: string) => Destination): Promise<Record<string, string>> {
  const receiver = await collector();
  await sendAsOperator(destination(receiver.url));
  expect(receiver.requests).toHaveLength(3);
  return { ...receiver.logs[0]?.requestHeaders };
}

describe('a base endpoint', () => {
  it.each(['traces', 'logs', 'metrics'])(
    "that ends in a signal's path is refused with the base to use: %s",
    (signal) => {
      const endpoint = `http://127.0.0.1:4318/otlp/v1/${signal}`;
      expect(() => createGatewayTelemetry({ env: false, operator: { endpoint } })).toThrow(
        `operator.endpoint ends in /v1/${signal}, which is appended: use http://127.0.0.1:4318/otlp, or the endpoint of that signal alone`,
      );
    },
  );

  it.each([
    ['', '/v1/traces'],
    ['/', '/v1/traces'],
    ['//', '/v1/traces'],
    ['/otlp', '/otlp/v1/traces'],
    ['/otlp/', '/otlp/v1/traces'],
    ['/a/b', '/a/b/v1/traces'],
    ['/v1/tracesx', '/v1/tracesx/v1/traces'],
    ['/caf%C3%A9', '/caf%C3%A9/v1/traces'],
  ])('ending in "%s" gives the path %s', async (suffix, path) => {
    const receiver = await collector();
    await sendAsOperator({ endpoint: `${receiver.url}${suffix}` });
    expect(pathsOf(receiver)).toContain(path);
  });

  it('serves all three signals', async () => {
    const receiver = await collector({ basePath: '/otlp' });
    await sendAsOperator({ endpoint: receiver.url });
    expect(pathsOf(receiver)).toEqual(['/otlp/v1/logs', '/otlp/v1/metrics', '/otlp/v1/traces']);
    expect([receiver.spans.length, receiver.logs.length]).toEqual([1, 1]);
  });

  it('serves a tenant with logs and metrics only', async () => {
    const receiver = await collector();
    const telemetry = instance({ tenants: { acme: { endpoint: receiver.url } } });
    finishRequest(telemetry, 'acme');
    await settle(telemetry);
    expect(pathsOf(receiver)).toEqual(['/v1/logs', '/v1/metrics']);
  });

  it('may have white space around it and a fragment, which are not sent', async () => {
    const receiver = await collector();
    await sendAsOperator({ endpoint: ` ${receiver.url}/otlp#part\n` });
    expect(pathsOf(receiver)).toContain('/otlp/v1/logs');
  });
});

describe('an endpoint of one signal', () => {
  it.each([
    ['', '/'],
    ['/', '/'],
    ['/custom', '/custom'],
    ['/custom/', '/custom/'],
    ['/a//b', '/a//b'],
    ['/v1/logs?key=a%20b&x=1', '/v1/logs?key=a%20b&x=1'],
    ['?key=1', '/?key=1'],
  ])('with "%s" after the port is asked for at %s', async (suffix, path) => {
    const receiver = await collector();
    await sendAsOperator({ logs: { endpoint: `${receiver.url}${suffix}` } });
    expect(pathsOf(receiver)).toEqual([path]);
  });

  it('wins over the base endpoint for its signal alone', async () => {
    const [base, own] = [await collector(), await collector()];
    await sendAsOperator({ endpoint: base.url, metrics: { endpoint: `${own.url}/v1/metrics` } });
    expect(pathsOf(base)).toEqual(['/v1/logs', '/v1/traces']);
    expect(pathsOf(own)).toEqual(['/v1/metrics']);
  });

  it('is enough: signals without an endpoint are not sent anywhere', async () => {
    const receiver = await collector();
    await sendAsOperator({ traces: { endpoint: `${receiver.url}/v1/traces` } });
    expect(pathsOf(receiver)).toEqual(['/v1/traces']);
  });

  it('works for a tenant', async () => {
    const receiver = await collector();
    const telemetry = instance({ tenants: { acme: { logs: { endpoint: `${receiver.url}/v1/logs?k=1` } } } });
    finishRequest(telemetry, 'acme');
    await settle(telemetry);
    expect(pathsOf(receiver)).toEqual(['/v1/logs?k=1']);
  });
});

describe('headers', () => {
  it('may be an object', async () => {
    const headers = await headersWith((endpoint) => ({
      endpoint,
      headers: { Authorization: 'Bearer a=b, c', 'X-Empty': '' },
    }));
    expect(headers).toMatchObject({ authorization: 'Bearer a=b, c', 'x-empty': '' });
  });

  it.each<[string, Record<string, string>]>([
    ['a=1', { a: '1' }],
    ['a=1,b=2', { a: '1', b: '2' }],
    ['  a = 1 ,\tb =  2  ', { a: '1', b: '2' }],
    ['authorization=Bearer two words', { authorization: 'Bearer two words' }],
    ['authorization=Basic dXNlcjpwYXNz==', { authorization: 'Basic dXNlcjpwYXNz==' }],
    ['a==', { a: '=' }],
    ['a=', { a: '' }],
    ['a=1,,b=2,', { a: '1', b: '2' }],
    ['a=%20%41%', { a: '%20%41%' }],
    ['a=1,a=2', { a: '2' }],
    ['A=1,a=2', { a: '2' }],
  ])('may be the string "%s"', async (text, expected) => {
    const headers = await headersWith((endpoint) => ({ endpoint, headers: text }));
    expect(headers).toMatchObject(expected);
  });

  it('may be a function, which is asked before each attempt', async () => {
    const receiver = await collector();
    let asked = 0;
    const telemetry = instance({
      operator: { logs: { endpoint: receiver.url }, headers: async () => ({ 'X-Token': `t${++asked}` }) },
    });
    receiver.answerWith({ signal: 'logs', status: 200 });
    for (let round = 0; round < 2; round++) {
      finishRequest(telemetry);
      await settle(telemetry);
    }
    expect(receiver.requests.map(({ headers }) => headers['x-token'])).toEqual(['t1', 't2']);
  });

  it('may be a function that answers at once', async () => {
    expect(await headersWith((endpoint) => ({ endpoint, headers: () => ({ a: '1' }) }))).toMatchObject({
      a: '1',
    });
  });

  it.each<[string, () => never]>([
    [
      'throws',
      () => {
        throw new Error('canary-secret');
      },
    ],
    ['answers nothing', () => undefined as never],
    ['answers with a number', () => ({ a: 1 }) as never],
    ['answers with a line break', () => ({ a: 'canary-secret\r\nx: y' }) as never],
    ['sets a header of the exporter', () => ({ 'content-length': '1' }) as never],
  ])('of a function that %s are a failed attempt, told without its words', async (_what, headers) => {
    const receiver = await collector();
    const told: unknown[] = [];
    const telemetry = instance({
      operator: { endpoint: receiver.url, headers },
      onDiagnostic: (report) => told.push(report),
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(receiver.requests).toHaveLength(0);
    const status = telemetry.status();
    expect(status.operator[0]?.signals.logs).toMatchObject({ lastError: 'headers', ledger: { buffered: 1 } });
    expect(JSON.stringify([told, status])).not.toContain('canary-secret');
  });

  it('of one signal win by name over those of the destination', async () => {
    const receiver = await collector();
    await sendAsOperator({
      endpoint: receiver.url,
      headers: { shared: 'base', both: 'base' },
      logs: { headers: 'Both=own,more=own' },
    });
    const [log] = receiver.logs;
    const [span] = receiver.spans;
    expect(log?.requestHeaders).toMatchObject({ shared: 'base', both: 'own', more: 'own' });
    expect(span?.requestHeaders).toMatchObject({ shared: 'base', both: 'base' });
    expect(span?.requestHeaders['more']).toBeUndefined();
  });

  it.each<[string, Destination]>([
    [
      'a function under an object',
      { headers: () => ({ both: 'base', base: '1' }), logs: { headers: { both: 'own' } } },
    ],
    [
      'an object under a function',
      { headers: { both: 'base', base: '1' }, logs: { headers: () => ({ both: 'own' }) } },
    ],
    [
      'a function under a function',
      { headers: () => ({ both: 'base', base: '1' }), logs: { headers: () => ({ both: 'own' }) } },
    ],
  ])('of one signal win also as %s', async (_what, destination) => {
    const headers = await headersWith((endpoint) => ({ endpoint, ...destination }));
    expect(headers).toMatchObject({ both: 'own', base: '1' });
  });

  it('go to the own endpoint of a signal too', async () => {
    const receiver = await collector();
    await sendAsOperator({ headers: { a: '1' }, logs: { endpoint: `${receiver.url}/v1/logs` } });
    expect(receiver.logs[0]?.requestHeaders['a']).toBe('1');
  });
});

describe('switches per signal', () => {
  it.each(['traces', 'logs', 'metrics'] as const)('take %s alone away', async (signal) => {
    const receiver = await collector();
    await sendAsOperator({ endpoint: receiver.url, signals: { [signal]: false } });
    const expected = ['/v1/logs', '/v1/metrics', '/v1/traces'].filter((path) => path !== `/v1/${signal}`);
    expect(pathsOf(receiver)).toEqual(expected);
  });

  it('that are true change nothing', async () => {
    const receiver = await collector();
    await sendAsOperator({ endpoint: receiver.url, signals: { traces: true, logs: true, metrics: true } });
    expect(receiver.requests).toHaveLength(3);
  });

  it('work for a tenant', async () => {
    const receiver = await collector();
    const telemetry = instance({
      tenants: { acme: { endpoint: receiver.url, signals: { metrics: false, traces: false } } },
    });
    finishRequest(telemetry, 'acme');
    await settle(telemetry);
    expect(pathsOf(receiver)).toEqual(['/v1/logs']);
  });
});

describe('several destinations', () => {
  it('each get everything, with their own headers', async () => {
    const receivers = [await collector(), await collector(), await collector()];
    await sendAsOperator(
      receivers.map((receiver, index) => ({
        name: `d${index}`,
        endpoint: receiver.url,
        headers: `x-name=d${index}`,
      })),
    );
    receivers.forEach((receiver, index) => {
      expect(receiver.requests).toHaveLength(3);
      expect(receiver.requests.map(({ headers }) => headers['x-name'])).toEqual(Array(3).fill(`d${index}`));
    });
  });

  it('may be given to a tenant', async () => {
    const receivers = [await collector(), await collector()];
    const telemetry = instance({
      tenants: { acme: receivers.map((receiver, index) => ({ name: `d${index}`, endpoint: receiver.url })) },
    });
    finishRequest(telemetry, 'acme');
    await settle(telemetry);
    expect(receivers.map((receiver) => receiver.logs.length)).toEqual([1, 1]);
  });

  it('are shown under their names, and a single one as default', () => {
    const endpoint = 'http://127.0.0.1:9';
    expect(
      instance({ operator: { endpoint } })
        .status()
        .operator.map(({ name }) => name),
    ).toEqual(['default']);
    const two = [
      { name: 'a', endpoint },
      { name: 'b', endpoint },
    ];
    expect(
      instance({ operator: two })
        .status()
        .operator.map(({ name }) => name),
    ).toEqual(['a', 'b']);
  });

  it('may share one place under two names', async () => {
    const receiver = await collector();
    await sendAsOperator([
      { name: 'a', endpoint: receiver.url },
      { name: 'b', endpoint: receiver.url },
    ]);
    expect(receiver.spans).toHaveLength(2);
  });

  it.each([
    ['null', null],
    ['an empty array', []],
    ['undefined', undefined],
  ])('may be none: %s', (_what, none) => {
    const telemetry = instance({ ...(none !== undefined && { operator: none }), tenants: {} });
    expect(telemetry.status()).toMatchObject({ enabled: false, operator: [] });
  });
});

describe('a disabled destination', () => {
  it('is shown as disabled, and queues and sends nothing', async () => {
    const [off, on] = [await collector(), await collector()];
    const telemetry = instance({
      operator: [
        { name: 'off', endpoint: off.url, disabled: true },
        { name: 'on', endpoint: on.url },
      ],
    });
    finishRequest(telemetry);
    await settle(telemetry);
    expect(off.requests).toHaveLength(0);
    expect(on.requests).toHaveLength(3);
    expect(telemetry.status().operator).toMatchObject([
      { name: 'off', state: 'disabled', signals: {} },
      { name: 'on' },
    ]);
  });

  it('is also one with every signal switched off', () => {
    const endpoint = 'http://127.0.0.1:9';
    const telemetry = instance({
      operator: { endpoint, signals: { traces: false, logs: false, metrics: false } },
      tenants: { acme: { endpoint, signals: { logs: false, metrics: false } } },
    });
    expect(telemetry.status().operator).toEqual([{ name: 'default', state: 'disabled', signals: {} }]);
    expect(telemetry.status('acme').state).toBe('disabled');
  });

  it('needs no endpoint', () => {
    expect(instance({ operator: { disabled: true } }).status()).toMatchObject({
      enabled: false,
      operator: [{ state: 'disabled' }],
    });
  });

  it('makes the gateway off when it is the only one', () => {
    const telemetry = instance({ operator: { endpoint: 'http://127.0.0.1:9', disabled: true } });
    expect(telemetry.begin({ method: 'GET', url: '/', headers: {} }).recording).toBe(false);
  });

  it('is checked like any other', () => {
    expect(() => instance({ operator: { endpoint: 'nonsense', disabled: true } })).toThrow(
      'operator.endpoint',
    );
  });
});

describe('the resource of a destination', () => {
  it("has the destination's service name and attributes there alone", async () => {
    const [one, two] = [await collector(), await collector()];
    const telemetry = instance({
      serviceName: 'edge',
      resourceAttributes: { region: 'eu', team: 'core' },
      operator: [
        {
          name: 'one',
          endpoint: one.url,
          serviceName: 'edge-one',
          resourceAttributes: { team: 'one', only: true },
        },
        { name: 'two', endpoint: two.url },
      ],
    });
    finishRequest(telemetry);
    await settle(telemetry);
    for (const record of [one.spans[0], one.logs[0], one.metricPoints[0]]) {
      expect(record?.resource).toMatchObject({
        'service.name': 'edge-one',
        region: 'eu',
        team: 'one',
        only: true,
      });
    }
    for (const record of [two.spans[0], two.logs[0], two.metricPoints[0]]) {
      expect(record?.resource).toMatchObject({ 'service.name': 'edge', region: 'eu', team: 'core' });
      expect(record?.resource['only']).toBeUndefined();
    }
  });

  it('is the knoxcall service when nothing is said', async () => {
    const receiver = await collector();
    await sendAsOperator({ endpoint: receiver.url });
    expect(receiver.spans[0]?.resource['service.name']).toBe('knoxcall');
  });

  it.each(['cumulative', 'delta'] as const)('has its own temporality: %s', async (temporality) => {
    const receiver = await collector();
    await sendAsOperator({ endpoint: receiver.url, temporality });
    expect(new Set(receiver.metricPoints.map((point) => point.temporality))).toEqual(new Set([temporality]));
  });
});
