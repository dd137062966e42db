/**
 * winston writes to the operator's collector, with the trace and request id of the request that logs.
 *
 *   OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node winston.mjs
 */
import { createServer } from 'node:http';
import { createGatewayTelemetry } from 'gateway-otel';
import { httpTelemetry } from 'gateway-otel/http';
import winston from 'winston';
import Transport from 'winston-transport';

/** winston's npm levels that have another name here; those of syslog have the same. */
const LEVELS = { http: 'info', verbose: 'debug', silly: 'trace', warning: 'warn' };
/** Where winston keeps the level, whatever a format has made of its text. */
const LEVEL = Symbol.for('level');

class TelemetryTransport extends Transport {
  #logger;

  constructor({ logger }, options) {
    super(options);
    this.#logger = logger;
  }

  log(info, next) {
    const { message, stack, ...attributes } = info;
    delete attributes.level;
    const name = LEVELS[info[LEVEL]] ?? info[LEVEL];
    const write = this.#logger[name] ?? this.#logger.info;
    // `format.errors({ stack: true })` puts the stack, which begins with the name, beside the message of an error.
    if (stack === undefined) write(message, attributes);
    else
      write(message, Object.assign(new Error(message), { name: /^\w+/.exec(stack)?.[0], stack }), attributes);
    next();
  }
}

const telemetry = createGatewayTelemetry({ serviceName: 'winston-gateway' });
const log = winston.createLogger({
  level: 'silly',
  format: winston.format.errors({ stack: true }),
  transports: [new TelemetryTransport(telemetry)],
});

const server = createServer(
  httpTelemetry(telemetry, (request, response) => {
    log.child({ part: 'cache' }).warn('cache is cold', { shard: 3 });
    log.error(new TypeError('cache is gone'));
    response.end();
  }),
);
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}`),
);
process.once('SIGTERM', () => server.close(() => telemetry.shutdown()));
