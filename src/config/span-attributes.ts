/** The option `spanAttributes`, checked. */
import { fault } from '../model/configuration-error.js';
import { LOOP_HEADER } from '../model/loop-token.js';
import { isSecretHeader } from '../model/secret-names.js';
import type { HeaderNames, SpanAttributeRules } from '../model/span-attributes.js';
import { asBoolean, asObject, asTextList, checkFields } from './checks.js';

/** More would be all that a request has, which is what an allow-list is against. */
const MAX_HEADERS = 64;

function headerNames(value: unknown, option: string): readonly string[] {
  if (value === undefined) return [];
  const names = asTextList(value, option).map((name) => name.toLowerCase());
  if (names.length > MAX_HEADERS) throw fault(option, `must name at most ${MAX_HEADERS} headers`);
  for (const [index, name] of names.entries()) {
    if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name))
      throw fault(`${option}[${index}]`, 'must be a header name');
    if (isSecretHeader(name) || name === LOOP_HEADER) {
      throw fault(`${option}[${index}]`, 'must not be a header that carries credentials');
    }
  }
  return [...new Set(names)];
}

function headersOf(given: Readonly<Record<string, unknown>>, option: string): HeaderNames {
  return {
    request: headerNames(given['requestHeaders'], `${option}.requestHeaders`),
    response: headerNames(given['responseHeaders'], `${option}.responseHeaders`),
  };
}

function switchOf(given: Readonly<Record<string, unknown>>, name: string, option: string): boolean {
  return given[name] === undefined ? false : asBoolean(given[name], `${option}.${name}`);
}

/** What asks for nothing is the same as none, so that a request costs one check. */
function orNone<Rules extends HeaderNames>(rules: Rules): Rules | undefined {
  const { request, response, ...switches } = rules;
  const asks = request.length > 0 || response.length > 0 || Object.values(switches).includes(true);
  return asks ? rules : undefined;
}

export function resolveSpanAttributes(value: unknown): SpanAttributeRules {
  if (value === undefined) return { server: undefined, client: undefined };
  const given = asObject(value, 'spanAttributes');
  checkFields(given, 'spanAttributes', ['server', 'client']);
  const of = (side: 'server' | 'client', switches: readonly string[]) => {
    if (given[side] === undefined) return {};
    const option = `spanAttributes.${side}`;
    const own = asObject(given[side], option);
    checkFields(own, option, ['requestHeaders', 'responseHeaders', ...switches]);
    return own;
  };
  const server = of('server', ['network', 'syntheticType']);
  const client = of('client', ['network', 'userAgent']);
  return {
    server: orNone({
      ...headersOf(server, 'spanAttributes.server'),
      network: switchOf(server, 'network', 'spanAttributes.server'),
      syntheticType: switchOf(server, 'syntheticType', 'spanAttributes.server'),
    }),
    client: orNone({
      ...headersOf(client, 'spanAttributes.client'),
      network: switchOf(client, 'network', 'spanAttributes.client'),
      userAgent: switchOf(client, 'userAgent', 'spanAttributes.client'),
    }),
  };
}
