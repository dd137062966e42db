/** T28: headers that would break or smuggle a request are refused when they are configured, and what was in force stays. */
import { expect, it } from 'vitest';
import { createGatewayTelemetry, type Destination, type DestinationHeaders } from '../../src/index.js';
import { eventually } from '../delivery/support.js';
import { figure, ledgerOf, logsOf, startCollector, VICTIM, withVictim } from './support.js';

const SECRET = 's3cret';
const REFUSED: readonly (readonly [what: string, headers: unknown])[] = [
  ['CRLF in a value', { 'x-a': `${SECRET}\r\nx-b: 1` }],
  ['CR in a value', { 'x-a': `${SECRET}\rx` }],
  ['LF in a value', { 'x-a': `${SECRET}\nx` }],
  ['NUL in a value', { 'x-a': `${SECRET}\0` }],
  ['DEL in a value', { 'x-a': `${SECRET}\u007f` }],
  ['Unicode in a value', { 'x-a': `${SECRET} ✓` }],
  ['Latin-1 in a value', { 'x-a': `${SECRET} é` }],
  ['a lone surrogate', { 'x-a': `${SECRET}\ud800` }],
  ['CRLF in a name', { [`x-a: ${SECRET}\r\nx-b`]: '1' }],
  ['a space in a name', { 'x a': SECRET }],
  ['a colon in a name', { 'x:a': SECRET }],
  ['Unicode in a name', { 'x-ä': SECRET }],
  ['an empty name', { '': SECRET }],
  ['a pseudo header', { ':authority': SECRET }],
  ...[
    'Host',
    'content-length',
    'Content-Type',
    'content-encoding',
    'Transfer-Encoding',
    'connection',
    'keep-alive',
    'TE',
    'trailer',
    'upgrade',
    'expect',
    'proxy-authorization',
    'proxy-connection',
    'proxy-authenticate',
    'content-md5',
    'accept-encoding',
  ].map((name): readonly [string, unknown] => [name, { [name]: SECRET }]),
  ['a number', { 'x-a': 7 }],
  ['a list', { 'x-a': [SECRET, SECRET] }],
  ['null', { 'x-a': null }],
  ['one value too long', { 'x-a': 'v'.repeat(8_193) }],
  ['too many', Object.fromEntries(Array.from({ length: 33 }, (_unused, index) => [`x-${index}`, SECRET]))],
  ['one name twice', { 'X-Key': SECRET, 'x-key': SECRET }],
  ['text with a line break', `x-a=${SECRET}\r\nx-b: 1`],
  ['text that sets the host', `host=${SECRET}`],
];

const filled = (count: number, length: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_unused, index) => [`x-${index}`, 'v'.repeat(length)]));
/** What the operator may do, and a tenant may not. */
const REFUSED_TO_TENANTS: readonly (readonly [what: string, headers: Record<string, string>])[] = [
  ['4,097 bytes', filled(1, 4_097)],
  ['17 headers', filled(17, 1)],
  ['8 KiB and more in all', filled(3, 4_000)],
  ['the user agent', { 'User-Agent': SECRET }],
];

it('T28: every bad header is refused when it is configured, in a sentence without its value, and changes nothing', async () => {
  const collector = await startCollector();
  await withVictim(
    collector,
    async (world) => {
      REFUSED.forEach(([what, headers], mark) => {
        const destination = { endpoint: collector.url, headers: headers as DestinationHeaders };
        const ways: readonly (() => unknown)[] = [
          () => world.telemetry.setTenant(VICTIM, destination),
          () => world.telemetry.setOperator(destination),
          () => world.telemetry.setTenants({ [VICTIM]: destination, globex: world.to('globex') }),
          () => createGatewayTelemetry({ env: false, operator: destination }),
          () => createGatewayTelemetry({ env: false, tenantEgress: 'open', tenants: { x: destination } }),
        ];
        for (const way of ways) {
          let refused: Error | undefined;
          try {
            way();
          } catch (error) {
            refused = error as Error;
          }
          expect(refused?.name, what).toBe('ConfigurationError');
          expect(refused?.message, what).not.toMatch(/s3cret|[\r\n\0]/);
        }
        world.send(VICTIM, mark);
      });
      await world.telemetry.flush();
      expect(ledgerOf(world, VICTIM)).toEqual({
        accepted: REFUSED.length,
        delivered: REFUSED.length,
        rejected: 0,
        dropped: {},
        buffered: 0,
      });
      expect(collector.received().toString('latin1')).toContain('x-key: as it was');
      expect(collector.received().includes(SECRET)).toBe(false);
      figure('T28', `${REFUSED.length} refused of ${REFUSED.length}, each in five ways`);
    },
    { victim: { headers: { 'x-key': 'as it was' } } },
  );
});

it.each(REFUSED_TO_TENANTS)('T28: a tenant may not have %s, the operator may', (_what, headers) => {
  const endpoint = 'http://127.0.0.1:9';
  const base = { env: false, tenantEgress: 'open' } as const;
  const make = (destination: Destination): unknown =>
    createGatewayTelemetry({ ...base, tenants: { x: destination } });
  const [one, ...others] = Object.entries(headers);
  for (const way of [
    () => make({ endpoint, headers }),
    () => make({ endpoint, logs: { headers } }),
    // Half here, half there.
    () =>
      make({
        endpoint,
        headers: Object.fromEntries(others),
        logs: { headers: Object.fromEntries([one ?? []]) },
      }),
  ]) {
    expect(way).toThrow(/^tenants\.x\.(logs\.)?headers/);
    expect(way).not.toThrow(SECRET);
  }
  expect(() => createGatewayTelemetry({ ...base, operator: { endpoint, headers } })).not.toThrow();
});

it('T28: what a header function answers is held to the same limits at run time', async () => {
  const collector = await startCollector();
  let headers: Record<string, string> = { 'user-agent': SECRET };
  await withVictim(
    collector,
    async (world) => {
      for (const answer of [
        { 'user-agent': SECRET },
        filled(17, 1),
        filled(3, 4_000),
        { a: SECRET, A: SECRET },
      ]) {
        headers = answer;
        world.send(VICTIM, 1);
        await world.telemetry.flush({ timeoutMs: 300 });
        expect(logsOf(world, VICTIM)?.lastError).toBe('headers');
      }
      expect(collector.calls).toHaveLength(0);
      headers = { 'idempotency-key': 'its own' };
      await eventually(async () => {
        await world.telemetry.flush({ timeoutMs: 300 });
        expect(ledgerOf(world, VICTIM)).toMatchObject({ accepted: 4, delivered: 4 });
      });
      expect(collector.received().includes(SECRET)).toBe(false);
    },
    { victim: { headers: () => headers } },
  );
});

it('T28: of one name twice in a text the last one counts for the operator; a tenant is refused it', () => {
  const destination = { endpoint: 'http://127.0.0.1:9', headers: `x-key=${SECRET},X-Key=2` };
  const base = { env: false, tenantEgress: 'open' } as const;
  expect(() => createGatewayTelemetry({ ...base, operator: destination })).not.toThrow();
  expect(() => createGatewayTelemetry({ ...base, tenants: { x: destination } })).toThrow(
    'tenants.x.headers has a name twice, again in pair 2',
  );
});
