/** The operator's log record is the tenant's with one attribute more, in every form in which it leaves. */
import { expect, it } from 'vitest';
import { createEncoders } from '../../src/otlp/encoders.js';
import type { LogRecordData } from '../../src/model/records.js';
import { decode } from '../otlp/official.js';
import { startGateway } from '../support/gateway.js';

const SOURCE = 'knoxcall.response.source';

it.each([['short'], ['x'.repeat(20_000)]])('a record is added to without encoding it again', (body) => {
  const encoders = createEncoders();
  const log: LogRecordData = { timeMs: 1_000, body, eventName: 'e', attributes: { a: 1, b: ['x', 'y'] } };
  const more = { [SOURCE]: 'gateway' };
  const contents = encoders.log(log);
  const longer = encoders.extendedLog(contents, more, []);
  const decoded = decode('logs.v1.LogRecord', longer);
  expect(decoded).toEqual(
    decode('logs.v1.LogRecord', createEncoders().log({ ...log, attributes: { ...log.attributes, ...more } })),
  );
  // The shorter one is as it was, for the tenant that is asked after the operator.
  expect(decode('logs.v1.LogRecord', contents)).toEqual(
    decode('logs.v1.LogRecord', createEncoders().log(log)),
  );
});

it('reaches ready-made exporters of the operator too', async () => {
  const records: { readonly attributes: Readonly<Record<string, unknown>> }[] = [];
  const logs = {
    export(items: unknown, done: (result: { code: number }) => void) {
      records.push(...(items as typeof records));
      done({ code: 0 });
    },
    shutdown: () => Promise.resolve(),
  };
  const gateway = await startGateway({ operator: { exporters: { logs } } });
  const begin = () => gateway.telemetry.begin({ method: 'GET', url: '/', headers: {} });
  const first = begin();
  first.setTenant('acme');
  first.end({ statusCode: 200 });
  const second = begin();
  second.setUpstream({ statusCode: 204 });
  second.setAttribute('mine', true);
  second.end({ statusCode: 204 });
  const third = begin();
  // A host cannot say otherwise.
  third.setAttribute(SOURCE, 'lie');
  third.end({ statusCode: 200 });
  const fourth = begin();
  fourth.end({ error: 'broken' });
  await gateway.flush();
  expect(records.map(({ attributes }) => attributes[SOURCE])).toEqual([
    'gateway',
    'upstream',
    'gateway',
    undefined,
  ]);
  expect(gateway.acme.logs.map(({ attributes }) => SOURCE in attributes)).toEqual([false]);
});
