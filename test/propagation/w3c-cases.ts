/**
 * What the W3C trace context test harness (level 2, strict) and the text of the standard ask for. `{span}` stands for 16 hex
 * digits of a new span, `{newtrace}` for 32 of a trace id that was not taken from the input, `{newflags}` for the flags of a
 * new trace.
 */
export interface W3cCase {
  readonly name: string;
  /** In order; names may repeat. */
  readonly headers: readonly (readonly [string, string])[];
  /** What is continued. Missing: a new trace begins. */
  readonly found?: {
    readonly traceId: string;
    readonly spanId: string;
    readonly sampled: boolean;
    readonly random: boolean;
  };
  /** The `tracestate` that goes on: any one of these. Missing: none does. */
  readonly traceState?: readonly string[];
  /** The `traceparent` that goes out. */
  readonly out: string;
}

export const W3C_CASES: readonly W3cCase[] = [
  {
    name: 'w3c-004: wrong name trace-parent',
    headers: [['trace-parent', '00-12345678901234567890123456789012-1234567890123456-01']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-005: wrong name trace.parent',
    headers: [['trace.parent', '00-12345678901234567890123456789012-1234567890123456-01']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-007: name casing TrAcEpArEnT',
    headers: [['TrAcEpArEnT', '00-12345678901234567890123456789012-1234567890123456-01']],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: true,
      random: false,
    },
    out: '00-12345678901234567890123456789012-{span}-01',
  },
  {
    name: 'w3c-011: future version cc',
    headers: [['traceparent', 'cc-12345678901234567890123456789012-1234567890123456-01']],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: true,
      random: false,
    },
    out: '00-12345678901234567890123456789012-{span}-01',
  },
  {
    name: 'w3c-013: future version cc, junk after flags',
    headers: [
      ['traceparent', 'cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like'],
    ],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-015: illegal version characters .0',
    headers: [['traceparent', '.0-12345678901234567890123456789012-1234567890123456-01']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-017: version too long 000',
    headers: [['traceparent', '000-12345678901234567890123456789012-1234567890123456-01']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-018: version too long 0000',
    headers: [['traceparent', '0000-12345678901234567890123456789012-1234567890123456-01']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-019: version too short',
    headers: [['traceparent', '0-12345678901234567890123456789012-1234567890123456-01']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-023: trace-id 33 digits',
    headers: [['traceparent', '00-123456789012345678901234567890123-1234567890123456-01']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-024: trace-id 31 digits',
    headers: [['traceparent', '00-1234567890123456789012345678901-1234567890123456-01']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-025: parent-id all zero',
    headers: [['traceparent', '00-12345678901234567890123456789012-0000000000000000-01']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-026: parent-id illegal character',
    headers: [['traceparent', '00-12345678901234567890123456789012-.234567890123456-01']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-028: parent-id 17 digits',
    headers: [['traceparent', '00-12345678901234567890123456789012-12345678901234567-01']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-029: parent-id 15 digits',
    headers: [['traceparent', '00-12345678901234567890123456789012-123456789012345-01']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-031: flags illegal character',
    headers: [['traceparent', '00-12345678901234567890123456789012-1234567890123456-0.']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-033: flags 1 digit',
    headers: [['traceparent', '00-12345678901234567890123456789012-1234567890123456-1']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-034: optional whitespace around traceparent',
    headers: [['traceparent', ' 00-12345678901234567890123456789012-1234567890123456-01']],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: true,
      random: false,
    },
    out: '00-12345678901234567890123456789012-{span}-01',
  },
  {
    name: 'w3c-037: optional whitespace around traceparent',
    headers: [['traceparent', '00-12345678901234567890123456789012-1234567890123456-01\t']],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: true,
      random: false,
    },
    out: '00-12345678901234567890123456789012-{span}-01',
  },
  {
    name: 'w3c-038: optional whitespace around traceparent',
    headers: [['traceparent', '\t 00-12345678901234567890123456789012-1234567890123456-01 \t']],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: true,
      random: false,
    },
    out: '00-12345678901234567890123456789012-{span}-01',
  },
  {
    name: 'w3c-039: tracestate without traceparent',
    headers: [['tracestate', 'foo=1']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-040: tracestate without traceparent',
    headers: [['tracestate', 'foo=1,bar=2']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-042: wrong tracestate name trace-state',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['trace-state', 'foo=1'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-046: tracestate casing TRACESTATE',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['TRACESTATE', 'foo=1'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['foo=1'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-047: empty tracestate',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', ''],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-049: empty then tracestate',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', ''],
      ['tracestate', 'foo=1'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['foo=1'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-051: duplicate key same value',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'foo=1,foo=1'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['foo=1', 'foo=1,foo=1'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-052: duplicate key two values',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'foo=1,foo=2'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['foo=1', 'foo=2', 'foo=1,foo=2'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-054: duplicate key across fields, two values',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'foo=1'],
      ['tracestate', 'foo=2'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['foo=1', 'foo=2', 'foo=1,foo=2'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-056: all allowed characters, key with @',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      [
        'tracestate',
        'abcdefghijklmnopqrstuvwxyz0123456789_-*/@a-z0-9_-*/= !"#$%&\'()*+-./0123456789:;<>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~',
      ],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: [
      'abcdefghijklmnopqrstuvwxyz0123456789_-*/@a-z0-9_-*/= !"#$%&\'()*+-./0123456789:;<>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~',
    ],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-059: OWS around tracestate',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', ' foo=1'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['foo=1'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-061: OWS around tracestate',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'foo=1 '],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['foo=1'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-062: OWS around tracestate',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'foo=1\t'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['foo=1'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-063: OWS around tracestate',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', '\t foo=1 \t'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['foo=1'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-065: illegal key FOO=1',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'FOO=1'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-066: illegal key foo.bar=1',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'foo.bar=1'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-067: key ending with @',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'foo@=1,bar=2'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['foo@=1,bar=2'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-068: key starting with @ discards the whole header',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', '@foo=1,bar=2'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-069: double @',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'foo@@bar=1,bar=2'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['foo@@bar=1,bar=2'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-071: 32 members kept',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      [
        'tracestate',
        'bar01=01,bar02=02,bar03=03,bar04=04,bar05=05,bar06=06,bar07=07,bar08=08,bar09=09,bar10=10',
      ],
      [
        'tracestate',
        'bar11=11,bar12=12,bar13=13,bar14=14,bar15=15,bar16=16,bar17=17,bar18=18,bar19=19,bar20=20',
      ],
      [
        'tracestate',
        'bar21=21,bar22=22,bar23=23,bar24=24,bar25=25,bar26=26,bar27=27,bar28=28,bar29=29,bar30=30',
      ],
      ['tracestate', 'bar31=31,bar32=32'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: [
      'bar01=01,bar02=02,bar03=03,bar04=04,bar05=05,bar06=06,bar07=07,bar08=08,bar09=09,bar10=10,bar11=11,bar12=12,bar13=13,bar14=14,bar15=15,bar16=16,bar17=17,bar18=18,bar19=19,bar20=20,bar21=21,bar22=22,bar23=23,bar24=24,bar25=25,bar26=26,bar27=27,bar28=28,bar29=29,bar30=30,bar31=31,bar32=32',
    ],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-073: key of 256 characters kept',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'foo=1'],
      ['tracestate', 'z'.repeat(256) + '=1'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['foo=1,' + 'z'.repeat(256) + '=1'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-074: key of 257 characters discards all',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'foo=1'],
      ['tracestate', 'z'.repeat(257) + '=1'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-075: long key with @ (256 chars)',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'foo=1'],
      ['tracestate', 't'.repeat(241) + '@vvvvvvvvvvvvvv=1'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['foo=1,' + 't'.repeat(241) + '@vvvvvvvvvvvvvv=1'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-077: long key with @ (17 chars)',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'foo=1'],
      ['tracestate', 't@vvvvvvvvvvvvvvv=1'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['foo=1,t@vvvvvvvvvvvvvvv=1'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-079: empty value discards all',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'foo=,bar=3'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    out: '00-12345678901234567890123456789012-{span}-00',
  },
  {
    name: 'w3c-080: random flag kept (02)',
    headers: [['traceparent', '00-12345678901234567890123456789012-1234567890123456-02']],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: true,
    },
    out: '00-12345678901234567890123456789012-{span}-02',
  },
  {
    name: 'w3c-081: random and sampled kept (03)',
    headers: [['traceparent', '00-12345678901234567890123456789012-1234567890123456-03']],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: true,
      random: true,
    },
    out: '00-12345678901234567890123456789012-{span}-03',
  },
  {
    name: 'w3c-084: uppercase hex is invalid',
    headers: [['traceparent', '00-ABCDEF78901234567890123456789012-1234567890123456-01']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-085: higher version shorter than 55 characters restarts',
    headers: [['traceparent', '01-12345678901234567890123456789012-1234567890123456-1']],
    out: '00-{newtrace}-{span}-{newflags}',
  },
  {
    name: 'w3c-086: higher version, flags 05, extra',
    headers: [['traceparent', '01-12345678901234567890123456789012-1234567890123456-05-xx']],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: true,
      random: false,
    },
    out: '00-12345678901234567890123456789012-{span}-01',
  },
  {
    name: 'w3c-087: 64-bit id left-padded: random flag must stay off',
    headers: [['traceparent', '00-000000000000000053ce929d0e0e4736-1234567890123456-01']],
    found: {
      traceId: '000000000000000053ce929d0e0e4736',
      spanId: '1234567890123456',
      sampled: true,
      random: false,
    },
    out: '00-000000000000000053ce929d0e0e4736-{span}-01',
  },
  {
    name: 'w3c-090: unknown ot sub-keys forwarded',
    headers: [
      ['traceparent', '00-12345678901234567890123456789012-1234567890123456-00'],
      ['tracestate', 'ot=foo:bar'],
    ],
    found: {
      traceId: '12345678901234567890123456789012',
      spanId: '1234567890123456',
      sampled: false,
      random: false,
    },
    traceState: ['ot=foo:bar'],
    out: '00-12345678901234567890123456789012-{span}-00',
  },
];
