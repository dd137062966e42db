import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { HttpTelemetryListener } from '../../src/adapters/http.js';
import type { Exchange, GatewayOptions, Outcome } from '../../src/index.js';
import { deferred } from '../support/deferred.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';
import { counters, histograms } from '../support/readings.js';
import { forward, startUpstream } from '../support/upstream.js';

interface Expected {
  readonly status: number | undefined;
  readonly severity: readonly [number: number, text: string];
  readonly errorType?: string;
}

const INFO = [9, 'INFO'] as const;
const WARN = [13, 'WARN'] as const;
const ERROR = [17, 'ERROR'] as const;

const RAW_REQUEST = 'GET /raw HTTP/1.1\r\nHost: a.example\r\n\r\n';

const start = (listener: HttpTelemetryListener, options: GatewayOptions = {}): Promise<TestGateway> =>
  startGateway({ options, adapter: { tenant: 'acme' }, listener });

/** The one request of this gateway came out like that, on the three signals of operator and tenant. */
async function expectOutcome(gateway: TestGateway, { status, severity, errorType }: Expected): Promise<void> {
  await gateway.flush();
  const isError = errorType !== undefined;
  expect(gateway.operator.spans).toHaveLength(1);
  const [span] = gateway.operator.spans;
  expect(span?.status).toEqual({ code: isError ? 2 : 0 });
  expect(span?.attributes['http.response.status_code']).toBe(status);
  expect(span?.attributes['error.type']).toBe(errorType);
  for (const receiver of [gateway.operator, gateway.acme]) {
    expect(receiver.logs).toHaveLength(1);
    const [log] = receiver.logs;
    expect([log?.severityNumber, log?.severityText]).toEqual(severity);
    expect(log?.attributes['error.type']).toBe(errorType);
    expect(log?.attributes['http.response.status_code']).toBe(status);
    expect(log?.body).toMatch(new RegExp(`^GET \\S+ ${status ?? '-'} \\d+ms$`));
    for (const points of [counters(receiver), histograms(receiver)]) {
      expect(points).toHaveLength(1);
      const attributes = points[0]?.attributes ?? {};
      expect(attributes['error']).toBe(isError);
      expect(attributes['http.response.status_code']).toBe(status);
      expect(attributes['http.response.status_class']).toBe(
        status === undefined ? undefined : `${Math.floor(status / 100)}xx`,
      );
      if (status === undefined) {
        expect(Object.keys(attributes)).not.toContain('http.response.status_code');
        expect(Object.keys(attributes)).not.toContain('http.response.status_class');
      }
    }
  }
}

const parserError = (code?: string): Error =>
  Object.assign(new Error('Response does not match the HTTP/1.1 protocol'), {
    name: 'HTTPParserError',
    code,
  });

describe('an answer of the gateway', () => {
  it.each([
    [200, INFO],
    [204, INFO],
    [301, INFO],
    [304, INFO],
    [400, WARN],
    [404, WARN],
    [429, WARN],
  ])('%d is not an error', async (status, severity) => {
    const gateway = await start((_request, response) => response.writeHead(status).end());
    await send(gateway.url);
    await expectOutcome(gateway, { status, severity });
  });

  it('101 is not an error', async () => {
    const gateway = await start(() => undefined);
    const exchange = gateway.telemetry.begin({ method: 'GET', url: '/socket', headers: {} });
    exchange.setTenant('acme');
    exchange.end({ statusCode: 101 });
    await expectOutcome(gateway, { status: 101, severity: INFO });
  });

  it('4xx is not an error, whatever the gateway recorded', async () => {
    const gateway = await start((_request, response, exchange) => {
      exchange.recordError(new Error('no such order'));
      response.writeHead(404).end();
    });
    await send(gateway.url);
    await expectOutcome(gateway, { status: 404, severity: WARN });
  });

  it('2xx is not an error, even after a failed first attempt', async () => {
    const gateway = await start((_request, response, exchange) => {
      exchange.recordError(Object.assign(new Error(), { code: 'ECONNREFUSED' }));
      response.end('second attempt');
    });
    await send(gateway.url);
    await expectOutcome(gateway, { status: 200, severity: INFO });
  });

  it('5xx without a known cause is named by its code', async () => {
    const gateway = await start((_request, response) => response.writeHead(500).end());
    await send(gateway.url);
    await expectOutcome(gateway, { status: 500, severity: ERROR, errorType: '500' });
  });
});

