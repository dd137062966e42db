/** W3C baggage, which has nothing to do with the ids. */
import { keys } from './case.js';
import type { CaseGroup } from './case.js';

export const BAGGAGE: CaseGroup = {
  propagators: 'baggage',
  options: { extract: [], inject: [], baggage: 'pass' },
  cases: [
    {
      id: 'bag-001',
      title: 'one member',
      headers: [['baggage', 'SomeKey=SomeValue']],
      baggage: [['SomeKey', 'SomeValue', []]],
      out: { baggage: 'SomeKey=SomeValue' },
    },
    {
      id: 'bag-002',
      title: 'properties',
      headers: [['baggage', 'SomeKey=SomeValue;SomeProp,SomeKey2=SomeValue2;ValueProp=PropVal']],
      baggage: [
        ['SomeKey', 'SomeValue', ['SomeProp']],
        ['SomeKey2', 'SomeValue2', ['ValueProp=PropVal']],
      ],
      out: { baggage: 'SomeKey=SomeValue;SomeProp,SomeKey2=SomeValue2;ValueProp=PropVal' },
    },
    {
      id: 'bag-004',
      title: 'a value with =',
      headers: [['baggage', 'SomeKey=SomeValue=equals']],
      baggage: [['SomeKey', 'SomeValue=equals', []]],
    },
    {
      id: 'bag-005',
      title: 'an encoded value',
      headers: [['baggage', 'SomeKey=%09%20%22%27%3B%3Dasdf%21%40%23%24%25%5E%26%2A%28%29']],
      baggage: [['SomeKey', '\t "\';=asdf!@#$%^&*()', []]],
    },
    {
      id: 'bag-006',
      title: 'a property is not decoded',
      headers: [['baggage', 'SomeKey=SomeValue;ValueProp%20%09%20%3D%20%09%20PropVal']],
      baggage: [['SomeKey', 'SomeValue', ['ValueProp%20%09%20%3D%20%09%20PropVal']]],
      out: { baggage: 'SomeKey=SomeValue;ValueProp%20%09%20%3D%20%09%20PropVal' },
    },
    {
      id: 'bag-008',
      title: 'two headers',
      headers: [
        ['baggage', 'userId=alice'],
        ['baggage', 'serverNode=DF%2028,isProduction=false'],
      ],
      baggage: [
        ['userId', 'alice', []],
        ['serverNode', 'DF 28', []],
        ['isProduction', 'false', []],
      ],
      out: { baggage: 'userId=alice,serverNode=DF%2028,isProduction=false' },
    },
    {
      id: 'bag-013',
      title: '66 members: the first 64',
      headers: [['baggage', keys(0, 65)]],
      baggage: Array.from({ length: 64 }, (_, index) => [`key${index}`, `value${index}`, []] as const),
    },
    {
      id: 'bag-014',
      title: 'over 8192 bytes: as many whole members as fit',
      headers: [
        ['baggage', `key1=${'a'.repeat(2730)},key2=${'b'.repeat(2730)},key3=${'c'.repeat(2730)},key4=d`],
      ],
      baggage: [
        ['key1', `${'a'.repeat(2730)}`, []],
        ['key2', `${'b'.repeat(2730)}`, []],
      ],
    },
    {
      id: 'bag-015',
      title: 'one short member',
      headers: [['baggage', 'foo=bar']],
      baggage: [['foo', 'bar', []]],
      out: { baggage: 'foo=bar' },
    },
    {
      id: 'bag-019',
      title: 'one malformed member: none',
      headers: [['baggage', 'foo=gets-dropped-because-subsequent-pair-is-malformed,=']],
      baggage: [],
      absent: ['baggage'],
    },
    {
      id: 'bag-020',
      title: 'an empty value',
      headers: [['baggage', 'no-value=']],
      baggage: [['no-value', '', []]],
      out: { baggage: 'no-value=' },
    },
  ],
};
