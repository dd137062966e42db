/** What a tenant's destination may be when it is configured, and with which sentence it is refused. */
import { describe, expect, it } from 'vitest';
import { resolveDestination } from '../../src/config/destination.js';
import { resolveTenantEgress } from '../../src/config/egress.js';
import { createGatewayTelemetry, type Destinations, type TenantEgress } from '../../src/index.js';
import { eventually } from '../delivery/support.js';
import { collector, finishRequest, instance, reportingInstance, thrownBy } from './support.js';

const sentenceOf = (tenantEgress: TenantEgress, endpoint: string): string | undefined => {
  try {
    instance({ tenantEgress }).setTenant('acme', { endpoint });
    return undefined;
  } catch (error) {
    return (error as Error).message.replace('tenants.acme.endpoint ', '');
  }
};

describe('public', () => {
  it.each([
    'https://otlp.example.com',
    'https://otlp.example.com/',
    'https://OTLP.Example.COM./base?key=1',
    'https://otlp.example.com:443',
    'https://otlp.example.com:4318/otlp',
    'https://otlp.example.com:8443',
    'https://bücher.example',
    'https://under_score.example.com',
    'https://localhost.example.com',
    'https://notlocal.internal.example.com',
  ])('takes %s', (endpoint) => expect(sentenceOf('public', endpoint)).toBeUndefined());

  it.each([
    ['http://otlp.example.com', 'must begin with https://'],
    ['http://otlp.example.com:443', 'must begin with https://'],
    ['https://otlp.example.com:80', 'uses port 80'],
    ['https://otlp.example.com:22', 'uses port 22'],
    ['https://otlp.example.com:0', 'uses port 0'],
    ['https://otlp.example.com:6443', 'uses port 6443: tenantEgress.ports'],
    ['https://otlp.example.com/#part', 'must not have a fragment'],
    ['https://user@otlp.example.com', 'must not carry a user name'],
    ['https://user:pass@otlp.example.com', 'must not carry a user name'],
    ['https://otlp', 'is not at a public host name'],
    ['https://otlp.', 'is not at a public host name'],
    ['https://otlp..example.com', 'is not at a public host name'],
    ['https://.example.com', 'is not at a public host name'],
    [`https://${'a'.repeat(64)}.example.com`, 'is not at a public host name'],
    [`https://${'a.'.repeat(126)}example.com`, 'is not at a public host name'],
    ['https://localhost', 'is not at a public host name'],
    ['https://a.localhost', 'is not at a public host name'],
    ['https://printer.local', 'is not at a public host name'],
    ['https://PRINTER.LOCAL.', 'is not at a public host name'],
    ['https://metadata.google.internal', 'is not at a public host name'],
    ['https://a.intranet', 'is not at a public host name'],
    ['https://router.lan', 'is not at a public host name'],
    ['https://a.home.arpa', 'is not at a public host name'],
    ['https://otlp.monitoring.svc', 'is not at a public host name'],
    ['https://otlp.monitoring.svc.cluster.local', 'is not at a public host name'],
    ['https://a.onion', 'is not at a public host name'],
    ['https://8.8.8.8', 'is at an address instead of a host name'],
    ['https://134744072', 'is at an address instead of a host name'],
    ['https://[2606:4700:4700::1111]', 'is at an address instead of a host name'],
    ['https://127.0.0.1', 'is at an address that tenants may not reach'],
    ['https://0x7f.1', 'is at an address that tenants may not reach'],
    ['https://2130706433', 'is at an address that tenants may not reach'],
    ['https://１２７。０。０。１', 'is at an address that tenants may not reach'],
    ['https://127.0.0.1.', 'is at an address that tenants may not reach'],
    ['https://[::ffff:127.0.0.1]', 'is at an address that tenants may not reach'],
    ['https://[::]', 'is at an address that tenants may not reach'],
    ['https://169.254.169.254', 'is at an address that tenants may not reach'],
    ['https://168.63.129.16', 'is at an address that tenants may not reach'],
    ['https://[fe80::1%25eth0]', 'is not a valid URL'],
    ['https:\\\\otlp.example.com', 'must not contain spaces, control characters or backslashes'],
    ['https://otlp.exa\nmple.com', 'must not contain spaces, control characters or backslashes'],
    [`https://otlp.example.com/${'a'.repeat(2_048)}`, 'must be at most 2048 characters long'],
  ])('refuses %s', (endpoint, sentence) => expect(sentenceOf('public', endpoint)).toContain(sentence));

  it('is what holds where nothing is said, and for the endpoints of signals too', () => {
    const error = thrownBy(() => resolveAcme({ logs: { endpoint: 'https://10.0.0.1/v1/logs' } }));
    expect(error.message).toContain('tenants.acme.logs.endpoint is at an address that tenants may not reach');
    expect(thrownBy(() => resolveAcme([{ endpoint: 'https://localhost' }])).message).toContain(
      'tenants.acme[0].endpoint is not at a public host name',
    );
  });

  it('does not concern the operator', () => {
    expect(() =>
      instance({ tenantEgress: 'public', operator: { endpoint: 'http://localhost:9' } }),
    ).not.toThrow();
  });

  const resolveAcme = (acme: Destinations): unknown =>
    createGatewayTelemetry({ env: false, tenants: { acme } });
});

