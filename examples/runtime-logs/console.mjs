/**
 * An object with the methods of `console`, for code that takes one: to the operator's collector and to the terminal.
 *
 *   OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node console.mjs
 */
import { createServer } from 'node:http';
import { format } from 'node:util';
import { createGatewayTelemetry } from 'gateway-otel';
import { httpTelemetry } from 'gateway-otel/http';

/** The global console stays as it is: whoever logs elsewhere has not asked for it. */
function telemetryConsole({ logger }, terminal = console) {
  const wrap =
    (method, write) =>
    (...values) => {
      terminal[method](...values);
      const error = values.find((value) => value instanceof Error);
      // An error's own text has a place of its own, where secrets are looked for.
      write(format(...values.map((value) => (value instanceof Error ? value.name : value))), error);
    };
  return {
    ...terminal,
    trace: wrap('trace', logger.trace),
    debug: wrap('debug', logger.debug),
    log: wrap('log', logger.info),
    info: wrap('info', logger.info),
    warn: wrap('warn', logger.warn),
    error: wrap('error', logger.error),
  };
}

const telemetry = createGatewayTelemetry({ serviceName: 'console-gateway' });
const log = telemetryConsole(telemetry);

const server = createServer(
  httpTelemetry(telemetry, (request, response) => {
    log.warn('cache is cold: shard %d', 3);
    log.error('no answer:', new TypeError('cache is gone'));
    response.end();
  }),
);
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}`),
);
process.once('SIGTERM', () => server.close(() => telemetry.shutdown()));