describe('a 5xx of the upstream', () => {
  it.each([500, 503, 504])('%d is named by its code', async (status) => {
    const upstream = await startUpstream((_request, response) => response.writeHead(status).end());
    const gateway = await start((request, response, exchange) =>
      forward(request, response, exchange, upstream.url),
    );
    await send(gateway.url);
    await expectOutcome(gateway, { status, severity: ERROR, errorType: String(status) });
    expect(gateway.operator.spans[0]?.attributes).toMatchObject({ 'knoxcall.upstream.status_code': status });
  });

  it('is named by its code also after an earlier attempt that failed otherwise', async () => {
    const gateway = await start((_request, response, exchange) => {
      exchange.recordError(Object.assign(new Error(), { code: 'ECONNRESET' }));
      exchange.setUpstream({ statusCode: 503, attempts: 2 });
      response.writeHead(503).end();
    });
    await send(gateway.url);
    await expectOutcome(gateway, { status: 503, severity: ERROR, errorType: '503' });
  });
});

describe('a 5xx of the gateway’s own', () => {
  it('is upstream_connect_error when the upstream refuses', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const gateway = await start((request, response, exchange) =>
      forward(request, response, exchange, `http://127.0.0.1:${port}`),
    );
    expect((await send(gateway.url)).status).toBe(502);
    await expectOutcome(gateway, { status: 502, severity: ERROR, errorType: 'upstream_connect_error' });
    expect(gateway.operator.spans[0]?.attributes).not.toHaveProperty('knoxcall.upstream.status_code');
  });

  it('is upstream_timeout when the upstream does not answer', async () => {
    const upstream = await startUpstream(() => undefined);
    const gateway = await start((request, response, exchange) =>
      forward(request, response, exchange, upstream.url, 50),
    );
    expect((await send(gateway.url)).status).toBe(504);
    await expectOutcome(gateway, { status: 504, severity: ERROR, errorType: 'upstream_timeout' });
  });

  it('is upstream_reset when the upstream hangs up before its answer', async () => {
    const upstream = await startUpstream((request) => request.socket.resetAndDestroy());
    const gateway = await start((request, response, exchange) =>
      forward(request, response, exchange, upstream.url),
    );
    expect((await send(gateway.url)).status).toBe(502);
    await expectOutcome(gateway, { status: 502, severity: ERROR, errorType: 'upstream_reset' });
  });

  it('is told from an upstream’s by what the upstream answered', async () => {
    const gateway = await start((_request, response, exchange) => {
      exchange.setUpstream({ statusCode: 200 });
      exchange.recordError(Object.assign(new Error(), { code: 'UND_ERR_BODY_TIMEOUT' }));
      response.writeHead(502).end();
    });
    await send(gateway.url);
    await expectOutcome(gateway, { status: 502, severity: ERROR, errorType: 'upstream_timeout' });
  });

  it.each([
    ['a name', 'circuit_open', 'circuit_open'],
    ['an error class', new RangeError('secret text'), 'RangeError'],
    ['a code', Object.assign(new Error('secret text'), { code: 'E_OWN' }), 'E_OWN'],
    ['a time-out of fetch', new DOMException('secret text', 'TimeoutError'), 'upstream_timeout'],
    ['an answer that ended too early, by undici 7', parserError(), 'upstream_reset'],
    ['the same, by fetch', new TypeError('terminated', { cause: parserError() }), 'upstream_reset'],
    ['the same, by the fetch of Node 22', parserError('HPE_INVALID_EOF_STATE'), 'upstream_reset'],
    ['an answer that is none, by undici', parserError('HPE_INVALID_VERSION'), 'HPE_INVALID_VERSION'],
    ['a sentence, which is not stable', 'order 17 was not found', '_OTHER'],
    ['a number', 17, '_OTHER'],
    ['an error whose name is a sentence', Object.assign(new Error(), { name: 'a b c' }), '_OTHER'],
  ])('takes its cause from %s', async (_what, error, errorType) => {
    const gateway = await start((_request, response, exchange) => {
      exchange.recordError(error);
      response.writeHead(500).end();
    });
    await send(gateway.url);
    await expectOutcome(gateway, { status: 500, severity: ERROR, errorType });
  });
});

