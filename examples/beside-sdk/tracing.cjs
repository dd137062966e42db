/** The tracing that an application may have already: the OpenTelemetry SDK with instrumentation-http. */
const { context, trace } = require('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { BasicTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base');

/** In place of an OTLP exporter: says who has made which span. */
const exporter = {
  export(spans, done) {
    for (const { name, instrumentationScope, attributes } of spans) {
      console.log(`${instrumentationScope.name}: ${name} ${attributes['gateway.request_id'] ?? '-'}`);
    }
    done({ code: 0 });
  },
  async shutdown() {},
};

const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
trace.setGlobalTracerProvider(provider);
// Without one the exchange cannot see that there is a span, and makes its own.
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
new HttpInstrumentation({
  // `true`: the SERVER spans are the library's, which know how each exchange really ended.
  disableIncomingRequestInstrumentation: process.env.INCOMING === 'off',
}).setTracerProvider(provider);

module.exports = { exporter };