describe('the address to use', () => {
  const GUESSES = [
    'otlp.example.com',
    '//otlp.example.com',
    'grpc://otlp.example.com',
    'otlp.example.com:4317',
  ];

  it.each(GUESSES)('instead of %s is one that the policy takes', (endpoint) => {
    for (const policy of ['public', 'open'] as const) {
      const [, use = ''] = /use (.*)$/.exec(sentenceOf(policy, endpoint) ?? '') ?? [];
      expect(use).toBe(`${policy === 'public' ? 'https' : 'http'}://otlp.example.com:4318`);
      expect(sentenceOf(policy, use)).toBeUndefined();
    }
  });
});

describe('rules', () => {
  it.each<[string, TenantEgress, string]>([
    ['a port', { ports: [6443] }, 'https://otlp.example.com:6443'],
    ['plain http', { allowHttp: ['otlp.example.com'], ports: [80] }, 'http://otlp.example.com'],
    ['plain http for several', { allowHttp: ['*.example.com'] }, 'http://a.b.example.com:4318'],
    ['a name', { allowHosts: ['localhost'] }, 'https://localhost'],
    ['a name in capitals', { allowHosts: ['Otlp.Monitoring.SVC'] }, 'https://otlp.monitoring.svc.'],
    ['names', { allowHosts: ['*.internal'] }, 'https://otlp.internal'],
    ['a public address', { allowHosts: ['8.8.8.8'] }, 'https://8.8.8.8'],
    ['an address of IPv6', { allowHosts: ['[2606:4700:0:0::1]'] }, 'https://[2606:4700::1]'],
    ['a private block', { allowCidrs: ['10.0.0.0/8'] }, 'https://10.1.2.3'],
    ['a unique local block', { allowCidrs: ['fd00::/8'] }, 'https://[fd12::1]'],
  ])('lift what they name: %s', (_what, rules, endpoint) => {
    expect(sentenceOf('public', endpoint)).toBeDefined();
    expect(sentenceOf(rules, endpoint)).toBeUndefined();
  });

  it.each<[string, TenantEgress, string, string]>([
    [
      'another host of the same domain',
      { allowHosts: ['*.internal'] },
      'https://internal',
      'public host name',
    ],
    ['a host that ends alike', { allowHosts: ['a.internal'] }, 'https://ba.internal', 'public host name'],
    [
      'a listed host at a denied address',
      { allowHosts: ['127.0.0.1'] },
      'https://127.0.0.1',
      'may not reach',
    ],
    [
      'a listed port of a listed host',
      { ports: [80] },
      'http://otlp.example.com',
      'must begin with https://',
    ],
    [
      'a block that is denied too',
      { allowCidrs: ['10.0.0.0/8'], denyCidrs: ['10.1.0.0/16'] },
      'https://10.1.2.3',
      'may not reach: it is one of tenantEgress.denyCidrs',
    ],
    [
      'a block that is denied under open',
      { policy: 'open', denyCidrs: ['10.1.0.0/16'] },
      'http://[::ffff:10.1.2.3]',
      'may not reach: it is one of tenantEgress.denyCidrs',
    ],
  ])('lift nothing else: %s', (_what, rules, endpoint, sentence) => {
    expect(sentenceOf(rules, endpoint)).toContain(sentence);
  });

  it.each<[TenantEgress, string]>([
    [{ selfHosts: ['gateway.example.com'] }, 'https://gateway.example.com'],
    [{ selfHosts: ['*.gateway.example.com'] }, 'https://a.Gateway.example.com.:8443'],
    [
      { selfHosts: ['gateway.example.com'], allowHosts: ['gateway.example.com'] },
      'https://gateway.example.com',
    ],
    [{ policy: 'open', selfHosts: ['gateway.internal'] }, 'http://gateway.internal:8080'],
    [{ policy: 'open', selfHosts: ['10.0.0.1'] }, 'http://0xa.1'],
    [{ policy: 'open', selfHosts: ['10.0.0.1'] }, 'http://[::ffff:10.0.0.1]'],
    [{ policy: 'open', selfHosts: ['[::1]'] }, 'http://[0:0::1]:8080'],
    [{ policy: 'open', selfHosts: ['GATEWAY.Internal'] }, 'https://gateway.INTERNAL.:4318/v1'],
    [{ policy: 'open', selfHosts: ['gateway.internal'] }, 'http://gateway.internal..'],
    [{ policy: 'open', selfHosts: ['bücher.example'] }, 'http://xn--bcher-kva.example'],
    // Other ways to write it, and other addresses at which the same socket listens.
    [{ policy: 'open', selfHosts: ['::ffff:10.0.0.1'] }, 'http://10.0.0.1'],
    [{ policy: 'open', selfHosts: ['[::ffff:a00:1]'] }, 'http://[64:ff9b::10.0.0.1]'],
    [{ policy: 'open', denyCidrs: ['::ffff:10.0.0.0/104'] }, 'http://10.9.9.9'],
    [{ policy: 'open', selfHosts: ['127.0.0.1'] }, 'http://0.0.0.0:8080'],
    [{ policy: 'open', selfHosts: ['127.0.0.1'] }, 'http://127.9.9.9:8080'],
    [{ policy: 'open', selfHosts: ['127.0.0.1'] }, 'http://[::1]:8080'],
    [{ policy: 'open', selfHosts: ['127.0.0.1'] }, 'http://[::]:8080'],
    [{ policy: 'open', selfHosts: ['127.0.0.1'] }, 'http://localhost:8080'],
    [{ policy: 'open', selfHosts: ['localhost'] }, 'http://127.0.0.1:8080'],
    [{ policy: 'open', selfHosts: ['localhost'] }, 'http://a.localhost:8080'],
    [{ policy: 'open', selfHosts: ['::1'] }, 'http://LOCALHOST.:8080'],
  ])('with %j nobody may aim at %s', (rules, endpoint) => {
    expect(sentenceOf(rules, endpoint)).toMatch(/points at the gateway itself|may not reach/);
  });
});