describe('a broken answer', () => {
  it('is client_disconnect when the client hangs up before the headers', async () => {
    const arrived = deferred();
    const gateway = await start(() => arrived.resolve());
    const client = openRaw(gateway.port, RAW_REQUEST);
    await arrived.promise;
    client.socket.destroy();
    await expectOutcome(gateway, { status: undefined, severity: ERROR, errorType: 'client_disconnect' });
  });

  it('is client_disconnect when the client resets before the headers', async () => {
    const arrived = deferred();
    const gateway = await start(() => arrived.resolve());
    const client = openRaw(gateway.port, RAW_REQUEST);
    await arrived.promise;
    client.socket.resetAndDestroy();
    await expectOutcome(gateway, { status: undefined, severity: ERROR, errorType: 'client_disconnect' });
  });

  it.each(['destroy', 'resetAndDestroy'] as const)(
    'is client_disconnect with the status that was sent when the client hangs up in the middle (%s)',
    async (way) => {
      const gateway = await start((_request, response) => {
        response.writeHead(200);
        response.write('first part');
      });
      const client = openRaw(gateway.port, RAW_REQUEST);
      await client.waitFor('first part');
      client.socket[way]();
      await expectOutcome(gateway, { status: 200, severity: ERROR, errorType: 'client_disconnect' });
    },
  );

  it('is client_disconnect when the client hangs up while the upstream still works', async () => {
    const arrived = deferred();
    const upstream = await startUpstream(() => arrived.resolve());
    const gateway = await start((request, response, exchange) =>
      forward(request, response, exchange, upstream.url),
    );
    const client = openRaw(gateway.port, RAW_REQUEST);
    await arrived.promise;
    client.socket.destroy();
    await expectOutcome(gateway, { status: undefined, severity: ERROR, errorType: 'client_disconnect' });
  });

  it('is client_disconnect when the client hangs up in the middle of its own body', async () => {
    const arrived = deferred();
    const gateway = await start((request) => {
      request.resume();
      request.on('error', () => undefined);
      arrived.resolve();
    });
    const client = openRaw(
      gateway.port,
      'GET /raw HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100\r\n\r\nabc',
    );
    await arrived.promise;
    client.socket.destroy();
    await expectOutcome(gateway, { status: undefined, severity: ERROR, errorType: 'client_disconnect' });
  });

  it('is client_disconnect when the client goes before the last of a large answer has left', async () => {
    const gateway = await start((_request, response) => response.end(Buffer.alloc(30_000_000)));
    const client = openRaw(gateway.port, RAW_REQUEST);
    await client.waitFor('200 OK');
    client.socket.destroy();
    await expectOutcome(gateway, { status: 200, severity: ERROR, errorType: 'client_disconnect' });
  });

  it.each([
    ['a time-out', 'ETIMEDOUT', 'upstream_timeout'],
    ['an upstream that is gone', 'ECONNRESET', 'upstream_reset'],
    ['a code of its own', 'E_OWN', 'E_OWN'],
  ])('is named by what the gateway destroys it with: %s', async (_what, code, errorType) => {
    const gateway = await start((_request, response) => {
      response.on('error', () => undefined);
      response.writeHead(200);
      response.write('first part', () => response.destroy(Object.assign(new Error('x'), { code })));
    });
    await openRaw(gateway.port, RAW_REQUEST).closed;
    await expectOutcome(gateway, { status: 200, severity: ERROR, errorType });
  });

  it('is upstream_reset when the upstream breaks in the middle', async () => {
    const upstream = await startUpstream((request, response) => {
      response.writeHead(200);
      response.write('first part', () => request.socket.resetAndDestroy());
    });
    const gateway = await start((request, response, exchange) =>
      forward(request, response, exchange, upstream.url),
    );
    const client = openRaw(gateway.port, RAW_REQUEST);
    await client.closed;
    await expectOutcome(gateway, { status: 200, severity: ERROR, errorType: 'upstream_reset' });
  });

  it('is server_abort when the gateway breaks it off without a reason', async () => {
    const gateway = await start((_request, response) => {
      response.writeHead(200);
      response.write('first part', () => response.destroy());
    });
    await openRaw(gateway.port, RAW_REQUEST).closed;
    await expectOutcome(gateway, { status: 200, severity: ERROR, errorType: 'server_abort' });
  });

  it('is named no_response when begin’s caller ends without status and error', async () => {
    const gateway = await start(() => undefined);
    const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    exchange.setTenant('acme');
    exchange.end();
    await expectOutcome(gateway, { status: undefined, severity: ERROR, errorType: 'no_response' });
  });

  it('is named by the error that begin’s caller gives', async () => {
    const gateway = await start(() => undefined);
    const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    exchange.setTenant('acme');
    exchange.end({ error: Object.assign(new Error(), { code: 'ETIMEDOUT' }) });
    await expectOutcome(gateway, { status: undefined, severity: ERROR, errorType: 'upstream_timeout' });
  });
});

