/**
 * What the W3C trace-context test harness sends and asks for at SPEC_LEVEL=2 and STRICT_LEVEL=2: its 41 tests, under its
 * names, as facts. Where the harness only asks that the trace goes on, this asks for the flags too; where it only asks
 * that a member is gone, for no `tracestate` at all.
 */
export type HeaderLine = readonly [name: string, value: string];

/** One request to the service, and what must hold of the calls that it then makes. */
export interface HarnessRequest {
  /** Lines as they go over the wire: in order, names may repeat, white space stays. */
  readonly headers: readonly HeaderLine[];
  /** How many calls the service is asked for. Default 1. */
  readonly calls?: number;
  /** The flags with which the trace goes on. Missing: a new trace begins. */
  readonly continuesWith?: '00' | '01' | '02' | '03';
  /** The members of `tracestate`: one of these lists. Missing: none goes out. */
  readonly members?: readonly (readonly string[])[];
}

export interface HarnessTest {
  readonly suite: 'TraceContextTest' | 'AdvancedTest' | 'TraceContext2Test';
  readonly name: string;
  readonly requests: readonly HarnessRequest[];
}

export const TRACE_ID = '12345678901234567890123456789012';
export const PARENT_ID = '1234567890123456';

const VALID = `00-${TRACE_ID}-${PARENT_ID}-01`;
const UNSAMPLED: HeaderLine = ['traceparent', `00-${TRACE_ID}-${PARENT_ID}-00`];

function test(name: string, ...requests: readonly HarnessRequest[]): HarnessTest {
  return { suite: 'TraceContextTest', name, requests };
}

/** The trace goes on, sampled. */
function continues(value: string, name = 'traceparent'): HarnessRequest {
  return { headers: [[name, value]], continuesWith: '01' };
}

/** A new trace begins. */
function begins(...values: readonly string[]): HarnessRequest {
  return { headers: values.map((value) => ['traceparent', value]) };
}

/** These `tracestate` lines beside a valid, unsampled `traceparent`, and the members that go on. */
function state(lines: readonly string[], ...members: readonly (readonly string[])[]): HarnessRequest {
  return {
    headers: [UNSAMPLED, ...lines.map((line): HeaderLine => ['tracestate', line])],
    continuesWith: '00',
    ...(members.length > 0 && { members }),
  };
}

/** A `tracestate` of one member under a header name of its own. */
function stateNamed(name: string, isRead: boolean): HarnessRequest {
  return {
    headers: [UNSAMPLED, [name, 'foo=1']],
    continuesWith: '00',
    ...(isRead && { members: [['foo=1']] }),
  };
}

/** `bar01=01` and so on. */
function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const number = String(from + index).padStart(2, '0');
    return `bar${number}=${number}`;
  });
}

function characters(from: number, to: number): string {
  return String.fromCharCode(...Array.from({ length: to - from + 1 }, (_, index) => from + index));
}

const EVERY_KEY_CHARACTER = `${characters(0x61, 0x7a)}0123456789_-*/`;
const EVERY_VALUE_CHARACTER = characters(0x20, 0x2b) + characters(0x2d, 0x3c) + characters(0x3e, 0x7e);
const OF_EVERY_CHARACTER = `${EVERY_KEY_CHARACTER}=${EVERY_VALUE_CHARACTER}`;
const OF_EVERY_CHARACTER_AND_AT = `${EVERY_KEY_CHARACTER}@a-z0-9_-*/=${EVERY_VALUE_CHARACTER}`;

const LONGEST_KEY = 'z'.repeat(256);
const LONGEST_TENANT_KEY = `${'t'.repeat(241)}@${'v'.repeat(14)}`;
const LONG_TENANT_KEY = `${'t'.repeat(242)}@v`;
const LONG_SYSTEM_KEY = `t@${'v'.repeat(15)}`;

const TENS = [numbered(1, 10), numbered(11, 20), numbered(21, 30)].map((members) => members.join(','));

