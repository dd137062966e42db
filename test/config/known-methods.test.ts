/** Which methods the records hold by name, as code and the environment say. */
import { expect, it } from 'vitest';
import { resolveSettings } from '../../src/config/resolve.js';
import { startGateway } from '../support/gateway.js';

const VARIABLE = 'OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS';

it.each<[string, readonly string[] | undefined, readonly string[]]>([
  ['GET,PROPFIND', undefined, ['GET', 'PROPFIND']],
  [' GET , PROPFIND ', ['POST'], ['GET', 'PROPFIND']],
  ['get', undefined, ['get']],
  ['', ['POST'], ['POST']],
  ['GET,,POST', ['POST'], ['POST']],
  ['GET;POST,a b', ['POST'], ['POST']],
  ['X'.repeat(33), ['POST'], ['POST']],
])('%j over %j gives %j', (value, knownMethods, expected) => {
  const settings = resolveSettings({ env: { [VARIABLE]: value }, ...(knownMethods && { knownMethods }) });
  expect([...settings.arrivals.knownMethods]).toEqual(expected);
  const isBad = value !== '' && expected[0] === 'POST';
  expect(settings.notices.map(({ message }) => message).join()).toMatch(isBad ? new RegExp(VARIABLE) : /^$/);
});

it('a wrong list in code is a fault also where the environment stands over it', () => {
  expect(() => resolveSettings({ env: { [VARIABLE]: 'GET' }, knownMethods: [] })).toThrow(/knownMethods/);
});

it.each([
  ['PROPFIND', 'PROPFIND', undefined, 'PROPFIND files'],
  // The list replaces the usual one, and case counts.
  ['GET', '_OTHER', 'GET', 'HTTP files'],
  ['propfind', '_OTHER', 'propfind', 'HTTP files'],
  ['', '_OTHER', undefined, 'HTTP files'],
  ['X'.repeat(40), '_OTHER', 'X'.repeat(32), 'HTTP files'],
])('%j is %j on span, log record and upstream call', async (method, known, original, name) => {
  const gateway = await startGateway({ options: { knownMethods: ['PROPFIND'], spans: 'server+client' } });
  const exchange = gateway.telemetry.begin({ method, url: '/files', headers: {} });
  exchange.setRoute('files');
  exchange.startUpstreamCall({ url: 'http://up.example/' }).end({ statusCode: 200 });
  exchange.end({ statusCode: 200 });
  await gateway.flush();
  const [client, server] = gateway.operator.spans;
  expect([server?.name, client?.name]).toEqual([name, name.replace(' files', '')]);
  for (const span of [client, server]) {
    expect(span?.attributes['http.request.method']).toBe(known);
    expect(span?.attributes['http.request.method_original']).toBe(
      original ?? (method === '' ? '' : undefined),
    );
  }
  expect(gateway.operator.logs[0]?.attributes['http.request.method']).toBe(known);
});
