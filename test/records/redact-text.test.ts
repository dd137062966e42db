/** Built-in redaction: secrets that clients and upstreams write into URLs and texts. */
import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import { redactPath, redactQuery, redactText } from '../../src/model/redact-text.js';
import { startGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const C = 'CANARY4711';
const JWT = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJDQU5BUlk0NzExIn0.${C}signature`;

describe('a path shows no', () => {
  it.each([
    ['token of a link', `/reset/${JWT}`],
    ['token of a link, dots encoded', `/reset/${JWT.replaceAll('.', '%2E')}`],
    ['matrix parameter', `/cart;jsessionid=${C}/items`],
    ['matrix parameter at the end', `/cart;JSESSIONID=${C}`],
    ['encoded query', `/cb%3Ftoken%3D${C}`],
    ['query encoded twice', `/cb%253Ftoken%253D${C}`],
    ['assignment', `/verify/token=${C}/x`],
    ['list of assignments', `/verify/a=1,secret=${C}`],
    ['user info', `/proxy/https://u:${C}@host/x`],
    ['user info with one slash', `/proxy/https:/u:${C}@host/x`],
    ['user info without a scheme', `/proxy/u:${C}@host/x`],
    ['user info of an IPv6 host', `/proxy/http://u:${C}@[::1]:80/x`],
    ['encoded user info', `/proxy/https%3A%2F%2Fu%3A${C}%40host`],
    ['user info encoded twice', `/proxy/https%253A%252F%252Fu%253A${C}%2540host`],
    ['user of a network path', `//${C}@host/x`],
    ['key of a service', `/webhooks/sk_live_${C}abcdefgh`],
    ['key of another service', `/hooks/ghp_${C}abcdefghijklmnopqrst`],
    ['key of a third one', `/hooks/xoxb-${C}-abcdefgh`],
  ])('%s', (_what, path) => {
    expect(redactPath(path)).not.toMatch(new RegExp(C, 'i'));
    expect(redactPath(path)).toContain('REDACTED');
  });

  it.each([
    '/v1/orders/550e8400-e29b-41d4-a716-446655440000',
    '/npm/@scope/package',
    '/users/me@example.com',
    '/a;v=1/b;page=2',
    '/files/a%20b%3Dc.txt',
    '/search/q=shoes',
    '/time/12:30',
    '/eyJ',
    '/',
    '*',
    '/%zz/x',
  ])('harm is not done to %s', (path) => {
    expect(redactPath(path)).toBe(path);
  });
});

describe('a query shows no secret', () => {
  it.each([
    `next=%252Fcb%253Ftoken%253D${C}`,
    `next=%2Fcb%3Fa%3D1%26token%3D${C}`,
    `next=%2Fcb%23access_token%3D${C}`,
    `q=${JWT}`,
    `jwt_in_text=a%20${JWT}`,
    `q=u:${C}@host`,
    `q=u%3A${C}%40host`,
    `q=%25zz%3Dtoken%3D${C}%`,
    `id_token=${C}`,
    `SAMLResponse=${C}`,
    `a=1#access_token=${C}`,
    `x=1?token=${C}`,
    `X-Amz-Signature=${C}`,
    `sid=${C}`,
    `token%3D${C}`,
    `password[$ne]=${C}`,
    `token[value]=${C}`,
    `subscription-key=${C}`,
    `secret_key=${C}`,
    `variables={"password":"${C}"}`,
    `variables=%7B%22password%22:%22${C}%22%7D`,
    `%7B%22password%22%3A%22${C}%22%7D`,
    `${JWT}`,
    `${JWT}=1`,
  ])('%s', (query) => {
    expect(redactQuery(query)).not.toMatch(new RegExp(C, 'i'));
  });

  it.each(['page=2&q=a%20b', 'q=a%3Db', 'me=user%40example.com', 'next=%2Fcb%3Fpage%3D2', 'a', ''])(
    'harm is not done to %s',
    (query) => {
      expect(redactQuery(query)).toBe(query);
    },
  );

  it('further keys count too', () => {
    const further = new Set(['ssn', 'customerref']);
    expect(redactQuery('SSN=1&customer_ref=2&x[ssn]=3&q=4', further)).toBe(
      'SSN=REDACTED&customer_ref=REDACTED&x[ssn]=REDACTED&q=4',
    );
  });
});

