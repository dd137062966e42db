/** What never leaves for Sentry, wherever it stands: in the request, in what was thrown, or in what code has told. */
import { request as httpRequest } from 'node:http';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { reportText } from '../../src/sentry/personal-data.js';
import { startSentry } from './sentry-server.js';
import { fail, loadSdk, SDKS, serveWith, startReporting } from './support.js';

const sdk = vi.hoisted(() => ({ name: '@sentry/node' }));
vi.mock('../../src/sentry/load-sentry.cjs', () => ({ loadSentry: () => loadSdk(sdk.name) }));

const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';

/** None of these may be found in what arrives. */
const CANARIES = {
  cookie: 'canary-cookie-1',
  header: 'canary-header-2',
  query: 'canary-query-3',
  body: 'canary-body-4',
  email: 'ada.lovelace@canary.example',
  address: '203.0.113.77',
  address6: '2001:db8::77',
  bearer: 'canarybearer5555',
  password: 'canary-password-6',
  dsnSecret: 'canarydsnsecret7',
  userInfo: 'canary-user-8',
  matrix: 'canary-matrix-9',
  local: 'canary-local-10',
  property: 'canary-property-11',
  stripe: 'sk_live_canary1234567890',
  token: TOKEN,
  agent: 'canary-agent-12',
};

const MESSAGES = (c: typeof CANARIES): string =>
  [
    `user ${c.email} at ${c.address} and [${c.address6}]:443 failed`,
    `authorization: Bearer ${c.bearer}`,
    `password=${c.password}`,
    `{"password": "${c.password}"}`,
    `cookie: session=${c.cookie}; other=1`,
    `GET https://${c.userInfo}:x@up.example/a?token=${c.query}&key=${c.query}`,
    `token ${c.token} and ${c.stripe}`,
    `email=${encodeURIComponent(c.email)}`,
  ].join('\n');

class Rich extends Error {
  readonly config = { headers: { authorization: CANARIES.bearer }, data: CANARIES.body };
  readonly request = CANARIES.property;
}

function thrown(): Error {
  const local = CANARIES.local;
  const cause = new Rich(`cause: ${MESSAGES(CANARIES)}`);
  const error = new Rich(MESSAGES(CANARIES), { cause });
  // Whoever builds a stack by hand may put anything into it.
  error.stack = `${error.stack ?? ''}\n    at handler (/srv/app.js?token=${CANARIES.query}:1:2)\n    at f${local.length} (https://${CANARIES.userInfo}:x@host/app.js:1:2)`;
  return error;
}

function post(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = {
      cookie: `session=${CANARIES.cookie}`,
      authorization: `Bearer ${CANARIES.bearer}`,
      'x-api-key': CANARIES.header,
      'x-forwarded-for': CANARIES.address,
      forwarded: `for="[${CANARIES.address6}]"`,
      'user-agent': CANARIES.agent,
      from: CANARIES.email,
      referer: `https://x/?q=${CANARIES.query}`,
    };
    const path = `/orders;jsessionid=${CANARIES.matrix}/${CANARIES.email}/${CANARIES.token}?q=${CANARIES.query}`;
    httpRequest(url + path, { method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end(CANARIES.body);
  });
}

describe.each(SDKS)('%s', (name) => {
  beforeEach(() => {
    sdk.name = name;
  });

  it('finds none of the canaries in what arrives', async () => {
    const sentry = await startSentry();
    const dsn = sentry.dsn(`public:${CANARIES.dsnSecret}`);
    const { telemetry, errors, diagnostics } = startReporting({ dsn }, { trustProxy: true });
    const url = await serveWith(telemetry, (_request, response, exchange) => {
      exchange.setUserId(CANARIES.email);
      exchange.setRoute(`route of ${CANARIES.email}`);
      exchange.setAttribute('app.secret', CANARIES.property);
      exchange.setTenantAttribute('app.other', CANARIES.property);
      exchange.recordError(thrown());
      response.setHeader('set-cookie', CANARIES.cookie);
      response.writeHead(500).end(exchange.errorId);
    });
    expect(await post(url)).toBe(500);
    fail({ telemetry, errors, diagnostics }, thrown());
    expect(await errors.flush()).toBe(true);
    expect(sentry.events).toHaveLength(2);
    for (const envelope of sentry.envelopes) {
      const all = JSON.stringify([envelope.path, envelope.headers]) + envelope.text;
      for (const [what, canary] of Object.entries(CANARIES)) {
        expect(all, what).not.toContain(canary);
        expect(all, what).not.toContain(encodeURIComponent(canary));
      }
      expect(all).not.toContain('127.0.0.1:9');
    }
    // The sweep has swept something: what is no secret is still there.
    const [event] = sentry.events;
    expect(event).toMatchObject({ request: { method: 'POST' }, tags: { tenant_id: 'acme' } });
    expect(event).not.toHaveProperty('user');
    expect(sentry.envelopes[0]?.text).toContain('failed');
    expect(JSON.stringify([errors.status(), diagnostics])).not.toContain('canary');
  });
});

describe('texts that leave', () => {
  it.each([
    ['no answer to a.b-c+d@mail.example.co.uk!', 'no answer to [email]!'],
    ['a%40x.org', '[email]'],
    ['in node_modules/.pnpm/express@5.1.0/x.js', 'in node_modules/.pnpm/express@5.1.0/x.js'],
    ['from 192.0.2.1:80', 'from [ip]:80'],
    ['from ::1', 'from [ip]'],
    ['from [2001:db8::1]:443', 'from [[ip]]:443'],
    ['from ::ffff:192.0.2.1', 'from [ip]'],
    ['at 12:30:45 in x.js:10:5', 'at 12:30:45 in x.js:10:5'],
    ['version 1.2.3 and 1.2.3.4.5', 'version 1.2.3 and 1.2.3.4.5'],
    ['cafe: dead beef', 'cafe: dead beef'],
    ["o'neil@a.example, jörg@münchen.example, анна@почта.example", '[email], [email], [email]'],
    ["'anna@пример.рф'", "'[email]'"],
    ['X-Forwarded-For:192.0.2.1, 192.0.2.2', 'X-Forwarded-For:[ip], [ip]'],
    ['face:192.0.2.1, ip_192.0.2.1', 'face:[ip], ip_[ip]'],
    ['remote:2001:db8::1', 'remote:[ip]'],
    ['Cache::add(1) at time:12:30:45', 'Cache::add(1) at time:12:30:45'],
    ['v1.2.3.4', 'v1.2.3.4'],
    ['GET https://ada:pw@up.example.org/a', 'GET https://REDACTED:REDACTED@up.example.org/a'],
  ])('%s', (text, expected) => {
    expect(reportText(text, 1_000)).toBe(expected);
  });

  it('may hold the address that the gateway has asked', () => {
    expect(reportText('connect 10.0.0.1:80, host:10.0.0.1, for 10.0.0.2', 1_000, '10.0.0.1')).toBe(
      'connect 10.0.0.1:80, host:10.0.0.1, for [ip]',
    );
  });

  it('take no longer for hostile ones', () => {
    const before = performance.now();
    for (const part of [
      'a',
      'a.',
      'a@',
      '@',
      '%40',
      ':',
      'a:',
      '1.',
      '::1',
      'a@b.',
      'a@b.c ',
      'z:',
      'zzzzzzzz:',
      'ü',
      'ü@',
    ]) {
      reportText(part.repeat(200_000), 1_024);
    }
    expect(performance.now() - before).toBeLessThan(4_000);
  });
});
