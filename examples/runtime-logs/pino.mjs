/**
 * pino writes to the operator's collector, with the trace and request id of the request that logs.
 *
 *   OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node pino.mjs
 */
import { createServer } from 'node:http';
import { createGatewayTelemetry } from 'gateway-otel';
import { httpTelemetry } from 'gateway-otel/http';
import pino from 'pino';

/** pino's numbers, and the names of the same levels here. */
const LEVELS = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

/**
 * A destination for pino. It runs in the thread and at the moment of the call, which a transport would not: the running
 * request is known. A level of the host's own is taken for the nearest one below it.
 */
function pinoDestination({ logger }) {
  return {
    write(line) {
      const { level, time, msg, err, ...attributes } = JSON.parse(line);
      const known = Math.min(60, Math.max(10, Math.floor(level / 10) * 10));
      const exception = err && { name: err.type, message: err.message, stack: err.stack };
      logger.emit({
        severityNumber: { 10: 1, 20: 5, 30: 9, 40: 13, 50: 17, 60: 21 }[known],
        severityText: LEVELS[known].toUpperCase(),
        timestamp: typeof time === 'number' ? time : undefined,
        body: msg,
        exception,
        attributes,
      });
    },
  };
}

const telemetry = createGatewayTelemetry({ serviceName: 'pino-gateway' });
const log = pino({ base: null, level: 'trace', redact: ['password'] }, pinoDestination(telemetry));

const server = createServer(
  httpTelemetry(telemetry, (request, response) => {
    log.child({ part: 'cache' }).warn({ shard: 3, password: 'hidden' }, 'cache is cold');
    log.error(new TypeError('cache is gone'), 'no answer');
    response.end();
  }),
);
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}`),
);
process.once('SIGTERM', () => server.close(() => telemetry.shutdown()));