describe('a text shows no secret', () => {
  it.each([
    `connect ECONNREFUSED https://u:${C}@db.example/x`,
    `request to https://a.example/cb?token=${C}&x=1 failed`,
    `Authorization: Bearer ${C}abcdef`,
    `authorization=Basic ${C}abcdef==`,
    `{"password":"${C}","user":"a"}`,
    `password: ${C}`,
    `bad client_secret='${C}'`,
    `token ${JWT} has expired`,
    `https://a.example/cb#access_token=${C}&state=1`,
    `<https://a.example/?sig=${C}>; rel=next`,
    `Error: password: ${C}`,
    `Error: token:${C}`,
    `failed: Authorization: ApiKey ${C}`,
    `Proxy-Authorization: Negotiate ${C}`,
    `url=https://a.example/cb?token=${C}`,
    `https://a.example/?next=https://b.example/cb?token=${C}`,
    `DefaultEndpointsProtocol=https;AccountKey=${C};`,
    `'x-api-key': [ '${C}' ]`,
    `'X-Api-Key' => '${C}'`,
    String.raw`invalid JSON: "{\"password\":\"${C}\"}"`,
  ])('%s', (text) => {
    expect(redactText(text)).not.toMatch(new RegExp(C, 'i'));
  });

  it.each([
    "code: 'ECONNREFUSED'",
    'connect ECONNREFUSED 127.0.0.1:8080',
    'Unexpected token } in JSON at position 3',
    'getaddrinfo ENOTFOUND a.example',
    'at handler (/app/src/index.js:10:5)',
    'Error: max_tokens: 4096 is too large',
    'x=1&url=https://a.example/cb?page=2',
  ])('harm is not done to %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it('hostile texts cost little time', () => {
    const parts = ['://', 'a:', '@', '%3a', '%2540', ';', 'eyJ', 'a.', '=', 'token=', '"', ' '];
    for (const part of parts) {
      for (const other of parts) {
        const text = (part + other).repeat(4096).slice(0, 4096);
        const before = performance.now();
        redactText(text);
        redactPath(text);
        redactQuery(text);
        // Linear ones take well under a millisecond; what backtracks took seconds.
        expect(performance.now() - before, part + other).toBeLessThan(500);
      }
    }
  });
});

describe('a text that would be read again from each of its places costs little time', () => {
  const LENGTH = 16_384;
  it.each([
    ['/', '@'],
    ['%40//', ''],
    ['%2f', '@'],
    [',a:b', '%4'],
    [',a', ':%40'],
    ['@,a:b', ''],
    ['eyJaaaaaa-', ''],
    ['a', '='],
    ['-', '@'],
    ['%', '=%3d'],
  ])('%s', (part, end) => {
    const text = part.repeat(LENGTH / part.length) + end;
    for (const redact of [redactText, redactPath, redactQuery]) {
      const costs = [1, 2, 3].map(() => {
        const before = performance.now();
        redact(text);
        return performance.now() - before;
      });
      // Linear ones take some 2 ms for this; what is quadratic takes hundreds.
      expect(Math.min(...costs), redact.name).toBeLessThan(30);
    }
  });

  it.each([
    ['/x/%2Fu:CANARY@h', '/x/%2FREDACTED:REDACTED@h'],
    ['a=1,u:CANARY@h', 'a=REDACTED:REDACTED@h'],
    ['(u:CANARY,b@h)', 'REDACTED:REDACTED@h)'],
    ['x:y=u:CANARY@h', 'REDACTED:REDACTED@h'],
    ['u%3ACANARY%40h', 'REDACTED:REDACTED%40h'],
    ['a-eyJaaaaaaaa.eyJbbbbbbbb.CANARY', 'a-REDACTED'],
    ['x.y%2eeyJaaaaaaaa%2eeyJbbbbbbbb%2eCANARY/z', 'x.y%2eREDACTED/z'],
  ])('and %s is redacted as it was', (text, expected) => {
    expect(redactPath(text)).toBe(expected);
  });
});

it('and no signal does', async () => {
  const gateway = await startGateway({ adapter: { tenant: 'acme' } });
  await send(`${gateway.url}/reset/${JWT};jsessionid=${C}?q=${JWT}&next=%252Fcb%253Ftoken%253D${C}`);
  await gateway.flush();
  expect(gateway.operator.spans[0]?.attributes['url.path']).toBe('/reset/REDACTED;jsessionid=REDACTED');
  for (const { bytes } of [...gateway.operator.requests, ...gateway.acme.requests])
    expect(Buffer.from(bytes).toString('latin1')).not.toContain(C);
});

it('further query keys are secret on SERVER and CLIENT spans', async () => {
  const gateway = await startGateway({
    options: { sensitiveQueryKeys: ['Customer-Ref'], spans: 'server+client' },
    listener(_request, response, exchange) {
      exchange.startUpstreamCall({ url: `http://a.test/x?customerRef=${C}` }).end({ statusCode: 200 });
      response.end();
    },
  });
  await send(`${gateway.url}/x?customer_ref=${C}&page=2`);
  await gateway.flush();
  expect(gateway.operator.spans).toHaveLength(2);
  for (const { bytes } of gateway.operator.requests)
    expect(Buffer.from(bytes).toString('latin1')).not.toContain(C);
});

it.each([[['']], [['-']], 'ssn', [[1]]])('sensitiveQueryKeys refuses %j', (keys) => {
  expect(() => createGatewayTelemetry({ env: false, sensitiveQueryKeys: keys as never })).toThrow(
    /^sensitiveQueryKeys/,
  );
});

it('messages and stacks of exceptions show no secret', async () => {
  const gateway = await startGateway({
    listener(_request, response, exchange) {
      exchange.span.recordException(new Error(`GET https://u:${C}@a.test/?token=${C} failed`));
      exchange.span.recordException(`Bearer ${C}abcdefgh`);
      response.end();
    },
  });
  await send(gateway.url);
  await gateway.flush();
  expect(gateway.operator.spans[0]?.events).toHaveLength(2);
  for (const { bytes } of gateway.operator.requests)
    expect(Buffer.from(bytes).toString('latin1')).not.toContain(C);
});
