import { setTimeout as pause } from 'node:timers/promises';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { createGatewayTelemetry } from '../../src/index.js';
import type { GatewayOptions, GatewayTelemetry, Logger } from '../../src/index.js';
import type { ReceivedLog } from '../../src/testing/index.js';
import { startGateway } from '../support/gateway.js';
import type { GatewaySetup, TestGateway } from '../support/gateway.js';
import { send } from '../support/http-client.js';

const EVERYTHING: GatewayOptions = { runtimeLogs: { minSeverity: 'trace' } };

const runtimeOf = ({ operator }: TestGateway): readonly ReceivedLog[] =>
  operator.logs.filter(({ scope }) => scope.name === 'gateway-otel/runtime');

/** What comes of this outside of any request. */
async function logged(
  work: (logger: Logger, telemetry: GatewayTelemetry) => void,
  setup: GatewaySetup = {},
): Promise<readonly ReceivedLog[]> {
  const gateway = await startGateway(setup);
  work(gateway.telemetry.logger, gateway.telemetry);
  await gateway.flush();
  return runtimeOf(gateway);
}

describe('telemetry.logger', () => {
  it.each([
    ['trace', 1, 'TRACE'],
    ['debug', 5, 'DEBUG'],
    ['info', 9, 'INFO'],
    ['notice', 10, 'NOTICE'],
    ['warn', 13, 'WARN'],
    ['error', 17, 'ERROR'],
    ['crit', 18, 'CRIT'],
    ['critical', 18, 'CRITICAL'],
    ['alert', 19, 'ALERT'],
    ['fatal', 21, 'FATAL'],
    ['emerg', 21, 'EMERG'],
    ['emergency', 21, 'EMERGENCY'],
  ] as const)('%s has the number %d of the logs data model', async (level, severityNumber, severityText) => {
    const logs = await logged(
      (logger) => {
        // Alone, as hosts pass it on.
        const { [level]: write } = logger;
        write('cache is cold', { shard: 3 });
      },
      { options: EVERYTHING },
    );
    expect(logs).toMatchObject([
      { severityNumber, severityText, body: 'cache is cold', attributes: { shard: 3 } },
    ]);
  });

  it('carries the request id and the ids of the trace inside an exchange, across await, and neither outside', async () => {
    const gateway: TestGateway = await startGateway({
      adapter: { requestId: () => 'request-7' },
      async listener(_request, response) {
        await pause(1);
        gateway.telemetry.logger.info('inside');
        gateway.telemetry.logger.info('of no request', undefined, { 'knoxcall.request_id': 'own' });
        gateway.telemetry.logger.emit({ body: 'elsewhere', context: ROOT_CONTEXT });
        response.end();
      },
    });
    await send(gateway.url);
    gateway.telemetry.logger.info('outside');
    await gateway.flush();
    const [inside, own, elsewhere, outside] = runtimeOf(gateway);
    const span = gateway.operator.spans[0];
    expect(inside).toMatchObject({ traceId: span?.traceId, spanId: span?.spanId });
    expect(inside?.attributes).toEqual({ 'knoxcall.request_id': 'request-7' });
    expect(own?.attributes).toEqual({ 'knoxcall.request_id': 'own' });
    for (const log of [elsewhere, outside]) {
      expect(log?.attributes).toEqual({});
      expect(log?.traceId ?? '').toBe('');
    }
  });

  it('has a minimum severity, which no record without severity is held back by', async () => {
    const write = (logger: Logger): void => {
      logger.debug('debug');
      logger.emit({ severityNumber: 8, body: 'eight' });
      logger.emit({ severityNumber: 9, body: 'nine' });
      logger.emit({ severityNumber: 0, body: 'zero' });
      logger.emit({ body: 'none' });
      logger.warn('warn');
    };
    const bodies = (logs: readonly ReceivedLog[]): unknown[] => logs.map(({ body }) => body);
    expect(bodies(await logged(write))).toEqual(['nine', 'zero', 'none', 'warn']);
    const strict = { options: { runtimeLogs: { minSeverity: 'warn' } } } as const;
    expect(bodies(await logged(write, strict))).toEqual(['zero', 'none', 'warn']);
    const open = { options: { runtimeLogs: { minSeverity: 1 } } };
    expect(bodies(await logged(write, open))).toHaveLength(6);
  });

  it('says what would be written', async () => {
    const { telemetry } = await startGateway();
    expect([5, 9, 0, undefined].map((severity) => telemetry.logger.enabled(severity))).toEqual([
      false,
      true,
      true,
      true,
    ]);
    telemetry.setOperator(null);
    expect(telemetry.logger.enabled(21)).toBe(false);
  });

  it('takes an error beside the message, in its place, or in a record', async () => {
    const error = Object.assign(new Error('refused by https://joe:hunter22@db/'), { code: 'ECONNREFUSED' });
    const logs = await logged((logger) => {
      logger.error('the cache is gone', error, { shard: 3 });
      logger.error(error);
      logger.emit({ severityNumber: 13, exception: error, attributes: { 'exception.type': 'mine' } });
    });
    const exception = {
      'exception.type': 'ECONNREFUSED',
      'exception.message': 'refused by https://REDACTED:REDACTED@db/',
    };
    expect(logs).toMatchObject([
      { body: 'the cache is gone', attributes: { ...exception, shard: 3 } },
      { body: exception['exception.message'], attributes: exception },
      { attributes: { ...exception, 'exception.type': 'mine' } },
    ]);
    for (const { attributes } of logs)
      expect(attributes['exception.stacktrace']).toMatch(/^Error: refused by https:\/\/REDACTED/);
  });

  it('takes whatever it is given', async () => {
    const circular: Record<string, unknown> = { big: 2n ** 80n };
    circular['self'] = circular;
    const hostile = {
      fine: 1,
      get broken(): never {
        throw new Error('no');
      },
    };
    const logs = await logged((logger) => {
      logger.info('circular', circular);
      logger.info('hostile', hostile);
      logger.info(undefined, null, 'text' as never);
      logger.info(Symbol('s'), [1, 2]);
      logger.error('thrown', 7);
      logger.emit(null as never);
      logger.emit(new Proxy({}, { get: () => hostile.broken }));
    });
    expect(logs.find(({ body }) => body === 'hostile')?.attributes).toEqual({ fine: 1 });
    expect(logs.find(({ body }) => body === 'circular')?.attributes['big']).toBe(String(2n ** 80n));
    expect(logs.length).toBeGreaterThanOrEqual(4);
  });

  it('goes to no tenant', async () => {
    const gateway: TestGateway = await startGateway({
      adapter: { tenant: 'acme' },
      listener(_request, response) {
        gateway.telemetry.logger.alert('canary', { canary: new Error('canary') });
        response.end();
      },
    });
    await send(gateway.url);
    await gateway.flush();
    expect(gateway.acme.logs).toHaveLength(1);
    for (const { bytes } of gateway.acme.requests)
      expect(Buffer.from(bytes).toString('latin1')).not.toContain('canary');
  });
});

describe('the option runtimeLogs', () => {
  it.each([
    [7, /^runtimeLogs must be an object/],
    [{ minSeverity: 0 }, /^runtimeLogs\.minSeverity must be a whole number from 1 to 24, or one of trace,/],
    [{ minSeverity: 'toString' }, /^runtimeLogs\.minSeverity must be/],
    [{ level: 'warn' }, /^runtimeLogs\.level is not a known option/],
  ])('%j is a fault', (runtimeLogs, sentence) => {
    expect(() => createGatewayTelemetry({ env: false, runtimeLogs } as unknown as GatewayOptions)).toThrow(
      sentence,
    );
  });
});
