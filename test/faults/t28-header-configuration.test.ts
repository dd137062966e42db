/** T28: headers that would break or smuggle a request are refused when they are configured, and what was in force stays. */
import { expect, it } from 'vitest';
import { createGatewayTelemetry, type DestinationHeaders } from '../../src/index.js';
import { figure, ledgerOf, startCollector, VICTIM, withVictim } from './support.js';

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
    'accept-encoding',
  ].map((name): readonly [string, unknown] => [name, { [name]: SECRET }]),
  ['a number', { 'x-a': 7 }],
  ['a list', { 'x-a': [SECRET, SECRET] }],
  ['null', { 'x-a': null }],
  ['one value too long', { 'x-a': 'v'.repeat(8_193) }],
  ['too many', Object.fromEntries(Array.from({ length: 33 }, (_unused, index) => [`x-${index}`, SECRET]))],
  ['text with a line break', `x-a=${SECRET}\r\nx-b: 1`],
  ['text that sets the host', `host=${SECRET}`],
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
