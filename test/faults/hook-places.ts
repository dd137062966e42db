/** Where each hook goes in. */
import type { IncomingMessage } from 'node:http';
import type {
  AdapterFacts,
  AdapterOptions,
  Destination,
  GatewayOptions,
  GatewayTelemetry,
} from '../../src/index.js';
import { undiciTelemetry } from '../../src/adapters/undici.js';

export type Hook = (...given: readonly unknown[]) => never;

export interface HookPlace {
  readonly options?: (hook: Hook) => Partial<GatewayOptions>;
  readonly adapter?: (hook: Hook) => AdapterOptions<IncomingMessage>;
  readonly facts?: (hook: Hook) => AdapterFacts<IncomingMessage>;
  /** A second destination of the operator's, beside the one that has to get everything. */
  readonly destination?: (hook: Hook) => Destination;
  /** Before the first request. */
  readonly before?: (telemetry: GatewayTelemetry, hook: Hook) => void;
  /** While a request is served. */
  readonly inRequest?: (telemetry: GatewayTelemetry, hook: Hook) => void;
}

const ofAdapter = (field: keyof AdapterOptions<IncomingMessage>): HookPlace => ({
  adapter: (hook) => ({ [field]: hook }),
});

const processor = (method: 'onStart' | 'onEnd' | 'forceFlush' | 'shutdown'): HookPlace => ({
  options: (hook) => ({
    spanProcessors: [{ onStart: () => undefined, onEnd: () => undefined, ...({ [method]: hook } as object) }],
  }),
});

const exporter = (method: 'export' | 'forceFlush' | 'shutdown'): HookPlace => ({
  destination: (hook) => {
    const readyMade = () => ({
      export: (_items: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
      shutdown: () => Promise.resolve(),
      [method]: hook,
    });
    return { exporters: { traces: readyMade(), logs: readyMade(), metrics: readyMade() } };
  },
});

/** By the place in the types: `declaredHooks` finds the same. */
export const HOOK_PLACES: Readonly<Record<string, HookPlace>> = {
  'GatewayPropagationOptions.trust': { options: (trust) => ({ propagation: { trust } }) },
  'PropagationOptions.propagators': {
    options: (hook) => ({
      propagation: {
        propagators: { own: { extract: hook, inject: hook, fields: () => ['x-own'] } },
        extract: ['own', 'w3c'],
        inject: ['own', 'w3c'],
      },
    }),
  },
  'SamplingOptions.decide': { options: (decide) => ({ sampling: { decide } }) },
  'SamplingOptions.keep': { options: (keep) => ({ sampling: { ratio: 0, parent: 'ignore', keep } }) },
  'ResourceDetector.detect': {
    options: (detect) => ({ resourceDetectors: [{ detect }], resourceDetectionTimeoutMs: 100 }),
  },
  'GatewayOptions.tenants': { options: (tenants) => ({ tenants }) },
  'HostSpanProcessor.onStart': processor('onStart'),
  'HostSpanProcessor.onEnd': processor('onEnd'),
  'HostSpanProcessor.forceFlush': processor('forceFlush'),
  'HostSpanProcessor.shutdown': processor('shutdown'),
  'GatewayOptions.trustProxy': { options: (trustProxy) => ({ trustProxy }) },
  'GatewayOptions.redact': { options: (redact) => ({ redact }) },
  'GatewayOptions.severity': { options: (severity) => ({ severity }) },
  'GatewayOptions.onDestinationState': { options: (onDestinationState) => ({ onDestinationState }) },
  'GatewayOptions.onRequestSpans': { options: (onRequestSpans) => ({ onRequestSpans }) },
  'GatewayOptions.onDiagnostic': {
    options: (onDiagnostic) => ({ onDiagnostic }),
    inRequest: (telemetry) => telemetry.current().setTenant(''),
  },
  'GenAiRecordOptions.price': {
    options: (price) => ({ genAi: { price } }),
    inRequest: (telemetry) =>
      telemetry.genAi({ operation: 'chat', model: 'm' }).end({ usage: { inputTokens: 1 } }),
  },
  'MetricOptions.operatorTenantDimension': {
    options: (operatorTenantDimension) => ({ metrics: { operatorTenantDimension } }),
  },
  'Destination.headers': { destination: (headers) => ({ headers }) },
  'SignalEndpoint.headers': { destination: (headers) => ({ logs: { headers } }) },
  'ReadyMadeExporter.export': exporter('export'),
  'ReadyMadeExporter.forceFlush': exporter('forceFlush'),
  'ReadyMadeExporter.shutdown': exporter('shutdown'),
  'DestinationSampling.keep': { destination: (keep) => ({ sampling: { traces: 0, keep } }) },
  'DestinationFilter.where': { destination: (where) => ({ filter: { where } }) },
  'AdapterOptions.tenant': ofAdapter('tenant'),
  'AdapterOptions.route': ofAdapter('route'),
  'AdapterOptions.environment': ofAdapter('environment'),
  'AdapterOptions.attributes': ofAdapter('attributes'),
  'AdapterOptions.requestId': ofAdapter('requestId'),
  'AdapterOptions.trust': ofAdapter('trust'),
  'AdapterOptions.ignore': ofAdapter('ignore'),
  'AdapterFacts.httpRoute': { facts: (httpRoute) => ({ httpRoute }) },
  'UndiciTelemetryOptions.exchange': {
    inRequest(telemetry, exchange) {
      const dispatch = (...given: readonly unknown[]): boolean => given.length > 0;
      undiciTelemetry(telemetry, { exchange })(dispatch)(
        { origin: 'http://up.test', path: '/', method: 'GET', headers: {} },
        {},
      );
    },
  },
};

/** Hooks that are arguments of methods, not options. */
export const FURTHER_PLACES: Readonly<Record<string, HookPlace>> = {
  'GatewayTelemetry.onDestinationState': {
    before: (telemetry, hook) => void telemetry.onDestinationState(hook),
  },
  'GatewayTelemetry.onServerError': {
    before: (telemetry, hook) => void telemetry.onServerError(hook),
    inRequest: (telemetry) =>
      telemetry.begin({ method: 'GET', url: '/', headers: {} }).end({ statusCode: 500 }),
  },
};
