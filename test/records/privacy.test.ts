import { describe, expect, it } from 'vitest';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { forward, startUpstream } from '../support/upstream.js';

/** Each is planted in one place of a request or an answer; nobody may ever receive it. */
const CANARIES = {
  query: 'canary-in-secret-query',
  header: 'canary-in-header',
  authorization: 'canary-in-authorization',
  cookie: 'canary-in-cookie',
  body: 'canary-in-request-body',
  responseHeader: 'canary-in-response-header',
  responseBody: 'canary-in-response-body',
  userInfo: 'canary-in-user-info',
  error: 'canary-in-error-message',
  destination: 'canary-in-destination-header',
};

/** Allowed at the operator, in the span alone. */
const PLAIN_QUERY = 'canary-in-plain-query';
const USER_AGENT = 'canary-in-user-agent';

const bytesOf = ({ requests }: OtlpReceiver): string =>
  requests.map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join('\n');

/** Traffic of all kinds with canaries in it. */
async function traffic() {
  const upstream = await startUpstream((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('x-answer', CANARIES.responseHeader);
      response.statusCode = request.url?.startsWith('/bad') === true ? 503 : 200;
      response.end(CANARIES.responseBody);
    });
  });
  const gateway = await startGateway({
    adapter: { tenant: 'acme', route: 'orders' },
    options: { exceptions: {} },
    operator: { headers: { 'x-key': CANARIES.destination } },
    acme: { headers: { 'x-key': CANARIES.destination } },
    listener(request, response, exchange) {
      if (request.url?.startsWith('/fails') === true) {
        exchange.recordError(
          Object.assign(new Error(`sent password=${CANARIES.error}`), { code: 'ECONNREFUSED' }),
        );
        response.statusCode = 502;
        response.end(CANARIES.responseBody);
      } else {
        forward(request, response, exchange, upstream.url);
      }
    },
  });
  const headers = {
    'x-secret': CANARIES.header,
    authorization: `Bearer ${CANARIES.authorization}`,
    cookie: `session=${CANARIES.cookie}`,
    'user-agent': USER_AGENT,
  };
  for (const path of ['/good', '/bad', '/fails']) {
    const query = `?token=${CANARIES.query}&q=${PLAIN_QUERY}`;
    await send(gateway.url + path + query, { method: 'POST', headers, body: CANARIES.body });
  }
  await gateway.flush();
  // With the exception of the one that fails.
  expect(gateway.operator.logs).toHaveLength(4);
  expect(gateway.acme.logs).toHaveLength(3);
  return gateway;
}

describe('what nobody may see', () => {
  it('is in no payload of anyone: secrets of queries, headers, bodies, error messages', async () => {
    const gateway = await traffic();
    for (const receiver of [gateway.operator, gateway.acme, gateway.globex]) {
      const sent = bytesOf(receiver);
      expect(Object.values(CANARIES).filter((canary) => sent.includes(canary))).toEqual([]);
    }
  });

  it('is not in status, reports or inspection either', async () => {
    const gateway = await traffic();
    const { inspect } = await import('node:util');
    const shown = [
      JSON.stringify(gateway.telemetry.status()),
      JSON.stringify(gateway.telemetry.status('acme')),
      JSON.stringify(gateway.diagnostics),
      inspect(gateway.telemetry, { depth: 10, showHidden: true }),
    ].join('\n');
    expect(Object.values(CANARIES).filter((canary) => shown.includes(canary))).toEqual([]);
  });

  it('query and user agent reach the operator’s span alone', async () => {
    const gateway = await traffic();
    expect(bytesOf(gateway.acme)).not.toMatch(/canary-in-(?:plain-query|user-agent)/);
    for (const { signal, bytes } of gateway.operator.requests) {
      const text = Buffer.from(bytes).toString('latin1');
      expect([signal, text.includes(PLAIN_QUERY), text.includes(USER_AGENT)]).toEqual([
        signal,
        signal === 'traces',
        signal === 'traces',
      ]);
    }
  });

  it('nothing of acme’s requests reaches globex', async () => {
    const gateway = await traffic();
    expect(gateway.globex.requests).toEqual([]);
  });
});