describe('what begin’s caller says at the end', () => {
  const begun = async (options: Parameters<Exchange['end']>[0]): Promise<TestGateway> => {
    const gateway = await start(() => undefined);
    const exchange = gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
    exchange.setTenant('acme');
    exchange.end(options);
    return gateway;
  };

  it('is a broken answer when an error stands beside a good status', async () => {
    const gateway = await begun({ statusCode: 200, error: 'render_failed' });
    await expectOutcome(gateway, { status: 200, severity: ERROR, errorType: 'render_failed' });
  });

  it('is the cause of a 5xx when an error stands beside it', async () => {
    const gateway = await begun({ statusCode: 502, error: Object.assign(new Error(), { code: 'EPIPE' }) });
    await expectOutcome(gateway, { status: 502, severity: ERROR, errorType: 'upstream_reset' });
  });

  it.each([0, -1, 99, 1000, 1e9, 200.5, NaN, '200' as never])(
    'counts as no status when it is %j, which HTTP does not have',
    async (statusCode) => {
      const gateway = await begun({ statusCode });
      await expectOutcome(gateway, { status: undefined, severity: ERROR, errorType: 'no_response' });
    },
  );
});

describe("clientDisconnect: 'unset'", () => {
  const unset = { clientDisconnect: 'unset' } as const;

  it('makes a hang-up before the headers a non-error on all three', async () => {
    const arrived = deferred();
    const gateway = await start(() => arrived.resolve(), unset);
    const client = openRaw(gateway.port, RAW_REQUEST);
    await arrived.promise;
    client.socket.destroy();
    await expectOutcome(gateway, { status: undefined, severity: INFO });
  });

  it('makes a hang-up in the middle a non-error on all three', async () => {
    const gateway = await start((_request, response) => {
      response.writeHead(200);
      response.write('first part');
    }, unset);
    const client = openRaw(gateway.port, RAW_REQUEST);
    await client.waitFor('first part');
    client.socket.destroy();
    await expectOutcome(gateway, { status: 200, severity: INFO });
  });

  it('leaves the other ways of breaking as they are', async () => {
    const gateway = await start((_request, response) => {
      response.writeHead(200);
      response.write('first part', () => response.destroy());
    }, unset);
    await openRaw(gateway.port, RAW_REQUEST).closed;
    await expectOutcome(gateway, { status: 200, severity: ERROR, errorType: 'server_abort' });
  });
});

