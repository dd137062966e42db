/**
 * T33: secrets in all that a request and its answer bring; no signal, status, report or inspection shows one. And the envelope
 * alone is recorded: of bodies and of headers that nobody has named, nothing, with every adapter.
 */
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { sentryErrors } from '../../src/sentry/index.js';
import { everyAdapter } from '../frameworks/every-adapter.js';
import { startSentry } from '../sentry/sentry-server.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';
import { createSweep } from './secret-sweep.js';
import { figure } from './support.js';

const sweep = createSweep();
const { plant } = sweep;

function payloadsOf({ operator, acme, globex }: TestGateway): Buffer[] {
  return [operator, acme, globex].flatMap(({ requests }) => requests.map(({ bytes }) => Buffer.from(bytes)));
}

const QUERY_KEYS = [
  'token',
  'access_token',
  'id_token',
  'refreshToken',
  'client_secret',
  'password',
  'passwd',
  'api_key',
  'X-Amz-Signature',
  'X-Amz-Credential',
  'sig',
  'code',
  'jwt',
  'session',
  'sid',
  'auth',
  'user[password]',
  'SAMLResponse',
  'private_key',
  'otp',
];

it('T33: no secret of a request shows anywhere', async () => {
  const pairs = QUERY_KEYS.map((key) => `${encodeURIComponent(key)}=${plant(`query: ${key}`)}`);
  const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${plant('path: JSON web token')}`;
  const path = `/reset/${jwt};jsessionid=${plant('path: matrix')}/http://u:${plant('path: user info')}@h/x`;
  const nested = encodeURIComponent(encodeURIComponent(`/cb?token=${plant('query: encoded twice')}`));
  const error = Object.assign(
    new Error(`GET https://u:${plant('error: user info')}@h/?token=${plant('error: query')} failed`),
    { config: { headers: { authorization: plant('error: field') } } },
  );
  const headers = {
    authorization: `Bearer ${plant('header: authorization')}`,
    cookie: `s=${plant('header: cookie')}`,
    'x-api-key': plant('header: x-api-key'),
    'x-named': plant('header: not named'),
    referer: `https://a.example/?token=${plant('header: referer, query')}#access_token=${plant('header: referer, fragment')}`,
  };
  const answer = {
    body: plant('answer: body'),
    cookie: plant('answer: set-cookie'),
    location: plant('answer: location'),
  };
  const gateway = await startGateway({
    adapter: { tenant: 'acme' },
    options: {
      spans: 'server+client',
      spanAttributes: { server: { requestHeaders: ['referer'], responseHeaders: ['location'] } },
    },
    listener(_request, response, exchange) {
      exchange.recordError(error);
      exchange.span.recordException(error);
      const url = `http://u:${plant('upstream: user info')}@up.test/x?api_key=${plant('upstream: query')}`;
      exchange.startUpstreamCall({ url }).end({ error });
      shown.push(inspect(exchange, { depth: 10, showHidden: true }));
      response.setHeader('set-cookie', answer.cookie);
      response.setHeader('location', `/n?code=${answer.location}`);
      response.writeHead(502).end(answer.body);
    },
  });
  const shown: unknown[] = [];
  const sentry = await startSentry();
  const errorReports = sentryErrors(gateway.telemetry, { dsn: sentry.dsn(), env: false });
  const body = plant('body');
  await send(`${gateway.url}${path}?${pairs.join('&')}&next=${nested}`, { method: 'POST', headers, body });
  await gateway.flush();
  await errorReports.close();
  expect(gateway.operator.spans).toHaveLength(2);
  const { telemetry } = gateway;
  sweep.expectNone([
    ...shown,
    telemetry,
    telemetry.status(),
    telemetry.status('acme'),
    ...gateway.diagnostics,
  ]);
  expect(sentry.events).toHaveLength(1);
  const payloads = [...payloadsOf(gateway), ...sentry.envelopes.map(({ text }) => Buffer.from(text))];
  expect(payloads.length).toBeGreaterThan(2);
  for (const payload of payloads) sweep.expectOnWire(payload, []);
  expect(sweep.planted).toBeGreaterThanOrEqual(38);
  figure('T33', `${sweep.planted} secrets of a request in ${sweep.looks + payloads.length} places, leaks 0`);
});

for (const adapter of everyAdapter) {
  it(`the envelope only: ${adapter.name}`, async () => {
    const CANARY = 'envelope-canary';
    const gateway = await startGateway({
      server: (telemetry) =>
        adapter.serve(
          telemetry,
          (request, response) => {
            request.resume().on('end', () => {
              response.writeHead(200, { 'x-answer': CANARY });
              response.write(`${CANARY} one`);
              response.end(`${CANARY} two`);
            });
          },
          { adapter: { tenant: 'acme' } },
        ),
    });
    const headers = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`x-header-${index}`, CANARY]),
    );
    await send(`${gateway.url}/run`, { method: 'POST', headers, body: CANARY.repeat(1_000) });
    await gateway.flush();
    expect(gateway.operator.spans).toHaveLength(1);
    expect(gateway.acme.logs).toHaveLength(1);
    const payloads = payloadsOf(gateway);
    expect(payloads.length).toBeGreaterThan(2);
    for (const payload of payloads) expect(payload.includes(CANARY)).toBe(false);
  });
}