export const HARNESS_TESTS: readonly HarnessTest[] = [
  test('both_traceparent_and_tracestate_missing', begins()),
  test('traceparent_included_tracestate_missing', continues(VALID)),
  test(
    'traceparent_duplicated',
    begins(`00-12345678901234567890123456789011-${PARENT_ID}-01`, `00-${TRACE_ID}-${PARENT_ID}-01`),
  ),
  test(
    'traceparent_header_name',
    { headers: [['trace-parent', VALID]] },
    { headers: [['trace.parent', VALID]] },
  ),
  test(
    'traceparent_header_name_valid_casing',
    continues(VALID, 'TraceParent'),
    continues(VALID, 'TrAcEpArEnT'),
    continues(VALID, 'TRACEPARENT'),
  ),
  test('traceparent_version_0x00', begins(`${VALID}.`), begins(`${VALID}-what-the-future-will-be-like`)),
  test(
    'traceparent_version_0xcc',
    continues(`cc-${TRACE_ID}-${PARENT_ID}-01`),
    continues(`cc-${TRACE_ID}-${PARENT_ID}-01-what-the-future-will-be-like`),
    begins(`cc-${TRACE_ID}-${PARENT_ID}-01.what-the-future-will-be-like`),
  ),
  test('traceparent_version_0xff', begins(`ff-${TRACE_ID}-${PARENT_ID}-01`)),
  test(
    'traceparent_version_illegal_characters',
    begins(`.0-${TRACE_ID}-${PARENT_ID}-01`),
    begins(`0.-${TRACE_ID}-${PARENT_ID}-01`),
  ),
  test(
    'traceparent_version_too_long',
    begins(`000-${TRACE_ID}-${PARENT_ID}-01`),
    begins(`0000-${TRACE_ID}-${PARENT_ID}-01`),
  ),
  test('traceparent_version_too_short', begins(`0-${TRACE_ID}-${PARENT_ID}-01`)),
  test('traceparent_trace_id_all_zero', begins(`00-${'0'.repeat(32)}-${PARENT_ID}-01`)),
  test(
    'traceparent_trace_id_illegal_characters',
    begins(`00-.2345678901234567890123456789012-${PARENT_ID}-01`),
    begins(`00-1234567890123456789012345678901.-${PARENT_ID}-01`),
  ),
  test('traceparent_trace_id_too_long', begins(`00-${TRACE_ID}3-${PARENT_ID}-01`)),
  test('traceparent_trace_id_too_short', begins(`00-${TRACE_ID.slice(0, 31)}-${PARENT_ID}-01`)),
  test('traceparent_parent_id_all_zero', begins(`00-${TRACE_ID}-${'0'.repeat(16)}-01`)),
  test(
    'traceparent_parent_id_illegal_characters',
    begins(`00-${TRACE_ID}-.234567890123456-01`),
    begins(`00-${TRACE_ID}-123456789012345.-01`),
  ),
  test('traceparent_parent_id_too_long', begins(`00-${TRACE_ID}-${PARENT_ID}7-01`)),
  test('traceparent_parent_id_too_short', begins(`00-${TRACE_ID}-${PARENT_ID.slice(0, 15)}-01`)),
  test(
    'traceparent_trace_flags_illegal_characters',
    begins(`00-${TRACE_ID}-${PARENT_ID}-.0`),
    begins(`00-${TRACE_ID}-${PARENT_ID}-0.`),
  ),
  test('traceparent_trace_flags_too_long', begins(`00-${TRACE_ID}-${PARENT_ID}-001`)),
  test('traceparent_trace_flags_too_short', begins(`00-${TRACE_ID}-${PARENT_ID}-1`)),
  test(
    'traceparent_ows_handling',
    continues(` ${VALID}`),
    continues(`\t${VALID}`),
    continues(`${VALID} `),
    continues(`${VALID}\t`),
    continues(`\t ${VALID} \t`),
  ),

  test(
    'tracestate_included_traceparent_missing',
    { headers: [['tracestate', 'foo=1']] },
    { headers: [['tracestate', 'foo=1,bar=2']] },
  ),
  test('tracestate_included_traceparent_included', state(['foo=1,bar=2'], ['foo=1', 'bar=2'])),
  test('tracestate_header_name', stateNamed('trace-state', false), stateNamed('trace.state', false)),
  test(
    'tracestate_header_name_valid_casing',
    stateNamed('TraceState', true),
    stateNamed('TrAcEsTaTe', true),
    stateNamed('TRACESTATE', true),
  ),
  test(
    'tracestate_empty_header',
    state(['']),
    state(['foo=1', ''], ['foo=1']),
    state(['', 'foo=1'], ['foo=1']),
  ),
  test(
    'tracestate_multiple_headers_different_keys',
    state(['foo=1,bar=2', 'rojo=1,congo=2', 'baz=3'], ['foo=1', 'bar=2', 'rojo=1', 'congo=2', 'baz=3']),
  ),
  test(
    'tracestate_duplicated_keys',
    state(['foo=1,foo=1'], ['foo=1', 'foo=1'], ['foo=1']),
    state(['foo=1,foo=2'], ['foo=1', 'foo=2'], ['foo=1'], ['foo=2']),
    state(['foo=1', 'foo=1'], ['foo=1', 'foo=1'], ['foo=1']),
    state(['foo=1', 'foo=2'], ['foo=1', 'foo=2'], ['foo=1'], ['foo=2']),
  ),
  test(
    'tracestate_all_allowed_characters',
    state([OF_EVERY_CHARACTER], [OF_EVERY_CHARACTER]),
    state([OF_EVERY_CHARACTER_AND_AT], [OF_EVERY_CHARACTER_AND_AT]),
  ),
  test(
    'tracestate_ows_handling',
    state(['foo=1 \t , \t bar=2, \t baz=3'], ['foo=1', 'bar=2', 'baz=3']),
    state(['foo=1\t \t,\t \tbar=2,\t \tbaz=3'], ['foo=1', 'bar=2', 'baz=3']),
    state([' foo=1'], ['foo=1']),
    state(['\tfoo=1'], ['foo=1']),
    state(['foo=1 '], ['foo=1']),
    state(['foo=1\t'], ['foo=1']),
    state(['\t foo=1 \t'], ['foo=1']),
  ),
  test('tracestate_key_illegal_characters', state(['foo =1']), state(['FOO=1']), state(['foo.bar=1'])),
  test(
    'tracestate_key_illegal_vendor_format',
    state(['foo@=1,bar=2'], ['foo@=1', 'bar=2']),
    state(['@foo=1,bar=2']),
    state(['foo@@bar=1,bar=2'], ['foo@@bar=1', 'bar=2']),
    state(['foo@bar@baz=1,bar=2'], ['foo@bar@baz=1', 'bar=2']),
  ),
  test(
    'tracestate_member_count_limit',
    state([...TENS, 'bar31=31,bar32=32'], numbered(1, 32)),
    state([...TENS, 'bar31=31,bar32=32,bar33=33']),
  ),
  test(
    'tracestate_key_length_limit',
    state(['foo=1', `${LONGEST_KEY}=1`], ['foo=1', `${LONGEST_KEY}=1`]),
    state(['foo=1', `${LONGEST_KEY}z=1`]),
    state(['foo=1', `${LONGEST_TENANT_KEY}=1`], ['foo=1', `${LONGEST_TENANT_KEY}=1`]),
    state(['foo=1', `${LONG_TENANT_KEY}=1`], ['foo=1', `${LONG_TENANT_KEY}=1`]),
    state(['foo=1', `${LONG_SYSTEM_KEY}=1`], ['foo=1', `${LONG_SYSTEM_KEY}=1`]),
  ),
  test('tracestate_value_illegal_characters', state(['foo=bar=baz']), state(['foo=,bar=3'])),

  {
    suite: 'AdvancedTest',
    name: 'multiple_requests_with_valid_traceparent',
    requests: [{ ...continues(VALID), calls: 3 }],
  },
  {
    suite: 'AdvancedTest',
    name: 'multiple_requests_without_traceparent',
    requests: [{ headers: [], calls: 3 }],
  },
  {
    suite: 'AdvancedTest',
    name: 'multiple_requests_with_illegal_traceparent',
    requests: [{ ...begins(`00-${'0'.repeat(32)}-${PARENT_ID}-01`), calls: 3 }],
  },
  {
    suite: 'TraceContext2Test',
    name: 'propagates_random_flag',
    requests: [{ headers: [['traceparent', `00-${TRACE_ID}-${PARENT_ID}-02`]], continuesWith: '02' }],
  },
];
