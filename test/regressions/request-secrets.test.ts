/** Secrets in targets, queries and endpoints, and configuration that cannot be meant. */
import { expect, it } from 'vitest';
import { httpTelemetry } from '../../src/adapters/http.js';
import { createGatewayTelemetry } from '../../src/index.js';
import { startGateway } from '../support/gateway.js';
import { openRaw, send } from '../support/http-client.js';

const SECRET = 'CANARY';

function thrownBy(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}

it.each([
  'postgresql://admin:CANARY@db/x',
  'http://admin:CANARY@db.example:80/x?page=1',
  'http://CANARY@db.example',
  'http://admin:p@CANARY@db.example/x',
])('user info of the target %s is in no payload', async (target) => {
  const gateway = await startGateway({ adapter: { tenant: 'acme' } });
  const client = openRaw(
    gateway.port,
    `GET ${target} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`,
  );
  await client.closed;
  expect(client.received()).toContain('200 OK');
  await gateway.flush();
  expect(gateway.operator.spans).toHaveLength(1);
  const payloads = [...gateway.operator.requests, ...gateway.acme.requests];
  expect(payloads.length).toBeGreaterThan(0);
  for (const { bytes } of payloads) expect(Buffer.from(bytes).includes(SECRET)).toBe(false);
});

it.each([
  'token[]=CANARY',
  'user[password]=CANARY',
  'a=1;token=CANARY',
  'accessToken=CANARY',
  'access-token=CANARY',
  'x-auth-token=CANARY',
  'clientSecret=CANARY',
  'private_key=CANARY',
  'next=%2Fcb%3Ftoken%3DCANARY',
  '%2574oken=CANARY',
  'token%255B%255D=CANARY',
])('the secret in the query %s is replaced', async (query) => {
  const gateway = await startGateway();
  await send(`${gateway.url}/x?${query}&page=2`);
  await gateway.flush();
  const recorded = gateway.operator.spans[0]?.attributes['url.query'];
  expect(recorded).toContain('=REDACTED');
  expect(recorded).toContain('&page=2');
  expect(recorded).not.toContain(SECRET);
});

it('harmless keys keep their values', async () => {
  const gateway = await startGateway();
  const query = 'page=2&q=shoes&monkey=7&tokens_used=12&author=x&next=%2Fcb%3Fpage%3D2';
  await send(`${gateway.url}/x?${query}`);
  await gateway.flush();
  expect(gateway.operator.spans[0]?.attributes['url.query']).toBe(query);
});

it.each([
  'https:/user:CANARY@host',
  'https//user:CANARY@host',
  'http:/user:CANARY@host:4318/v1/traces',
  'htps:/user:CANARY@host',
  'htps//user:CANARY@host',
  'htps://user:CANARY@host',
  'https:user:CANARY@host',
  'https:///user:CANARY@host',
  '//user:CANARY@host',
  'user:CANARY@host',
  'grpc://user:CANARY@host:4317',
  'grpc:/user:CANARY@host:4317',
  'http://user:CANARY@host:4317',
])('the sentence about the endpoint %s does not show the password', (endpoint) => {
  const error = thrownBy(() => createGatewayTelemetry({ env: false, operator: { endpoint } }));
  expect(error.name).toBe('ConfigurationError');
  expect(error.message).not.toContain(SECRET);
  expect(error.message).toMatch(/^operator\.endpoint \S/);
});

it.each([() => 'CANARY', Symbol('CANARY')])('a resource attribute cannot be %o', (value) => {
  const error = thrownBy(() =>
    createGatewayTelemetry({ env: false, resourceAttributes: { odd: value } as never }),
  );
  expect(error.name).toBe('ConfigurationError');
  expect(error.message).toMatch(/^resourceAttributes\b/);
  expect(error.message).not.toContain(SECRET);
});

it('destinations that are undefined are refused, and nothing changes', async () => {
  const { telemetry } = await startGateway();
  const before = telemetry.status().operator.length;
  for (const act of [
    () => telemetry.setOperator(undefined as never),
    () => telemetry.setTenant('acme', undefined as never),
  ]) {
    expect(thrownBy(act).name).toBe('ConfigurationError');
  }
  expect(telemetry.status().operator).toHaveLength(before);
  expect(telemetry.status('acme').destinations).toHaveLength(1);
});

it('the adapter refuses what is no instance in a sentence', () => {
  for (const odd of [{}, null, undefined, 'telemetry']) {
    const error = thrownBy(() => httpTelemetry(odd as never, () => undefined));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe('httpTelemetry: the first argument must be what createGatewayTelemetry gave');
  }
});