describe('the severity option', () => {
  it('is asked with the outcome and overrules the number, with its text', async () => {
    const asked: Outcome[] = [];
    const gateway = await start((_request, response) => response.writeHead(503).end(), {
      severity(outcome) {
        asked.push(outcome);
        return 6;
      },
    });
    await send(gateway.url);
    await expectOutcome(gateway, { status: 503, severity: [6, 'DEBUG'], errorType: '503' });
    expect(asked).toEqual([{ statusCode: 503, errorType: '503', isError: true, severityNumber: 17 }]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['answers nothing', () => undefined],
    ['answers 0', () => 0],
    ['answers 25', () => 25],
    ['answers 9.5', () => 9.5],
    ['answers a text', () => 'INFO' as never],
    ['answers NaN', () => NaN],
  ])('leaves the usual number when it %s', async (_what, severity) => {
    const gateway = await start((_request, response) => response.writeHead(404).end(), { severity });
    await send(gateway.url);
    await expectOutcome(gateway, { status: 404, severity: WARN });
  });

  it('is reported when it throws', async () => {
    const gateway = await start((_request, response) => response.end(), {
      severity: () => {
        throw new Error('secret text');
      },
    });
    await send(gateway.url);
    await gateway.flush();
    expect(gateway.diagnostics.map(({ code }) => code)).toContain('callback_failed');
    expect(JSON.stringify(gateway.diagnostics)).not.toContain('secret text');
  });
});

describe('the host’s own span status', () => {
  it('stays on a request that is not an error', async () => {
    const gateway = await start((_request, response, exchange) => {
      exchange.span.setStatus({ code: 2, message: 'business rule' });
      response.end();
    });
    await send(gateway.url);
    await gateway.flush();
    expect(gateway.operator.spans[0]?.status).toEqual({ code: 2, message: 'business rule' });
  });
});

describe('a client that leaves early', () => {
  it('by half-closing its side gets no answer from Node, so it is a disconnect', async () => {
    const gateway = await start((_request, response) => void setTimeout(() => response.end('late'), 20));
    const client = openRaw(gateway.port, RAW_REQUEST);
    client.socket.end();
    await client.closed;
    expect(client.received()).toBe('');
    await expectOutcome(gateway, { status: undefined, severity: ERROR, errorType: 'client_disconnect' });
  });

  it('but has everything is not a disconnect', async () => {
    const gateway = await start((_request, response) => response.end('everything'));
    const client = openRaw(gateway.port, RAW_REQUEST);
    await client.waitFor('everything');
    client.socket.resetAndDestroy();
    await expectOutcome(gateway, { status: 200, severity: INFO });
  });

  it('asked with HEAD, and has everything', async () => {
    const gateway = await start((_request, response) => response.end('not sent'));
    await send(gateway.url, { method: 'HEAD' });
    await gateway.flush();
    expect(gateway.operator.spans[0]).toMatchObject({ name: 'HEAD', status: { code: 0 } });
  });
});

describe('requests on one connection', () => {
  it('that wait behind another when the client goes have sent no status', async () => {
    const both = deferred();
    let arrived = 0;
    const gateway = await start((request, response) => {
      arrived++;
      // The second has its answer ready, but the first is in the way.
      if (request.url === '/second') response.end('ready');
      if (arrived === 2) both.resolve();
    });
    const client = openRaw(
      gateway.port,
      'GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n',
    );
    await both.promise;
    client.socket.destroy();
    await gateway.flush();
    expect(
      gateway.operator.logs
        .map(({ attributes }) => [
          attributes['url.path'],
          attributes['http.response.status_code'],
          attributes['error.type'],
        ])
        .sort(),
    ).toEqual([
      ['/first', undefined, 'client_disconnect'],
      ['/second', undefined, 'client_disconnect'],
    ]);
  });

  it('one after the other are exchanges of their own', async () => {
    const gateway = await start((_request, response) => response.end('ok'));
    const one = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n';
    const client = openRaw(gateway.port, one);
    await client.waitFor('ok');
    client.socket.write(`GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    await client.closed;
    await gateway.flush();
    expect(gateway.operator.logs.map(({ attributes }) => attributes['url.path'])).toEqual(['/a', '/b']);
    expect(gateway.operator.logs.map(({ severityNumber }) => severityNumber)).toEqual([9, 9]);
  });

  it('that are pipelined are answered and recorded in order', async () => {
    const gateway = await start((request, response) => {
      setTimeout(() => response.end(request.url), request.url === '/0' ? 30 : 0);
    });
    const targets = Array.from({ length: 15 }, (_unused, index) => `/${index}`);
    const client = openRaw(
      gateway.port,
      targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''),
    );
    await client.waitFor('/14');
    client.socket.destroy();
    await gateway.flush();
    expect(gateway.operator.logs.map(({ attributes }) => attributes['url.path'])).toEqual(targets);
    expect(new Set(gateway.operator.logs.map(({ severityNumber }) => severityNumber))).toEqual(new Set([9]));
  });
});