describe('open', () => {
  it.each([
    'http://localhost:22',
    'http://127.0.0.1:9',
    'https://[::1]',
    'http://a',
    'http://printer.local:6000',
  ])('takes %s', (endpoint) => {
    expect(sentenceOf('open', endpoint)).toBeUndefined();
    expect(sentenceOf({ policy: 'open' }, endpoint)).toBeUndefined();
  });
});

describe('an answer of the lookup', () => {
  it('that breaks the rules is like any bad answer: the last good one stays, and it is reported', async () => {
    const receiver = await collector();
    let endpoint = receiver.url;
    const { telemetry, reports } = reportingInstance({
      tenants: () => Promise.resolve({ endpoint }),
      tenantEgress: {
        ports: [Number(new URL(receiver.url).port)],
        allowHosts: ['127.0.0.1'],
        allowCidrs: ['127.0.0.1'],
        allowHttp: ['127.0.0.1'],
      },
    });
    finishRequest(telemetry, 'acme');
    await telemetry.flush();
    await eventually(() => expect(receiver.logs).toHaveLength(1));
    endpoint = 'https://169.254.169.254';
    await telemetry.refreshTenant('acme');
    finishRequest(telemetry, 'acme');
    await telemetry.flush();
    await eventually(() => expect(receiver.logs).toHaveLength(2));
    const failed = reports.filter(({ code }) => code === 'tenant_lookup_failed');
    expect(failed.map(({ message }) => message)).toEqual([
      expect.stringContaining(
        'gave an answer that is invalid at "tenants.endpoint"; the last good answer stays',
      ),
    ]);
    expect(JSON.stringify(reports)).not.toContain('169.254');
  });
});

it('a compiled policy does not change with what it was made of', () => {
  const allowHosts = ['a.internal'];
  const policy = resolveTenantEgress({ allowHosts });
  allowHosts.push('b.internal');
  expect(policy.refusalOf(new URL('https://a.internal'))).toBeUndefined();
  expect(policy.refusalOf(new URL('https://b.internal'))).toBeDefined();
});

describe('trustedOrigins', () => {
  const targetsOf = (endpoint: string, tenantEgress: TenantEgress): unknown => {
    const { targets } = resolveDestination(
      { endpoint },
      'destination',
      'tenant',
      resolveTenantEgress(tenantEgress),
    );
    return Object.values(targets).map((target) => target.kind === 'otlp' && target.isTrustedOrigin);
  };
  const trusting = { trustedOrigins: ['https://API.vendor.example', 'https://other.example:8443/'] };

  it.each<[string, TenantEgress, boolean]>([
    ['https://api.vendor.example/otlp', trusting, true],
    ['https://api.vendor.example:443', trusting, true],
    ['https://API.VENDOR.example.', trusting, true],
    ['https://other.example:8443', trusting, true],
    ['https://other.example', trusting, false],
    ['https://api.vendor.example:8443', trusting, false],
    ['https://a.api.vendor.example', trusting, false],
    ['https://api.vendor.example', 'public', false],
    ['https://api.vendor.example', 'open', false],
    ['https://api.vendor.example', { policy: 'open', ...trusting }, true],
    ['http://api.vendor.example', { policy: 'open', ...trusting }, false],
  ])('%s: %j: %s', (endpoint, egress, isTrusted) =>
    expect(targetsOf(endpoint, egress)).toEqual([isTrusted, isTrusted]),
  );

  it('do not concern the operator, who is always trusted', () => {
    const { targets } = resolveDestination({ endpoint: 'https://a.example' }, 'operator', 'operator');
    for (const target of Object.values(targets)) expect(target).toMatchObject({ isTrustedOrigin: true });
  });
});

it('a host with the root dot is the same origin as without it', () => {
  const [one, other] = ['https://a.example.', 'https://a.example'].map(
    (endpoint) => resolveDestination({ endpoint }, 'x', 'tenant', resolveTenantEgress('public')).targets.logs,
  );
  expect(one).toEqual(other);
});
