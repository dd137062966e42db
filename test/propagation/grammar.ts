/** What may go out: names and values that Node takes, in the grammar of each format, within the limits. */
import { strict as assert } from 'node:assert';
import { validateHeaderName, validateHeaderValue } from 'node:http';

const HEX16 = '(?!0{16})[0-9a-f]{16}';
const HEX32 = '(?!0{32})[0-9a-f]{32}';
const SIZED = `(?:${HEX32}|${HEX16})`;
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const OCTETS = '[!#-+\\--:<-\\[\\]-~]*';
const PROPERTY = `${TOKEN}(?:=${OCTETS})?`;

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);

const VALUES = new Map<string, RegExp>(
  Object.entries({
    traceparent: whole(`00-${HEX32}-${HEX16}-0[0-3]`),
    b3: whole(`${SIZED}-${HEX16}(?:-[01d])?|[01d]`),
    'x-b3-traceid': whole(SIZED),
    'x-b3-spanid': whole(HEX16),
    'x-b3-sampled': whole('[01]'),
    'x-b3-flags': whole('1'),
    'uber-trace-id': whole(`${SIZED}:${HEX16}:0:0?[013]`),
    'x-datadog-sampling-priority': whole('-?[0-9]{1,3}'),
    'x-datadog-origin': whole('[ -~]{1,256}'),
    'x-datadog-tags': whole('(?:(?:^|,)_dd\\.p\\.[!-+\\--<>-~]+=[ -+\\--~]*)+'),
    'ot-tracer-traceid': whole(HEX16),
    'ot-tracer-spanid': whole(HEX16),
    'ot-tracer-sampled': whole('true|false'),
    'x-amzn-trace-id': /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}(?:;Parent=[0-9a-f]{16})?(?:;Sampled=[01])?$/,
    'x-cloud-trace-context': whole(`${HEX32}(?:/[1-9][0-9]*)?(?:;o=[01])?`),
    'x-instana-t': whole(SIZED),
    'x-instana-s': whole(HEX16),
    'x-instana-l': whole('[01]'),
    'x-request-id': whole(SIZED),
  }),
);
const DECIMALS = ['x-datadog-trace-id', 'x-datadog-parent-id'];
const PREFIXES = ['uberctx-', 'ot-baggage-'];

const TRACESTATE_MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;
const BAGGAGE_MEMBER = whole(`${TOKEN}=${OCTETS}(?:;${PROPERTY})*`);
const ENCODED = /^(?:[!-$&-~]|%[0-9A-F]{2})*$/;

export const MAX_TRACESTATE = 1_024;
export const MAX_BAGGAGE = 8_192;
const MAX_MEMBERS = 64;
const MAX_TAGS = 512;
/** Baggage three times over, and little else. */
const MAX_TOTAL = 3 * MAX_BAGGAGE + 64 * 2 * 'ot-baggage-'.length + 4_096;

/** The names that an instance with every format writes. */
export const isOurs = (name: string): boolean =>
  VALUES.has(name) ||
  DECIMALS.includes(name) ||
  name === 'tracestate' ||
  name === 'baggage' ||
  PREFIXES.some((prefix) => name.startsWith(prefix));

/** Assertions of Node rather than of vitest: this runs many thousand times. */
export function assertLegal(headers: Readonly<Record<string, unknown>>): void {
  let total = 0;
  for (const [name, value] of Object.entries(headers)) {
    const where = `${name}: ${String(value).slice(0, 200)}`;
    assert.ok(typeof value === 'string', where);
    validateHeaderName(name);
    validateHeaderValue(name, value);
    assert.equal(name, name.toLowerCase());
    total += name.length + value.length;
    const pattern = VALUES.get(name);
    if (pattern !== undefined) assert.match(value, pattern, where);
    else if (DECIMALS.includes(name)) assertDecimal(value, where);
    else if (name === 'tracestate') assertList(value, 32, TRACESTATE_MEMBER, MAX_TRACESTATE);
    else if (name === 'baggage') assertList(value, MAX_MEMBERS, BAGGAGE_MEMBER, MAX_BAGGAGE);
    else assert.ok(isOurs(name) && ENCODED.test(value), where);
  }
  for (const prefix of PREFIXES) assertFormatBaggage(headers, prefix);
  const tags = headers['x-datadog-tags'] as string | undefined;
  assert.ok(tags === undefined || tags.length <= MAX_TAGS);
  assert.ok(total <= MAX_TOTAL, `${total} characters in all`);
}

function assertDecimal(text: string, where: string): void {
  assert.match(text, /^[1-9][0-9]*$/, where);
  assert.ok(BigInt(text) <= 0xffff_ffff_ffff_ffffn, where);
}

function assertList(text: string, maxMembers: number, member: RegExp, maxLength: number): void {
  assert.ok(text.length <= maxLength, `${text.length} characters`);
  const members = text.split(',');
  assert.ok(members.length <= maxMembers, `${members.length} members`);
  for (const one of members) assert.match(one, member);
}

function assertFormatBaggage(headers: Readonly<Record<string, unknown>>, prefix: string): void {
  const members = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  assert.ok(members.length <= MAX_MEMBERS, `${members.length} members of ${prefix}`);
  const length = members.reduce(
    (sum, [name, value]) => sum + name.length - prefix.length + String(value).length,
    0,
  );
  assert.ok(length <= MAX_BAGGAGE, `${length} characters of ${prefix}`);
}
